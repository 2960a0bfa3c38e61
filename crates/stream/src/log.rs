//! The log as every part sees it: append, subscribe, read. Backends stand behind it.
//!
//! Written so that a Kafka client fits as well as a file: nothing here knows about either.

mod batch;
mod error;

pub use batch::{Batch, LogRecord};
pub use error::{LogError, OffsetStoreError};

use crate::topic::{TopicName, TopicSpec};
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::StoredOffset;

/// A record to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecord {
    /// Where it goes.
    pub topic: TopicName,
    /// Records of one key keep their order.
    pub key: String,
    /// The encoded record; the log does not look inside.
    pub payload: Bytes,
    /// What retention by age and [`Log::offset_at`] go by.
    pub timestamp: Timestamp,
}

/// Where an appended record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Chosen by the record's key.
    pub partition: u32,
    /// Its number in the partition, from 0.
    pub offset: u64,
}

/// The range of offsets a partition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermarks {
    /// Which partition.
    pub partition: u32,
    /// The first record that is still there.
    pub low: u64,
    /// The offset the next record will get.
    pub high: u64,
}

/// The log.
#[async_trait]
pub trait Log: Send + Sync {
    /// Which log this is. It never changes, and no other log has it.
    fn incarnation(&self) -> Arc<str>;

    /// Creates what is missing. A topic may gain partitions and never loses any.
    async fn ensure_topics(&self, specs: &[TopicSpec]) -> Result<(), LogError>;

    /// Resolves only when every record is durable, and answers in the order of `records`. A
    /// refusal ([`LogError::TooLarge`], [`LogError::NoSuchTopic`]) has appended nothing; after
    /// another error some may be there, so whoever tries again may make duplicates.
    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Position>, LogError>;

    /// Joins a group. Its members in all processes share the partitions.
    async fn subscribe(&self, subscription: Subscription) -> Result<Box<dyn Consumer>, LogError>;

    /// Reads without a group, from an offset; waits up to `wait` for a first record and
    /// answers an empty list when none came.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`] when `from` is below the low or above the high watermark.
    async fn read(
        &self,
        topic: &TopicName,
        partition: u32,
        from: u64,
        max_records: usize,
        wait: Duration,
    ) -> Result<Vec<LogRecord>, LogError>;

    /// The first offset whose record is not older than `time`; the high watermark when all
    /// are older.
    async fn offset_at(
        &self,
        topic: &TopicName,
        partition: u32,
        time: Timestamp,
    ) -> Result<u64, LogError>;

    /// One entry per partition, in order.
    async fn watermarks(&self, topic: &TopicName) -> Result<Vec<Watermarks>, LogError>;

    /// How many records of the topic the group has not yet read.
    async fn backlog(&self, group: &str, topic: &TopicName) -> Result<u64, LogError>;

    /// Whether the log takes more than what finishes the records it has: those who bring
    /// something new ask first. Kafka answers for itself, append by append.
    ///
    /// # Errors
    /// [`LogError::Full`], with what to do.
    async fn check_room(&self) -> Result<(), LogError> {
        Ok(())
    }

    /// How far behind the group is. A log that cannot tell the age says so by `None`.
    async fn lag(&self, group: &str, topic: &TopicName) -> Result<Lag, LogError> {
        Ok(Lag {
            records: self.backlog(group, topic).await?,
            oldest: None,
        })
    }

    /// Makes retention wait for the group in these topics, where the log can; Kafka lets
    /// records go by age alone.
    async fn register_group(&self, _group: &str, _topics: &[TopicName]) -> Result<(), LogError> {
        Ok(())
    }

    /// Forgets every group whose name begins with `prefix`, except `kept`: nobody reads for the
    /// others any more, and retention must not wait for them.
    async fn keep_groups(&self, _prefix: &str, _kept: &[String]) -> Result<(), LogError> {
        Ok(())
    }

    /// Deletes what may go by now and answers how many records went, for a log that does not
    /// do so by itself.
    async fn enforce_retention(&self, _now: Timestamp) -> Result<u64, LogError> {
        Ok(0)
    }

    /// Ends what was begun, leaves every group and refuses all that comes later.
    async fn close(&self) -> Result<(), LogError> {
        Ok(())
    }
}

/// How far behind a group is in a topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// Records it has not read.
    pub records: u64,
    /// The time of the oldest of them; `None` when there is none, or the log cannot tell.
    pub oldest: Option<Timestamp>,
}

/// What a consumer asks for.
#[derive(Clone)]
pub struct Subscription {
    /// The group, which is also the consumer's name in the offset store.
    pub group: String,
    /// In order of urgency: a later topic is polled only when the earlier ones are empty.
    pub topics: Vec<TopicName>,
    /// Who keeps the offsets.
    pub offsets: OffsetHome,
}

/// Who keeps a group's offsets.
#[derive(Clone)]
pub enum OffsetHome {
    /// The log: for stages whose effect is an append.
    Log,
    /// The database, in the transaction of the effect.
    Store(Arc<dyn OffsetStore>),
}

/// Reads the offsets that effects are stored with.
#[async_trait]
pub trait OffsetStore: Send + Sync {
    /// `None` when the consumer has never stored one for this partition.
    async fn load(
        &self,
        consumer: &str,
        topic: &str,
        partition: u32,
    ) -> Result<Option<StoredOffset>, OffsetStoreError>;
}

/// One member of a group. Dropping it hands its partitions to the others.
#[async_trait]
pub trait Consumer: Send + Sync {
    /// Records of one partition, most urgent topic first; `None` after `max_wait` with
    /// nothing new. Polling again without [`Consumer::commit`] reads the same records.
    async fn poll(
        &mut self,
        max_records: usize,
        max_wait: Duration,
    ) -> Result<Option<Batch>, LogError>;

    /// Moves past the batch. With [`OffsetHome::Log`] the offset is durable when this
    /// resolves, and [`LogError::Fenced`] says that another member moved it meanwhile. With
    /// [`OffsetHome::Store`] the effect's transaction already holds it; this only reads on
    /// and tells retention.
    async fn commit(&mut self, batch: &Batch) -> Result<(), LogError>;

    /// Asks the offset home about every partition it owns now, so that a process that was
    /// given another log, or an older one, fails before it serves anybody.
    ///
    /// # Errors
    /// What [`Consumer::poll`] would answer: [`LogError::Mismatch`], [`LogError::OutOfRange`].
    async fn check_offsets(&mut self) -> Result<(), LogError>;

    /// Forgets where it was in that partition; the next poll asks the offset home again.
    async fn rewind(&mut self, topic: &TopicName, partition: u32) -> Result<(), LogError>;
}
