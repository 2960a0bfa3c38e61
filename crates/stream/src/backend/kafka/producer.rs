//! Appending: every record acknowledged by all replicas in sync, or an error in time.

use super::Shared;
use super::catalog::Topic;
use super::client::{Clients, ProducerClient, REQUEST_TIMEOUT};
use super::failure::unavailable;
use super::offsets::native;
use crate::backend::partition_of;
use crate::log::{LogError, NewRecord, Position};
use crate::topic::TopicName;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseRecord, Producer};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// One record: the contract's largest request body, and room for what we add to it.
const RECORD_BYTES_MAX: usize = 17 << 20;
/// One append: two such records; far over any batch a stage makes.
const APPEND_BYTES_MAX: usize = 36 << 20;
/// One append: five of the contract's largest requests.
const APPEND_RECORDS_MAX: usize = 50_000;
/// All that waits for its acknowledgement, in KiB: bounds memory while no broker answers.
const QUEUE_KIB: u32 = 128 << 10;
/// All that waits for its acknowledgement, in records.
const QUEUE_RECORDS: usize = 200_000;
/// What librdkafka keeps beside a record's bytes.
const RECORD_OVERHEAD_BYTES: usize = 256;

/// A part of the two budgets, bytes and records.
type Room = (OwnedSemaphorePermit, OwnedSemaphorePermit);

/// The producer, which is made anew when it has broken for good.
pub(super) struct Appender {
    clients: Clients,
    client: Mutex<Arc<ProducerClient>>,
    kib: Arc<Semaphore>,
    records: Arc<Semaphore>,
}

/// Where a record goes, as Kafka names it.
pub(super) struct Target {
    topic: Arc<str>,
    partition: u32,
}

/// What one append still waits for.
pub(super) struct Pending {
    state: Mutex<PendingState>,
}

struct PendingState {
    positions: Vec<Position>,
    open: usize,
    failure: Option<LogError>,
    reply: Option<oneshot::Sender<Result<Vec<Position>, LogError>>>,
    /// Held until the last acknowledgement.
    room: Option<Room>,
}

/// Rides along with a record and comes back with its fate.
pub(super) struct Delivery {
    pending: Arc<Pending>,
    index: usize,
}

impl Appender {
    pub(super) fn new(clients: Clients) -> Result<Self, LogError> {
        Ok(Self {
            client: Mutex::new(Arc::new(clients.producer()?)),
            clients,
            kib: Arc::new(Semaphore::new(QUEUE_KIB as usize)),
            records: Arc::new(Semaphore::new(QUEUE_RECORDS)),
        })
    }

    /// Whoever waits for room learns that there will be none.
    pub(super) fn close(&self) {
        self.kib.close();
        self.records.close();
    }

    /// Sends the records to the partitions given, and waits for every acknowledgement.
    pub(super) async fn append(
        &self,
        records: Vec<NewRecord>,
        targets: Vec<Target>,
    ) -> Result<Vec<Position>, LogError> {
        let room = self.reserve(&records).await?;
        let (reply, answer) = oneshot::channel();
        let client = self.client()?;
        let pending = Pending::new(&targets, reply, room);
        for (index, (record, target)) in records.iter().zip(&targets).enumerate() {
            if let Err(error) = send(&client, record, target, &pending, index) {
                pending.give_up(records.len() - index, &error);
                break;
            }
        }
        answer.await.map_err(|_| LogError::Closed)?
    }

    /// Learns what topics and partitions there are now. Blocks for one request.
    pub(super) fn refresh_metadata(&self) -> Result<(), LogError> {
        let client = self.client()?;
        let found = client.client().fetch_metadata(None, REQUEST_TIMEOUT);
        found.map(|_| ()).map_err(unavailable)
    }

    async fn reserve(&self, records: &[NewRecord]) -> Result<Room, LogError> {
        let bytes: usize = records.iter().map(size_of_record).sum();
        let kib = u32::try_from(bytes.div_ceil(1024))
            .unwrap_or(QUEUE_KIB)
            .min(QUEUE_KIB);
        let count = u32::try_from(records.len()).unwrap_or(u32::MAX);
        let closed = |_| LogError::Closed;
        let kib = Arc::clone(&self.kib).acquire_many_owned(kib).await;
        let records = Arc::clone(&self.records).acquire_many_owned(count).await;
        Ok((kib.map_err(closed)?, records.map_err(closed)?))
    }

    /// The producer; a new one when the old has met an error it cannot recover from.
    fn client(&self) -> Result<Arc<ProducerClient>, LogError> {
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((code, reason)) = client.client().fatal_error() {
            tracing::warn!(%code, reason, "the producer is made anew");
            *client = Arc::new(self.clients.producer()?);
        }
        Ok(Arc::clone(&client))
    }
}

fn size_of_record(record: &NewRecord) -> usize {
    RECORD_OVERHEAD_BYTES + record.key.len() + record.payload.len()
}

fn send(
    client: &ProducerClient,
    record: &NewRecord,
    target: &Target,
    pending: &Arc<Pending>,
    index: usize,
) -> Result<(), KafkaError> {
    let delivery = Box::new(Delivery {
        pending: Arc::clone(pending),
        index,
    });
    let message = BaseRecord::with_opaque_to(&target.topic, delivery)
        .partition(native(target.partition))
        .key(record.key.as_str())
        .payload(record.payload.as_ref())
        // Kafka knows no time before 1970, and 0 would mean now.
        .timestamp(record.timestamp.as_millisecond().max(1));
    client.send(message).map_err(|(error, _)| error)
}

impl Pending {
    fn new(
        targets: &[Target],
        reply: oneshot::Sender<Result<Vec<Position>, LogError>>,
        room: Room,
    ) -> Arc<Self> {
        let position = |target: &Target| Position {
            partition: target.partition,
            offset: 0,
        };
        Arc::new(Self {
            state: Mutex::new(PendingState {
                positions: targets.iter().map(position).collect(),
                open: targets.len(),
                failure: None,
                reply: Some(reply),
                room: Some(room),
            }),
        })
    }

    /// The rest was never sent.
    fn give_up(&self, unsent: usize, error: &KafkaError) {
        let mut state = self.lock();
        state.failure.get_or_insert_with(|| refused(error));
        state.open -= unsent;
        state.finish_if_done();
    }

    fn lock(&self) -> MutexGuard<'_, PendingState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PendingState {
    fn finish_if_done(&mut self) {
        if self.open > 0 {
            return;
        }
        let answer = match self.failure.take() {
            None => Ok(std::mem::take(&mut self.positions)),
            Some(error) => Err(error),
        };
        if let Some(reply) = self.reply.take() {
            // A caller that went away learns nothing; the records stand or do not.
            let _ = reply.send(answer);
        }
        drop(self.room.take());
    }
}

impl Delivery {
    pub(super) fn finish(&self, result: &DeliveryResult<'_>) {
        let mut state = self.pending.lock();
        match result {
            Ok(message) => {
                let offset = u64::try_from(message.offset()).unwrap_or(0);
                if let Some(position) = state.positions.get_mut(self.index) {
                    position.offset = offset;
                }
            }
            Err((error, _)) => {
                state.failure.get_or_insert_with(|| refused(error));
            }
        }
        state.open -= 1;
        state.finish_if_done();
    }
}

fn refused(error: &KafkaError) -> LogError {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::MessageSizeTooLarge | RDKafkaErrorCode::MessageBatchTooLarge) => {
            LogError::Unfit {
                reason: format!(
                    "a broker refused a record of an allowed size ({error}); raise \
                     `max.message.bytes` of the log topic to {}",
                    super::client::MESSAGE_BYTES_MAX
                ),
            }
        }
        Some(RDKafkaErrorCode::KafkaStorageError) => LogError::Full {
            reason: error.to_string(),
        },
        _ => unavailable(error),
    }
}

impl Shared {
    pub(super) async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Position>, LogError> {
        if self.closed.is_cancelled() {
            return Err(LogError::Closed);
        }
        if records.is_empty() {
            return Ok(Vec::new());
        }
        check_limits(&records)?;
        let targets = self.targets(&records)?;
        let append = self.appender.append(records, targets);
        let answer = self.closed.run_until_cancelled(append).await;
        answer.unwrap_or(Err(LogError::Closed))
    }

    fn targets(&self, records: &[NewRecord]) -> Result<Vec<Target>, LogError> {
        let mut last: Option<(&TopicName, Topic)> = None;
        let mut targets = Vec::with_capacity(records.len());
        for record in records {
            let topic = match last.take() {
                Some((name, topic)) if *name == record.topic => topic,
                _ => self.catalog.topic(&record.topic)?,
            };
            targets.push(Target {
                topic: Arc::clone(&topic.full_name),
                partition: partition_of(&record.key, topic.partitions),
            });
            last = Some((&record.topic, topic));
        }
        Ok(targets)
    }
}

/// Refuses what would never fit, before any record is sent.
fn check_limits(records: &[NewRecord]) -> Result<(), LogError> {
    let count = "the number of records in one append";
    check(count, records.len(), APPEND_RECORDS_MAX)?;
    let mut total = 0;
    for record in records {
        let size = record.key.len() + record.payload.len();
        check("a record in bytes", size, RECORD_BYTES_MAX)?;
        total += size;
    }
    check("an append in bytes", total, APPEND_BYTES_MAX)
}

const fn check(what: &'static str, size: usize, limit: usize) -> Result<(), LogError> {
    if size > limit {
        return Err(LogError::TooLarge { what, size, limit });
    }
    Ok(())
}
