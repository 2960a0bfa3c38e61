//! Where a member is in one partition.

use super::client::{Context, GroupClient};
use super::failure::{is_out_of_range, unavailable};
use super::offsets::native;
use super::record::record_of;
use crate::log::{LogError, LogRecord};
use crate::topic::TopicName;
use rdkafka::Offset;
use rdkafka::consumer::Consumer;
use rdkafka::consumer::base_consumer::PartitionQueue;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// One batch: bounds memory whatever the records' size. A single larger record is still read.
const BATCH_BYTES_MAX: usize = 8 << 20;

/// Where the offset home says the member goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) next: u64,
    /// What the home holds; `None` when it has nothing yet.
    pub(super) expected: Option<u64>,
    /// The record before `next`, by its hash, when it is there to be compared.
    pub(super) last_hash: Option<String>,
    /// Where the group began in this partition.
    pub(super) first: u64,
    pub(super) incarnation: Arc<str>,
}

impl Start {
    /// The first record to fetch: the one before `next` when it is to be compared.
    pub(super) const fn fetch_from(&self) -> u64 {
        match self.last_hash {
            Some(_) => self.next.saturating_sub(1),
            None => self.next,
        }
    }
}

/// One partition of the member, with a queue of its own so that an urgent topic does not
/// wait behind another.
pub(super) struct Place {
    pub(super) topic: TopicName,
    /// As Kafka knows it.
    pub(super) full_name: Arc<str>,
    pub(super) partition: u32,
    pub(super) start: Start,
    /// False after a rewind, until the offset home was asked again.
    pub(super) is_settled: bool,
    queue: PartitionQueue<Context>,
    /// Records that came and were not handed out; the first is `start.next` or later.
    ahead: VecDeque<LogRecord>,
    /// What the queue yields next; another record is one from before a seek.
    position: u64,
    /// The offset after the last record that was handed out.
    handed_out: u64,
}

/// What a look at a partition's queue can find beside records.
pub(super) enum Trouble {
    /// The member's offset is not in the partition.
    OutOfRange,
    /// The record before its offset is another than it read.
    AnotherRecord,
}

impl Place {
    pub(super) fn new(
        (topic, full_name): (TopicName, Arc<str>),
        partition: u32,
        start: Start,
        queue: PartitionQueue<Context>,
    ) -> Self {
        Self {
            topic,
            full_name,
            partition,
            position: start.fetch_from(),
            handed_out: start.next,
            start,
            is_settled: true,
            queue,
            ahead: VecDeque::new(),
        }
    }

    /// Goes on from another place.
    pub(super) fn restart(&mut self, client: &GroupClient, start: Start) -> Result<(), LogError> {
        self.seek(client, start.fetch_from())?;
        self.start = start;
        self.is_settled = true;
        Ok(())
    }

    fn seek(&mut self, client: &GroupClient, offset: u64) -> Result<(), LogError> {
        let target = Offset::Offset(i64::try_from(offset).unwrap_or(i64::MAX));
        let partition = native(self.partition);
        client
            .seek(&self.full_name, partition, target, Duration::ZERO)
            .map_err(unavailable)?;
        self.ahead.clear();
        self.position = offset;
        self.handed_out = offset;
        Ok(())
    }

    /// Up to so many records, without waiting.
    pub(super) fn take(
        &mut self,
        client: &GroupClient,
        max_records: usize,
    ) -> Result<Result<Vec<LogRecord>, Trouble>, LogError> {
        if self.handed_out > self.start.next {
            // Polled again without a commit: the same records come again.
            self.seek(client, self.start.next)?;
        }
        if let Err(trouble) = self.fill(max_records) {
            return Ok(Err(trouble));
        }
        let mut bytes = 0;
        let fits = |record: &&LogRecord| {
            let first = bytes == 0;
            bytes += record.key.len() + record.payload.len();
            first || bytes <= BATCH_BYTES_MAX
        };
        let count = self.ahead.iter().take(max_records).take_while(fits).count();
        let records: Vec<LogRecord> = self.ahead.drain(..count).collect();
        if let Some(last) = records.last() {
            self.handed_out = last.offset + 1;
        }
        Ok(Ok(records))
    }

    fn fill(&mut self, max_records: usize) -> Result<(), Trouble> {
        let mut bytes = 0;
        while self.ahead.len() < max_records.max(1) && bytes < BATCH_BYTES_MAX {
            let record = match self.queue.poll(Duration::ZERO) {
                None => break,
                Some(Ok(message)) => record_of(&message),
                Some(Err(error)) if is_out_of_range(&error) => return Err(Trouble::OutOfRange),
                Some(Err(error)) => {
                    tracing::debug!(%error, topic = %self.topic, "a partition is tried again");
                    continue;
                }
            };
            if record.offset < self.position {
                continue;
            }
            self.position = record.offset + 1;
            if let Some(wanted) = self.start.last_hash.take()
                && record.offset < self.start.next
            {
                if record.hash() != wanted {
                    self.start.last_hash = Some(wanted);
                    return Err(Trouble::AnotherRecord);
                }
                continue;
            }
            bytes += record.key.len() + record.payload.len();
            self.ahead.push_back(record);
        }
        Ok(())
    }

    pub(super) fn move_past(&mut self, next: u64) {
        self.start.next = next;
        self.start.expected = Some(next);
    }
}
