//! What transactions left to be told, until the log has it.

use crate::StorageError;
use async_trait::async_trait;
use jiff::Timestamp;

/// How many rows one look takes unless the store says otherwise: enough to share an fsync, few
/// enough that their removal keeps nobody waiting who writes to the same file.
pub const OUTBOX_BATCH: usize = 500;

/// The rows that wait for the relay. There is one relay at a time.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// How many rows one look should take when more are waiting.
    fn batch_rows_max(&self) -> usize {
        OUTBOX_BATCH
    }

    /// The oldest rows, in commit order. Rows of `ticket.events` are numbered first, without
    /// gaps, and the numbers are durable before this returns: a row that is published twice
    /// carries the same number twice.
    async fn unpublished(&self, limit: usize) -> Result<Vec<OutboxRow>, StorageError>;

    /// [`Outbox::mark_published`] and then [`Outbox::unpublished`], in one transaction where the
    /// store can. After an error neither may be counted on; the same call again is harmless.
    async fn exchange(
        &self,
        published: &[i64],
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StorageError> {
        if !published.is_empty() {
            self.mark_published(published).await?;
        }
        self.unpublished(limit).await
    }

    /// Returns once a transaction of this process may have left rows, since the last return
    /// or before it; one at a time may wait. What other processes leave is not heard: look
    /// now and then all the same.
    async fn stirred(&self) {
        std::future::pending::<()>().await;
    }

    /// Removes rows that the log has acknowledged, by [`OutboxRow::seq`].
    async fn mark_published(&self, seqs: &[i64]) -> Result<(), StorageError>;

    /// How many rows wait.
    async fn depth(&self) -> Result<u64, StorageError>;

    /// When the oldest waiting row was written; `None` when none waits.
    async fn oldest_at(&self) -> Result<Option<Timestamp>, StorageError>;
}

/// A record to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its place in commit order.
    pub seq: i64,
    /// The log topic.
    pub topic: String,
    /// The record's key.
    pub key: String,
    /// The record, as [`crate::records`] describes it; a dead letter as it was handed in.
    pub payload: Vec<u8>,
    /// Set for `ticket.events`: counts from 1 without gaps, and live updates resume by it.
    pub number: Option<u64>,
}
