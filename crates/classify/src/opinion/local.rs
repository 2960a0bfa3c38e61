//! A model of this process as an adviser.

use super::adviser::{Advice, AdviceError, Adviser};
use async_trait::async_trait;
use std::sync::Arc;
use switchboard_domain::{Classification, Mention, Scores};
use switchboard_telemetry::AdviserLabel;

/// Judges the words of a post, given the first scores; an error in words, without the post's.
/// Takes as long as it takes: it is run beside the threads that serve people.
pub type Judge = dyn Fn(&str, &Scores) -> Result<Scores, String> + Send + Sync;

/// Asks a [`Judge`]. Nothing leaves the house.
#[derive(Clone)]
pub struct LocalAdviser {
    version: String,
    judge: Arc<Judge>,
}

impl LocalAdviser {
    /// `version` names the model.
    pub fn new(version: impl Into<String>, judge: Arc<Judge>) -> Self {
        Self {
            version: version.into(),
            judge,
        }
    }
}

#[async_trait]
impl Adviser for LocalAdviser {
    fn label(&self) -> AdviserLabel {
        AdviserLabel::Encoder
    }

    fn version(&self) -> &str {
        &self.version
    }

    async fn advise(
        &self,
        mention: &Mention,
        first: &Classification,
    ) -> Result<Advice, AdviceError> {
        let (judge, text, scores) = (Arc::clone(&self.judge), mention.text.clone(), first.scores);
        let judged = tokio::task::spawn_blocking(move || judge(&text, &scores)).await;
        let judged = judged.map_err(|error| AdviceError::Failed(error.to_string()))?;
        let scores = judged.map_err(AdviceError::Failed)?;
        let no_scores = || AdviceError::Failed("it answers no scores from 0 to 1".to_owned());
        Advice::new(&scores).ok_or_else(no_scores)
    }
}
