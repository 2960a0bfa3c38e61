//! The record of who did what, chained so that no row can be changed unseen.
//!
//! Rows are written in the transaction of the deed, with a per-writer sequence; one sealer
//! chains them in batches. They refer to posts by key and hold none of their words.

use crate::StorageError;
use async_trait::async_trait;
use jiff::Timestamp;
use switchboard_domain::ticket::Actor;

/// The audit rows.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Writes a row for a deed that is no change of a ticket; those write their own.
    async fn append(&self, entry: AuditEntry) -> Result<(), StorageError>;

    /// Chains rows that are not yet chained, in their order, and says how many. A call
    /// chains at most [`MAX_SEAL_BATCH`].
    async fn seal(&self, now: Timestamp) -> Result<u64, StorageError>;

    /// Walks the whole chain.
    async fn verify(&self) -> Result<AuditReport, StorageError>;
}

/// Rows sealed in one transaction: at about 4 µs each it stays under 20 ms.
pub const MAX_SEAL_BATCH: usize = 2_000;

/// One deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What, in a word: `token.created`.
    pub action: String,
    /// To what: `token:ci`.
    pub subject: String,
    /// More of it as JSON text, without words of posts; may be empty.
    pub detail: String,
}

/// What a walk along the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// Rows in the chain that fit.
    pub sealed: u64,
    /// Rows that are written and not yet chained.
    pub unsealed: u64,
    /// The first row that does not fit; `None` when all do.
    pub fault: Option<AuditFault>,
}

/// The first row that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFault {
    /// Its place in the chain, counted from 1.
    pub position: u64,
    /// What is wrong with it, for a person.
    pub reason: String,
}
