//! The seam for a trained model.

use crate::normalise::NormalizedText;
use switchboard_domain::Reason;

/// What a trained model says beside the rules.
///
/// To add one: implement this for the loaded weights and hand it to
/// [`Classifier::new`](crate::Classifier::new). [`crate::combine`] joins it with the rules.
pub trait Model: Send + Sync {
    /// Names the weights; stands in every classification. Changes whenever they change.
    fn version(&self) -> &str;

    /// One logit per label, with what weighed most. Pure: the same text gives the same answer.
    fn score(&self, text: &NormalizedText) -> ModelScores;
}

/// A model's answer.
#[derive(Clone, Debug, Default)]
pub struct ModelScores {
    /// One logit per label in the order of `Label::ALL`; `None` when the model has no opinion.
    pub logits: Option<[f32; 4]>,
    /// What weighed most; spans in bytes of the original text.
    pub reasons: Vec<Reason>,
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

    fn score(&self, _text: &NormalizedText) -> ModelScores {
        ModelScores::default()
    }
}
