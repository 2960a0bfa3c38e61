//! Consumers beside each other, and topics of different urgency.

use super::texts;
use super::{Backend, PATIENCE, consumer, next, numbered, open, received, record, subscription};
use crate::log::{Consumer, Log, OffsetHome};
use crate::topic::{MENTION_CLASSIFIED, MENTION_CLASSIFIED_URGENT, MENTION_RECEIVED, TopicSpec};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub(super) async fn urgent_first(backend: &dyn Backend) {
    let log = open(backend, 2).await;
    for key in ["a", "b", "c", "d"] {
        log.append(vec![record(MENTION_CLASSIFIED, key, "calm")])
            .await
            .unwrap();
    }
    let topics = [MENTION_CLASSIFIED_URGENT, MENTION_CLASSIFIED];
    let mut consumer = log
        .subscribe(subscription(&topics, OffsetHome::Log))
        .await
        .unwrap();
    let calm = next(&mut consumer, 1).await;
    consumer.commit(&calm).await.unwrap();
    log.append(vec![record(MENTION_CLASSIFIED_URGENT, "a", "urgent")])
        .await
        .unwrap();
    let urgent = next(&mut consumer, 1).await;
    assert_eq!(texts(&urgent.records), ["urgent"]);
    consumer.commit(&urgent).await.unwrap();
    assert_eq!(texts(&next(&mut consumer, 1).await.records), ["calm"]);
}

pub(super) async fn wakes_consumer(backend: &dyn Backend) {
    let log = open(backend, 2).await;
    let mut consumer = consumer(&log).await;
    assert_eq!(consumer.poll(10, Duration::ZERO).await.unwrap(), None);
    let (found, _) = futures::join!(consumer.poll(10, PATIENCE), log.append(numbered("a", 1)));
    assert_eq!(texts(&found.unwrap().unwrap().records), ["0"]);
}

/// One record in each of the partitions.
async fn fill(log: &Arc<dyn Log>, partitions: u32) {
    let mut missing: BTreeSet<u32> = (0..partitions).collect();
    for number in 0.. {
        if missing.is_empty() {
            return;
        }
        let position = log
            .append(vec![received(&format!("key-{number}"), "x")])
            .await
            .unwrap()[0];
        missing.remove(&position.partition);
    }
}

/// Reads and commits until nothing comes, and answers the partitions it came from.
async fn drain(consumer: &mut Box<dyn Consumer>) -> BTreeSet<u32> {
    let mut partitions = BTreeSet::new();
    while let Some(batch) = consumer.poll(100, Duration::ZERO).await.unwrap() {
        consumer.commit(&batch).await.unwrap();
        partitions.insert(batch.partition);
    }
    partitions
}

pub(super) async fn members_share(backend: &dyn Backend) {
    let log = open(backend, 4).await;
    let (mut one, mut two) = (consumer(&log).await, consumer(&log).await);
    // Each has its first look, so that nobody still holds what is another's.
    let _ = (drain(&mut one).await, drain(&mut two).await);
    fill(&log, 4).await;
    let (of_one, of_two) = (drain(&mut one).await, drain(&mut two).await);
    assert_eq!(
        (of_one.len(), of_two.len()),
        (2, 2),
        "{of_one:?} {of_two:?}"
    );
    assert!(of_one.is_disjoint(&of_two));
}

pub(super) async fn member_leaves(backend: &dyn Backend) {
    let log = open(backend, 4).await;
    let mut one = consumer(&log).await;
    fill(&log, 4).await;
    // It holds all four; what it has in hand stays its own until it looks again.
    let in_hand = next(&mut one, 100).await;
    let mut two = consumer(&log).await;
    assert_eq!(
        two.poll(100, Duration::ZERO).await.unwrap(),
        None,
        "two members on one partition"
    );
    one.commit(&in_hand).await.unwrap();
    let of_one = drain(&mut one).await;
    assert!(of_one.len() <= 2, "the rest is handed over: {of_one:?}");
    let of_two = drain(&mut two).await;
    assert!(!of_two.is_empty() && of_two.is_disjoint(&of_one));
    drop(one);
    fill(&log, 4).await;
    assert_eq!(
        drain(&mut two).await.len(),
        4,
        "all partitions of the one that left"
    );
    assert_eq!(log.backlog("group", &MENTION_RECEIVED).await.unwrap(), 0);
}

pub(super) async fn backlog(backend: &dyn Backend) {
    let log = open(backend, 2).await;
    log.append(numbered("a", 5)).await.unwrap();
    assert_eq!(log.backlog("group", &MENTION_RECEIVED).await.unwrap(), 5);
    let mut consumer = consumer(&log).await;
    let batch = next(&mut consumer, 2).await;
    assert_eq!(
        log.backlog("group", &MENTION_RECEIVED).await.unwrap(),
        5,
        "read is not done"
    );
    consumer.commit(&batch).await.unwrap();
    assert_eq!(log.backlog("group", &MENTION_RECEIVED).await.unwrap(), 3);
}

pub(super) async fn new_partition(backend: &dyn Backend) {
    let log = open(backend, 1).await;
    let mut consumer = consumer(&log).await;
    assert!(drain(&mut consumer).await.is_empty());
    log.ensure_topics(&[TopicSpec::new(MENTION_RECEIVED, 3)])
        .await
        .unwrap();
    fill(&log, 3).await;
    assert_eq!(drain(&mut consumer).await.len(), 3);
}
