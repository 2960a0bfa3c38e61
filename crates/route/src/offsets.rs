//! Where the stages' offsets live: in the store, beside their effects.

use async_trait::async_trait;
use std::sync::Arc;
use switchboard_domain::StoredOffset;
use switchboard_storage::Offsets;
use switchboard_stream::log::{OffsetStore, OffsetStoreError};

/// The store as the log's consumers see it.
pub struct StoreOffsets(pub Arc<dyn Offsets>);

#[async_trait]
impl OffsetStore for StoreOffsets {
    async fn load(
        &self,
        consumer: &str,
        topic: &str,
        partition: u32,
    ) -> Result<Option<StoredOffset>, OffsetStoreError> {
        let loaded = self.0.load_offset(consumer, topic, partition).await;
        loaded.map_err(|error| OffsetStoreError(error.to_string()))
    }
}
