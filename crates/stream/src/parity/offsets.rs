//! Where a group goes on, and when it must not.

use super::{Backend, PATIENCE, consumer, next, numbered, open, subscription, texts};
use crate::log::{Consumer, Log, LogError, OffsetHome, OffsetStore, OffsetStoreError};
use crate::topic::MENTION_RECEIVED;
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use switchboard_domain::{OffsetMove, StoredOffset};

type Place = (String, String, u32);

/// An offset store in memory, for tests of stages.
#[derive(Debug, Default)]
pub struct MemoryOffsets(Mutex<HashMap<Place, StoredOffset>>);

impl MemoryOffsets {
    /// What the transaction of an effect does: moves the offset if it stands where expected,
    /// and says whether it did.
    pub fn apply(&self, step: OffsetMove) -> bool {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (step.consumer, step.topic, step.partition);
        let stands_at = places.get(&place).map(|stored| stored.next);
        if stands_at == step.expected {
            places.insert(place, step.to);
        }
        stands_at == step.expected
    }
}

#[async_trait]
impl OffsetStore for MemoryOffsets {
    async fn load(
        &self,
        consumer: &str,
        topic: &str,
        partition: u32,
    ) -> Result<Option<StoredOffset>, OffsetStoreError> {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(places
            .get(&(consumer.to_owned(), topic.to_owned(), partition))
            .cloned())
    }
}

async fn with_store(log: &Arc<dyn Log>, store: &Arc<MemoryOffsets>) -> Box<dyn Consumer> {
    let home = OffsetHome::Store(Arc::clone(store) as Arc<dyn OffsetStore>);
    log.subscribe(subscription(&[MENTION_RECEIVED], home))
        .await
        .unwrap()
}

pub(super) async fn kept_in_log(backend: &dyn Backend) {
    let log = open(backend, 1).await;
    log.append(numbered("a", 5)).await.unwrap();
    let mut first = consumer(&log).await;
    let batch = next(&mut first, 2).await;
    first.commit(&batch).await.unwrap();
    drop(first);
    backend.close(log).await;
    let log = open(backend, 1).await;
    let batch = next(&mut consumer(&log).await, 10).await;
    assert_eq!(
        (texts(&batch.records).join(" "), batch.expected),
        ("2 3 4".into(), Some(2))
    );
}

pub(super) async fn guarded(backend: &dyn Backend) {
    let log = open(backend, 1).await;
    log.append(numbered("a", 4)).await.unwrap();
    let mut slow = consumer(&log).await;
    let stale = next(&mut slow, 2).await;
    slow.commit(&stale).await.unwrap();
    let again = slow.commit(&stale).await;
    assert!(matches!(again, Err(LogError::Fenced { .. })), "{again:?}");
    slow.rewind(&MENTION_RECEIVED, 0).await.unwrap();
    assert_eq!(texts(&next(&mut slow, 10).await.records), ["2", "3"]);
}

pub(super) async fn read_again(backend: &dyn Backend) {
    let log = open(backend, 1).await;
    log.append(numbered("a", 4)).await.unwrap();
    let mut consumer = consumer(&log).await;
    let first = next(&mut consumer, 2).await;
    assert_eq!(next(&mut consumer, 2).await, first, "polling moves nothing");
    consumer.rewind(&MENTION_RECEIVED, 0).await.unwrap();
    assert_eq!(next(&mut consumer, 2).await, first, "nor does going back");
    let (head, tail) = first.split().unwrap();
    consumer.commit(&head).await.unwrap();
    consumer.commit(&tail).await.unwrap();
    assert_eq!(texts(&next(&mut consumer, 10).await.records), ["2", "3"]);
}

pub(super) async fn kept_in_store(backend: &dyn Backend) {
    let log = open(backend, 1).await;
    let store = Arc::new(MemoryOffsets::default());
    log.append(numbered("a", 5)).await.unwrap();
    let mut first = with_store(&log, &store).await;
    let batch = next(&mut first, 2).await;
    assert_eq!(batch.expected, None, "the store has no row yet");
    assert!(store.apply(batch.offset_move("group")));
    drop(first);
    let mut second = with_store(&log, &store).await;
    let rest = next(&mut second, 10).await;
    assert_eq!(
        (texts(&rest.records).join(" "), rest.expected),
        ("2 3 4".into(), Some(2))
    );
    assert!(store.apply(rest.offset_move("group")));
    second.commit(&rest).await.unwrap();
    assert_eq!(second.poll(10, Duration::ZERO).await.unwrap(), None);
}

/// Polls after the stored offset was changed by hand.
async fn poll_from(backend: &dyn Backend, change: impl FnOnce(&mut StoredOffset)) -> LogError {
    let log = open(backend, 1).await;
    log.append(numbered("a", 5)).await.unwrap();
    let store = Arc::new(MemoryOffsets::default());
    let batch = next(&mut with_store(&log, &store).await, 2).await;
    let mut step = batch.offset_move("group");
    change(&mut step.to);
    assert!(store.apply(step));
    let mut consumer = with_store(&log, &store).await;
    let refused = consumer.poll(10, PATIENCE).await.unwrap_err();
    assert_eq!(
        consumer.poll(10, PATIENCE).await.unwrap_err(),
        refused,
        "and again"
    );
    refused
}

pub(super) async fn other_incarnation(backend: &dyn Backend) {
    let refused = poll_from(backend, |stored| stored.incarnation = "another".into()).await;
    assert!(matches!(refused, LogError::Mismatch { .. }), "{refused}");
}

pub(super) async fn other_record(backend: &dyn Backend) {
    let refused = poll_from(backend, |stored| stored.last_hash = Some("00".into())).await;
    assert!(matches!(refused, LogError::Mismatch { .. }), "{refused}");
}

pub(super) async fn out_of_range(backend: &dyn Backend) {
    let refused = poll_from(backend, |stored| stored.next = 6).await;
    assert!(
        matches!(refused, LogError::OutOfRange { offset: 6, .. }),
        "{refused}"
    );
}
