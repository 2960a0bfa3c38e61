//! The seam for a trained model.

use crate::combine::PerLabel;
use crate::normalise::NormalizedText;

/// What a trained model makes of a text and of what the rules say about it.
///
/// To add one: implement this for the loaded weights and hand it to
/// [`Classifier::new`](crate::Classifier::new).
pub trait Model: Send + Sync {
    /// Names the weights; stands in every classification. Changes whenever they change.
    fn version(&self) -> &str;

    /// One logit per label, with the words that weighed most. `rules` is what the rules say
    /// for each label, already limited. Pure: the same text gives the same answer. Monotone:
    /// more from the rules for a label never makes that label less likely.
    fn score(&self, text: &NormalizedText, rules: &PerLabel) -> ModelScores;

    /// How often each label occurred where the model was trained; the shares add up to 1.
    fn label_mix(&self) -> Option<PerLabel> {
        None
    }

    /// The share of a text's n-grams that the training has not seen, from 0 to 1.
    fn unknown_share(&self, _text: &NormalizedText) -> Option<f32> {
        None
    }
}

/// A model's answer.
#[derive(Clone, Debug, Default)]
pub struct ModelScores {
    /// One logit per label in the order of `Label::ALL`, the rules among them; `None` when the
    /// model has no opinion and the rules decide alone.
    pub logits: Option<PerLabel>,
    /// The words that spoke most for the label with the largest logit, heaviest first.
    pub wording: Vec<Wording>,
}

/// A word that weighed in a verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wording {
    /// How much it spoke for the label, in logits.
    pub weight: f32,
    /// Where it stands, in bytes of the original text.
    pub span: (usize, usize),
}

/// The absent model: the rules decide alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoModel;

impl Model for NoModel {
    #[expect(
        clippy::unnecessary_literal_bound,
        reason = "the trait's signature is for models that carry their version"
    )]
    fn version(&self) -> &str {
        "none"
    }

    fn score(&self, _text: &NormalizedText, _rules: &PerLabel) -> ModelScores {
        ModelScores::default()
    }
}
