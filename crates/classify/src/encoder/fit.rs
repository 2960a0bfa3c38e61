//! From labelled posts' vectors to a head: multinomial logistic regression, by steps over all
//! posts at once. Nothing is random, so the same posts give the same head, bit for bit.

use super::head::{Head, HeadCard, Joint};
use super::vectors::Vectors;
use crate::combine::{PerLabel, softmax};
use crate::train::TrainingSet;
use crate::train::validate::own_families;
use std::collections::BTreeMap;

/// Steps at most; those with the weakest regularisation need about half of them.
const STEPS_MAX: usize = 1500;

/// A slope this small moves no label.
const SLOPE_MIN: f32 = 1e-5;

/// How steep the curve can get, with vectors of length one, the constant beside them, and
/// weights that are one in the mean: the longest step that never overshoots is its inverse.
const CURVATURE_MAX: f32 = 1.0;

/// How a head is trained and joined. Chosen by what holds on what was left out
/// (`docs/model-card.md`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadSettings {
    /// Regularisation. Larger forgets what only few posts say.
    pub penalty: f32,
    /// How much the head's logits count beside the first verdict's, per label.
    pub shares: PerLabel,
    /// Whether every source and every label within it counts the same, or every post.
    pub is_balanced: bool,
    /// How much what we wrote ourselves counts beside another source, or post.
    pub seed_weight: f32,
}

impl HeadSettings {
    /// For any stream, learned from several sources: little of each, and only where it holds
    /// on sources left out. It tells complaints from chatter; about leads and PR risks the
    /// rules and n-grams know more than it learns.
    pub const MANY_SOURCES: Self = Self {
        penalty: 4e-3,
        shares: [1.5, 0.0, 0.0, 1.0],
        is_balanced: true,
        seed_weight: 1.5,
    };

    /// For one stream, learned from that stream.
    pub const ONE_SOURCE: Self = Self {
        penalty: 1.5e-4,
        shares: [0.5; 4],
        is_balanced: false,
        seed_weight: 0.3,
    };

    /// What suits these posts: one source beside what we wrote ourselves is a stream's own.
    pub fn suiting(set: &TrainingSet) -> Self {
        if own_families(set) == 1 {
            Self::ONE_SOURCE
        } else {
            Self::MANY_SOURCES
        }
    }
}

/// Trains on the chosen posts of the set, those without a vector left aside.
pub fn train_head(
    set: &TrainingSet,
    vectors: &Vectors,
    chosen: &[usize],
    settings: &HeadSettings,
    joint: Joint,
) -> Head {
    let lessons = lessons(set, vectors, chosen, settings);
    let mut labels = [false; 4];
    for lesson in &lessons {
        if let Some(known) = labels.get_mut(lesson.label) {
            *known = true;
        }
    }
    let weights = descend(&lessons, vectors.width, labels, settings.penalty);
    Head {
        encoder: vectors.fingerprint.clone(),
        languages: vectors.languages.clone(),
        labels,
        weights: std::array::from_fn(|label| {
            let rows = weights.rows.iter();
            rows.map(|row| row.get(label).copied().unwrap_or(0.0))
                .collect()
        }),
        bias: weights.bias,
        joint,
        card: card(set, vectors, chosen, settings),
    }
}

struct Lesson<'a> {
    vector: &'a [f32],
    label: usize,
    weight: f32,
}

fn lessons<'a>(
    set: &TrainingSet,
    vectors: &'a Vectors,
    chosen: &[usize],
    settings: &HeadSettings,
) -> Vec<Lesson<'a>> {
    let mut cells: BTreeMap<(usize, usize), f32> = BTreeMap::new();
    let mut found = Vec::new();
    for &post in chosen {
        let (Some(vector), Some(example)) = (vectors.get(post), set.examples.get(post)) else {
            continue;
        };
        let family = set.family_of.get(post).copied().unwrap_or(0);
        let is_seed = set.is_seed.get(post).copied().unwrap_or(false);
        *cells.entry((family, example.label)).or_default() += 1.0;
        found.push((vector, family, example.label, is_seed));
    }
    let weigh = |family: usize, label: usize, is_seed: bool| {
        let share = if is_seed { settings.seed_weight } else { 1.0 };
        if !settings.is_balanced {
            return share;
        }
        let labels: f32 = cells
            .keys()
            .filter(|(cell, _)| *cell == family)
            .map(|_| 1.0)
            .sum();
        share / (labels * cells.get(&(family, label)).copied().unwrap_or(1.0))
    };
    let mut lessons: Vec<Lesson<'a>> = found
        .into_iter()
        .map(|(vector, family, label, is_seed)| Lesson {
            vector,
            label,
            weight: weigh(family, label, is_seed),
        })
        .collect();
    let total: f32 = lessons.iter().map(|lesson| lesson.weight).sum();
    for lesson in &mut lessons {
        lesson.weight /= total;
    }
    lessons
}

/// One row per place of the vectors, so that the four labels go through the processor together.
#[derive(Clone)]
struct Weights {
    rows: Vec<PerLabel>,
    bias: PerLabel,
}

impl Weights {
    fn nothing(width: usize) -> Self {
        Self {
            rows: vec![[0.0; 4]; width],
            bias: [0.0; 4],
        }
    }

    fn all(&self) -> impl Iterator<Item = &PerLabel> {
        self.rows.iter().chain([&self.bias])
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut PerLabel> {
        self.rows.iter_mut().chain([&mut self.bias])
    }
}

/// Nesterov's method: each step is taken from a point beyond the last, in the direction it
/// went, and where that turns out uphill the way is begun anew.
fn descend(lessons: &[Lesson<'_>], width: usize, labels: [bool; 4], penalty: f32) -> Weights {
    let step = 1.0 / (CURVATURE_MAX + penalty);
    let mut here = Weights::nothing(width);
    let mut ahead = here.clone();
    let mut momentum = 0.0_f32;
    for _ in 0..STEPS_MAX {
        let slope = slope(lessons, &ahead, labels, penalty);
        let steepest = slope
            .all()
            .flatten()
            .fold(0.0_f32, |most, slope| most.max(slope.abs()));
        if steepest < SLOPE_MIN {
            break;
        }
        let mut uphill = 0.0;
        let mut next = ahead.clone();
        for ((next, slope), here) in next.all_mut().zip(slope.all()).zip(here.all()) {
            for ((next, slope), here) in next.iter_mut().zip(slope).zip(here) {
                *next -= step * slope;
                uphill += slope * (*next - here);
            }
        }
        momentum = if uphill > 0.0 { 0.0 } else { momentum + 1.0 };
        let beyond = momentum / (momentum + 3.0);
        for ((ahead, next), here) in ahead.all_mut().zip(next.all()).zip(here.all()) {
            for ((ahead, next), here) in ahead.iter_mut().zip(next).zip(here) {
                *ahead = next + beyond * (next - here);
            }
        }
        here = next;
    }
    here
}

/// What the weights should have been less of.
fn slope(lessons: &[Lesson<'_>], at: &Weights, labels: [bool; 4], penalty: f32) -> Weights {
    let mut slope = Weights::nothing(at.rows.len());
    for (slope, weight) in slope.rows.iter_mut().zip(&at.rows) {
        *slope = weight.map(|weight| weight * penalty);
    }
    for lesson in lessons {
        let miss = miss(lesson, at, labels);
        for (row, value) in slope.rows.iter_mut().zip(lesson.vector) {
            for (slope, miss) in row.iter_mut().zip(miss) {
                *slope += miss * value;
            }
        }
        for (slope, miss) in slope.bias.iter_mut().zip(miss) {
            *slope += miss;
        }
    }
    slope
}

/// By how much each label's share is too large for this post.
fn miss(lesson: &Lesson<'_>, at: &Weights, labels: [bool; 4]) -> PerLabel {
    let mut logits = at.bias;
    for (row, value) in at.rows.iter().zip(lesson.vector) {
        for (logit, weight) in logits.iter_mut().zip(row) {
            *logit += weight * value;
        }
    }
    for (logit, known) in logits.iter_mut().zip(labels) {
        if !known {
            *logit = f32::NEG_INFINITY;
        }
    }
    let mut shares = softmax(logits);
    if let Some(share) = shares.get_mut(lesson.label) {
        *share -= 1.0;
    }
    shares.map(|share| share * lesson.weight)
}

fn card(
    set: &TrainingSet,
    vectors: &Vectors,
    chosen: &[usize],
    settings: &HeadSettings,
) -> HeadCard {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for &post in chosen.iter().filter(|&&post| vectors.get(post).is_some()) {
        let family = set
            .family_of
            .get(post)
            .and_then(|&family| set.families.get(family));
        if let Some(name) = family {
            *counts.entry(name).or_default() += 1;
        }
    }
    HeadCard {
        sources: counts
            .into_iter()
            .map(|(name, count)| (name.to_owned(), count))
            .collect(),
        penalty: settings.penalty,
    }
}
