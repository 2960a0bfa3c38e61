//! The caller's half of an append: limits, partitions, compression. It runs beside the
//! writer thread, which is left with SQL alone.

use super::Shared;
use super::catalog::PartitionState;
use super::codec;
use super::writer::{Append, Request};
use crate::backend::partition_of;
use crate::log::{LogError, NewRecord, Position};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// One record: the contract's largest request body, and room for what we add to it.
const RECORD_BYTES_MAX: usize = 17 << 20;
/// One append: two such records; far over any batch a stage makes.
const APPEND_BYTES_MAX: usize = 36 << 20;
/// One append: five of the contract's largest requests.
const APPEND_RECORDS_MAX: usize = 50_000;
/// One row: a reader that wants one record decompresses no more than this, unless a single
/// record is larger.
const ROW_BYTES_MAX: usize = 1 << 20;
/// All that waits to be written, in KiB: bounds memory when the disk stalls.
const QUEUE_KIB: u32 = 128 << 10;
/// All that waits to be written, in records: bounds the work of one commit.
const QUEUE_RECORDS: usize = 200_000;
/// Below this many bytes compression is quicker than a change of thread.
const COMPRESS_INLINE_BYTES: usize = 64 << 10;

/// The two budgets of the writer's queue; callers wait here while it is full.
pub(super) struct QueueRoom {
    kib: Arc<Semaphore>,
    records: Arc<Semaphore>,
}

/// Held until the records are durable or refused.
pub(super) struct Room {
    _kib: OwnedSemaphorePermit,
    _records: OwnedSemaphorePermit,
}

/// Records of one partition, compressed, without their offsets.
pub(super) struct EncodedRow {
    pub(super) partition: Arc<PartitionState>,
    pub(super) record_count: u32,
    pub(super) newest_timestamp: i64,
    pub(super) digest: [u8; 32],
    pub(super) data: Vec<u8>,
}

impl QueueRoom {
    pub(super) fn new() -> Self {
        Self {
            kib: Arc::new(Semaphore::new(QUEUE_KIB as usize)),
            records: Arc::new(Semaphore::new(QUEUE_RECORDS)),
        }
    }

    async fn reserve(&self, bytes: usize, records: usize) -> Result<Room, LogError> {
        let kib = u32::try_from(bytes.div_ceil(1024))
            .unwrap_or(QUEUE_KIB)
            .min(QUEUE_KIB);
        let records = u32::try_from(records).unwrap_or(u32::MAX);
        let closed = |_| LogError::Closed;
        Ok(Room {
            _kib: Arc::clone(&self.kib)
                .acquire_many_owned(kib)
                .await
                .map_err(closed)?,
            _records: Arc::clone(&self.records)
                .acquire_many_owned(records)
                .await
                .map_err(closed)?,
        })
    }
}

impl Shared {
    pub(super) async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Position>, LogError> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let bytes = check_limits(&records)?;
        let room = self.room.reserve(bytes, records.len()).await?;
        let partitions = self.choose_partitions(&records)?;
        let (rows, places) = if bytes <= COMPRESS_INLINE_BYTES {
            encode(&records, &partitions)
        } else {
            tokio::task::spawn_blocking(move || encode(&records, &partitions))
                .await
                .map_err(|_| LogError::Closed)?
        };
        let bases = self.write(rows, room).await?;
        Ok(places
            .into_iter()
            .map(|place| place.position(&bases))
            .collect())
    }

    async fn write(&self, rows: Vec<EncodedRow>, room: Room) -> Result<Vec<u64>, LogError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Append(Append { rows, room, reply }))
            .await?;
        answer.await.map_err(|_| LogError::Closed)?
    }

    pub(super) async fn send(&self, request: Request) -> Result<(), LogError> {
        self.requests
            .send(request)
            .await
            .map_err(|_| LogError::Closed)
    }

    fn choose_partitions(
        &self,
        records: &[NewRecord],
    ) -> Result<Vec<Arc<PartitionState>>, LogError> {
        let choose = |record: &NewRecord| {
            let topic = self.catalog.topic(&record.topic)?;
            let partitions = u32::try_from(topic.partitions.len()).unwrap_or(u32::MAX);
            let number = partition_of(&record.key, partitions);
            Ok(Arc::clone(&topic.partitions[number as usize]))
        };
        records.iter().map(choose).collect()
    }
}

/// The bytes of all records.
fn check_limits(records: &[NewRecord]) -> Result<usize, LogError> {
    check(
        "the number of records in one append",
        records.len(),
        APPEND_RECORDS_MAX,
    )?;
    let mut total = 0;
    for record in records {
        let size = codec::record_bytes(record);
        check("a record in bytes", size, RECORD_BYTES_MAX)?;
        total += size;
    }
    check("an append in bytes", total, APPEND_BYTES_MAX)?;
    Ok(total)
}

const fn check(what: &'static str, size: usize, limit: usize) -> Result<(), LogError> {
    if size > limit {
        return Err(LogError::TooLarge { what, size, limit });
    }
    Ok(())
}

/// Which row a record went to, and its place in it.
struct Place {
    row: usize,
    index: u32,
    partition: u32,
}

impl Place {
    fn position(&self, bases: &[u64]) -> Position {
        Position {
            partition: self.partition,
            offset: bases[self.row] + u64::from(self.index),
        }
    }
}

/// A row being filled.
struct OpenRow {
    partition: Arc<PartitionState>,
    record_count: u32,
    newest_timestamp: i64,
    plain: Vec<u8>,
}

fn encode(
    records: &[NewRecord],
    partitions: &[Arc<PartitionState>],
) -> (Vec<EncodedRow>, Vec<Place>) {
    let mut rows: Vec<OpenRow> = Vec::new();
    let mut open: HashMap<i64, usize> = HashMap::new();
    let mut places = Vec::with_capacity(records.len());
    for (record, partition) in records.iter().zip(partitions) {
        let current = open.get(&partition.id).copied();
        let row = if let Some(row) = current.filter(|&row| rows[row].has_room(record)) {
            row
        } else {
            rows.push(OpenRow::new(Arc::clone(partition)));
            open.insert(partition.id, rows.len() - 1);
            rows.len() - 1
        };
        places.push(Place {
            row,
            index: rows[row].record_count,
            partition: partition.number,
        });
        rows[row].push(record);
    }
    (rows.into_iter().map(OpenRow::close).collect(), places)
}

impl OpenRow {
    const fn new(partition: Arc<PartitionState>) -> Self {
        Self {
            partition,
            record_count: 0,
            newest_timestamp: i64::MIN,
            plain: Vec::new(),
        }
    }

    fn has_room(&self, record: &NewRecord) -> bool {
        self.plain.len() + codec::record_bytes(record) <= ROW_BYTES_MAX
    }

    fn push(&mut self, record: &NewRecord) {
        codec::put_record(&mut self.plain, record);
        self.record_count += 1;
        self.newest_timestamp = self.newest_timestamp.max(record.timestamp.as_microsecond());
    }

    fn close(self) -> EncodedRow {
        let data = codec::compress(&self.plain);
        EncodedRow {
            partition: self.partition,
            record_count: self.record_count,
            newest_timestamp: self.newest_timestamp,
            digest: codec::digest(&data),
            data,
        }
    }
}
