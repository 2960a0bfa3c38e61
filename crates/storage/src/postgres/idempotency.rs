//! Answers remembered for a repeated request.

use super::PostgresStore;
use super::failure::Fault;
use super::value::{Place, micros, storable};
use crate::idempotency::IDEMPOTENCY_RETENTION;
use crate::{IdempotencyKeys, RememberedResponse, StorageError};
use async_trait::async_trait;
use jiff::Timestamp;
use tokio_postgres::Row;

#[async_trait]
impl IdempotencyKeys for PostgresStore {
    async fn find(
        &self,
        principal: &str,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<RememberedResponse>, StorageError> {
        let found = self
            .read_opt(
                "SELECT request_hash, status, body FROM idempotency_key
                 WHERE principal = $1 AND key = $2 AND created_at >= $3",
                &[&principal, &storable(key), &micros(oldest(now))],
            )
            .await?;
        Ok(found.map(|row| remembered(&row)).transpose()?)
    }

    async fn remember(
        &self,
        principal: &str,
        key: &str,
        response: RememberedResponse,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let remembered = self
            .execute(
                "INSERT INTO idempotency_key
                     (principal, key, request_hash, status, body, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (principal, key) DO UPDATE SET
                     request_hash = excluded.request_hash, status = excluded.status,
                     body = excluded.body, created_at = excluded.created_at
                 WHERE idempotency_key.created_at < $7",
                &[
                    &principal,
                    &storable(key),
                    &response.request_hash,
                    &i64::from(response.status),
                    &response.body,
                    &micros(now),
                    &micros(oldest(now)),
                ],
            )
            .await?;
        Ok(remembered == 1)
    }

    async fn purge(&self, now: Timestamp) -> Result<u64, StorageError> {
        self.execute(
            "DELETE FROM idempotency_key WHERE created_at < $1",
            &[&micros(oldest(now))],
        )
        .await
    }
}

fn remembered(row: &Row) -> Result<RememberedResponse, Fault> {
    let status: i64 = row.try_get(1)?;
    Ok(RememberedResponse {
        request_hash: row.try_get(0)?,
        status: u16::try_from(status)
            .map_err(|error| Place::new("idempotency_key", "status", &status).corrupt(error))?,
        body: row.try_get(2)?,
    })
}

fn oldest(now: Timestamp) -> Timestamp {
    now.saturating_sub(IDEMPOTENCY_RETENTION)
        .unwrap_or(Timestamp::MIN)
}
