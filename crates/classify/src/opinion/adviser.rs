//! Who can be asked, what advice is, what goes wrong.

use async_trait::async_trait;
use jiff::SignedDuration;
use switchboard_domain::{Classification, Label, Mention, Scores};
use switchboard_telemetry::{AdviserLabel, OpinionOutcome};

/// Somebody whose opinion on a post may be worth more than the classifier's.
#[async_trait]
pub trait Adviser: Send + Sync {
    /// Its name in reasons and metrics.
    fn label(&self) -> AdviserLabel;

    /// Which model it is; stands in `model_version` of what it decided.
    fn version(&self) -> &str;

    /// Why it is not asked about that post, as it is counted; `None` when it is.
    fn declines(&self, _mention: &Mention, _first: &Classification) -> Option<OpinionOutcome> {
        None
    }

    /// Its view of the post, given the first verdict. May be dropped when it takes too long.
    async fn advise(
        &self,
        mention: &Mention,
        first: &Classification,
    ) -> Result<Advice, AdviceError>;
}

/// Four scores that add up to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Advice(Scores);

impl Advice {
    /// Scales the scores so that they add up to 1; `None` when one of them is not from 0 to 1,
    /// or all are 0.
    pub fn new(scores: &Scores) -> Option<Self> {
        let shares = Label::ALL.map(|label| scores.of(label));
        let total: f32 = shares.iter().sum();
        let fits = shares.iter().all(|share| (0.0..=1.0).contains(share));
        if !fits || total <= 0.0 {
            return None;
        }
        Some(Self(shares.map(|share| share / total).into()))
    }

    /// The scores.
    pub const fn scores(&self) -> &Scores {
        &self.0
    }
}

/// Why there is no advice, by what that means for the next question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdviceError {
    /// It asks to be left alone, for so long if it says so.
    #[error("{reason}")]
    Busy {
        /// What it said.
        reason: String,
        /// For how long; none when it did not say.
        wait: Option<SignedDuration>,
    },
    /// It will answer nothing until somebody changes something.
    #[error("{0}")]
    Refused(String),
    /// This one question failed; the next may not.
    #[error("{0}")]
    Failed(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::adds_up([0.5, 0.25, 0.25, 0.0], Some([0.5, 0.25, 0.25, 0.0]))]
    #[case::each_by_itself([1.0, 0.0, 1.0, 0.0], Some([0.5, 0.0, 0.5, 0.0]))]
    #[case::nothing([0.0; 4], None)]
    #[case::above_one([1.5, 0.0, 0.0, 0.0], None)]
    #[case::below_nothing([-0.5, 0.5, 0.5, 0.5], None)]
    #[case::no_number([f32::NAN, 0.5, 0.5, 0.0], None)]
    fn shares_of_what_was_said(#[case] told: [f32; 4], #[case] want: Option<[f32; 4]>) {
        let advice = Advice::new(&told.into());
        assert_eq!(advice, want.map(|want| Advice(want.into())));
    }
}
