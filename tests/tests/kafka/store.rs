//! A store in memory: counts effects, and moves the offset in the same step.

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Mutex;
use switchboard_domain::StoredOffset;
use switchboard_stream::{Batch, OffsetStore, OffsetStoreError};

/// How often each record had its effect, and where each partition stands.
#[derive(Default)]
pub(crate) struct CountingStore(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    effects: BTreeMap<String, u32>,
    offsets: BTreeMap<(String, u32), StoredOffset>,
}

impl CountingStore {
    /// One transaction: every record's effect and the offset, or nothing because another
    /// owner was here before.
    pub(crate) fn apply(&self, batch: &Batch) -> bool {
        let mut counted = self.0.lock().unwrap();
        let place = (batch.topic.to_string(), batch.partition);
        let stands_at = counted.offsets.get(&place).map(|stored| stored.next);
        if stands_at != batch.expected {
            return false;
        }
        for record in &batch.records {
            let text = String::from_utf8(record.payload.to_vec()).unwrap();
            *counted.effects.entry(text).or_default() += 1;
        }
        let step = batch.offset_move("group");
        counted.offsets.insert(place, step.to);
        true
    }

    pub(crate) fn effects(&self) -> BTreeMap<String, u32> {
        self.0.lock().unwrap().effects.clone()
    }

    /// How many records had their effect, and where each partition stands.
    pub(crate) fn standing(&self) -> String {
        let counted = self.0.lock().unwrap();
        let places = counted.offsets.iter();
        let places: Vec<_> = places
            .map(|((topic, partition), stored)| format!("{topic}/{partition} at {}", stored.next))
            .collect();
        format!("{} done, {}", counted.effects.len(), places.join(", "))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().effects.len()
    }
}

#[async_trait]
impl OffsetStore for CountingStore {
    async fn load(
        &self,
        _: &str,
        topic: &str,
        partition: u32,
    ) -> Result<Option<StoredOffset>, OffsetStoreError> {
        let counted = self.0.lock().unwrap();
        Ok(counted.offsets.get(&(topic.to_owned(), partition)).cloned())
    }
}
