//! `mention.received` → `mention.classified`, in exactly one lane, and `mention.signal`.
//!
//! Classifying is a pure function, so the stage keeps its offset in the log: it appends, waits
//! for the acknowledgement, and only then does the runner move on. What a crash makes it do
//! twice is absorbed downstream by the identity of the post.

use crate::drift::Drift;
use crate::{Classifier, lanes};
use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use std::ops::RangeInclusive;
use std::sync::Arc;
use switchboard_domain::{BrandTable, ClassifiedMention, Current};
use switchboard_stream::record::{DeadLetter, RecordError, decode_received};
use switchboard_stream::{Batch, Log, LogRecord, NewRecord, Stage, StageError};
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
            // Twice, so that a thread that is done finds the next share without us.
            .buffered(self.threads.max(1) * 2)
            .map(|judged| self.append(judged))
            .buffered(APPENDS_AT_ONCE)
            .try_collect::<()>()
            .await?;
        self.drift.tell(&classifier);
        Ok(vec![Outcome::Forwarded; batch.records.len()])
    }

    async fn set_aside(&self, _batch: &Batch, letter: DeadLetter) -> Result<(), StageError> {
        lanes::set_aside(&*self.log, letter).await
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
        let results = judged.map_err(lost)?;
        let results = results.map_err(|error| lanes::invalid(&error))?;
        lanes::append(&*self.log, results).await
    }

    /// Off the threads that serve people.
    fn judging(&self, classifier: &Arc<Classifier>, records: Vec<LogRecord>) -> Judging {
        let (stage, classifier) = (self.clone(), Arc::clone(classifier));
        tokio::task::spawn_blocking(move || {
            let mut posts = Vec::with_capacity(records.len() * 2);
            let mut signals = Vec::with_capacity(records.len());
            for record in &records {
                let [post, signal] = stage.classify(&classifier, record)?;
                posts.push(post);
                signals.push(signal);
            }
            // Topic by topic, so that the log looks each up once.
            posts.append(&mut signals);
            Ok(posts)
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
        Ok([lanes::post(&judged, &record.key)?, lanes::signal(&judged)?])
    }
}

/// A panic goes on to the runner, which finds the post it comes from; else the process ends.
fn lost(error: JoinError) -> StageError {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => StageError::Transient(error.to_string()),
    }
}
