//! Stand-ins for the store's traits.

use async_trait::async_trait;
use jiff::Timestamp;
use switchboard_domain::access::Principal;

/// The store could not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store cannot answer now: {0}")]
pub struct StorageError(pub String);

/// Who a token belongs to.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// `None` when the token is unknown, expired or revoked at `now`.
    async fn authenticate(
        &self,
        bearer: &str,
        now: Timestamp,
    ) -> Result<Option<Principal>, StorageError>;
}

/// An answer that was given once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Hash of the request it answered.
    pub request_hash: String,
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: String,
}

/// Answers by the key of their request.
#[async_trait]
pub trait IdempotencyKeys: Send + Sync {
    /// The answer kept for `key` of `principal`, unless it has expired at `now`.
    async fn find(
        &self,
        principal: &str,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<KeptAnswer>, StorageError>;

    /// Keeps the answer until `expires_at`; the first one kept stays.
    async fn keep(
        &self,
        principal: &str,
        key: &str,
        answer: KeptAnswer,
        expires_at: Timestamp,
    ) -> Result<(), StorageError>;
}
