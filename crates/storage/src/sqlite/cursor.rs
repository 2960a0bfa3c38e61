//! Cursors of sources, under leases.

use super::SqliteStore;
use super::transaction::Purpose;
use super::value::{from_column, micros, to_column};
use crate::{Cursors, StorageError, StoredCursor};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, params};

#[async_trait]
impl Cursors for SqliteStore {
    async fn load(&self, source: &str) -> Result<Option<StoredCursor>, StorageError> {
        let source = source.to_owned();
        self.read(move |snapshot| {
            let found = snapshot
                .prepare_cached("SELECT cursor, epoch FROM source_cursor WHERE source = ?1")?
                .query_row([source], |row| {
                    Ok(StoredCursor {
                        cursor: row.get(0)?,
                        epoch: from_column(row.get(1)?),
                    })
                })
                .optional()?;
            Ok(found)
        })
        .await
    }

    async fn acquire_lease(
        &self,
        source: &str,
        holder: &str,
        ttl: SignedDuration,
        now: Timestamp,
    ) -> Result<Option<u64>, StorageError> {
        let (source, holder) = (source.to_owned(), holder.to_owned());
        let until = now.saturating_add(ttl).unwrap_or(Timestamp::MAX);
        self.write(Purpose::Stream, move |write| {
            let epoch = write
                .prepare(
                    "INSERT INTO source_cursor (source, holder, epoch, lease_until)
                     VALUES (?1, ?2, 1, ?3)
                     ON CONFLICT DO UPDATE SET
                         epoch = epoch + (holder <> excluded.holder),
                         holder = excluded.holder, lease_until = excluded.lease_until
                     WHERE holder = excluded.holder OR lease_until <= ?4
                     RETURNING epoch",
                )?
                .query_row(params![source, holder, micros(until), micros(now)], |row| {
                    row.get(0)
                })
                .optional()?;
            Ok(epoch.map(from_column))
        })
        .await
    }

    async fn release_lease(&self, source: &str, epoch: u64) -> Result<(), StorageError> {
        let source = source.to_owned();
        self.write(Purpose::Stream, move |write| {
            write
                .prepare(
                    "UPDATE source_cursor SET lease_until = 0 WHERE source = ?1 AND epoch = ?2",
                )?
                .execute(params![source, to_column(epoch)])?;
            Ok(())
        })
        .await
    }

    async fn store(&self, source: &str, cursor: &str, epoch: u64) -> Result<bool, StorageError> {
        let (source, cursor) = (source.to_owned(), cursor.to_owned());
        self.write(Purpose::Stream, move |write| {
            let stored = write
                .prepare("UPDATE source_cursor SET cursor = ?2 WHERE source = ?1 AND epoch = ?3")?
                .execute(params![source, cursor, to_column(epoch)])?;
            Ok(stored == 1)
        })
        .await
    }
}
