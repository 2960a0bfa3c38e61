//! `mention.received` → `mention.classified`, in exactly one lane, and `mention.signal`.
//!
//! Classifying is a pure function, so the stage keeps its offset in the log: it appends, waits
//! for the acknowledgement, and only then does the runner move on. What a crash makes it do
//! twice is absorbed downstream by the identity of the post.

use crate::Classifier;
use crate::drift::Drift;
use async_trait::async_trait;
use std::sync::Arc;
use switchboard_domain::{BrandTable, ClassifiedMention, Current};
use switchboard_stream::record::{
    DeadLetter, MentionSignal, RecordError, decode_received, encode_classified,
};
use switchboard_stream::topic::{
    DEAD_LETTER, MENTION_CLASSIFIED, MENTION_CLASSIFIED_URGENT, MENTION_SIGNAL,
};
use switchboard_stream::{Batch, Log, LogError, LogRecord, NewRecord, Stage, StageError};
use switchboard_telemetry::{self as telemetry, Outcome};

/// The name of this stage's group and offsets.
pub const CONSUMER: &str = "classify";

/// Records judged before other tasks get the thread: about a millisecond's work.
const RECORDS_BETWEEN_YIELDS: usize = 50;

/// Labels every post.
pub struct ClassifyStage {
    /// The rules and the model that hold at the moment.
    pub classifier: Arc<Current<Classifier>>,
    /// Whose accounts are whose.
    pub brands: Arc<BrandTable>,
    /// Where the records go.
    pub log: Arc<dyn Log>,
    /// What is told of how the stream changes.
    pub drift: Drift,
}

#[async_trait]
impl Stage for ClassifyStage {
    fn name(&self) -> telemetry::Stage {
        telemetry::Stage::Classify
    }

    async fn process(&self, batch: &Batch) -> Result<Vec<Outcome>, StageError> {
        let classifier = self.classifier.get();
        let mut results = Vec::with_capacity(batch.records.len() * 2);
        for records in batch.records.chunks(RECORDS_BETWEEN_YIELDS) {
            for record in records {
                let records = self.classify(&classifier, record);
                results.extend(records.map_err(|error| invalid(&error))?);
            }
            tokio::task::yield_now().await;
        }
        self.log
            .append(results)
            .await
            .map_err(|error| stage_error(&error))?;
        self.drift.tell(&classifier);
        Ok(vec![Outcome::Forwarded; batch.records.len()])
    }

    async fn set_aside(&self, _batch: &Batch, letter: DeadLetter) -> Result<(), StageError> {
        let record = NewRecord {
            topic: DEAD_LETTER,
            key: letter.origin.key.clone(),
            timestamp: letter.last_failed_at,
            payload: letter.encode().map_err(|error| invalid(&error))?,
        };
        self.log
            .append(vec![record])
            .await
            .map_err(|error| stage_error(&error))?;
        Ok(())
    }
}

impl ClassifyStage {
    /// The post in its one lane, and its signal.
    fn classify(
        &self,
        classifier: &Classifier,
        record: &LogRecord,
    ) -> Result<[NewRecord; 2], RecordError> {
        let received = decode_received(&record.payload)?;
        let judged = ClassifiedMention {
            classification: classifier.classify(&received.mention),
            brand: self.brands.resolve(&received.mention.accounts),
            mention: received.mention,
            received_at: received.received_at,
        };
        self.drift.count(classifier, &judged);
        let lane = if judged.classification.is_urgent() {
            MENTION_CLASSIFIED_URGENT
        } else {
            MENTION_CLASSIFIED
        };
        let post = NewRecord {
            topic: lane,
            key: record.key.clone(),
            payload: encode_classified(&judged)?,
            timestamp: judged.received_at,
        };
        let signal = NewRecord {
            topic: MENTION_SIGNAL,
            key: judged.brand.as_str().to_owned(),
            payload: MentionSignal::of(&judged).encode()?,
            timestamp: judged.received_at,
        };
        Ok([post, signal])
    }
}

fn invalid(error: &RecordError) -> StageError {
    StageError::Invalid(error.to_string())
}

/// What the runner should do about the log.
fn stage_error(error: &LogError) -> StageError {
    match error {
        LogError::Unavailable { .. } | LogError::Full { .. } | LogError::Closed => {
            StageError::Transient(error.to_string())
        }
        LogError::Fenced { .. } => StageError::Fenced,
        LogError::TooLarge { .. } => StageError::Invalid(error.to_string()),
        LogError::Mismatch { .. }
        | LogError::OutOfRange { .. }
        | LogError::NoSuchTopic { .. }
        | LogError::Unfit { .. }
        | LogError::Damaged { .. } => StageError::Fatal(error.to_string()),
    }
}
