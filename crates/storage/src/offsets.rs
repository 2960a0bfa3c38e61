//! How far a stage has come, as it stands beside the effects.

use crate::StorageError;
use async_trait::async_trait;
use switchboard_domain::StoredOffset;

/// The offsets that effects are stored with. They are moved by the calls that write effects.
#[async_trait]
pub trait Offsets: Send + Sync {
    /// `None` when the consumer has never stored one for this partition.
    async fn load_offset(
        &self,
        consumer: &str,
        topic: &str,
        partition: u32,
    ) -> Result<Option<StoredOffset>, StorageError>;
}
