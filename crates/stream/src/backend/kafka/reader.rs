//! Reading without a group: clients that are parked at an offset and used again.

use super::client::{Clients, GroupClient, REQUEST_TIMEOUT};
use super::failure::{is_out_of_range, joined, unavailable};
use super::native::waiting;
use super::offsets::native;
use super::record::record_of;
use super::{Closing, Shared};
use crate::log::{LogError, LogRecord, Watermarks};
use crate::topic::TopicName;
use rdkafka::consumer::Consumer;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Readers at once; more callers wait. Each is a client with some threads.
const READERS_MAX: usize = 32;
/// A reader nobody used for so long is closed.
const IDLE_LIMIT: Duration = Duration::from_mins(1);
/// One read: bounds memory whatever the records' size. A single larger one is still read.
const READ_BYTES_MAX: usize = 8 << 20;
/// Records that are in the partition must come within this.
const FETCH_LIMIT: Duration = Duration::from_secs(10);

/// The readers nobody uses now.
pub(super) struct Readers {
    clients: Clients,
    closing: Closing,
    idle: Mutex<Vec<Reader>>,
    permits: Semaphore,
}

/// One client, at one place.
struct Reader {
    client: Arc<GroupClient>,
    bell: Arc<Notify>,
    place: Option<(Arc<str>, u32)>,
    /// Records from `base` on that were read and may be asked for again.
    ahead: VecDeque<LogRecord>,
    base: u64,
    used_at: Instant,
}

/// A reader in use; it goes back to the others when dropped.
struct Held<'a> {
    readers: &'a Readers,
    reader: Option<Reader>,
    _permit: SemaphorePermit<'a>,
}

impl Readers {
    pub(super) fn new(clients: Clients, closing: Closing) -> Self {
        Self {
            clients,
            closing,
            idle: Mutex::default(),
            permits: Semaphore::new(READERS_MAX),
        }
    }

    pub(super) fn close(&self) {
        self.permits.close();
        for reader in self.lock().drain(..) {
            self.closing.close(reader.client);
        }
    }

    async fn take(
        &self,
        full_name: &Arc<str>,
        partition: u32,
        from: u64,
    ) -> Result<Held<'_>, LogError> {
        let permit = self.permits.acquire().await.map_err(|_| LogError::Closed)?;
        let found = self.pick(full_name, partition, from);
        let mut reader = match found {
            Some(reader) => reader,
            None => Reader::new(&self.clients)?,
        };
        reader.meet(full_name).await?;
        reader.go_to(full_name, partition, from)?;
        Ok(Held {
            readers: self,
            reader: Some(reader),
            _permit: permit,
        })
    }

    /// The one that is there already, else the one unused for longest.
    fn pick(&self, full_name: &str, partition: u32, from: u64) -> Option<Reader> {
        let mut idle = self.lock();
        let stale = idle.extract_if(.., |reader| reader.used_at.elapsed() > IDLE_LIMIT);
        for reader in stale.collect::<Vec<_>>() {
            self.closing.close(reader.client);
        }
        let is_there = |reader: &Reader| reader.stands_at(full_name, partition, from);
        let at = idle.iter().position(is_there).or_else(|| {
            let oldest = idle.iter().enumerate().min_by_key(|(_, one)| one.used_at);
            oldest.map(|(at, _)| at)
        })?;
        Some(idle.swap_remove(at))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(mut reader) = self.reader.take() {
            reader.used_at = Instant::now();
            // One that failed is not used again: a new client finds its way quicker.
            if reader.place.is_none() || self.readers.permits.is_closed() {
                self.readers.closing.close(reader.client);
            } else {
                self.readers.lock().push(reader);
            }
        }
    }
}

impl Reader {
    fn new(clients: &Clients) -> Result<Self, LogError> {
        let bell = Arc::new(Notify::new());
        let mut client = clients.reader()?;
        let ring = Arc::clone(&bell);
        client.set_nonempty_callback(move || ring.notify_one());
        Ok(Self {
            client: Arc::new(client),
            bell,
            place: None,
            ahead: VecDeque::new(),
            base: 0,
            used_at: Instant::now(),
        })
    }

    fn next(&self) -> u64 {
        self.ahead
            .back()
            .map_or(self.base, |record| record.offset + 1)
    }

    fn stands_at(&self, full_name: &str, partition: u32, from: u64) -> bool {
        let here = self
            .place
            .as_ref()
            .is_some_and(|(name, number)| **name == *full_name && *number == partition);
        here && (self.base..=self.next()).contains(&from)
    }

    /// Asks who leads the topic, unless it is the one the reader is at. librdkafka would find
    /// out by itself, a second later.
    async fn meet(&self, full_name: &Arc<str>) -> Result<(), LogError> {
        if self
            .place
            .as_ref()
            .is_some_and(|(name, _)| name == full_name)
        {
            return Ok(());
        }
        let (client, name) = (Arc::clone(&self.client), Arc::clone(full_name));
        let ask = move || {
            let found = client.fetch_metadata(Some(&name), REQUEST_TIMEOUT);
            found.map(|_| ()).map_err(unavailable)
        };
        joined(tokio::task::spawn_blocking(ask).await)
    }

    fn go_to(&mut self, full_name: &Arc<str>, partition: u32, from: u64) -> Result<(), LogError> {
        if self.stands_at(full_name, partition, from) {
            self.ahead.retain(|record| record.offset >= from);
            self.base = from;
            return Ok(());
        }
        let mut list = TopicPartitionList::new();
        let offset = Offset::Offset(i64::try_from(from).unwrap_or(i64::MAX));
        list.add_partition_offset(full_name, native(partition), offset)
            .map_err(unavailable)?;
        self.place = None;
        self.client.assign(&list).map_err(unavailable)?;
        self.place = Some((Arc::clone(full_name), partition));
        self.ahead.clear();
        self.base = from;
        Ok(())
    }

    /// Takes what has come, without waiting; true when that is enough for one answer.
    fn fill(&mut self, max_records: usize) -> bool {
        let mut bytes: usize = self.ahead.iter().map(size).sum();
        while self.ahead.len() < max_records && bytes < READ_BYTES_MAX {
            match self.client.poll(Duration::ZERO) {
                None if waiting(self.client.client().native_ptr()) == 0 => return false,
                // An event of the client's own stood before the records.
                None => {}
                Some(Ok(message)) => {
                    let record = record_of(&message);
                    let current = self.place.as_ref().is_some_and(|(topic, partition)| {
                        **topic == *rdkafka::Message::topic(&message)
                            && native(*partition) == rdkafka::Message::partition(&message)
                    });
                    if current && record.offset >= self.next() {
                        bytes += size(&record);
                        self.ahead.push_back(record);
                    }
                }
                Some(Err(error)) if is_out_of_range(&error) => {
                    // The caller finds out what the range is.
                    self.place = None;
                    return false;
                }
                Some(Err(error)) => tracing::debug!(%error, "a reader goes on trying"),
            }
        }
        true
    }

    fn answer(&self, max_records: usize) -> Vec<LogRecord> {
        self.ahead.iter().take(max_records).cloned().collect()
    }

    /// Waits until something may have come; false when it is time.
    async fn wait_until(&self, deadline: Instant) -> bool {
        let bell = self.bell.notified();
        tokio::time::timeout_at(deadline, bell).await.is_ok()
    }

    /// Waits for records that are known to be there.
    async fn fetch(&mut self, target: u64, max_records: usize) -> Result<(), LogError> {
        let deadline = Instant::now() + FETCH_LIMIT;
        while self.next() < target {
            let enough = self.fill(max_records);
            if enough || self.next() >= target {
                break;
            }
            if self.place.is_none() || !self.wait_until(deadline).await {
                // Whoever asks next finds out anew who leads.
                self.place = None;
                return Err(unavailable("no broker sends the records that are there"));
            }
        }
        Ok(())
    }
}

fn size(record: &LogRecord) -> usize {
    record.key.len() + record.payload.len()
}

fn out_of_range(topic: &TopicName, offset: u64, marks: Watermarks) -> LogError {
    LogError::OutOfRange {
        topic: topic.clone(),
        partition: marks.partition,
        offset,
        low: marks.low,
        high: marks.high,
    }
}

impl Shared {
    pub(super) async fn read(
        self: &Arc<Self>,
        topic: &TopicName,
        partition: u32,
        from: u64,
        max_records: usize,
        wait: Duration,
    ) -> Result<Vec<LogRecord>, LogError> {
        let reading = self.read_from(topic, partition, from, max_records, wait);
        let answer = self.closed.run_until_cancelled(reading).await;
        answer.unwrap_or(Err(LogError::Closed))
    }

    async fn read_from(
        self: &Arc<Self>,
        topic: &TopicName,
        partition: u32,
        from: u64,
        max_records: usize,
        wait: Duration,
    ) -> Result<Vec<LogRecord>, LogError> {
        let deadline = Instant::now() + wait;
        let max_records = max_records.max(1);
        let full_name = self.catalog.partition(topic, partition)?.full_name;
        loop {
            let marks = self.ends(topic, partition).await?;
            if from < marks.low || from > marks.high {
                return Err(out_of_range(topic, from, marks));
            }
            let mut held = self.readers.take(&full_name, partition, from).await?;
            let Some(reader) = held.reader.as_mut() else {
                return Err(LogError::Closed);
            };
            let most = from.saturating_add(max_records as u64);
            reader.fetch(marks.high.min(most), max_records).await?;
            let answer = reader.answer(max_records);
            if !answer.is_empty() {
                return Ok(answer);
            }
            // What is already in the queue rings no bell any more.
            reader.fill(max_records);
            let answer = reader.answer(max_records);
            if !answer.is_empty() || !reader.wait_until(deadline).await {
                return Ok(answer);
            }
        }
    }
}

impl Shared {
    pub(super) async fn out_of_range(
        self: &Arc<Self>,
        topic: &TopicName,
        partition: u32,
        offset: u64,
    ) -> LogError {
        match self.ends(topic, partition).await {
            Ok(marks) => out_of_range(topic, offset, marks),
            Err(error) => error,
        }
    }
}
