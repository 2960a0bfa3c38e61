//! The background duties over the store.

use crate::world::{World, default_config};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use switchboard_domain::{Clock, Current};
use switchboard_route::orphans::Orphans;
use switchboard_route::upkeep::Upkeep;
use switchboard_storage::{Audit, AuditEntry, AuditReport, MAX_SEAL_BATCH, StorageError};
use switchboard_telemetry::Counter;
use tokio_util::sync::CancellationToken;

/// Answers to one call of `seal` after the other, then nothing more to seal.
struct Waiting(Mutex<VecDeque<u64>>);

#[async_trait]
impl Audit for Waiting {
    async fn append(&self, _: AuditEntry) -> Result<(), StorageError> {
        Ok(())
    }

    async fn seal(&self, _: Timestamp) -> Result<u64, StorageError> {
        Ok(self.0.lock().unwrap().pop_front().unwrap_or_default())
    }

    async fn verify(&self) -> Result<AuditReport, StorageError> {
        unreachable!("upkeep seals, it does not verify")
    }
}

fn upkeep(world: &World, audit: Arc<dyn Audit>) -> Upkeep {
    let store = &world.store;
    let orphans = Orphans {
        tickets: Arc::clone(&store.tickets),
        ownership: Current::new(default_config()),
    };
    Upkeep {
        audit,
        tickets: Arc::clone(&store.tickets),
        idempotency_keys: Arc::clone(&store.idempotency_keys),
        sessions: Arc::clone(&store.sessions),
        orphans,
        relay: Arc::new(world.relay(Arc::clone(&store.outbox))),
        clock: Arc::clone(&world.clock) as Arc<dyn Clock>,
        metrics: world.metrics.clone(),
    }
}

#[tokio::test]
async fn one_look_seals_all_that_a_flood_has_left() {
    let world = World::new().await;
    let full = MAX_SEAL_BATCH as u64;
    let audit = Arc::new(Waiting(Mutex::new([full, full, 5, 7].into())));
    let stop = CancellationToken::new();
    stop.cancel();
    upkeep(&world, audit).run(stop).await;
    let sealed = world.metrics.counter_value(Counter::AuditSealed);
    assert_eq!(sealed, 2 * full + 5, "a batch that is not full is the last");
}
