//! Consumers beside each other, and topics of different urgency.

use super::texts;
use super::{Backend, PATIENCE, consumer, next, numbered, open, received, record, subscription};
use crate::log::{Consumer, Log, NewRecord, OffsetHome};
use crate::topic::{MENTION_CLASSIFIED, MENTION_CLASSIFIED_URGENT, MENTION_RECEIVED, TopicSpec};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

pub(super) async fn urgent_first(backend: &dyn Backend) {
    let log = open(backend, 2).await;
    let on_the_way = backend.records_on_the_way();
    let calm = (0..on_the_way + 4).map(|key| record(MENTION_CLASSIFIED, &key.to_string(), "calm"));
    log.append(calm.collect()).await.unwrap();
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
    let mut calm_before = 0;
    loop {
        let batch = next(&mut consumer, 1).await;
        consumer.commit(&batch).await.unwrap();
        if texts(&batch.records) == ["urgent"] {
            break;
        }
        calm_before += 1;
    }
    assert!(
        calm_before <= on_the_way,
        "{calm_before} calm records came first"
    );
    assert_eq!(texts(&next(&mut consumer, 1).await.records), ["calm"]);
}

pub(super) async fn wakes_consumer(backend: &dyn Backend) {
    let log = open(backend, 2).await;
    let mut consumer = consumer(&log).await;
    assert_eq!(consumer.poll(10, Duration::ZERO).await.unwrap(), None);
    let (found, _) = futures::join!(consumer.poll(10, PATIENCE), log.append(numbered("a", 1)));
    assert_eq!(texts(&found.unwrap().unwrap().records), ["0"]);
}

/// One record at least in each of the partitions; answers how many.
async fn fill(log: &Arc<dyn Log>, partitions: u32) -> usize {
    let mut missing: BTreeSet<u32> = (0..partitions).collect();
    let mut appended = 0;
    while !missing.is_empty() {
        let key = format!("key-{appended}");
        let position = log.append(vec![received(&key, "x")]).await.unwrap()[0];
        missing.remove(&position.partition);
        appended += 1;
    }
    appended
}

/// A short look, so that each member of a group gets its turn.
const LOOK: Duration = Duration::from_millis(20);

/// Lets the members read and commit in turn until `count` records were read, and answers
/// which partitions each of them read from.
async fn read_in_turn(members: &mut [Box<dyn Consumer>], count: usize) -> Vec<BTreeSet<u32>> {
    let deadline = Instant::now() + PATIENCE;
    let mut seen = vec![BTreeSet::new(); members.len()];
    let mut read = 0;
    while read < count {
        assert!(Instant::now() < deadline, "{read} of {count} records came");
        for (member, seen) in members.iter_mut().zip(&mut seen) {
            if let Some(batch) = member.poll(100, LOOK).await.unwrap() {
                member.commit(&batch).await.unwrap();
                read += batch.records.len();
                seen.insert(batch.partition);
            }
        }
    }
    assert_eq!(read, count, "a record came twice");
    seen
}

/// Fills and reads until the partitions are shared as `wanted` says.
async fn settle(
    log: &Arc<dyn Log>,
    members: &mut [Box<dyn Consumer>],
    wanted: impl Fn(&[BTreeSet<u32>]) -> bool,
) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let filled = fill(log, 4).await;
        let seen = read_in_turn(members, filled).await;
        if wanted(&seen) {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "the partitions stay with {seen:?}"
        );
    }
}

fn half_each(seen: &[BTreeSet<u32>]) -> bool {
    seen.iter().all(|partitions| partitions.len() == 2) && seen[0].is_disjoint(&seen[1])
}

pub(super) async fn members_share(backend: &dyn Backend) {
    let log = open(backend, 4).await;
    let mut members = [consumer(&log).await, consumer(&log).await];
    settle(&log, &mut members, half_each).await;
}

pub(super) async fn member_leaves(backend: &dyn Backend) {
    let log = open(backend, 4).await;
    let mut one = consumer(&log).await;
    let filled = fill(&log, 4).await;
    // It holds all four; what it has in hand stays its own until it looks again.
    let in_hand = next(&mut one, 100).await;
    let mut two = consumer(&log).await;
    assert_eq!(
        two.poll(100, Duration::ZERO).await.unwrap(),
        None,
        "two members on one partition"
    );
    one.commit(&in_hand).await.unwrap();
    let mut members = [one, two];
    read_in_turn(&mut members, filled - in_hand.records.len()).await;
    settle(&log, &mut members, half_each).await;
    let [one, two] = members;
    drop(one);
    settle(&log, &mut [two], |seen| seen[0].len() == 4).await;
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
    let mut members = [consumer(&log).await];
    let filled = fill(&log, 1).await;
    read_in_turn(&mut members, filled).await;
    log.ensure_topics(&[TopicSpec::new(MENTION_RECEIVED, 3)])
        .await
        .unwrap();
    let filled = fill(&log, 3).await;
    let seen = read_in_turn(&mut members, filled).await;
    assert_eq!(seen[0].len(), 3);
}

pub(super) async fn lag(backend: &dyn Backend) {
    let log = open(backend, 1).await;
    let at = |second| Timestamp::from_second(second).unwrap();
    for second in [100, 200] {
        let timed = NewRecord {
            timestamp: at(second),
            ..received("a", "x")
        };
        log.append(vec![timed]).await.unwrap();
    }
    let mut consumer = consumer(&log).await;
    for oldest in [Some(at(100)), Some(at(200)), None] {
        let lag = log.lag("group", &MENTION_RECEIVED).await.unwrap();
        assert_eq!(lag.oldest, oldest, "{lag:?}");
        if oldest.is_some() {
            let batch = next(&mut consumer, 1).await;
            consumer.commit(&batch).await.unwrap();
        }
    }
}
