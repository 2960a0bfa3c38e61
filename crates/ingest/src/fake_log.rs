//! A log in memory that does as it is told; for tests.

use async_trait::async_trait;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use switchboard_domain::Mention;
use switchboard_stream::record::decode_received;
use switchboard_stream::topic::{DEAD_LETTER, MENTION_RECEIVED};
use switchboard_stream::{
    Consumer, Log, LogError, LogRecord, NewRecord, Position, Subscription, TopicName, TopicSpec,
    Watermarks,
};

/// What the next appends answer; afterwards they succeed.
#[derive(Clone, Debug)]
pub(crate) enum Next {
    Fail(LogError),
    /// Durable, and yet an error: the answer was lost.
    TakeAndFail(LogError),
    /// Never answers.
    Hang,
}

/// As the backlog: a log that never says how long it is.
pub(crate) const NEVER_TOLD: u64 = u64::MAX;

#[derive(Default)]
pub(crate) struct FakeLog {
    pub(crate) records: Mutex<Vec<NewRecord>>,
    pub(crate) script: Mutex<VecDeque<Next>>,
    pub(crate) backlog: AtomicU64,
    pub(crate) backlog_looks: AtomicU64,
}

impl FakeLog {
    pub(crate) fn then(&self, next: Next) {
        self.script.lock().unwrap().push_back(next);
    }

    pub(crate) fn mentions(&self) -> Vec<Mention> {
        let payloads = self.payloads(&MENTION_RECEIVED);
        payloads
            .iter()
            .map(|payload| decode_received(payload).unwrap().mention)
            .collect()
    }

    pub(crate) fn mention_ids(&self) -> Vec<String> {
        self.mentions()
            .into_iter()
            .map(|mention| mention.id)
            .collect()
    }

    pub(crate) fn dead_letters(&self) -> Vec<bytes::Bytes> {
        self.payloads(&DEAD_LETTER)
    }

    fn payloads(&self, topic: &TopicName) -> Vec<bytes::Bytes> {
        let records = self.records.lock().unwrap();
        let of_topic = records.iter().filter(|record| record.topic == *topic);
        of_topic.map(|record| record.payload.clone()).collect()
    }
}

pub(crate) fn unavailable() -> LogError {
    LogError::Unavailable {
        reason: "told so".into(),
    }
}

#[async_trait]
impl Log for FakeLog {
    fn incarnation(&self) -> Arc<str> {
        "fake".into()
    }

    async fn ensure_topics(&self, _specs: &[TopicSpec]) -> Result<(), LogError> {
        Ok(())
    }

    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Position>, LogError> {
        let next = self.script.lock().unwrap().pop_front();
        match next {
            Some(Next::Hang) => std::future::pending().await,
            Some(Next::Fail(error)) => Err(error),
            other => {
                let positions = vec![
                    Position {
                        partition: 0,
                        offset: 0
                    };
                    records.len()
                ];
                self.records.lock().unwrap().extend(records);
                match other {
                    Some(Next::TakeAndFail(error)) => Err(error),
                    _ => Ok(positions),
                }
            }
        }
    }

    async fn subscribe(&self, _: Subscription) -> Result<Box<dyn Consumer>, LogError> {
        Err(LogError::Closed)
    }

    async fn read(
        &self,
        _topic: &TopicName,
        _partition: u32,
        _from: u64,
        _max_records: usize,
        _wait: Duration,
    ) -> Result<Vec<LogRecord>, LogError> {
        Ok(Vec::new())
    }

    async fn offset_at(
        &self,
        _topic: &TopicName,
        _partition: u32,
        _time: jiff::Timestamp,
    ) -> Result<u64, LogError> {
        Ok(0)
    }

    async fn watermarks(&self, _topic: &TopicName) -> Result<Vec<Watermarks>, LogError> {
        Ok(Vec::new())
    }

    async fn backlog(&self, _group: &str, _topic: &TopicName) -> Result<u64, LogError> {
        self.backlog_looks.fetch_add(1, Ordering::SeqCst);
        match self.backlog.load(Ordering::SeqCst) {
            NEVER_TOLD => std::future::pending().await,
            records => Ok(records),
        }
    }
}
