//! Training without some posts, and judging those.

use super::fit::{TrainSettings, TrainingSet, train};
use super::report::{Judgement, Report};
use crate::combine::PerLabel;
use crate::linear::{Decision, LinearModel};
use std::collections::BTreeSet;
use switchboard_domain::Label;

/// What is left out of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// One family of sources at a time: what a new source will see.
    Source,
    /// A fifth of the posts at a time: what the trained sources will see.
    Fifth,
    /// A fifth of one family's posts at a time, by the family's index; the rest of the family
    /// is trained on with everything else.
    FifthOf(usize),
}

/// Parts of a split that is not by source.
const PARTS: usize = 5;

/// What the heads say of one post they were not trained on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The post, as its index in the set.
    pub post: usize,
    /// The general head's logits.
    pub general: PerLabel,
    /// The special head's logits.
    pub special: PerLabel,
    /// How much it looks like a trained source.
    pub known: f32,
}

/// Trains once per part and judges what was left out. What we wrote ourselves always trains
/// and never judges. `progress` is told the part's name before each training.
pub fn cross_validate(
    set: &TrainingSet,
    split: Split,
    settings: &TrainSettings,
    mut progress: impl FnMut(&str),
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for part in 0..parts(set, split) {
        let is_held_out = |at: usize| held_out(set, split, part, at);
        let judged = set.select(is_held_out);
        if judged.is_empty() {
            continue;
        }
        progress(&name(set, split, part));
        let model = train(set, &set.select(|at| !is_held_out(at)), settings);
        outcomes.extend(judged.into_iter().filter_map(|at| outcome(set, &model, at)));
    }
    outcomes
}

/// How many trainings a split takes.
pub(crate) fn parts(set: &TrainingSet, split: Split) -> usize {
    match split {
        Split::Source => set.families.len(),
        Split::Fifth | Split::FifthOf(_) => PARTS,
    }
}

/// Whether the training of this part leaves the post out.
pub(crate) fn held_out(set: &TrainingSet, split: Split, part: usize, at: usize) -> bool {
    if set.is_seed.get(at).copied().unwrap_or(true) {
        return false;
    }
    let family = set.family_of.get(at).copied();
    match split {
        Split::Source => family == Some(part),
        Split::Fifth => fifth(at) == part,
        Split::FifthOf(wanted) => family == Some(wanted) && fifth(at) == part,
    }
}

/// Spreads neighbours over the parts: files are often sorted.
const fn fifth(at: usize) -> usize {
    (at.wrapping_mul(0x9e37_79b9) >> 7) % PARTS
}

/// How many families of sources there are beside what we wrote ourselves.
pub fn own_families(set: &TrainingSet) -> usize {
    let families = set.family_of.iter().zip(&set.is_seed);
    let own: BTreeSet<&usize> = families
        .filter(|&(_, &is_seed)| !is_seed)
        .map(|(family, _)| family)
        .collect();
    own.len()
}

fn name(set: &TrainingSet, split: Split, part: usize) -> String {
    match split {
        Split::Source => {
            let family = set.families.get(part).map_or("", String::as_str);
            format!("without {family}")
        }
        Split::Fifth | Split::FifthOf(_) => format!("without part {} of {PARTS}", part + 1),
    }
}

fn outcome(set: &TrainingSet, model: &LinearModel, at: usize) -> Option<Outcome> {
    let (general, special, known) = model.heads_of_example(set.examples.get(at)?);
    Some(Outcome {
        post: at,
        general,
        special,
        known,
    })
}

/// What a decision makes of outcomes.
pub fn judge(set: &TrainingSet, outcomes: &[Outcome], decision: &Decision) -> Vec<Judgement> {
    outcomes
        .iter()
        .filter_map(|outcome| {
            let scores = decision.scores(&outcome.general, &outcome.special, outcome.known);
            let best = most_likely(&scores);
            let example = set.examples.get(outcome.post)?;
            let family = set.family_of.get(outcome.post)?;
            Some(Judgement {
                source: set.families.get(*family)?.clone(),
                truth: *Label::ALL.get(example.label)?,
                guess: *Label::ALL.get(best)?,
                scores,
            })
        })
        .collect()
}

/// The place of the highest score, the first of equals.
pub(crate) fn most_likely(scores: &PerLabel) -> usize {
    (0..4).fold(0, |best, label| {
        if scores.get(label) > scores.get(best) {
            label
        } else {
            best
        }
    })
}

/// Temperatures tried: one below 1 sharpens, one above softens.
const TEMPERATURES: std::ops::RangeInclusive<u8> = 4..=40;

/// Likenesses tried as the one a post begins to look known from. With strangers among the posts
/// (our own) the first is best; without them every post looks like some source.
const KNOWN_FROM: [f32; 4] = [0.4, 0.6, 0.7, 0.9];

/// How much more like one it must be to look known altogether.
const KNOWN_WIDTH: f32 = 0.4;

/// What another likeness must bring in macro-F1: less is noise.
const KNOWN_GAIN_MIN: f64 = 0.01;

/// The decision that does best on posts left out by source and left out by fifth alike: where a
/// post begins to look known is moved only if that brings something, and the confidence is made
/// to lie nearest to being right, which changes no label.
pub fn calibrated(set: &TrainingSet, left_out: &[&[Outcome]], decision: Decision) -> Decision {
    with_temperature(set, left_out, with_known_from(set, left_out, decision))
}

fn with_known_from(set: &TrainingSet, left_out: &[&[Outcome]], decision: Decision) -> Decision {
    let mut best = (mean_f1(set, left_out, &decision) + KNOWN_GAIN_MIN, decision);
    for known_from in KNOWN_FROM {
        let tried = Decision {
            known_from,
            known_to: (known_from + KNOWN_WIDTH).min(1.0),
            ..decision
        };
        let score = mean_f1(set, left_out, &tried);
        if score > best.0 {
            best = (score, tried);
        }
    }
    best.1
}

/// The mean of the splits' macro-F1.
fn mean_f1(set: &TrainingSet, left_out: &[&[Outcome]], decision: &Decision) -> f64 {
    let scores = left_out
        .iter()
        .map(|outcomes| Report::of(&judge(set, outcomes, decision)).overall.macro_f1);
    scores.sum::<f64>() / count(left_out.len())
}

fn with_temperature(set: &TrainingSet, left_out: &[&[Outcome]], decision: Decision) -> Decision {
    let mut best = (f64::INFINITY, decision);
    for tenths in TEMPERATURES {
        let tried = Decision {
            temperature: f32::from(tenths) / 10.0,
            ..decision
        };
        let loss: f64 = left_out
            .iter()
            .map(|outcomes| mean_surprise(set, outcomes, &tried))
            .sum();
        if loss < best.0 {
            best = (loss, tried);
        }
    }
    best.1
}

/// The mean of `-ln` of the right label's score.
fn mean_surprise(set: &TrainingSet, outcomes: &[Outcome], decision: &Decision) -> f64 {
    let judgements = judge(set, outcomes, decision);
    let total: f64 = judgements
        .iter()
        .map(|judged| {
            let score = judged.scores[crate::combine::index(judged.truth)];
            -f64::from(score.max(1e-6)).ln()
        })
        .sum();
    total / count(judgements.len())
}

#[expect(clippy::cast_precision_loss, reason = "a count of posts or splits")]
fn count(number: usize) -> f64 {
    number.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RuleSet;
    use crate::train::LabelledPost;
    use rstest::rstest;

    /// Eight posts, two of each label, and what heads say of them that are as sure of `special`
    /// or of `general` alone as can be.
    fn judged(special_is_right: bool) -> (TrainingSet, Vec<Outcome>) {
        let post = |at: usize| LabelledPost {
            text: format!("post {at}"),
            label: Label::ALL[at % 4],
            source: "shop".to_owned(),
            lang: None,
        };
        let posts: Vec<LabelledPost> = (0..8).map(post).collect();
        let rules = RuleSet::parse("version = 'none'").unwrap();
        let set = TrainingSet::of(&posts, &rules, crate::train::TrainSettings::default().space);
        let sure_of = |label: usize| std::array::from_fn(|at| f32::from(u8::from(at == label)));
        let outcomes = (0..8).map(|post| {
            let (right, wrong) = (sure_of(post % 4), sure_of((post + 1) % 4));
            Outcome {
                post,
                general: if special_is_right { wrong } else { right },
                special: if special_is_right { right } else { wrong },
                known: 0.8,
            }
        });
        let outcomes = outcomes.collect();
        (set, outcomes)
    }

    #[rstest]
    #[case::the_special_head_is_right(true, 0.4)]
    #[case::posts_look_known_too_soon(false, 0.7)]
    fn a_post_begins_to_look_known_where_that_helps(#[case] special: bool, #[case] want: f32) {
        let (set, outcomes) = judged(special);
        let decision = Decision {
            offsets: [0.0; 4],
            ..Decision::default()
        };
        let chosen = calibrated(&set, &[&outcomes], decision);
        assert!((chosen.known_from - want).abs() < 1e-6, "{chosen:?}");
    }
}
