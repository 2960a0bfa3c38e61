//! Training without some posts, and judging those.

use super::fit::{TrainSettings, TrainingSet, train};
use super::report::Judgement;
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

/// The decision whose confidence lies nearest to being right, on posts left out by source and
/// left out by fifth alike. Only the temperature moves: it changes no label.
pub fn calibrated(set: &TrainingSet, left_out: &[&[Outcome]], decision: Decision) -> Decision {
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
    #[expect(clippy::cast_precision_loss, reason = "a count of posts")]
    let count = judgements.len().max(1) as f64;
    let total: f64 = judgements
        .iter()
        .map(|judged| {
            let score = judged.scores[crate::combine::index(judged.truth)];
            -f64::from(score.max(1e-6)).ln()
        })
        .sum();
    total / count
}
