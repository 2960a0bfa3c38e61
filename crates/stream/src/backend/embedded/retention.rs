//! What may go: records past their topic's age or size, and read by every group.

use super::catalog::{Catalog, PartitionState};
use super::{EmbeddedLog, Shared};
use crate::log::LogError;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::sync::Arc;

/// Rows of one step: a few milliseconds of the writer, so that appends hardly wait.
const STEP_ROWS: usize = 64;

impl EmbeddedLog {
    /// Deletes what may go, in short steps between appends, and answers how many records
    /// went. To be called now and then, with the time it is.
    ///
    /// The file does not shrink: the room is used again.
    pub async fn enforce_retention(&self, now: Timestamp) -> Result<u64, LogError> {
        self.save_floors().await?;
        let mut deleted = 0;
        for partition in self.shared.catalog.partitions() {
            deleted += self.shared.shorten(partition, now).await?;
        }
        Ok(deleted)
    }

    /// Writes down how far each group has come, so that it is known after a restart.
    async fn save_floors(&self) -> Result<(), LogError> {
        self.shared
            .administer(|connection, catalog| {
                let floors: Vec<_> = catalog
                    .progress()
                    .iter()
                    .map(|(key, next)| (key.clone(), *next))
                    .collect();
                let transaction = connection.transaction()?;
                for ((group, partition_id), next) in floors {
                    save_floor(&transaction, &group, partition_id, next)?;
                }
                transaction.commit()
            })
            .await
    }
}

/// Only forward: a group that keeps its offsets in the log has written them itself.
fn save_floor(
    transaction: &Transaction<'_>,
    group: &str,
    partition_id: i64,
    next: u64,
) -> Result<(), rusqlite::Error> {
    transaction
        .prepare_cached(
            "UPDATE group_offset SET next_offset = ?3
             WHERE group_name = ?1 AND partition_id = ?2 AND next_offset < ?3",
        )?
        .execute(params![group, partition_id, next])?;
    Ok(())
}

impl Shared {
    async fn shorten(
        &self,
        partition: Arc<PartitionState>,
        now: Timestamp,
    ) -> Result<u64, LogError> {
        let before = partition.low();
        loop {
            let step = Arc::clone(&partition);
            let rows = self
                .administer(move |connection, catalog| delete_step(connection, catalog, &step, now))
                .await?;
            if rows < STEP_ROWS {
                return Ok(partition.low() - before);
            }
        }
    }
}

/// Deletes the oldest rows that may go, a step's worth at most, and answers how many went.
fn delete_step(
    connection: &mut Connection,
    catalog: &Catalog,
    partition: &PartitionState,
    now: Timestamp,
) -> Result<usize, rusqlite::Error> {
    let transaction = connection.transaction()?;
    let limits = Limits::load(&transaction, catalog, partition, now)?;
    let (mut rows, mut low, mut excess) = (0, partition.low(), limits.excess_bytes);
    while rows < STEP_ROWS {
        let Some(row) = oldest(&transaction, partition.id)? else {
            break;
        };
        let may_go = row.end <= limits.floor;
        let must_go = row.newest_timestamp < limits.oldest_timestamp || excess > 0;
        if !(may_go && must_go) {
            break;
        }
        transaction
            .prepare_cached("DELETE FROM batch WHERE id = ?1")?
            .execute([row.id])?;
        (rows, low, excess) = (rows + 1, row.end, excess - row.stored_bytes);
    }
    transaction.execute(
        "UPDATE partition SET low_offset = ?2 WHERE id = ?1",
        params![partition.id, low],
    )?;
    transaction.commit()?;
    partition.set_low(low);
    Ok(rows)
}

struct Limits {
    /// No row that ends behind this may go: some group has not read it.
    floor: u64,
    oldest_timestamp: i64,
    excess_bytes: i64,
}

impl Limits {
    fn load(
        transaction: &Transaction<'_>,
        catalog: &Catalog,
        partition: &PartitionState,
        now: Timestamp,
    ) -> Result<Self, rusqlite::Error> {
        let (seconds, bytes): (i64, Option<i64>) = transaction.query_row(
            "SELECT retention_seconds, retention_bytes FROM topic WHERE name = ?1",
            [partition.topic.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let excess_bytes = match bytes {
            Some(limit) => stored_bytes(transaction, partition)? - limit,
            None => 0,
        };
        Ok(Self {
            floor: floor(catalog, partition),
            oldest_timestamp: now
                .as_microsecond()
                .saturating_sub(seconds.saturating_mul(1_000_000)),
            excess_bytes,
        })
    }
}

/// Of the whole topic: its largest partition is shortened most, as it is in the way most.
fn stored_bytes(
    transaction: &Transaction<'_>,
    partition: &PartitionState,
) -> Result<i64, rusqlite::Error> {
    transaction.query_row(
        "SELECT coalesce(sum(stored_bytes), 0) FROM batch
         WHERE partition_id IN (SELECT partition.id FROM partition
                                JOIN topic ON topic.id = topic_id WHERE topic.name = ?1)",
        [partition.topic.as_str()],
        |row| row.get(0),
    )
}

fn floor(catalog: &Catalog, partition: &PartitionState) -> u64 {
    let progress = catalog.progress();
    let of_partition = progress.iter().filter(|((_, id), _)| *id == partition.id);
    of_partition
        .map(|(_, next)| *next)
        .min()
        .unwrap_or_else(|| partition.high())
}

struct OldestRow {
    id: i64,
    end: u64,
    newest_timestamp: i64,
    stored_bytes: i64,
}

fn oldest(
    transaction: &Transaction<'_>,
    partition_id: i64,
) -> Result<Option<OldestRow>, rusqlite::Error> {
    transaction
        .prepare_cached(
            "SELECT id, base_offset + record_count, newest_timestamp, stored_bytes
             FROM batch WHERE partition_id = ?1 ORDER BY base_offset LIMIT 1",
        )?
        .query_row([partition_id], |row| {
            Ok(OldestRow {
                id: row.get(0)?,
                end: row.get(1)?,
                newest_timestamp: row.get(2)?,
                stored_bytes: row.get(3)?,
            })
        })
        .optional()
}
