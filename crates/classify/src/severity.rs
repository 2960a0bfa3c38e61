//! How bad it is, 0 to 10: a sum whose every part is shown.

use crate::normalise::Shape;
use crate::rules::Hit;
use std::collections::BTreeSet;
use switchboard_domain::{Label, Mention, Reason, ReasonSource};

/// The end of the scale.
pub const SEVERITY_MAX: i32 = 10;

/// Followers from which an author is heard beyond friends, and from which by the press.
const REACH_FOLLOWERS: u64 = 10_000;
const WIDE_REACH_FOLLOWERS: u64 = 100_000;

/// Fewer letters than this can be a name or an acronym and are no shouting.
const SHOUTED_LETTERS_MIN: usize = 12;

/// Three exclamation marks are anger where one or two are punctuation.
const EXCLAMATIONS_MIN: usize = 3;

/// The severity of a labelled mention with its arithmetic: one reason per part, in the order
/// of addition, each named `severity/…` with the points it gave.
pub fn severity(
    mention: &Mention,
    shape: Shape,
    labels: &BTreeSet<Label>,
    primary: Label,
    hits: &[Hit<'_>],
) -> (u8, Vec<Reason>) {
    let mut parts = vec![part("severity/base", base(primary), None)];
    for hit in hits {
        let counts = hit.rule.label.is_none_or(|label| labels.contains(&label));
        // Strong words about nothing of ours are chatter, not an emergency.
        let about_us = primary != Label::General || hit.rule.label.is_some();
        if counts && about_us && hit.rule.severity != 0 {
            let name = format!("severity/{}", hit.rule.name);
            parts.push(part(&name, i32::from(hit.rule.severity), hit.span));
        }
    }
    if matches!(primary, Label::Complaint | Label::PrRisk) {
        parts.push(part(
            "severity/capitals",
            i32::from(is_shouted(shape)),
            None,
        ));
        let exclaims = shape.exclamations >= EXCLAMATIONS_MIN;
        parts.push(part("severity/exclamations", i32::from(exclaims), None));
        parts.push(part(
            "severity/one-star",
            i32::from(is_one_star(mention)),
            None,
        ));
        parts.push(part("severity/reach", reach(mention), None));
    }
    let total: i32 = parts.iter().map(|(points, _)| points).sum();
    let severity = u8::try_from(total.clamp(0, SEVERITY_MAX)).unwrap_or(0);
    let shown = parts
        .into_iter()
        .filter(|(points, _)| *points != 0)
        .map(|(_, reason)| reason)
        .collect();
    (severity, shown)
}

const fn base(primary: Label) -> i32 {
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

fn is_one_star(mention: &Mention) -> bool {
    mention.rating.is_some_and(|stars| stars <= 1.0)
}

fn reach(mention: &Mention) -> i32 {
    let followers = mention.author.followers.unwrap_or(0);
    if followers >= WIDE_REACH_FOLLOWERS {
        2
    } else {
        i32::from(followers >= REACH_FOLLOWERS || mention.author.verified)
    }
}

fn part(name: &str, points: i32, span: Option<(usize, usize)>) -> (i32, Reason) {
    #[expect(clippy::cast_precision_loss, reason = "points are at most two digits")]
    let weight = points as f32;
    let reason = Reason {
        by: ReasonSource::Rule,
        name: name.to_owned(),
        span,
        weight,
    };
    (points, reason)
}
