//! Cursors of sources, under leases.

use super::PostgresStore;
use super::failure::Fault;
use super::value::{from_column, micros, to_column};
use crate::{Cursors, StorageError, StoredCursor};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Row;

#[async_trait]
impl Cursors for PostgresStore {
    async fn load(&self, source: &str) -> Result<Option<StoredCursor>, StorageError> {
        let found = self
            .read_opt(
                "SELECT cursor, epoch FROM source_cursor WHERE source = $1",
                &[&source],
            )
            .await?;
        Ok(found.map(|row| stored(&row)).transpose()?)
    }

    async fn acquire_lease(
        &self,
        source: &str,
        holder: &str,
        ttl: SignedDuration,
        now: Timestamp,
    ) -> Result<Option<u64>, StorageError> {
        let until = now.saturating_add(ttl).unwrap_or(Timestamp::MAX);
        let epoch = self
            .read_opt(
                "INSERT INTO source_cursor (source, holder, epoch, lease_until)
                 VALUES ($1, $2, 1, $3)
                 ON CONFLICT (source) DO UPDATE SET
                     epoch = source_cursor.epoch
                         + (source_cursor.holder <> excluded.holder)::int,
                     holder = excluded.holder, lease_until = excluded.lease_until
                 WHERE source_cursor.holder = excluded.holder
                    OR source_cursor.lease_until <= $4
                 RETURNING epoch",
                &[&source, &holder, &micros(until), &micros(now)],
            )
            .await?;
        let epoch: Option<i64> = epoch
            .map(|row| row.try_get(0))
            .transpose()
            .map_err(Fault::from)?;
        Ok(epoch.map(from_column))
    }

    async fn release_lease(&self, source: &str, epoch: u64) -> Result<(), StorageError> {
        self.execute(
            "UPDATE source_cursor SET lease_until = 0 WHERE source = $1 AND epoch = $2",
            &[&source, &to_column(epoch)],
        )
        .await?;
        Ok(())
    }

    async fn store(&self, source: &str, cursor: &str, epoch: u64) -> Result<bool, StorageError> {
        let stored = self
            .execute(
                "UPDATE source_cursor SET cursor = $2 WHERE source = $1 AND epoch = $3",
                &[&source, &super::value::storable(cursor), &to_column(epoch)],
            )
            .await?;
        Ok(stored == 1)
    }
}

fn stored(row: &Row) -> Result<StoredCursor, Fault> {
    Ok(StoredCursor {
        cursor: row.try_get(0)?,
        epoch: from_column(row.try_get(1)?),
    })
}
