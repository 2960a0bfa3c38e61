//! Where a member's offsets are kept, and whether they count in this log.

use super::consumer::KafkaConsumer;
use super::failure::unavailable;
use super::offsets::Committed;
use super::place::Start;
use super::topics::{SETTLE_LIMIT, SETTLE_PAUSE};
use crate::log::{LogError, LogRecord, OffsetHome, Watermarks};
use crate::topic::TopicName;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::StoredOffset;
use tokio::time::Instant;

/// What is known of a topic before its partitions are begun.
struct Ground {
    incarnation: Arc<str>,
    marks: Vec<Watermarks>,
    committed: HashMap<u32, Committed>,
}

impl KafkaConsumer {
    /// Where each of the partitions begins, after its offset was found to count in this log.
    pub(super) async fn starts(
        &self,
        partitions: &[(TopicName, u32)],
    ) -> Result<Vec<Start>, LogError> {
        // The stored offset first: whoever moves it meanwhile only moves it forward, within
        // what the log holds by the time its ends are asked for.
        let mut stored = Vec::with_capacity(partitions.len());
        for (topic, partition) in partitions {
            stored.push(self.stored(topic, *partition).await?);
        }
        let mut grounds: HashMap<TopicName, Ground> = HashMap::new();
        let topics: BTreeSet<&TopicName> = partitions.iter().map(|(topic, _)| topic).collect();
        for topic in topics {
            grounds.insert(topic.clone(), self.ground(topic).await?);
        }
        let mut starts = Vec::with_capacity(partitions.len());
        for ((topic, partition), stored) in partitions.iter().zip(stored) {
            let ground = grounds.get(topic).ok_or(LogError::Closed)?;
            starts.push(self.start(topic, *partition, stored, ground)?);
        }
        Ok(starts)
    }

    /// As [`Self::starts`], for a process that starts beside a broker that does: who leads a
    /// partition is known some moments later.
    pub(super) async fn starts_in_time(
        &self,
        partitions: &[(TopicName, u32)],
    ) -> Result<Vec<Start>, LogError> {
        let deadline = Instant::now() + SETTLE_LIMIT;
        loop {
            match self.starts(partitions).await {
                Err(LogError::Unavailable { reason }) if Instant::now() < deadline => {
                    tracing::debug!(reason, "the offsets are asked for again");
                    tokio::time::sleep(SETTLE_PAUSE).await;
                }
                starts => return starts,
            }
        }
    }

    /// What the store holds; nothing when the log is the home.
    async fn stored(
        &self,
        topic: &TopicName,
        partition: u32,
    ) -> Result<Option<StoredOffset>, LogError> {
        match &self.home {
            OffsetHome::Log => Ok(None),
            OffsetHome::Store(store) => {
                Ok(store.load(&self.group, topic.as_str(), partition).await?)
            }
        }
    }

    async fn ground(&self, topic: &TopicName) -> Result<Ground, LogError> {
        let name = self.shared.full_name(topic.as_str());
        let ids = self.shared.topic_ids(vec![name.clone()]).await?;
        // A broker may not have heard of it yet; whoever deleted it can make it again.
        let missing = || unavailable(format!("the log topic `{name}` is not there"));
        let id = ids.get(&name).ok_or_else(missing)?;
        Ok(Ground {
            incarnation: format!("{}/{id}", self.shared.incarnation).into(),
            committed: self
                .shared
                .committed(Arc::clone(&self.client), topic)
                .await?,
            marks: self.shared.watermarks(topic).await?,
        })
    }

    fn start(
        &self,
        topic: &TopicName,
        partition: u32,
        stored: Option<StoredOffset>,
        ground: &Ground,
    ) -> Result<Start, LogError> {
        let marks = ground
            .marks
            .iter()
            .find(|marks| marks.partition == partition)
            .ok_or_else(|| LogError::NoSuchTopic {
                topic: topic.clone(),
                partition,
            })?;
        let committed = ground.committed.get(&partition);
        let note = committed.and_then(|committed| committed.note.as_ref());
        let first = note.map_or(marks.low, |note| note.start);
        let stored = match self.home {
            OffsetHome::Log => committed.map(|found| found.stored(&ground.incarnation)),
            OffsetHome::Store(_) => stored,
        };
        let place = (topic, partition, marks);
        let (next, expected, last_hash) = match stored {
            None => (first, None, None),
            Some(stored) => {
                self.check_incarnation(place, &stored, &ground.incarnation)?;
                (stored.next, Some(stored.next), stored.last_hash)
            }
        };
        if next < marks.low || next > marks.high {
            return Err(out_of_range(place, next));
        }
        Ok(Start {
            next,
            expected,
            // The record before the first one there is has gone by age; nothing to compare.
            last_hash: last_hash.filter(|_| next > marks.low),
            first,
            incarnation: Arc::clone(&ground.incarnation),
        })
    }

    fn check_incarnation(
        &self,
        (topic, partition, _): (&TopicName, u32, &Watermarks),
        stored: &StoredOffset,
        incarnation: &str,
    ) -> Result<(), LogError> {
        if stored.incarnation == incarnation {
            return Ok(());
        }
        let reason = format!(
            "its offset {} counts in the log topic `{}` and this is `{incarnation}`",
            stored.next, stored.incarnation
        );
        Err(self.mismatch(topic, partition, reason))
    }

    /// Reads the record before the start, if there is one to compare.
    pub(super) async fn compare_last(
        &self,
        topic: &TopicName,
        partition: u32,
        start: &Start,
    ) -> Result<(), LogError> {
        let Some(wanted) = &start.last_hash else {
            return Ok(());
        };
        let offset = start.fetch_from();
        let found = self
            .shared
            .read(topic, partition, offset, 1, Duration::ZERO)
            .await?;
        if found.first().map(LogRecord::hash).as_ref() == Some(wanted) {
            return Ok(());
        }
        let reason = format!("the record at offset {offset} is another than it read");
        Err(self.mismatch(topic, partition, reason))
    }
}

fn out_of_range(
    (topic, partition, marks): (&TopicName, u32, &Watermarks),
    offset: u64,
) -> LogError {
    LogError::OutOfRange {
        topic: topic.clone(),
        partition,
        offset,
        low: marks.low,
        high: marks.high,
    }
}
