//! Consumer offsets; they are moved by [`super::work`].

use super::PostgresStore;
use super::failure::Fault;
use super::value::from_column;
use crate::{Offsets, StorageError};
use async_trait::async_trait;
use switchboard_domain::StoredOffset;
use tokio_postgres::Row;

#[async_trait]
impl Offsets for PostgresStore {
    async fn load_offset(
        &self,
        consumer: &str,
        topic: &str,
        partition: u32,
    ) -> Result<Option<StoredOffset>, StorageError> {
        let found = self
            .read_opt(
                "SELECT next, incarnation, last_hash FROM consumer_offset
                 WHERE consumer = $1 AND topic = $2 AND partition = $3",
                &[&consumer, &topic, &i64::from(partition)],
            )
            .await?;
        Ok(found.map(|row| stored(&row)).transpose()?)
    }
}

fn stored(row: &Row) -> Result<StoredOffset, Fault> {
    Ok(StoredOffset {
        next: from_column(row.try_get(0)?),
        incarnation: row.try_get(1)?,
        last_hash: row.try_get(2)?,
    })
}
