//! A model moved by what was learned after its training.

use super::{COLUMNS, Head, HeadHeader, Heads, LinearModel};
use crate::combine::PerLabel;
use crate::train::example::Example;

/// Nothing is cut off: the heaviest weights of a moved model are those it has just learned.
/// Cut as in training, 300 lessons brought .01 of macro-F1 less.
const KEPT_SHARE: f64 = 1.0;

/// How the four logits of a verdict are moved, whichever head gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Adjustment {
    /// What the logits are multiplied by, never negative.
    pub scale: PerLabel,
    /// What is added before any evidence.
    pub bias: PerLabel,
    /// What each n-gram adds: one row per bucket.
    pub table: Vec<PerLabel>,
}

impl LinearModel {
    /// The four logits of a post, as its verdict is made of.
    pub fn logits_of_example(&self, example: &Example) -> PerLabel {
        let (general, special, known) = self.heads_of_example(example);
        self.decision().logits(&general, &special, known)
    }

    /// How many buckets its table has.
    pub const fn buckets(&self) -> usize {
        self.rows.len()
    }

    /// The same model moved, which from now on expects labels as often as `label_mix` says.
    /// Weights are rounded to whole numbers anew.
    #[must_use]
    pub fn adjusted(&self, adjustment: &Adjustment, label_mix: PerLabel) -> Self {
        let mut heads = self.heads();
        let decision = self.decision();
        for head in [&mut heads.general, &mut heads.special] {
            adjust(head, adjustment, decision.temperature);
        }
        let offsets = scaled(decision.offsets, adjustment.scale);
        let decision = super::Decision {
            offsets,
            ..decision
        };
        let card = super::Card {
            label_permille: Some(label_mix.map(permille)),
            ..self.header.card.clone()
        };
        Self::keeping(KEPT_SHARE, &heads, self.space(), decision, card)
    }

    /// The heads as fractions again.
    fn heads(&self) -> Heads {
        let header = &self.header;
        Heads {
            general: self.head(&header.general, 0, 4),
            special: self.head(&header.special, 4, 4),
            known: self.head(&header.known, 8, COLUMNS),
            sources: header.sources,
        }
    }

    fn head(&self, header: &HeadHeader, first: usize, columns: usize) -> Head {
        let fractions = |row: &[i8; super::TABLE_COLUMNS]| {
            let mut fractions = [0.0; COLUMNS];
            let weights = row.iter().skip(first).take(columns);
            for (fraction, &weight) in fractions.iter_mut().zip(weights) {
                *fraction = f32::from(weight) * header.step;
            }
            fractions
        };
        Head {
            table: self.rows.iter().map(fractions).collect(),
            bias: header.bias,
            rules: header.rules,
        }
    }
}

/// The temperature divides what the heads give, so it multiplies what is added to them.
fn adjust(head: &mut Head, adjustment: &Adjustment, temperature: f32) {
    for (row, moved) in head.table.iter_mut().zip(&adjustment.table) {
        move_row(row, moved, adjustment.scale, temperature);
    }
    move_row(
        &mut head.bias,
        &adjustment.bias,
        adjustment.scale,
        temperature,
    );
    head.rules = scaled(head.rules, adjustment.scale);
}

fn move_row(row: &mut [f32; COLUMNS], moved: &PerLabel, scale: PerLabel, temperature: f32) {
    for ((weight, moved), scale) in row.iter_mut().zip(moved).zip(scale) {
        *weight = *weight * scale + moved * temperature;
    }
}

fn scaled(mut values: PerLabel, scale: PerLabel) -> PerLabel {
    for (value, scale) in values.iter_mut().zip(scale) {
        *value *= scale;
    }
    values
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share from 0 to 1"
)]
fn permille(share: f32) -> u16 {
    (share.clamp(0.0, 1.0) * 1000.0).round() as u16
}
