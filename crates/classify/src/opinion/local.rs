//! A model of this process as an adviser.

use super::adviser::{Advice, AdviceError, Adviser};
use async_trait::async_trait;
use std::sync::Arc;
use switchboard_domain::{Classification, Mention, Scores};
use switchboard_telemetry::{AdviserLabel, OpinionOutcome};

/// A model that judges the words of a post. It takes as long as it takes, and is called where
/// blocking is allowed.
pub trait Judge: Send + Sync {
    /// Names the model.
    fn version(&self) -> &str;

    /// Whether it has an opinion on posts in this language (ISO 639-1, or `und`).
    fn reads(&self, language: &str) -> bool;

    /// Its scores, given those of the first verdict.
    ///
    /// # Errors
    /// In words, without the post's.
    fn judge(&self, text: &str, language: &str, first: &Scores) -> Result<Scores, String>;
}

/// Asks a [`Judge`]. Nothing leaves the house.
#[derive(Clone)]
pub struct LocalAdviser {
    judge: Arc<dyn Judge>,
}

impl LocalAdviser {
    /// Asks nothing yet.
    pub const fn new(judge: Arc<dyn Judge>) -> Self {
        Self { judge }
    }
}

#[async_trait]
impl Adviser for LocalAdviser {
    fn label(&self) -> AdviserLabel {
        AdviserLabel::Encoder
    }

    fn version(&self) -> &str {
        self.judge.version()
    }

    fn declines(&self, _mention: &Mention, first: &Classification) -> Option<OpinionOutcome> {
        let reads = self.judge.reads(&first.language);
        (!reads).then_some(OpinionOutcome::SkippedLanguage)
    }

    async fn advise(
        &self,
        mention: &Mention,
        first: &Classification,
    ) -> Result<Advice, AdviceError> {
        let (judge, text) = (Arc::clone(&self.judge), mention.text.clone());
        let (language, scores) = (first.language.clone(), first.scores);
        let judging = tokio::task::spawn_blocking(move || judge.judge(&text, &language, &scores));
        let judged = judging.await;
        let judged = judged.map_err(|error| AdviceError::Failed(error.to_string()))?;
        let scores = judged.map_err(AdviceError::Failed)?;
        let no_scores = || AdviceError::Failed("it answers no scores from 0 to 1".to_owned());
        Advice::new(&scores).ok_or_else(no_scores)
    }
}
