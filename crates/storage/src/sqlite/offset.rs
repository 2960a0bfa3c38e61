//! Consumer offsets; they are moved by [`super::transaction`].

use super::SqliteStore;
use super::value::from_column;
use crate::{Offsets, StorageError};
use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};
use switchboard_domain::StoredOffset;

#[async_trait]
impl Offsets for SqliteStore {
    async fn load_offset(
        &self,
        consumer: &str,
        topic: &str,
        partition: u32,
    ) -> Result<Option<StoredOffset>, StorageError> {
        let (consumer, topic) = (consumer.to_owned(), topic.to_owned());
        self.read(move |snapshot| {
            let found = snapshot
                .prepare_cached(
                    "SELECT next, incarnation, last_hash FROM consumer_offset
                     WHERE consumer = ?1 AND topic = ?2 AND partition = ?3",
                )?
                .query_row(params![consumer, topic, partition], |row| {
                    Ok(StoredOffset {
                        next: from_column(row.get(0)?),
                        incarnation: row.get(1)?,
                        last_hash: row.get(2)?,
                    })
                })
                .optional()?;
            Ok(found)
        })
        .await
    }
}
