//! How far a source was read, and who may read it now.

use crate::StorageError;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

/// The cursors of all sources.
#[async_trait]
pub trait Cursors: Send + Sync {
    /// Where the source stands; `None` when nobody has ever leased it.
    async fn load(&self, source: &str) -> Result<Option<StoredCursor>, StorageError>;

    /// Takes or renews the lease and gives its epoch; `None` while another holder's lease
    /// runs. A renewal keeps the epoch, every change of holder raises it. `now` is the caller's
    /// clock: one that is ahead of the holder's takes the lease sooner, which costs a post read
    /// twice, never one that is lost.
    async fn acquire_lease(
        &self,
        source: &str,
        holder: &str,
        ttl: SignedDuration,
        now: Timestamp,
    ) -> Result<Option<u64>, StorageError>;

    /// Ends the lease of that epoch, so that another holder need not wait until it has run out.
    async fn release_lease(&self, source: &str, epoch: u64) -> Result<(), StorageError>;

    /// Moves the cursor. `false` when the lease has passed to another: stop reading.
    async fn store(&self, source: &str, cursor: &str, epoch: u64) -> Result<bool, StorageError>;
}

/// Where a source stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCursor {
    /// What the connector gave; `None` until it has given one.
    pub cursor: Option<String>,
    /// Of the last lease.
    pub epoch: u64,
}
