//! A consumer over records in memory, and a stage that fails as it is told.

#![expect(unreachable_pub, reason = "shared with the test file above it")]

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use switchboard_domain::ManualClock;
use switchboard_stream::record::DeadLetter;
use switchboard_stream::topic::MENTION_RECEIVED;
use switchboard_stream::{
    Batch, Consumer, Log, LogError, LogRecord, NewRecord, Position, Progress, Runner, RunnerError,
    RunnerOptions, Stage, StageError, Stop, Subscription, TopicName, TopicSpec, Watermarks,
};
use switchboard_telemetry::{Metrics, Outcome, Stage as StageLabel};
use tokio_util::sync::CancellationToken;

/// What a bad record does to the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    Invalid,
    Panic,
    Transient,
    Hang,
    Fatal,
}

/// Where the consumer stands; shared with the test.
#[derive(Default)]
pub struct Cursor {
    committed: AtomicU64,
    rewinds: AtomicU64,
    polls: Arc<AtomicU64>,
}

#[derive(Default)]
pub struct FakeStage {
    bad: BTreeSet<u64>,
    rule: Option<Rule>,
    /// Records of one transaction; the whole batch when there is no number.
    part: Option<usize>,
    broken_attempts: AtomicU32,
    fence: Mutex<bool>,
    soft: Mutex<Option<CancellationToken>>,
    effects: Mutex<Vec<u64>>,
    letters: Mutex<Vec<DeadLetter>>,
    polls: Mutex<Arc<AtomicU64>>,
    polls_seen: Mutex<BTreeSet<u64>>,
}

impl FakeStage {
    pub fn with(bad: &[u64], rule: Rule) -> Self {
        Self {
            bad: bad.iter().copied().collect(),
            rule: Some(rule),
            ..Self::default()
        }
    }

    /// It takes a batch in transactions of so many records.
    pub fn in_parts_of(self, records: usize) -> Self {
        Self {
            part: Some(records),
            ..self
        }
    }

    /// Everything fails so often, dead letters too.
    pub fn break_for_attempts(&self, attempts: u32) {
        self.broken_attempts.store(attempts, Ordering::Relaxed);
    }

    pub fn fence_next_attempt(&self) {
        *self.fence.lock().unwrap() = true;
    }

    pub fn stop_softly_during_first_batch(&self, soft: CancellationToken) {
        *self.soft.lock().unwrap() = Some(soft);
    }

    pub fn effects(&self) -> Vec<u64> {
        self.effects.lock().unwrap().clone()
    }

    pub fn letters(&self) -> Vec<DeadLetter> {
        self.letters.lock().unwrap().clone()
    }

    pub fn polls_seen_while_broken(&self) -> BTreeSet<u64> {
        self.polls_seen.lock().unwrap().clone()
    }

    /// All of the part, or nothing.
    async fn take(&self, part: &Batch) -> Result<Vec<Outcome>, StageError> {
        let bad = part
            .records
            .iter()
            .find(|record| self.bad.contains(&record.offset));
        if let (Some(record), Some(rule)) = (bad, self.rule) {
            let offset = record.offset;
            match rule {
                Rule::Invalid => return Err(StageError::Invalid(format!("invalid at {offset}"))),
                Rule::Panic => panic!("poison at {offset}"),
                Rule::Transient => return Err(StageError::Transient("never".into())),
                Rule::Fatal => return Err(StageError::Fatal(format!("fatal at {offset}"))),
                Rule::Hang => std::future::pending::<()>().await,
            }
        }
        let offsets = part.records.iter().map(|record| record.offset);
        self.effects.lock().unwrap().extend(offsets);
        Ok(vec![Outcome::Forwarded; part.records.len()])
    }

    fn check_dependency(&self) -> Result<(), StageError> {
        let broken = &self.broken_attempts;
        let counted = broken.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        });
        if counted.is_err() {
            return Ok(());
        }
        let polls = self.polls.lock().unwrap().load(Ordering::Relaxed);
        self.polls_seen.lock().unwrap().insert(polls);
        Err(StageError::Transient("the dependency is down".into()))
    }
}

#[async_trait]
impl Stage for FakeStage {
    fn name(&self) -> StageLabel {
        StageLabel::Classify
    }

    async fn process(&self, batch: &Batch) -> Result<Vec<Outcome>, StageError> {
        if let Some(soft) = self.soft.lock().unwrap().take() {
            soft.cancel();
        }
        if std::mem::take(&mut *self.fence.lock().unwrap()) {
            return Err(StageError::Fenced);
        }
        self.check_dependency()?;
        let mut outcomes = vec![];
        for part in batch.parts(self.part.unwrap_or(batch.records.len())) {
            match self.take(&part).await {
                Ok(taken) => outcomes.extend(taken),
                Err(error) if outcomes.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(outcomes)
    }

    async fn ready(&self) -> bool {
        self.broken_attempts.load(Ordering::Relaxed) == 0
    }

    async fn set_aside(&self, batch: &Batch, letter: DeadLetter) -> Result<(), StageError> {
        assert_eq!(batch.records.len(), 1, "a letter is about one record");
        self.check_dependency()?;
        self.letters.lock().unwrap().push(letter);
        Ok(())
    }
}

struct FakeConsumer {
    records: u64,
    cursor: Arc<Cursor>,
    idle: CancellationToken,
}

#[async_trait]
impl Consumer for FakeConsumer {
    async fn poll(
        &mut self,
        max_records: usize,
        wait: Duration,
    ) -> Result<Option<Batch>, LogError> {
        self.cursor.polls.fetch_add(1, Ordering::Relaxed);
        let next = self.cursor.committed.load(Ordering::Relaxed);
        let end = self.records.min(next + max_records as u64);
        if next == end {
            self.idle.cancel();
            tokio::time::sleep(wait).await;
            return Ok(None);
        }
        let record = |offset: u64| LogRecord {
            offset,
            key: "key".into(),
            payload: Bytes::from(offset.to_string()),
            timestamp: Timestamp::UNIX_EPOCH,
        };
        Ok(Some(Batch {
            topic: MENTION_RECEIVED,
            partition: 0,
            records: (next..end).map(record).collect(),
            incarnation: "fake".into(),
            expected: Some(next),
        }))
    }

    async fn check_offsets(&mut self) -> Result<(), LogError> {
        Ok(())
    }

    async fn commit(&mut self, batch: &Batch) -> Result<(), LogError> {
        let before = self
            .cursor
            .committed
            .swap(batch.next_offset(), Ordering::Relaxed);
        assert_eq!(Some(before), batch.expected, "committed out of order");
        Ok(())
    }

    async fn rewind(&mut self, _topic: &TopicName, _partition: u32) -> Result<(), LogError> {
        self.cursor.rewinds.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

pub struct Harness {
    pub stage: Arc<FakeStage>,
    pub stop: Stop,
    cursor: Arc<Cursor>,
    metrics: Metrics,
    records: u64,
}

impl Harness {
    pub fn new(records: u64, stage: FakeStage) -> Self {
        let cursor = Arc::new(Cursor::default());
        *stage.polls.lock().unwrap() = Arc::clone(&cursor.polls);
        Self {
            stage: Arc::new(stage),
            stop: Stop::default(),
            cursor,
            metrics: Metrics::new("test").unwrap(),
            records,
        }
    }

    /// Until every record has been read, or the stage stops by itself.
    pub async fn run_until_idle(&self) -> Result<(), RunnerError> {
        self.start(self.stop.soft.clone()).await
    }

    /// Until the test's own stop.
    pub async fn run(&self) -> Result<(), RunnerError> {
        self.start(CancellationToken::new()).await
    }

    async fn start(&self, idle: CancellationToken) -> Result<(), RunnerError> {
        let cursor = Arc::clone(&self.cursor);
        let runner = Runner {
            stage: Arc::clone(&self.stage) as Arc<dyn Stage>,
            consumer: Box::new(FakeConsumer {
                records: self.records,
                cursor,
                idle,
            }),
            clock: Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH)),
            metrics: self.metrics.clone(),
            progress: Progress::default(),
            options: RunnerOptions::new("test-build"),
            jitter_seed: 7,
        };
        runner.run(&self.stop).await
    }

    pub fn committed(&self) -> u64 {
        self.cursor.committed.load(Ordering::Relaxed)
    }

    pub fn rewinds(&self) -> u64 {
        self.cursor.rewinds.load(Ordering::Relaxed)
    }

    pub fn outcomes(&self, outcome: &str) -> u64 {
        self.count(&format!("outcome=\"{outcome}\",stage=\"classify\""))
    }

    /// The value of the first exposed series of the stage whose line holds `text`.
    pub fn count(&self, text: &str) -> u64 {
        let exposed = self.metrics.expose();
        let line = exposed.lines().find(|line| {
            !line.starts_with('#') && line.contains(text) && line.contains("classify")
        });
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
            .unwrap_or(0)
    }
}

/// A log that only knows how much waits.
pub struct BacklogOnly(pub u64);

#[async_trait]
impl Log for BacklogOnly {
    fn incarnation(&self) -> Arc<str> {
        "fake".into()
    }
    async fn ensure_topics(&self, _: &[TopicSpec]) -> Result<(), LogError> {
        Err(LogError::Closed)
    }
    async fn append(&self, _: Vec<NewRecord>) -> Result<Vec<Position>, LogError> {
        Err(LogError::Closed)
    }
    async fn subscribe(&self, _: Subscription) -> Result<Box<dyn Consumer>, LogError> {
        Err(LogError::Closed)
    }
    async fn read(
        &self,
        _: &TopicName,
        _: u32,
        _: u64,
        _: usize,
        _: Duration,
    ) -> Result<Vec<LogRecord>, LogError> {
        Err(LogError::Closed)
    }
    async fn offset_at(&self, _: &TopicName, _: u32, _: Timestamp) -> Result<u64, LogError> {
        Err(LogError::Closed)
    }
    async fn watermarks(&self, _: &TopicName) -> Result<Vec<Watermarks>, LogError> {
        Err(LogError::Closed)
    }
    async fn backlog(&self, _: &str, _: &TopicName) -> Result<u64, LogError> {
        Ok(self.0)
    }
}
