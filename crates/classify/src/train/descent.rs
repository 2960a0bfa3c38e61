//! Stochastic gradient descent for the heads of a linear model.
//!
//! One step per post with a step size that falls to nothing, and L2 regularisation. Everything random comes
//! from the seed, so the same posts in the same order give the same weights, bit for bit.

use super::example::Example;
use crate::features::FeatureSpace;
use crate::linear::Head;

/// Columns of a head: four labels, or up to as many sources.
pub const COLUMNS: usize = 8;

/// One number per column.
pub type Row = [f32; COLUMNS];

/// Intercepts and rule coefficients move slower than n-grams: every post touches them.
const SLOW: f32 = 0.1;

/// A post that counts more than this would throw the others out of place.
const WEIGHT_MAX: f32 = 20.0;

/// Below this the common factor of all weights is multiplied in, before precision suffers.
const SCALE_MIN: f32 = 1e-3;

/// What a head learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Exactly one of the first four columns is right: softmax.
    Label,
    /// Each column by itself, the post's source against the rest: logistic.
    Source,
}

/// How one head is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DescentSettings {
    /// What it learns.
    pub target: Target,
    /// Times over all posts.
    pub epochs: usize,
    /// The first step's size.
    pub first_step: f32,
    /// The strength of the regularisation. Larger forgets what only few posts say.
    pub penalty: f32,
    /// Orders the posts.
    pub seed: u64,
    /// What a rule's weight counts at first.
    pub rule_start: f32,
    /// How fast that moves; at 0 it stays.
    pub rule_speed: f32,
    /// Whether it sees the handles, which tell where a post comes from.
    pub sees_origin: bool,
    /// How much groups of letters count while it is trained. The head that comes out is for
    /// features of full size, whatever stands here.
    pub letter_share: f32,
}

/// Trains one head over the buckets of `space`.
pub fn descend(examples: &[&Example], space: FeatureSpace, settings: &DescentSettings) -> Head {
    let mut descent = Descent {
        settings,
        table: vec![[0.0; COLUMNS]; space.len()],
        scale: 1.0,
        bias: [0.0; COLUMNS],
        rules: [settings.rule_start; 4],
        steps: 0.0,
        steps_planned: count(examples.len() * settings.epochs),
    };
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut random = settings.seed;
    for _ in 0..settings.epochs {
        shuffle(&mut order, &mut random);
        for example in order.iter().filter_map(|&at| examples.get(at)) {
            descent.step(example);
        }
    }
    descent.multiply_out();
    for row in descent.table.iter_mut().skip(space.words()) {
        *row = row.map(|weight| weight * settings.letter_share);
    }
    Head {
        table: descent.table,
        bias: descent.bias,
        rules: descent.rules.map(|weight| weight.max(0.0)),
    }
}

struct Descent<'a> {
    settings: &'a DescentSettings,
    /// The weights divided by `scale`.
    table: Vec<Row>,
    scale: f32,
    bias: Row,
    rules: [f32; 4],
    steps: f32,
    steps_planned: f32,
}

impl Descent<'_> {
    fn step(&mut self, example: &Example) {
        let gradient = self.gradient(example);
        let settings = self.settings;
        let size = self.step_size();
        self.steps += 1.0;
        self.scale *= 1.0 - size * settings.penalty;
        let weight = example.weight.min(WEIGHT_MAX);
        let step = gradient.map(|slope| -size * slope * weight);
        self.move_slow_weights(example, &step);
        self.move_table(example, &step);
        if self.scale < SCALE_MIN {
            self.multiply_out();
        }
    }

    /// Falls to nothing, so that the last posts do not have the last word.
    fn step_size(&self) -> f32 {
        let settings = self.settings;
        let regularised = 1.0 + settings.penalty * settings.first_step * self.steps;
        let left = 1.0 - self.steps / self.steps_planned;
        settings.first_step * left.max(0.0) / regularised.sqrt()
    }

    fn move_slow_weights(&mut self, example: &Example, step: &Row) {
        for (bias, step) in self.bias.iter_mut().zip(step) {
            *bias += step * SLOW;
        }
        if self.settings.target == Target::Label {
            for ((weight, rule), step) in self.rules.iter_mut().zip(example.rules).zip(step) {
                *weight += step * rule * self.settings.rule_speed;
            }
        }
    }

    fn move_table(&mut self, example: &Example, step: &Row) {
        for (grams, value) in self.groups(example) {
            let scaled = step.map(|step| step * value / self.scale);
            for &gram in grams {
                if let Some(row) = self.table.get_mut(gram as usize) {
                    add(row, &scaled);
                }
            }
        }
    }

    /// The features this head may see. The letters of handles share their buckets with others,
    /// and so their share.
    fn groups<'a>(&self, example: &'a Example) -> impl Iterator<Item = (&'a [u32], f32)> + use<'a> {
        let share = self.settings.letter_share;
        let [words, (letters, value), signs] = example.matter();
        let (handles, handle_value) = example.origin();
        let origin = (handles, handle_value * share);
        let origin = self.settings.sees_origin.then_some(origin);
        [words, (letters, value * share), signs]
            .into_iter()
            .chain(origin)
    }

    /// What each column's output should have been less of.
    fn gradient(&self, example: &Example) -> Row {
        let outputs = self.outputs(example);
        match self.settings.target {
            Target::Label => {
                let mut gradient = softmax_of_labels(&outputs);
                if let Some(slope) = gradient.get_mut(example.label) {
                    *slope -= 1.0;
                }
                gradient
            }
            Target::Source => {
                let mut gradient = outputs.map(|output| 1.0 / (1.0 + (-output).exp()));
                if let Some(slope) = gradient.get_mut(example.source) {
                    *slope -= 1.0;
                }
                gradient
            }
        }
    }

    fn outputs(&self, example: &Example) -> Row {
        let mut outputs = self.bias;
        for (grams, value) in self.groups(example) {
            let mut sum = [0.0; COLUMNS];
            for &gram in grams {
                if let Some(row) = self.table.get(gram as usize) {
                    add(&mut sum, row);
                }
            }
            add(&mut outputs, &sum.map(|sum| sum * value * self.scale));
        }
        if self.settings.target == Target::Label {
            for ((output, weight), rule) in outputs.iter_mut().zip(self.rules).zip(example.rules) {
                *output += weight * rule;
            }
        }
        outputs
    }

    fn multiply_out(&mut self) {
        for row in &mut self.table {
            *row = row.map(|weight| weight * self.scale);
        }
        self.scale = 1.0;
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of posts")]
fn count(posts: usize) -> f32 {
    posts.max(1) as f32
}

fn add(row: &mut Row, other: &Row) {
    for (sum, value) in row.iter_mut().zip(other) {
        *sum += value;
    }
}

/// Shares of the first four columns; the rest stay 0.
fn softmax_of_labels(outputs: &Row) -> Row {
    let [first, second, third, fourth, ..] = *outputs;
    let labels = crate::combine::softmax([first, second, third, fourth]);
    let mut shares = [0.0; COLUMNS];
    for (share, label) in shares.iter_mut().zip(labels) {
        *share = label;
    }
    shares
}

pub(crate) fn shuffle(order: &mut [usize], random: &mut u64) {
    for last in (1..order.len()).rev() {
        let span = u64::try_from(last + 1).unwrap_or(u64::MAX);
        let other = usize::try_from(next_random(random) % span).unwrap_or(0);
        order.swap(last, other);
    }
}

/// `SplitMix64`: enough for an order, and the same everywhere.
pub(crate) const fn next_random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut value = *state;
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
