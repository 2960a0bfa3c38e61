//! Read-only connections: readers never wait for the writer, nor it for them.

use super::Shared;
use super::catalog::PartitionState;
use super::codec::StoredRow;
use super::failure::{damaged, log_error};
use super::schema;
use crate::log::{LogError, LogRecord};
use crate::topic::TopicName;
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Enough for every stage of one process to read at once on the machines we size for.
const CONNECTIONS: usize = 4;
/// One read: bounds the memory of a batch whatever its records' size. A single larger
/// record is still read.
const READ_BYTES_MAX: usize = 8 << 20;

pub(super) struct ReaderPool {
    path: PathBuf,
    vfs: Option<String>,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Semaphore,
}

impl ReaderPool {
    pub(super) fn new(path: PathBuf, vfs: Option<String>) -> Self {
        Self {
            path,
            vfs,
            idle: Arc::default(),
            permits: Semaphore::new(CONNECTIONS),
        }
    }

    pub(super) fn close(&self) {
        self.permits.close();
        lock(&self.idle).clear();
    }

    /// Runs `work` on a connection, on a thread that may block.
    async fn with<T, F>(&self, work: F) -> Result<T, LogError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let _permit = self.permits.acquire().await.map_err(|_| LogError::Closed)?;
        let (path, vfs, idle) = (self.path.clone(), self.vfs.clone(), Arc::clone(&self.idle));
        tokio::task::spawn_blocking(move || {
            let fail = |error: rusqlite::Error| log_error(&path.display().to_string(), &error);
            let ready = lock(&idle).pop();
            let connection = match ready {
                Some(connection) => connection,
                None => connect(&path, vfs.as_deref()).map_err(fail)?,
            };
            let answer = work(&connection).map_err(fail)?;
            lock(&idle).push(connection);
            Ok(answer)
        })
        .await
        .map_err(|_| LogError::Closed)?
    }
}

fn lock(idle: &Mutex<Vec<Connection>>) -> MutexGuard<'_, Vec<Connection>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(path: &std::path::Path, vfs: Option<&str>) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    schema::connect(path, vfs, flags)
}

/// Records as they were decoded, or the offset and reason of the row that was not.
type Decoded = Result<Vec<LogRecord>, (u64, &'static str)>;

impl Shared {
    pub(super) async fn read(
        &self,
        topic: &TopicName,
        partition: u32,
        from: u64,
        max_records: usize,
        wait: Duration,
    ) -> Result<Vec<LogRecord>, LogError> {
        let partition = self.catalog.partition(topic, partition)?;
        let deadline = Instant::now() + wait;
        let mut commits = self.commits.subscribe();
        loop {
            // Seen before the look at the watermark, so that a commit in between wakes us.
            commits.borrow_and_update();
            if self.requests.is_closed() {
                return Err(LogError::Closed);
            }
            if from < partition.low() || from > partition.high() {
                return Err(partition.out_of_range(from));
            }
            if from < partition.high() {
                let mut records = self.fetch(&partition, from, max_records).await?;
                records.truncate(max_records);
                return Ok(records);
            }
            match tokio::time::timeout_at(deadline, commits.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(LogError::Closed),
                Err(_) => return Ok(Vec::new()),
            }
        }
    }

    /// Records from `from` on: whole rows, so usually more than `max_records`.
    pub(super) async fn fetch(
        &self,
        partition: &Arc<PartitionState>,
        from: u64,
        max_records: usize,
    ) -> Result<Vec<LogRecord>, LogError> {
        let id = partition.id;
        let decoded = self
            .readers
            .with(move |connection| read_rows(connection, id, from, max_records))
            .await?;
        let records = decoded.map_err(|(offset, reason)| {
            let place = format!(
                "`{}` partition {} offset {offset}",
                partition.topic, partition.number
            );
            damaged(&self.path, format!("{place}: {reason}"))
        })?;
        if records.is_empty() {
            // Retention was quicker than this read.
            return Err(partition.out_of_range(from));
        }
        Ok(records)
    }

    pub(super) async fn offset_at(
        &self,
        partition: &Arc<PartitionState>,
        time: Timestamp,
    ) -> Result<u64, LogError> {
        let id = partition.id;
        let row = self
            .readers
            .with(move |connection| row_at(connection, id, time))
            .await?;
        let Some(base) = row else {
            return Ok(partition.high());
        };
        let records = self.fetch(partition, base, 1).await?;
        let found = records.iter().find(|record| record.timestamp >= time);
        Ok(found.map_or(base, |record| record.offset))
    }

    /// The offset and hash a group that keeps its offsets here has stored.
    pub(super) async fn group_offset(
        &self,
        group: &Arc<str>,
        partition: &Arc<PartitionState>,
    ) -> Result<Option<(GroupOffset, Arc<str>)>, LogError> {
        let (name, id) = (Arc::clone(group), partition.id);
        let found = self
            .readers
            .with(move |connection| load_group_offset(connection, &name, id))
            .await?;
        Ok(found.map(|offset| (offset, Arc::clone(&self.incarnation))))
    }
}

/// What the log knows of a group in one partition.
pub(super) struct GroupOffset {
    /// Where the partition began when the group was registered.
    pub(super) start: u64,
    pub(super) next: u64,
    pub(super) last_hash: Option<String>,
}

fn load_group_offset(
    connection: &Connection,
    group: &str,
    partition_id: i64,
) -> Result<Option<GroupOffset>, rusqlite::Error> {
    connection
        .prepare_cached(
            "SELECT start_offset, next_offset, last_hash FROM group_offset
             WHERE group_name = ?1 AND partition_id = ?2",
        )?
        .query_row(params![group, partition_id], |row| {
            Ok(GroupOffset {
                start: row.get(0)?,
                next: row.get(1)?,
                last_hash: row.get(2)?,
            })
        })
        .optional()
}

fn read_rows(
    connection: &Connection,
    partition_id: i64,
    from: u64,
    max_records: usize,
) -> Result<Decoded, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT base_offset, record_count, checksum, data FROM batch
         WHERE partition_id = ?1 AND base_offset >= (
             SELECT max(base_offset) FROM batch WHERE partition_id = ?1 AND base_offset <= ?2)
         ORDER BY base_offset",
    )?;
    let mut rows = statement.query(params![partition_id, from])?;
    let (mut records, mut bytes) = (Vec::new(), 0);
    while records.len() < max_records && bytes < READ_BYTES_MAX {
        let Some(row) = rows.next()? else { break };
        let row = StoredRow {
            partition_id,
            base_offset: row.get(0)?,
            record_count: row.get(1)?,
            checksum: row.get(2)?,
            data: row.get(3)?,
        };
        match take_row(&row, from, &mut records) {
            Ok(added) => bytes += added,
            Err(reason) => return Ok(Err((row.base_offset, reason))),
        }
    }
    Ok(Ok(records))
}

/// Adds the row's records from `from` on, and says how many bytes they hold.
fn take_row(
    row: &StoredRow,
    from: u64,
    records: &mut Vec<LogRecord>,
) -> Result<usize, &'static str> {
    let decoded = row.decode()?;
    let wanted = records.last().map_or(from, |last| last.offset + 1);
    let end = row.base_offset + u64::from(row.record_count);
    if row.base_offset > wanted || end <= wanted {
        return Err("records before it are missing");
    }
    let mut bytes = 0;
    for record in decoded
        .into_iter()
        .skip_while(|record| record.offset < wanted)
    {
        bytes += record.payload.len();
        records.push(record);
    }
    Ok(bytes)
}

/// The first row that holds a record not older than `time`.
fn row_at(
    connection: &Connection,
    partition_id: i64,
    time: Timestamp,
) -> Result<Option<u64>, rusqlite::Error> {
    connection
        .prepare_cached(
            "SELECT base_offset FROM batch
             WHERE partition_id = ?1 AND newest_timestamp >= ?2 ORDER BY base_offset LIMIT 1",
        )?
        .query_row(params![partition_id, ceil_microsecond(time)], |row| {
            row.get(0)
        })
        .optional()
}

/// Records hold whole microseconds.
fn ceil_microsecond(time: Timestamp) -> i64 {
    let floor = time.as_microsecond();
    if time.subsec_nanosecond() % 1000 == 0 {
        floor
    } else {
        floor + 1
    }
}
