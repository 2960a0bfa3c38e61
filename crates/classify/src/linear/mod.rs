//! The shipped kind of model: hashed n-grams in, four logits out, in whole numbers.
//!
//! Three heads share one table, so that each n-gram is looked up once:
//!
//! * `general`: strongly regularised, every source and label counting the same. It holds on
//!   posts of kinds that were never trained on.
//! * `special`: hardly regularised. It knows the training's own sources best, and is
//!   confidently wrong elsewhere.
//! * `known`: one output per training source, how much the post looks like one of it. Only
//!   what clearly does is left to `special`.
//!
//! What the rules say enters both label heads with a coefficient per label, never negative:
//! a rule can only raise its own label.

mod adjust;
mod file;
mod novelty;
mod totals;

pub use adjust::Adjustment;
pub use file::{FORMAT_VERSION, ModelFileError};

use crate::combine::{PerLabel, softmax};
use crate::features::{FeatureSpace, GramKind, GramSink, visit_grams};
use crate::model::{Model, ModelScores};
use crate::normalise::NormalizedText;
use crate::pool::Pool;
use crate::train::example::{Example, SIGN_VALUE};
use serde::{Deserialize, Serialize};
use totals::{Notes, Sums, Totals, number};

/// Columns of one head while it is trained.
pub const COLUMNS: usize = 8;

/// Columns of the table: `general`, `special`, `known`.
pub const TABLE_COLUMNS: usize = 16;

/// Sources one model can tell apart; further ones go by no `known` column.
pub const SOURCES_MAX: usize = COLUMNS;

/// One head in full precision, as the trainer leaves it.
#[derive(Clone, Debug)]
pub struct Head {
    /// One row per bucket.
    pub table: Vec<[f32; COLUMNS]>,
    /// What stands before any evidence.
    pub bias: [f32; COLUMNS],
    /// How much a rule's weight counts, per label.
    pub rules: PerLabel,
}

/// The heads of one training.
#[derive(Clone, Debug)]
pub struct Heads {
    /// Holds on unknown sources.
    pub general: Head,
    /// Knows the trained sources.
    pub special: Head,
    /// Tells whether a post looks like a trained source.
    pub known: Head,
    /// How many columns of `known` are used.
    pub sources: usize,
}

/// The small numbers beside the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    word_bits: u8,
    letter_bits: u8,
    /// Absent in models from before there were signs and handles.
    #[serde(default, skip_serializing_if = "is_not")]
    has_signs: bool,
    sources: usize,
    general: HeadHeader,
    special: HeadHeader,
    known: HeadHeader,
    decision: Decision,
    card: Card,
}

/// What turns a column of whole numbers back into logits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadHeader {
    step: f32,
    bias: [f32; COLUMNS],
    rules: PerLabel,
}

/// How logits become a verdict; fitted on posts of held-out sources.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// A post this much like a trained source begins to be left to the special head.
    pub known_from: f32,
    /// From here on it is left to that head alone. Absent in models of an earlier day.
    #[serde(default = "certain", skip_serializing_if = "is_certain")]
    pub known_to: f32,
    /// Divides the logits, so that a share of .8 is right eight times in ten.
    pub temperature: f32,
    /// Added to the logits of each label.
    pub offsets: PerLabel,
}

/// A narrower step from one head to the other would be a jump, on which rounding decides.
const KNOWN_WIDTH_MIN: f32 = 1e-3;

const fn certain() -> f32 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_certain(known_to: &f32) -> bool {
    *known_to >= certain()
}

impl Default for Decision {
    fn default() -> Self {
        Self {
            known_from: 0.4,
            known_to: 0.8,
            temperature: 1.0,
            offsets: [0.0, 0.0, -0.4, 0.0],
        }
    }
}

impl Decision {
    /// How much of the verdict is the special head's, from 0 to 1.
    fn share_of_special(&self, known: f32) -> f32 {
        let from = self.known_from.clamp(0.0, 0.999);
        let width = (self.known_to - from).max(KNOWN_WIDTH_MIN);
        ((known - from) / width).clamp(0.0, 1.0)
    }

    /// The joined logits of both label heads.
    fn logits(&self, general: &PerLabel, special: &PerLabel, known: f32) -> PerLabel {
        let share = self.share_of_special(known);
        let mut logits = [0.0; 4];
        for (label, logit) in logits.iter_mut().enumerate() {
            let of = |values: &PerLabel| values.get(label).copied().unwrap_or(0.0);
            let joined = of(general) * (1.0 - share) + of(special) * share;
            *logit = (joined + of(&self.offsets)) / self.temperature;
        }
        logits
    }

    /// The four scores the heads' outputs stand for.
    pub fn scores(&self, general: &PerLabel, special: &PerLabel, known: f32) -> PerLabel {
        softmax(self.logits(general, special, known))
    }
}

/// Where a model comes from; stands readable at the head of its file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Each source with its number of posts.
    pub sources: Vec<(String, u64)>,
    /// The rules that spoke during the training.
    pub rules_version: String,
    /// The seed of the training.
    pub seed: u64,
    /// How often each label occurred in the training, of a thousand posts, in the order of
    /// `Label::ALL`; absent in models from before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_permille: Option<[u16; 4]>,
}

/// A trained model.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearModel {
    header: Header,
    version: String,
    rows: Vec<[i8; TABLE_COLUMNS]>,
    notes: Pool<Notes>,
}

impl LinearModel {
    /// Rounds trained heads to whole numbers.
    pub fn of(heads: &Heads, space: FeatureSpace, decision: Decision, card: Card) -> Self {
        Self::keeping(GENERAL_KEPT_SHARE, heads, space, decision, card)
    }

    /// Of the head for unknown sources the heaviest weights beyond `general_kept_share`, from 0
    /// to 1, are cut off.
    fn keeping(
        general_kept_share: f64,
        heads: &Heads,
        space: FeatureSpace,
        decision: Decision,
        card: Card,
    ) -> Self {
        let header = Header {
            word_bits: space.word_bits,
            letter_bits: space.letter_bits,
            has_signs: space.has_signs,
            sources: heads.sources.min(SOURCES_MAX),
            general: head_header(&heads.general, general_kept_share),
            special: head_header(&heads.special, 1.0),
            known: head_header(&heads.known, 1.0),
            decision,
            card,
        };
        let rows = heads
            .general
            .table
            .iter()
            .zip(&heads.special.table)
            .zip(&heads.known.table)
            .map(|((general, special), known)| {
                let mut row = [0; TABLE_COLUMNS];
                let labels = general
                    .iter()
                    .take(4)
                    .map(|&w| rounded(w, header.general.step));
                let special = special
                    .iter()
                    .take(4)
                    .map(|&w| rounded(w, header.special.step));
                let known = known.iter().map(|&w| rounded(w, header.known.step));
                for (slot, value) in row.iter_mut().zip(labels.chain(special).chain(known)) {
                    *slot = value;
                }
                row
            })
            .collect();
        let mut model = Self {
            header,
            version: String::new(),
            rows,
            notes: Pool::default(),
        };
        model.version = file::version_of(&model.to_bytes());
        model
    }

    /// The same weights with another decision.
    #[must_use]
    pub fn with_decision(mut self, decision: Decision) -> Self {
        self.header.decision = decision;
        self.version = file::version_of(&self.to_bytes());
        self
    }

    /// How logits become a verdict.
    pub const fn decision(&self) -> Decision {
        self.header.decision
    }

    /// Where it comes from.
    pub const fn card(&self) -> &Card {
        &self.header.card
    }

    /// How many buckets of each kind.
    pub const fn space(&self) -> FeatureSpace {
        FeatureSpace {
            word_bits: self.header.word_bits,
            letter_bits: self.header.letter_bits,
            has_signs: self.header.has_signs,
        }
    }

    /// The heads' outputs for a text, by themselves.
    fn outputs(&self, totals: &Totals<'_>, rules: &PerLabel) -> Outputs {
        let values = totals.values();
        let at = |column: usize, head: &HeadHeader, handles: f32| {
            let sum = |sums: &Sums| number(sums.get(column).copied().unwrap_or(0));
            let matter = sum(&totals.words) * values.words
                + sum(&totals.letters) * values.letters
                + sum(&totals.signs) * SIGN_VALUE;
            head.step * (matter + sum(&totals.handles) * handles)
        };
        let labels = |from: usize, head: &HeadHeader, handles: f32| {
            let mut outputs = [0.0; 4];
            for (label, output) in outputs.iter_mut().enumerate() {
                let told = |values: &[f32]| values.get(label).copied().unwrap_or(0.0);
                *output = at(from + label, head, handles)
                    + told(&head.bias)
                    + told(&head.rules) * told(rules);
            }
            outputs
        };
        let known = (0..self.header.sources)
            .map(|source| {
                let bias = self.header.known.bias.get(source).copied().unwrap_or(0.0);
                at(8 + source, &self.header.known, values.handles) + bias
            })
            .fold(f32::MIN, f32::max);
        Outputs {
            // Who is spoken to tells nothing about a stream that was never met.
            general: labels(0, &self.header.general, 0.0),
            special: labels(4, &self.header.special, values.handles),
            known: 1.0 / (1.0 + (-known).exp()),
        }
    }

    /// The outputs of the heads before they are joined: `general`, `special`, and how much
    /// the post looks like a trained source.
    pub fn heads_of_example(&self, example: &Example) -> (PerLabel, PerLabel, f32) {
        self.notes.with(|notes| {
            let mut totals = Totals::new(&self.rows, notes);
            let (words, letters) = example.split();
            let kinds = [
                (GramKind::Words, words),
                (GramKind::Letters, letters),
                (GramKind::Signs, &example.signs),
            ];
            for (kind, grams) in kinds {
                for &gram in grams {
                    totals.word(0, 0);
                    totals.gram(kind, gram as usize);
                }
            }
            for &gram in &example.handles {
                totals.handle();
                totals.gram(GramKind::Letters, gram as usize);
            }
            totals.finish();
            let outputs = self.outputs(&totals, &example.rules);
            (outputs.general, outputs.special, outputs.known)
        })
    }
}

struct Outputs {
    general: PerLabel,
    special: PerLabel,
    known: f32,
}

impl Model for LinearModel {
    fn version(&self) -> &str {
        &self.version
    }

    fn label_mix(&self) -> Option<PerLabel> {
        self.expected_mix()
    }

    fn unknown_share(&self, text: &NormalizedText) -> Option<f32> {
        self.share_of_unknown_letters(text)
    }

    fn score(&self, text: &NormalizedText, rules: &PerLabel) -> ModelScores {
        self.notes.with(|notes| {
            let mut totals = Totals::new(&self.rows, notes);
            visit_grams(text, self.space(), &mut totals);
            totals.finish();
            let outputs = self.outputs(&totals, rules);
            let decision = &self.header.decision;
            let share = decision.share_of_special(outputs.known);
            let logits = decision.logits(&outputs.general, &outputs.special, outputs.known);
            let value = totals.values().letters;
            let factors = [
                self.header.general.step * (1.0 - share) * value,
                self.header.special.step * share * value,
            ];
            ModelScores {
                logits: Some(logits),
                wording: totals.wording(factors, &logits, text),
            }
        })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_not(flag: &bool) -> bool {
    !*flag
}

/// The few heaviest weights of the head for unknown sources are cut off: what weighs that much is
/// the trained sources' own (.01 of F1 for leads of left-out sources). The other heads are to
/// know just that, and keep them (.01 on known sources).
const GENERAL_KEPT_SHARE: f64 = 0.9998;

fn head_header(head: &Head, kept_share: f64) -> HeadHeader {
    let mut sizes: Vec<f32> = head
        .table
        .iter()
        .flatten()
        .map(|weight| weight.abs())
        .filter(|size| *size > 0.0)
        .collect();
    sizes.sort_by(f32::total_cmp);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a list of a few million"
    )]
    let at = (sizes.len() as f64 * kept_share) as usize;
    let largest = sizes.get(at).or(sizes.last()).copied().unwrap_or(1.0);
    HeadHeader {
        step: largest / 127.0,
        bias: head.bias,
        rules: head.rules,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped before")]
fn rounded(weight: f32, step: f32) -> i8 {
    (weight / step).round().clamp(-127.0, 127.0) as i8
}
