//! One member of a group.

use super::Shared;
use super::catalog::PartitionState;
use super::writer::{MoveOffset, Request};
use crate::log::{Batch, Consumer, LogError, LogRecord, OffsetHome, Subscription};
use crate::topic::TopicName;
use async_trait::async_trait;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::StoredOffset;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

pub(super) struct EmbeddedConsumer {
    shared: Arc<Shared>,
    group: Arc<str>,
    topics: Vec<TopicName>,
    home: OffsetHome,
    member: u64,
    changes: watch::Receiver<u64>,
    commits: watch::Receiver<u64>,
    owned: Vec<Arc<PartitionState>>,
    /// By partition id; a partition without an entry asks the offset home first.
    places: HashMap<i64, Place>,
    /// Where the next look at a topic's partitions begins, so that none waits for ever.
    turn: usize,
}

/// Where the member is in one partition.
struct Place {
    next: u64,
    expected: Option<u64>,
    /// Records read with earlier ones of their row.
    ahead: VecDeque<LogRecord>,
}

impl EmbeddedConsumer {
    pub(super) fn join(shared: Arc<Shared>, subscription: Subscription) -> Self {
        let mut changes = shared.coordinator.changes();
        changes.mark_changed();
        Self {
            member: shared
                .coordinator
                .join(&subscription.group, &subscription.topics),
            commits: shared.commits.subscribe(),
            group: subscription.group.into(),
            topics: subscription.topics,
            home: subscription.offsets,
            changes,
            owned: Vec::new(),
            places: HashMap::new(),
            turn: 0,
            shared,
        }
    }

    /// After every change of the group: what this member owns now.
    fn settle(&mut self) {
        if !self.changes.has_changed().unwrap_or(false) {
            return;
        }
        self.changes.borrow_and_update();
        self.owned = self
            .shared
            .coordinator
            .settle(&self.group, self.member, &self.shared.catalog);
        let owned = &self.owned;
        self.places
            .retain(|id, _| owned.iter().any(|partition| partition.id == *id));
    }

    async fn take(&mut self, max_records: usize) -> Result<Option<Batch>, LogError> {
        for partition in self.by_urgency() {
            self.find_place(&partition).await?;
            if let Some(batch) = self.take_from(&partition, max_records).await? {
                self.turn = self.turn.wrapping_add(1);
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    fn by_urgency(&self) -> Vec<Arc<PartitionState>> {
        let mut ordered = Vec::with_capacity(self.owned.len());
        for topic in &self.topics {
            let mut of_topic: Vec<_> = self
                .owned
                .iter()
                .filter(|partition| partition.topic == *topic)
                .cloned()
                .collect();
            if !of_topic.is_empty() {
                let first = self.turn % of_topic.len();
                of_topic.rotate_left(first);
            }
            ordered.append(&mut of_topic);
        }
        ordered
    }

    async fn take_from(
        &mut self,
        partition: &Arc<PartitionState>,
        max_records: usize,
    ) -> Result<Option<Batch>, LogError> {
        let Some(place) = self.places.get_mut(&partition.id) else {
            return Ok(None);
        };
        let ready = place
            .ahead
            .front()
            .is_some_and(|record| record.offset == place.next);
        if !ready {
            if place.next >= partition.high() {
                return Ok(None);
            }
            place.ahead = self
                .shared
                .fetch(partition, place.next, max_records)
                .await?
                .into();
        }
        let count = place.ahead.len().min(max_records.max(1));
        Ok(Some(Batch {
            topic: partition.topic.clone(),
            partition: partition.number,
            records: place.ahead.drain(..count).collect(),
            incarnation: Arc::clone(&self.shared.incarnation),
            expected: place.expected,
        }))
    }

    /// Asks the offset home, unless the member has been there.
    async fn find_place(&mut self, partition: &Arc<PartitionState>) -> Result<(), LogError> {
        if self.places.contains_key(&partition.id) {
            return Ok(());
        }
        let (stored, start) = self.load(partition).await?;
        let place = match stored {
            Some(stored) => {
                self.verify(partition, &stored).await?;
                Place {
                    next: stored.next,
                    expected: Some(stored.next),
                    ahead: VecDeque::new(),
                }
            }
            None if start < partition.low() => return Err(partition.out_of_range(start)),
            None => Place {
                next: start,
                expected: None,
                ahead: VecDeque::new(),
            },
        };
        self.shared
            .catalog
            .set_progress(&self.group, partition.id, place.next);
        self.places.insert(partition.id, place);
        Ok(())
    }

    /// The stored offset, and where a group that has none begins.
    async fn load(
        &self,
        partition: &Arc<PartitionState>,
    ) -> Result<(Option<StoredOffset>, u64), LogError> {
        let known = self.shared.group_offset(&self.group, partition).await?;
        let start = known.as_ref().map_or(0, |(offset, _)| offset.start);
        let stored = match &self.home {
            OffsetHome::Store(store) => {
                store
                    .load(&self.group, partition.topic.as_str(), partition.number)
                    .await?
            }
            OffsetHome::Log => known.map(|(offset, incarnation)| StoredOffset {
                next: offset.next,
                incarnation: incarnation.to_string(),
                last_hash: offset.last_hash,
            }),
        };
        Ok((stored, start))
    }

    /// Whether the stored offset counts in this log and its last record is still the same.
    async fn verify(
        &self,
        partition: &Arc<PartitionState>,
        stored: &StoredOffset,
    ) -> Result<(), LogError> {
        if *stored.incarnation != *self.shared.incarnation {
            let reason = format!(
                "its offset {} counts in the log `{}` and this is `{}`",
                stored.next, stored.incarnation, self.shared.incarnation
            );
            return Err(self.mismatch(partition, reason));
        }
        if stored.next < partition.low() || stored.next > partition.high() {
            return Err(partition.out_of_range(stored.next));
        }
        // The record before the first one there is has gone by age; nothing to compare.
        let Some(wanted) = stored
            .last_hash
            .as_ref()
            .filter(|_| stored.next > partition.low())
        else {
            return Ok(());
        };
        let records = self.shared.fetch(partition, stored.next - 1, 1).await?;
        if records.first().map(LogRecord::hash).as_ref() == Some(wanted) {
            return Ok(());
        }
        let reason = format!(
            "the record at offset {} is another than it read",
            stored.next - 1
        );
        Err(self.mismatch(partition, reason))
    }

    fn mismatch(&self, partition: &PartitionState, reason: String) -> LogError {
        LogError::Mismatch {
            group: self.group.to_string(),
            topic: partition.topic.clone(),
            partition: partition.number,
            reason,
        }
    }

    async fn store_offset(
        &self,
        partition: &Arc<PartitionState>,
        batch: &Batch,
    ) -> Result<(), LogError> {
        let (reply, answer) = oneshot::channel();
        let request = MoveOffset {
            group: Arc::clone(&self.group),
            partition: Arc::clone(partition),
            expected: batch.expected.unwrap_or(0),
            next: batch.next_offset(),
            last_hash: batch.records.last().map(LogRecord::hash),
            reply,
        };
        self.shared.send(Request::MoveOffset(request)).await?;
        answer.await.map_err(|_| LogError::Closed)?
    }

    /// Sleeps until something was appended, the group changed, or it is time.
    async fn wait_until(&mut self, deadline: Instant) -> Result<bool, LogError> {
        tokio::select! {
            changed = self.commits.changed() => changed.map(|()| true).map_err(|_| LogError::Closed),
            changed = self.changes.changed() => {
                self.changes.mark_changed();
                changed.map(|()| true).map_err(|_| LogError::Closed)
            }
            () = tokio::time::sleep_until(deadline) => Ok(false),
        }
    }
}

#[async_trait]
impl Consumer for EmbeddedConsumer {
    async fn poll(
        &mut self,
        max_records: usize,
        max_wait: Duration,
    ) -> Result<Option<Batch>, LogError> {
        let deadline = Instant::now() + max_wait;
        loop {
            // Seen before the look, so that a commit in between wakes us.
            self.commits.borrow_and_update();
            self.settle();
            if let Some(batch) = self.take(max_records).await? {
                return Ok(Some(batch));
            }
            if self.shared.requests.is_closed() {
                return Err(LogError::Closed);
            }
            if !self.wait_until(deadline).await? {
                return Ok(None);
            }
        }
    }

    async fn check_offsets(&mut self) -> Result<(), LogError> {
        self.settle();
        for partition in self.owned.clone() {
            self.find_place(&partition).await?;
        }
        Ok(())
    }

    async fn commit(&mut self, batch: &Batch) -> Result<(), LogError> {
        let partition = self
            .shared
            .catalog
            .partition(&batch.topic, batch.partition)?;
        if matches!(self.home, OffsetHome::Log) {
            self.store_offset(&partition, batch).await?;
        } else {
            self.shared
                .catalog
                .set_progress(&self.group, partition.id, batch.next_offset());
        }
        if let Some(place) = self.places.get_mut(&partition.id) {
            place.next = batch.next_offset();
            place.expected = Some(place.next);
        }
        Ok(())
    }

    async fn rewind(&mut self, topic: &TopicName, partition: u32) -> Result<(), LogError> {
        let partition = self.shared.catalog.partition(topic, partition)?;
        self.places.remove(&partition.id);
        Ok(())
    }
}

impl Drop for EmbeddedConsumer {
    fn drop(&mut self) {
        self.shared.coordinator.leave(&self.group, self.member);
    }
}
