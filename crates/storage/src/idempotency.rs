//! Answers remembered, so that a request sent twice has one effect.

use crate::StorageError;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

/// How long an answer is remembered: a client that retries for longer has given up before.
pub const IDEMPOTENCY_RETENTION: SignedDuration = SignedDuration::from_hours(24);

/// The `Idempotency-Key`s of the last day, each within its principal.
#[async_trait]
pub trait IdempotencyKeys: Send + Sync {
    /// The answer given under that key at most [`IDEMPOTENCY_RETENTION`] before `now`.
    async fn find(
        &self,
        principal: &str,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<RememberedResponse>, StorageError>;

    /// Remembers an answer. `false` when there is one already, which stays.
    async fn remember(
        &self,
        principal: &str,
        key: &str,
        response: RememberedResponse,
        now: Timestamp,
    ) -> Result<bool, StorageError>;

    /// Forgets what is past its time, and says how many.
    async fn purge(&self, now: Timestamp) -> Result<u64, StorageError>;
}

/// What was answered to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RememberedResponse {
    /// Hash of the request: the same key with another one is the client's mistake.
    pub request_hash: String,
    /// The HTTP status.
    pub status: u16,
    /// The body as it was sent.
    pub body: Vec<u8>,
}
