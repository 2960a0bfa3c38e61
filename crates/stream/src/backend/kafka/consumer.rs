//! One member of a group.

use super::Shared;
use super::client::{Context, GroupClient, REQUEST_TIMEOUT};
use super::failure::{is_regrouping, is_stale, joined, unavailable};
use super::group::{Change, GroupEvents};
use super::native::waiting;
use super::offsets::{Note, native, ours};
use super::place::{Place, Trouble};
use crate::log::{Batch, Consumer, LogError, LogRecord, OffsetHome, Subscription};
use crate::topic::TopicName;
use async_trait::async_trait;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How often Kafka is told how far a group has come whose offsets the store keeps: for
/// people and autoscalers who look there, so a second is soon enough.
const TELL_INTERVAL: Duration = Duration::from_secs(1);

/// A group deals out its partitions within a fraction of a second; a commit waits so long
/// before it asks again.
const REGROUP_PAUSE: Duration = Duration::from_millis(20);

/// Events of the client that are served without a pause: what it says of a broker that is away
/// for some minutes.
const EVENTS_MAX: usize = 1_000;

pub(super) struct KafkaConsumer {
    pub(super) shared: Arc<Shared>,
    pub(super) group: Arc<str>,
    pub(super) topics: Vec<TopicName>,
    pub(super) home: OffsetHome,
    pub(super) client: Arc<GroupClient>,
    events: Arc<GroupEvents>,
    bell: Arc<Notify>,
    places: Vec<Place>,
    /// Where the next look at a topic's partitions begins, so that none waits for ever.
    turn: usize,
    told_at: Instant,
}

impl KafkaConsumer {
    pub(super) fn join(shared: Arc<Shared>, subscription: Subscription) -> Result<Self, LogError> {
        let events = Arc::new(GroupEvents::default());
        let bell = events.bell();
        let mut client = shared
            .clients
            .member(&shared.full_name(&subscription.group), Arc::clone(&events))?;
        let ring = Arc::clone(&bell);
        client.set_nonempty_callback(move || ring.notify_one());
        let topics = subscription.topics.iter();
        let names: Vec<String> = topics
            .map(|topic| shared.full_name(topic.as_str()))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        client.subscribe(&names).map_err(unavailable)?;
        Ok(Self {
            shared,
            group: subscription.group.into(),
            topics: subscription.topics,
            home: subscription.offsets,
            client: Arc::new(client),
            events,
            bell,
            places: Vec::new(),
            turn: 0,
            told_at: Instant::now(),
        })
    }

    /// Hears what the group decided and does it.
    async fn settle(&mut self) -> Result<(), LogError> {
        self.listen();
        while let Some(change) = self.events.next() {
            match change {
                Change::Given(partitions) => self.begin(&partitions).await?,
                Change::Taken(partitions) => self.let_go(&partitions)?,
            }
            self.events.done();
            self.listen();
        }
        Ok(())
    }

    /// Serves librdkafka's events; records have queues of their own. All that wait: the bell
    /// rings for the first of them alone, and behind the many words about a broker that is
    /// away stands the rebalance that follows.
    fn listen(&self) {
        for _ in 0..EVENTS_MAX {
            match self.client.poll(Duration::ZERO) {
                Some(Err(error)) => self.note(&error),
                Some(Ok(_)) => tracing::debug!("a record of a partition that is gone"),
                None if waiting(self.client.client().native_ptr()) == 0 => return,
                None => {}
            }
        }
        // The rest after whoever else wants the thread.
        self.bell.notify_one();
    }

    fn note(&self, error: &KafkaError) {
        tracing::debug!(group = %self.group, %error, "the group's client goes on trying");
    }

    /// Takes new partitions, each from where its offset home says.
    async fn begin(&mut self, partitions: &TopicPartitionList) -> Result<(), LogError> {
        let wanted: Vec<(TopicName, u32)> = self.named(partitions)?;
        self.know_partitions(&wanted);
        let starts = self.starts(&wanted).await?;
        let mut list = TopicPartitionList::new();
        let mut places = Vec::with_capacity(starts.len());
        for ((topic, partition), start) in wanted.into_iter().zip(starts) {
            let from = Offset::Offset(i64::try_from(start.fetch_from()).unwrap_or(i64::MAX));
            let full_name = self.shared.catalog.topic(&topic)?.full_name;
            list.add_partition_offset(&full_name, native(partition), from)
                .map_err(unavailable)?;
            let queue = self.queue(&topic, &full_name, partition)?;
            self.shared
                .progress
                .set(&self.group, &topic, partition, start.next);
            places.push(Place::new((topic, full_name), partition, start, queue));
        }
        self.client.incremental_assign(&list).map_err(unavailable)?;
        self.places.append(&mut places);
        Ok(())
    }

    /// A queue of the partition's own. It must be there before the partition is assigned.
    fn queue(
        &self,
        topic: &TopicName,
        full_name: &str,
        partition: u32,
    ) -> Result<PartitionQueue<Context>, LogError> {
        let queue = self
            .client
            .split_partition_queue(full_name, native(partition));
        let mut queue = queue.ok_or_else(|| LogError::NoSuchTopic {
            topic: topic.clone(),
            partition,
        })?;
        let ring = Arc::clone(&self.bell);
        queue.set_nonempty_callback(move || ring.notify_one());
        Ok(queue)
    }

    fn named(&self, partitions: &TopicPartitionList) -> Result<Vec<(TopicName, u32)>, LogError> {
        let mut named = Vec::with_capacity(partitions.count());
        for element in partitions.elements() {
            let topic = self
                .topics
                .iter()
                .find(|topic| self.shared.full_name(topic.as_str()) == element.topic());
            let topic = topic.ok_or_else(|| unavailable("the group was given a foreign topic"))?;
            named.push((topic.clone(), ours(element.partition())));
        }
        Ok(named)
    }

    /// Somebody else may have added partitions since we looked.
    fn know_partitions(&self, given: &[(TopicName, u32)]) {
        for (topic, partition) in given {
            self.shared.catalog.grow(topic, partition + 1);
        }
    }

    /// Gives partitions back, between two batches.
    fn let_go(&mut self, partitions: &TopicPartitionList) -> Result<(), LogError> {
        self.tell_progress(CommitMode::Async);
        for (topic, partition) in self.named(partitions)? {
            self.shared.progress.forget(&self.group, &topic, partition);
            self.places
                .retain(|place| place.topic != topic || place.partition != partition);
        }
        self.client
            .incremental_unassign(partitions)
            .map_err(unavailable)
    }

    /// Places that were rewound ask their offset home again.
    async fn resettle(&mut self) -> Result<(), LogError> {
        let is_open = |place: &&Place| !place.is_settled;
        let open = self.places.iter().filter(is_open);
        let open: Vec<_> = open
            .map(|place| (place.topic.clone(), place.partition))
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        let starts = self.starts(&open).await?;
        let client = Arc::clone(&self.client);
        for ((topic, partition), start) in open.iter().zip(starts) {
            if let Some(place) = self.place(topic, *partition) {
                place.restart(&client, start)?;
            }
        }
        Ok(())
    }

    fn place(&mut self, topic: &TopicName, partition: u32) -> Option<&mut Place> {
        self.places
            .iter_mut()
            .find(|place| place.topic == *topic && place.partition == partition)
    }

    async fn take(&mut self, max_records: usize) -> Result<Option<Batch>, LogError> {
        for index in self.by_urgency() {
            let place = &mut self.places[index];
            let records = match place.take(&self.client, max_records)? {
                Ok(records) => records,
                Err(trouble) => return Err(self.trouble(index, &trouble).await),
            };
            if !records.is_empty() {
                self.turn = self.turn.wrapping_add(1);
                return Ok(Some(batch(&self.places[index], records)));
            }
        }
        Ok(None)
    }

    fn by_urgency(&self) -> Vec<usize> {
        let mut ordered = Vec::with_capacity(self.places.len());
        for topic in &self.topics {
            let of_topic = |index: &usize| self.places[*index].topic == *topic;
            let mut indices: Vec<usize> = (0..self.places.len()).filter(of_topic).collect();
            if !indices.is_empty() {
                let first = self.turn % indices.len();
                indices.rotate_left(first);
            }
            ordered.append(&mut indices);
        }
        ordered
    }

    /// The error, and a place that asks its offset home again before it goes on.
    async fn trouble(&mut self, index: usize, trouble: &Trouble) -> LogError {
        let place = &mut self.places[index];
        place.is_settled = false;
        let (topic, partition) = (place.topic.clone(), place.partition);
        let next = place.start.next;
        match trouble {
            Trouble::OutOfRange => self.shared.out_of_range(&topic, partition, next).await,
            Trouble::AnotherRecord => {
                let reason = format!(
                    "the record at offset {} is another than it read",
                    next.saturating_sub(1)
                );
                self.mismatch(&topic, partition, reason)
            }
        }
    }

    pub(super) fn mismatch(&self, topic: &TopicName, partition: u32, reason: String) -> LogError {
        LogError::Mismatch {
            group: self.group.to_string(),
            topic: topic.clone(),
            partition,
            reason,
        }
    }

    fn fenced(&self, batch: &Batch) -> LogError {
        LogError::Fenced {
            group: self.group.to_string(),
            topic: batch.topic.clone(),
            partition: batch.partition,
        }
    }

    /// Makes the offset durable in Kafka.
    async fn store_offset(&mut self, batch: &Batch, first: u64) -> Result<(), LogError> {
        let note = Note {
            incarnation: batch.incarnation.to_string(),
            last_hash: batch.records.last().map(LogRecord::hash),
            start: first,
        };
        let full_name = self.shared.catalog.topic(&batch.topic)?.full_name;
        let mut list = TopicPartitionList::new();
        add_offset(
            &mut list,
            &full_name,
            batch.partition,
            batch.next_offset(),
            &note,
        )?;
        let deadline = Instant::now() + REQUEST_TIMEOUT;
        loop {
            let (client, list) = (Arc::clone(&self.client), list.clone());
            let commit = move || Ok(client.commit(&list, CommitMode::Sync));
            match joined(tokio::task::spawn_blocking(commit).await)? {
                Ok(()) => return Ok(()),
                Err(error) if is_stale(&error) => return Err(self.fenced(batch)),
                Err(error) if is_regrouping(&error) && Instant::now() < deadline => {
                    self.listen();
                    if self.events.is_taking(&full_name, native(batch.partition)) {
                        return Err(self.fenced(batch));
                    }
                    tokio::time::sleep(REGROUP_PAUSE).await;
                }
                Err(error) if is_regrouping(&error) => return Err(self.fenced(batch)),
                Err(error) => return Err(unavailable(error)),
            }
        }
    }

    /// Tells Kafka how far the group has come, for those who look there. Nothing rests on it.
    fn tell_progress(&mut self, mode: CommitMode) {
        if matches!(self.home, OffsetHome::Log) {
            return;
        }
        self.told_at = Instant::now();
        let mut list = TopicPartitionList::new();
        for place in self.places.iter().filter(|place| place.is_settled) {
            let Some(next) = place.start.expected else {
                continue;
            };
            let note = Note {
                incarnation: place.start.incarnation.to_string(),
                last_hash: None,
                start: place.start.first,
            };
            if add_offset(&mut list, &place.full_name, place.partition, next, &note).is_err() {
                return;
            }
        }
        if list.count() > 0
            && let Err(error) = self.client.commit(&list, mode)
        {
            self.note(&error);
        }
    }
}

fn add_offset(
    list: &mut TopicPartitionList,
    full_name: &str,
    partition: u32,
    next: u64,
    note: &Note,
) -> Result<(), LogError> {
    let offset = Offset::Offset(i64::try_from(next).unwrap_or(i64::MAX));
    let mut element = list.add_partition(full_name, native(partition));
    element.set_offset(offset).map_err(unavailable)?;
    element.set_metadata(note.encode());
    Ok(())
}

fn batch(place: &Place, records: Vec<LogRecord>) -> Batch {
    Batch {
        topic: place.topic.clone(),
        partition: place.partition,
        records,
        incarnation: Arc::clone(&place.start.incarnation),
        expected: place.start.expected,
    }
}

#[async_trait]
impl Consumer for KafkaConsumer {
    async fn poll(
        &mut self,
        max_records: usize,
        max_wait: Duration,
    ) -> Result<Option<Batch>, LogError> {
        let deadline = Instant::now() + max_wait;
        let closed = self.shared.closed.clone();
        loop {
            if closed.is_cancelled() {
                return Err(LogError::Closed);
            }
            self.settle().await?;
            self.resettle().await?;
            if let Some(batch) = self.take(max_records).await? {
                return Ok(Some(batch));
            }
            tokio::select! {
                () = self.bell.notified() => {}
                () = closed.cancelled() => {}
                () = tokio::time::sleep_until(deadline) => return Ok(None),
            }
        }
    }

    async fn commit(&mut self, batch: &Batch) -> Result<(), LogError> {
        let place = self.place(&batch.topic, batch.partition);
        let first = match place {
            Some(place) if place.is_settled && place.start.expected == batch.expected => {
                place.start.first
            }
            _ => return Err(self.fenced(batch)),
        };
        if matches!(self.home, OffsetHome::Log) {
            self.store_offset(batch, first).await?;
        }
        let next = batch.next_offset();
        self.shared
            .progress
            .set(&self.group, &batch.topic, batch.partition, next);
        if let Some(place) = self.place(&batch.topic, batch.partition) {
            place.move_past(next);
        }
        if self.told_at.elapsed() >= TELL_INTERVAL {
            self.tell_progress(CommitMode::Async);
        }
        Ok(())
    }

    async fn check_offsets(&mut self) -> Result<(), LogError> {
        for topic in self.topics.clone() {
            let partitions = self.shared.catalog.topic(&topic)?.partitions;
            let all: Vec<_> = (0..partitions)
                .map(|partition| (topic.clone(), partition))
                .collect();
            let starts = self.starts_in_time(&all).await?;
            for ((topic, partition), start) in all.iter().zip(starts) {
                self.compare_last(topic, *partition, &start).await?;
            }
        }
        Ok(())
    }

    async fn rewind(&mut self, topic: &TopicName, partition: u32) -> Result<(), LogError> {
        self.shared.catalog.partition(topic, partition)?;
        if let Some(place) = self.place(topic, partition) {
            place.is_settled = false;
        }
        Ok(())
    }
}

impl Drop for KafkaConsumer {
    fn drop(&mut self) {
        self.tell_progress(CommitMode::Async);
        for place in self.places.drain(..) {
            self.shared
                .progress
                .forget(&self.group, &place.topic, place.partition);
        }
        self.events.leave(&self.client);
        self.shared.closing.close(Arc::clone(&self.client));
    }
}
