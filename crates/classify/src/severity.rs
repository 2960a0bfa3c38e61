//! How bad it is, 0 to 10: a sum whose every part is shown.

use crate::combine::LabelSet;
use crate::normalise::Shape;
use crate::post::Post;
use crate::rules::Hit;
use crate::verdict::{Evidence, EvidenceName};
use switchboard_domain::{Label, ReasonSource};

/// The end of the scale.
pub const SEVERITY_MAX: i32 = 10;

/// The part that comes from the label alone.
pub(crate) const SEVERITY_BASE: &str = "severity/base";

/// Followers from which an author is heard beyond friends, and from which by the press.
const REACH_FOLLOWERS: u64 = 10_000;
const WIDE_REACH_FOLLOWERS: u64 = 100_000;

/// Fewer letters than this can be a name or an acronym and are no shouting.
const SHOUTED_LETTERS_MIN: usize = 12;

/// Three exclamation marks are anger where one or two are punctuation.
const EXCLAMATIONS_MIN: usize = 3;

/// The severity of a labelled post with its arithmetic: one reason per part, in the order
/// of addition, each named `severity/…` with the points it gave.
pub(crate) fn severity<'a>(
    post: &Post<'_>,
    shape: Shape,
    labels: LabelSet,
    primary: Label,
    hits: &[Hit<'a>],
) -> (u8, Vec<Evidence<'a>>) {
    let mut sum = Sum::default();
    sum.add(EvidenceName::Plain(SEVERITY_BASE), base(primary), None);
    for hit in hits {
        let counts = hit.rule.label.is_none_or(|label| labels.contains(label));
        // Strong words about nothing of ours are chatter, not an emergency.
        let about_us = primary != Label::General || hit.rule.label.is_some();
        if counts && about_us {
            let name = EvidenceName::Plain(hit.rule.severity_name());
            sum.add(name, i32::from(hit.rule.severity), hit.span);
        }
    }
    if matches!(primary, Label::Complaint | Label::PrRisk) {
        let exclaims = shape.exclamations >= EXCLAMATIONS_MIN;
        for (name, points) in [
            ("severity/capitals", i32::from(is_shouted(shape))),
            ("severity/exclamations", i32::from(exclaims)),
            ("severity/one-star", i32::from(is_one_star(post))),
            ("severity/reach", reach(post)),
        ] {
            sum.add(EvidenceName::Plain(name), points, None);
        }
    }
    let severity = u8::try_from(sum.total.clamp(0, SEVERITY_MAX)).unwrap_or(0);
    (severity, sum.parts)
}

#[derive(Default)]
struct Sum<'a> {
    total: i32,
    parts: Vec<Evidence<'a>>,
}

impl<'a> Sum<'a> {
    /// What adds nothing is not shown.
    fn add(&mut self, name: EvidenceName<'a>, points: i32, span: Option<(usize, usize)>) {
        if points == 0 {
            return;
        }
        self.total += points;
        #[expect(clippy::cast_precision_loss, reason = "points are at most two digits")]
        let weight = points as f32;
        self.parts.push(Evidence {
            by: ReasonSource::Rule,
            name,
            span,
            weight,
        });
    }
}

pub(crate) const fn base(primary: Label) -> i32 {
    match primary {
        Label::Complaint => 3,
        Label::PrRisk => 5,
        Label::Lead => 1,
        Label::General => 0,
    }
}

const fn is_shouted(shape: Shape) -> bool {
    shape.letters >= SHOUTED_LETTERS_MIN && shape.capitals * 10 >= shape.letters * 7
}

fn is_one_star(post: &Post<'_>) -> bool {
    post.rating.is_some_and(|stars| stars <= 1.0)
}

fn reach(post: &Post<'_>) -> i32 {
    let followers = post.followers.unwrap_or(0);
    if followers >= WIDE_REACH_FOLLOWERS {
        2
    } else {
        i32::from(followers >= REACH_FOLLOWERS || post.verified)
    }
}
