//! `mention.received` → `mention.classified`, in exactly one lane, and `mention.signal`.
//!
//! Classifying is a pure function, so the stage keeps its offset in the log: it appends, waits
//! for the acknowledgement, and only then does the runner move on. What a crash makes it do
//! twice is absorbed downstream by the identity of the post.

use crate::Classifier;
use crate::drift::Drift;
use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use std::ops::RangeInclusive;
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
use tokio::task::{JoinError, JoinHandle};

/// The name of this stage's group and offsets.
pub const CONSUMER: &str = "classify";

/// What one thread judges in one go, and the log is then given in one go: some milliseconds'
/// work, many times what handing it over costs.
const SHARE_RECORDS: RangeInclusive<usize> = 200..=500;

/// Shares of a batch that may wait for their acknowledgement while later ones are judged: a
/// broker's answer takes about as long as judging two.
const APPENDS_AT_ONCE: usize = 4;

/// A thread's share of a batch.
type Judging = JoinHandle<Result<Vec<NewRecord>, RecordError>>;

/// Labels every post.
#[derive(Clone)]
pub struct ClassifyStage {
    /// The rules and the model that hold at the moment.
    pub classifier: Arc<Current<Classifier>>,
    /// Whose accounts are whose.
    pub brands: Arc<BrandTable>,
    /// Where the records go.
    pub log: Arc<dyn Log>,
    /// Threads that may judge at once, at least one.
    pub threads: usize,
    /// What is told of how the stream changes.
    pub drift: Arc<Drift>,
}

#[async_trait]
impl Stage for ClassifyStage {
    fn name(&self) -> telemetry::Stage {
        telemetry::Stage::Classify
    }

    async fn process(&self, batch: &Batch) -> Result<Vec<Outcome>, StageError> {
        let classifier = self.classifier.get();
        let shares = batch.records.chunks(self.share_of(batch));
        let shares: Vec<_> = shares.map(<[_]>::to_vec).collect();
        stream::iter(shares)
            .map(|records| self.judging(&classifier, records))
            .buffered(self.threads.max(1))
            .map(|judged| self.append(judged))
            .buffered(APPENDS_AT_ONCE)
            .try_collect::<()>()
            .await?;
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
    /// How many records one thread gets at a time: all have work, and none too much.
    fn share_of(&self, batch: &Batch) -> usize {
        let even = batch.records.len().div_ceil(self.threads.max(1));
        even.clamp(*SHARE_RECORDS.start(), *SHARE_RECORDS.end())
    }

    /// Hands a share that is judged to the log, and waits until it is durable.
    async fn append(
        &self,
        judged: Result<Result<Vec<NewRecord>, RecordError>, JoinError>,
    ) -> Result<(), StageError> {
        let results = judged.map_err(lost)?.map_err(|error| invalid(&error))?;
        let appended = self.log.append(results).await;
        appended.map(drop).map_err(|error| stage_error(&error))
    }

    /// Off the threads that serve people.
    fn judging(&self, classifier: &Arc<Classifier>, records: Vec<LogRecord>) -> Judging {
        let (stage, classifier) = (self.clone(), Arc::clone(classifier));
        tokio::task::spawn_blocking(move || {
            let mut results = Vec::with_capacity(records.len() * 2);
            for record in &records {
                results.extend(stage.classify(&classifier, record)?);
            }
            Ok(results)
        })
    }

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

/// A panic goes on to the runner, which finds the post it comes from; else the process ends.
fn lost(error: JoinError) -> StageError {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => StageError::Transient(error.to_string()),
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
