//! What only the log in a file promises.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

use bytes::Bytes;
use jiff::Timestamp;
use rstest::rstest;
use std::time::Duration;
use switchboard_stream::backend::embedded::{EmbeddedLog, EmbeddedOptions, renew_incarnation};
use switchboard_stream::parity::MemoryOffsets;
use switchboard_stream::topic::{MENTION_RECEIVED, TopicSpec, standard_topics};
use switchboard_stream::{Log as _, LogError, NewRecord, OffsetHome, Position, Subscription};

fn record(key: &str, text: &str) -> NewRecord {
    NewRecord {
        topic: MENTION_RECEIVED,
        key: key.to_owned(),
        payload: Bytes::from(text.to_owned()),
        timestamp: Timestamp::UNIX_EPOCH,
    }
}

async fn open(dir: &std::path::Path, seed: u8) -> Result<EmbeddedLog, LogError> {
    let log = EmbeddedLog::open(&EmbeddedOptions::new(dir, [seed; 16]))?;
    log.ensure_topics(&standard_topics(2)).await?;
    Ok(log)
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path(), 1).await.unwrap();
    let incarnation = log.incarnation();
    log.append(vec![record("a", "one"), record("a", "two")])
        .await
        .unwrap();
    log.close().await.unwrap();
    assert_eq!(
        log.append(vec![record("a", "late")]).await,
        Err(LogError::Closed)
    );

    let log = open(dir.path(), 2).await.unwrap();
    assert_eq!(
        log.incarnation(),
        incarnation,
        "the seed only names a new file"
    );
    let subscription = Subscription {
        group: "classify".into(),
        topics: vec![MENTION_RECEIVED],
        offsets: OffsetHome::Log,
    };
    let mut consumer = log.subscribe(subscription).await.unwrap();
    let batch = consumer
        .poll(10, Duration::from_secs(5))
        .await
        .unwrap()
        .unwrap();
    let texts: Vec<_> = batch
        .records
        .iter()
        .map(|record| record.payload.clone())
        .collect();
    assert_eq!(
        texts,
        [Bytes::from_static(b"one"), Bytes::from_static(b"two")]
    );
    consumer.commit(&batch).await.unwrap();
    assert_eq!(consumer.poll(10, Duration::ZERO).await.unwrap(), None);
    assert_eq!(log.backlog("classify", &MENTION_RECEIVED).await.unwrap(), 0);
}

fn at_day(day: i64) -> Timestamp {
    Timestamp::from_second(day * 24 * 3600).unwrap()
}

async fn append_on_day(log: &EmbeddedLog, day: i64) {
    log.append(vec![NewRecord {
        timestamp: at_day(day),
        ..record("a", "x")
    }])
    .await
    .unwrap();
}

async fn low(log: &EmbeddedLog) -> u64 {
    log.watermarks(&MENTION_RECEIVED)
        .await
        .unwrap()
        .iter()
        .map(|marks| marks.low)
        .max()
        .unwrap()
}

fn classify(offsets: OffsetHome) -> Subscription {
    Subscription {
        group: "classify".into(),
        topics: vec![MENTION_RECEIVED],
        offsets,
    }
}

#[tokio::test]
async fn retention_goes_by_age() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path(), 1).await.unwrap();
    for day in 0..200 {
        append_on_day(&log, day).await;
    }
    assert_eq!(
        log.enforce_retention(at_day(14)).await.unwrap(),
        0,
        "to the day is not past it"
    );
    assert_eq!(
        log.enforce_retention(at_day(114)).await.unwrap(),
        100,
        "more than one step"
    );
    assert_eq!(low(&log).await, 100);
}

#[tokio::test]
async fn retention_never_passes_a_group_even_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path(), 1).await.unwrap();
    log.register_group("alert", &[MENTION_RECEIVED])
        .await
        .unwrap();
    for day in 0..6 {
        append_on_day(&log, day).await;
    }
    let mut consumer = log.subscribe(classify(OffsetHome::Log)).await.unwrap();
    let batch = consumer
        .poll(4, Duration::from_secs(5))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(log.enforce_retention(at_day(99)).await.unwrap(), 0);
    consumer.commit(&batch).await.unwrap();
    assert_eq!(
        log.enforce_retention(at_day(99)).await.unwrap(),
        0,
        "`alert` has read nothing"
    );
    drop(consumer);
    log.close().await.unwrap();

    let log = open(dir.path(), 1).await.unwrap();
    assert_eq!(
        log.enforce_retention(at_day(99)).await.unwrap(),
        0,
        "`alert` is not forgotten"
    );
    log.forget_group("alert").await.unwrap();
    assert_eq!(
        log.enforce_retention(at_day(99)).await.unwrap(),
        4,
        "up to what `classify` read"
    );
    assert_eq!(low(&log).await, 4);
}

#[tokio::test]
async fn retention_does_not_wait_for_a_channel_that_is_no_longer_configured() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path(), 1).await.unwrap();
    for group in ["notify-kept", "notify-gone", "other"] {
        log.register_group(group, &[MENTION_RECEIVED])
            .await
            .unwrap();
    }
    for day in 0..6 {
        append_on_day(&log, day).await;
    }
    let kept = ["notify-kept".to_owned()];
    log.keep_groups("notify-", &kept).await.unwrap();
    for group in ["notify-kept", "other"] {
        assert_eq!(
            log.enforce_retention(at_day(99)).await.unwrap(),
            0,
            "{group}"
        );
        log.forget_group(group).await.unwrap();
    }
    let gone = log.enforce_retention(at_day(99)).await.unwrap();
    assert!(gone > 0, "nobody waits for `notify-gone`");
}

#[tokio::test]
async fn a_store_that_lost_its_offset_is_noticed_once_records_are_gone() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path(), 1).await.unwrap();
    let store = std::sync::Arc::new(MemoryOffsets::default());
    let mut consumer = log
        .subscribe(classify(OffsetHome::Store(store)))
        .await
        .unwrap();
    for day in 0..6 {
        append_on_day(&log, day).await;
    }
    let batch = consumer
        .poll(10, Duration::from_secs(5))
        .await
        .unwrap()
        .unwrap();
    consumer.commit(&batch).await.unwrap();
    assert_eq!(log.enforce_retention(at_day(99)).await.unwrap(), 6);
    drop(consumer);

    let empty = std::sync::Arc::new(MemoryOffsets::default());
    let mut consumer = log
        .subscribe(classify(OffsetHome::Store(empty)))
        .await
        .unwrap();
    let refused = consumer.poll(10, Duration::ZERO).await.unwrap_err();
    assert!(
        matches!(
            refused,
            LogError::OutOfRange {
                offset: 0,
                low: 6,
                ..
            }
        ),
        "{refused}"
    );
}

#[tokio::test]
async fn retention_goes_by_size() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path(), 1).await.unwrap();
    let mut spec = TopicSpec::new(MENTION_RECEIVED, 2);
    spec.retention.bytes = Some(100);
    log.ensure_topics(&[spec]).await.unwrap();
    for _ in 0..50 {
        append_on_day(&log, 0).await;
    }
    let deleted = log.enforce_retention(at_day(0)).await.unwrap();
    assert!((40..50).contains(&deleted), "{deleted} of 50");
}

#[rstest]
#[case::text(b"this is no database at all, but it is long enough to look like one\n")]
#[case::cut_short(b"SQLite format 3\0")]
fn a_foreign_file_is_refused_by_name(#[case] content: &[u8]) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("log.db"), content.repeat(20)).unwrap();
    let error = EmbeddedLog::open(&EmbeddedOptions::new(dir.path(), [1; 16]))
        .err()
        .unwrap();
    assert!(matches!(error, LogError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("log.db"), "{error}");
}

#[test]
fn another_programs_database_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let other = rusqlite::Connection::open(dir.path().join("log.db")).unwrap();
    other
        .execute_batch("CREATE TABLE recipe (name TEXT)")
        .unwrap();
    drop(other);
    let error = EmbeddedLog::open(&EmbeddedOptions::new(dir.path(), [1; 16]))
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("another program's database"),
        "{error}"
    );
}

#[tokio::test]
async fn a_rotten_bit_is_named_and_not_skipped() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path(), 1).await.unwrap();
    log.append(vec![record("a", "one"), record("a", "two")])
        .await
        .unwrap();
    let position = log.append(vec![record("a", "three")]).await.unwrap()[0];
    let rot = rusqlite::Connection::open(dir.path().join("log.db")).unwrap();
    let rotten = "UPDATE batch SET data = CAST(data || x'00' AS BLOB) WHERE base_offset = 2";
    assert_eq!(rot.execute(rotten, []).unwrap(), 1);
    let read = log
        .read(&MENTION_RECEIVED, position.partition, 0, 10, Duration::ZERO)
        .await;
    let error = read.unwrap_err().to_string();
    let place = format!(
        "`mention.received` partition {} offset 2: its checksum",
        position.partition
    );
    assert!(error.contains(&place), "{error}");
}

#[tokio::test]
async fn many_callers_at_once_are_all_answered_rightly() {
    let dir = tempfile::tempdir().unwrap();
    let log = std::sync::Arc::new(open(dir.path(), 1).await.unwrap());
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..300 {
        let log = std::sync::Arc::clone(&log);
        callers.spawn(async move {
            let text = format!("record {caller}");
            let position = log.append(vec![record("a", &text)]).await.unwrap()[0];
            (position, text)
        });
    }
    for (position, text) in callers.join_all().await {
        let Position { partition, offset } = position;
        let found = log
            .read(&MENTION_RECEIVED, partition, offset, 1, Duration::ZERO)
            .await
            .unwrap();
        assert_eq!(found[0].payload, text);
    }
}

#[tokio::test]
async fn whoever_waits_learns_that_the_log_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path(), 1).await.unwrap();
    let mut consumer = log.subscribe(classify(OffsetHome::Log)).await.unwrap();
    let (topic, wait) = (MENTION_RECEIVED, Duration::from_hours(1));
    let (read, poll, closed) = tokio::join!(
        log.read(&topic, 0, 0, 1, wait),
        consumer.poll(1, wait),
        log.close()
    );
    assert_eq!(
        (read, poll, closed),
        (Err(LogError::Closed), Err(LogError::Closed), Ok(()))
    );
}

#[tokio::test]
async fn a_log_put_back_from_a_copy_gets_a_name_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path(), 1).await.unwrap();
    let before = log.incarnation();
    log.append(vec![record("a", "one")]).await.unwrap();
    log.close().await.unwrap();
    let options = EmbeddedOptions::new(dir.path(), [2; 16]);
    let renewed = renew_incarnation(&options).unwrap();
    let log = open(dir.path(), 3).await.unwrap();
    assert_eq!(renewed, (before.clone(), log.incarnation()));
    assert_ne!(before, log.incarnation());
    let watermarks = log.watermarks(&MENTION_RECEIVED).await.unwrap();
    assert_eq!(watermarks.iter().map(|it| it.high).sum::<u64>(), 1);
}
