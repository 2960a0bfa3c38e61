//! Appending and reading without a group.

use super::{Backend, PATIENCE, numbered, open, received, record, texts};
use crate::log::{Log, LogError, NewRecord};
use crate::topic::{MENTION_CLASSIFIED, MENTION_RECEIVED, TopicName, TopicSpec};
use bytes::Bytes;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

async fn read_all(log: &Arc<dyn Log>, topic: &TopicName, partition: u32) -> Vec<String> {
    texts(
        &log.read(topic, partition, 0, 10_000, Duration::ZERO)
            .await
            .unwrap(),
    )
}

pub(super) async fn order_within_key(backend: &dyn Backend) {
    let log = open(backend, 4).await;
    for round in 0..5 {
        let keys = ["ada", "ben", "eve"];
        let batch = (0..9).map(|n| received(keys[n % 3], &format!("{}{}", round, n / 3)));
        log.append(batch.collect()).await.unwrap();
    }
    let mut by_key = std::collections::BTreeMap::<String, Vec<String>>::new();
    for partition in 0..4 {
        for record in log
            .read(&MENTION_RECEIVED, partition, 0, 100, Duration::ZERO)
            .await
            .unwrap()
        {
            by_key
                .entry(record.key.clone())
                .or_default()
                .extend(texts(&[record]));
        }
    }
    assert_eq!(by_key.len(), 3);
    for found in by_key.values() {
        let mut sorted = found.clone();
        sorted.sort();
        assert_eq!((found.len(), found), (15, &sorted));
    }
}

pub(super) async fn all_or_nothing(backend: &dyn Backend) {
    let log = open(backend, 1).await;
    let unknown = TopicName::new("no.such.topic").unwrap();
    let mixed = vec![received("a", "good"), record(unknown.clone(), "a", "lost")];
    let refused = log.append(mixed).await;
    assert_eq!(
        refused,
        Err(LogError::NoSuchTopic {
            topic: unknown,
            partition: 0
        })
    );
    let huge = NewRecord {
        payload: Bytes::from(vec![0; 64 << 20]),
        ..received("a", "")
    };
    let refused = log.append(vec![received("a", "good"), huge]).await;
    assert!(
        matches!(refused, Err(LogError::TooLarge { .. })),
        "{refused:?}"
    );
    assert_eq!(log.watermarks(&MENTION_RECEIVED).await.unwrap()[0].high, 0);
}

pub(super) async fn durable(backend: &dyn Backend) {
    let log = open(backend, 1).await;
    let incarnation = log.incarnation();
    log.append(numbered("a", 3)).await.unwrap();
    backend.close(log).await;
    let log = open(backend, 1).await;
    assert_eq!(log.incarnation(), incarnation);
    let positions = log.append(numbered("a", 1)).await.unwrap();
    assert_eq!(positions[0].offset, 3);
    assert_eq!(
        read_all(&log, &MENTION_RECEIVED, 0).await,
        ["0", "1", "2", "0"]
    );
}

pub(super) async fn read_from_offset(backend: &dyn Backend) {
    let log = open(backend, 1).await;
    log.append(numbered("a", 5)).await.unwrap();
    log.append(numbered("a", 5)).await.unwrap();
    let topic = MENTION_RECEIVED;
    let read = |from, max| log.read(&topic, 0, from, max, Duration::ZERO);
    assert_eq!(texts(&read(3, 4).await.unwrap()), ["3", "4", "0", "1"]);
    assert_eq!(read(3, 4).await.unwrap()[0].offset, 3);
    assert!(read(10, 4).await.unwrap().is_empty(), "the end is no error");
    let refused = read(11, 4).await;
    assert!(
        matches!(refused, Err(LogError::OutOfRange { high: 10, .. })),
        "{refused:?}"
    );
}

pub(super) async fn read_from_time(backend: &dyn Backend) {
    let log = open(backend, 1).await;
    let at = |second| Timestamp::from_second(second).unwrap();
    let timed = |second| NewRecord {
        timestamp: at(second),
        ..received("a", "")
    };
    log.append([10, 20, 30].map(timed).to_vec()).await.unwrap();
    log.append([40, 50].map(timed).to_vec()).await.unwrap();
    for (second, want) in [(0, 0), (20, 1), (21, 2), (35, 3), (50, 4), (51, 5)] {
        let found = log
            .offset_at(&MENTION_RECEIVED, 0, at(second))
            .await
            .unwrap();
        assert_eq!(found, want, "for second {second}");
    }
}

pub(super) async fn wakes_reader(backend: &dyn Backend) {
    let log = open(backend, 1).await;
    let topic = MENTION_RECEIVED;
    let read = log.read(&topic, 0, 0, 10, PATIENCE);
    let append = log.append(numbered("a", 1));
    let (found, _) = futures::join!(read, append);
    assert_eq!(
        texts(&found.unwrap()),
        ["0"],
        "and not an empty list after the wait"
    );
}

pub(super) async fn large(backend: &dyn Backend) {
    let log = open(backend, 1).await;
    let payload: Bytes = (0..10_u32 << 20)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let big = NewRecord {
        payload: payload.clone(),
        ..received("a", "")
    };
    log.append(vec![received("a", "before"), big, received("a", "after")])
        .await
        .unwrap();
    let found = log
        .read(&MENTION_RECEIVED, 0, 1, 1, Duration::ZERO)
        .await
        .unwrap();
    assert!(found[0].payload == payload, "the large record changed");
    let found = log
        .read(&MENTION_RECEIVED, 0, 2, 1, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(texts(&found), ["after"]);
}

pub(super) async fn many_topics(backend: &dyn Backend) {
    let log = backend.open().await;
    let names: Vec<_> = (0..60)
        .map(|n| TopicName::new(&format!("queue.d{n}")).unwrap())
        .collect();
    let specs: Vec<_> = names
        .iter()
        .map(|name| TopicSpec::new(name.clone(), 1))
        .collect();
    log.ensure_topics(&specs).await.unwrap();
    let one_each = names
        .iter()
        .map(|name| record(name.clone(), "k", name.as_str()));
    log.append(one_each.collect()).await.unwrap();
    for name in &names {
        assert_eq!(read_all(&log, name, 0).await, [name.as_str()]);
    }
}

pub(super) async fn topic_grows(backend: &dyn Backend) {
    let log = open(backend, 2).await;
    log.append(numbered("a", 4)).await.unwrap();
    log.ensure_topics(&[TopicSpec::new(MENTION_RECEIVED, 3)])
        .await
        .unwrap();
    log.ensure_topics(&[TopicSpec::new(MENTION_CLASSIFIED, 1)])
        .await
        .unwrap();
    let grown = log.watermarks(&MENTION_RECEIVED).await.unwrap();
    assert_eq!(
        grown
            .iter()
            .map(|marks| marks.partition)
            .collect::<Vec<_>>(),
        [0, 1, 2]
    );
    assert_eq!(grown.iter().map(|marks| marks.high).sum::<u64>(), 4);
    assert_eq!(log.watermarks(&MENTION_CLASSIFIED).await.unwrap().len(), 2);
}
