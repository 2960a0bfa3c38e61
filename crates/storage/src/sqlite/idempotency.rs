//! Answers remembered for a repeated request.

use super::SqliteStore;
use super::transaction::Purpose;
use super::value::{from_column, micros};
use crate::idempotency::IDEMPOTENCY_RETENTION;
use crate::{IdempotencyKeys, RememberedResponse, StorageError};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

#[async_trait]
impl IdempotencyKeys for SqliteStore {
    async fn find(
        &self,
        principal: &str,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<RememberedResponse>, StorageError> {
        let (principal, key) = (principal.to_owned(), key.to_owned());
        self.read(move |snapshot| {
            let found = snapshot
                .prepare_cached(
                    "SELECT request_hash, status, body FROM idempotency_key
                     WHERE principal = ?1 AND key = ?2 AND created_at >= ?3",
                )?
                .query_row(params![principal, key, micros(oldest(now))], |row| {
                    Ok(RememberedResponse {
                        request_hash: row.get(0)?,
                        status: row.get(1)?,
                        body: row.get(2)?,
                    })
                })
                .optional()?;
            Ok(found)
        })
        .await
    }

    async fn remember(
        &self,
        principal: &str,
        key: &str,
        response: RememberedResponse,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let (principal, key) = (principal.to_owned(), key.to_owned());
        self.write(Purpose::People, move |write| {
            let remembered = write
                .prepare(
                    "INSERT INTO idempotency_key
                         (principal, key, request_hash, status, body, created_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                     ON CONFLICT DO UPDATE SET request_hash = excluded.request_hash,
                         status = excluded.status, body = excluded.body,
                         created_at = excluded.created_at
                     WHERE created_at < ?7",
                )?
                .execute(params![
                    principal,
                    key,
                    response.request_hash,
                    response.status,
                    response.body,
                    micros(now),
                    micros(oldest(now))
                ])?;
            Ok(remembered == 1)
        })
        .await
    }

    async fn purge(&self, now: Timestamp) -> Result<u64, StorageError> {
        self.write(Purpose::Stream, move |write| {
            let purged = write
                .prepare("DELETE FROM idempotency_key WHERE created_at < ?1")?
                .execute([micros(oldest(now))])?;
            Ok(from_column(i64::try_from(purged).unwrap_or(i64::MAX)))
        })
        .await
    }
}

fn oldest(now: Timestamp) -> Timestamp {
    now.saturating_sub(IDEMPOTENCY_RETENTION)
        .unwrap_or(Timestamp::MIN)
}
