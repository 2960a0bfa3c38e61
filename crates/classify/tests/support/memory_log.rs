//! A log that only remembers what was appended, and batches as it would hand them out.

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use switchboard_stream::log::{Position, Watermarks};
use switchboard_stream::topic::{TopicName, TopicSpec};
use switchboard_stream::{Batch, Consumer, Log, LogError, LogRecord, NewRecord, Subscription};

/// Remembers each append as one list; answers `failure` instead when it has one.
#[derive(Default)]
pub(crate) struct MemoryLog {
    pub(crate) appends: Mutex<Vec<Vec<NewRecord>>>,
    pub(crate) failure: Option<LogError>,
}

#[async_trait]
impl Log for MemoryLog {
    fn incarnation(&self) -> Arc<str> {
        "memory".into()
    }

    async fn ensure_topics(&self, _specs: &[TopicSpec]) -> Result<(), LogError> {
        Ok(())
    }

    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Position>, LogError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let position = Position {
            partition: 0,
            offset: 0,
        };
        let positions = vec![position; records.len()];
        self.appends.lock().unwrap().push(records);
        Ok(positions)
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
        Err(LogError::Closed)
    }
}

/// A batch of those records of `topic`, all of that time, under the keys `key-0`, `key-1`, …
pub(crate) fn batch_of(topic: TopicName, timestamp: Timestamp, payloads: Vec<Bytes>) -> Batch {
    let records = (0..)
        .zip(payloads)
        .map(|(offset, payload)| LogRecord {
            offset,
            key: format!("key-{offset}"),
            payload,
            timestamp,
        })
        .collect();
    Batch {
        topic,
        partition: 0,
        records,
        incarnation: "memory".into(),
        expected: None,
    }
}
