//! What transactions left to be told is told once in effect: in order, under stable numbers.

use crate::world::{World, complaint};
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use switchboard_storage::records::Queued;
use switchboard_storage::{Outbox, OutboxRow, StorageError};
use switchboard_stream::log::Log;
use switchboard_stream::topic::{TICKET_EVENTS, TopicName};
use switchboard_telemetry::Counter;

#[tokio::test]
async fn a_new_ticket_is_told_to_its_queue_and_to_the_event_log() {
    let mut world = World::new().await;
    world.route(&[complaint("1")]).await.unwrap();
    let relay = world.relay(Arc::clone(&world.store.outbox));
    assert_eq!(relay.publish_batch().await.unwrap(), 2);
    assert_eq!(relay.publish_batch().await.unwrap(), 0);
    let queued = read(&world, &TopicName::new("queue.support").unwrap()).await;
    assert_eq!(queued[0]["ticket"]["id"], "1");
    assert_eq!(
        queued[0]["mention"]["mention"]["text"], "words",
        "the owner needs the words"
    );
    let told: Queued = serde_json::from_value(queued[0].clone()).unwrap();
    assert_eq!(Some(told.ticket), world.ticket(1).await, "as it came");
    assert_eq!((told.v, told.mention), (1, Some(complaint("1"))));
    let events = read(&world, &TICKET_EVENTS).await;
    assert_eq!(
        (&events[0]["v"], &events[0]["number"]),
        (&1.into(), &1.into())
    );
    assert_eq!(events[0]["event"]["department"], "support");
    assert!(
        !events[0].to_string().contains("words"),
        "events hold no words of posts"
    );
    assert_eq!(world.metrics.counter_value(Counter::OutboxPublished), 2);
}

#[tokio::test]
async fn a_crash_after_publishing_repeats_the_same_numbers() {
    let mut world = World::new().await;
    world
        .route(&[complaint("1"), complaint("2")])
        .await
        .unwrap();
    let crashing = Arc::new(ForgetsOnce {
        outbox: Arc::clone(&world.store.outbox),
        forgets: AtomicBool::new(true),
    });
    let relay = world.relay(crashing);
    assert!(
        relay.publish_batch().await.is_err(),
        "published, and not marked"
    );
    assert_eq!(relay.publish_batch().await.unwrap(), 4);
    let numbers: Vec<u64> = read(&world, &TICKET_EVENTS)
        .await
        .iter()
        .filter_map(|event| event["number"].as_u64())
        .collect();
    assert_eq!(numbers, [1, 2, 1, 2]);
}

async fn read(world: &World, topic: &TopicName) -> Vec<serde_json::Value> {
    let records = world
        .log
        .read(topic, 0, 0, 100, Duration::ZERO)
        .await
        .unwrap();
    records
        .iter()
        .map(|record| serde_json::from_slice(&record.payload).unwrap())
        .collect()
}

/// An outbox whose process dies between publishing and marking, the first time.
struct ForgetsOnce {
    outbox: Arc<dyn Outbox>,
    forgets: AtomicBool,
}

#[async_trait]
impl Outbox for ForgetsOnce {
    async fn unpublished(&self, limit: usize) -> Result<Vec<OutboxRow>, StorageError> {
        self.outbox.unpublished(limit).await
    }

    async fn mark_published(&self, seqs: &[i64]) -> Result<(), StorageError> {
        if self.forgets.swap(false, Ordering::Relaxed) {
            return Err(StorageError::Unavailable {
                reason: "died".into(),
            });
        }
        self.outbox.mark_published(seqs).await
    }

    async fn depth(&self) -> Result<u64, StorageError> {
        self.outbox.depth().await
    }

    async fn oldest_at(&self) -> Result<Option<Timestamp>, StorageError> {
        self.outbox.oldest_at().await
    }
}
