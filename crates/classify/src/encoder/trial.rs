//! Heads trained without some posts, and what they make of those beside the first verdict.

use super::fit::{HeadSettings, train_head};
use super::head::{Joint, alone};
use super::vectors::Vectors;
use crate::combine::{PerLabel, index};
use crate::linear::Decision;
use crate::train::validate::{Outcome, held_out, parts};
use crate::train::{Judgement, Split, TrainingSet};
use std::collections::BTreeMap;
use switchboard_domain::Label;

/// What a head says of one post it was not trained on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Opinion {
    /// The post, as its index in the set.
    pub post: usize,
    /// The head's logits.
    pub logits: PerLabel,
    /// The labels it knows.
    pub labels: [bool; 4],
}

/// Trains once per part and asks about what was left out, as
/// [`cross_validate`](crate::train::cross_validate) does it with the linear model. Posts
/// without a vector get no opinion.
pub fn examine(
    set: &TrainingSet,
    vectors: &Vectors,
    split: Split,
    settings: &HeadSettings,
) -> Vec<Opinion> {
    let mut opinions = Vec::new();
    for part in 0..parts(set, split) {
        let is_held_out = |post: usize| held_out(set, split, part, post);
        let asked = set.select(|post| is_held_out(post) && vectors.get(post).is_some());
        if asked.is_empty() {
            continue;
        }
        let joint = Joint::of(settings);
        let taught = set.select(|post| !is_held_out(post));
        let head = train_head(set, vectors, &taught, settings, joint);
        let opinion = |post: usize| {
            Some(Opinion {
                post,
                logits: head.logits(vectors.get(post)?),
                labels: head.labels,
            })
        };
        opinions.extend(asked.into_iter().filter_map(opinion));
    }
    opinions
}

/// The same posts judged in three ways.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trial {
    /// By rules and linear model.
    pub first: Vec<Judgement>,
    /// By the encoder alone, those in a language that it reads.
    pub alone: Vec<Judgement>,
    /// By both together.
    pub both: Vec<Judgement>,
}

impl Trial {
    /// Judges the posts of these outcomes.
    pub fn of(
        set: &TrainingSet,
        outcomes: &[Outcome],
        decision: &Decision,
        opinions: &[Opinion],
        joint: &Joint,
    ) -> Self {
        let opinions: BTreeMap<usize, &Opinion> = opinions
            .iter()
            .map(|opinion| (opinion.post, opinion))
            .collect();
        let mut trial = Self::default();
        for outcome in outcomes {
            let Some((source, truth)) = known_of(set, outcome.post) else {
                continue;
            };
            let judged = |scores| Judgement::of(source, truth, scores);
            let first = decision.scores(&outcome.general, &outcome.special, outcome.known);
            trial.first.push(judged(first));
            let opinion = opinions.get(&outcome.post);
            let both = opinion.map_or(first, |told| joint.scores(&first, &told.logits));
            trial.both.push(judged(both));
            if let Some(told) = opinion {
                trial.alone.push(judged(alone(&told.logits, told.labels)));
            }
        }
        trial
    }
}

fn known_of(set: &TrainingSet, post: usize) -> Option<(&str, Label)> {
    let family = set.families.get(*set.family_of.get(post)?)?;
    let truth = *Label::ALL.get(set.examples.get(post)?.label)?;
    Some((family, truth))
}

/// Temperatures tried, in tenths: one below 1 sharpens, one above softens.
const TEMPERATURES: std::ops::RangeInclusive<u8> = 4..=40;

/// The joint whose confidence lies nearest to being right on posts left out in several ways.
/// Only the temperature moves: it changes no label.
pub fn calibrated(
    set: &TrainingSet,
    left_out: &[(&[Outcome], &[Opinion])],
    decision: &Decision,
    settings: &HeadSettings,
) -> Joint {
    let mut best = (f64::INFINITY, Joint::of(settings));
    for tenths in TEMPERATURES {
        let tried = Joint {
            temperature: f32::from(tenths) / 10.0,
            ..best.1
        };
        let surprise = |&(outcomes, opinions): &(&[Outcome], &[Opinion])| {
            mean_surprise(&Trial::of(set, outcomes, decision, opinions, &tried).both)
        };
        let surprise: f64 = left_out.iter().map(surprise).sum();
        if surprise < best.0 {
            best = (surprise, tried);
        }
    }
    best.1
}

/// The mean of `-ln` of the right label's score.
fn mean_surprise(judgements: &[Judgement]) -> f64 {
    let surprise = |judged: &Judgement| {
        let score = judged
            .scores
            .get(index(judged.truth))
            .copied()
            .unwrap_or(0.0);
        -f64::from(score.max(1e-6)).ln()
    };
    let count: f64 = judgements.iter().map(|_| 1.0).sum();
    judgements.iter().map(surprise).sum::<f64>() / count.max(1.0)
}
