//! Brokers that die: what was acknowledged is there, and whoever appends learns in time.

use crate::store::CountingStore;
use crate::world::{World, records, with_store};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use switchboard_stream::topic::MENTION_RECEIVED;
use switchboard_stream::{Consumer, Log, LogError, LogRecord, Position, Watermarks};
use switchboard_tests::kafka::Kafka;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const PARTITIONS: u32 = 3;
const APPEND_TIMEOUT: Duration = Duration::from_secs(10);
/// What the caller may wait beyond the time-out: librdkafka looks once a second.
const SLACK: Duration = Duration::from_secs(3);
const RECOVERY_LIMIT: Duration = Duration::from_mins(1);

/// What the log acknowledged, by what was appended.
type Acknowledged = BTreeMap<String, Position>;

/// Appends small batches until stopped; answers what was acknowledged and the longest wait.
async fn append_until(
    log: Arc<dyn Log>,
    writer: usize,
    stop: CancellationToken,
) -> (Acknowledged, Duration) {
    let mut acknowledged = Acknowledged::new();
    let mut longest = Duration::ZERO;
    let mut number = writer * 1_000_000;
    while !stop.is_cancelled() {
        let batch = records(number..number + 5);
        let begin = Instant::now();
        match log.append(batch.clone()).await {
            Ok(positions) => {
                let texts = batch
                    .iter()
                    .map(|one| String::from_utf8(one.payload.to_vec()).unwrap());
                acknowledged.extend(texts.zip(positions));
            }
            Err(LogError::Unavailable { reason }) => println!("writer {writer}: {reason}"),
            Err(error) => panic!("{error}"),
        }
        longest = longest.max(begin.elapsed());
        number += 5;
    }
    (acknowledged, longest)
}

async fn check(log: &dyn Log, acknowledged: &Acknowledged) {
    let mut found = BTreeMap::new();
    for marks in watermarks(log).await {
        let mut from = marks.low;
        while from < marks.high {
            for record in read(log, marks.partition, from).await {
                from = record.offset + 1;
                let text = String::from_utf8(record.payload.to_vec()).unwrap();
                let position = Position {
                    partition: marks.partition,
                    offset: record.offset,
                };
                found.insert(position, text);
            }
        }
    }
    for (text, position) in acknowledged {
        assert_eq!(
            found.get(position),
            Some(text),
            "acknowledged at {position:?}"
        );
    }
}

async fn watermarks(log: &dyn Log) -> Vec<Watermarks> {
    let begin = Instant::now();
    loop {
        match log.watermarks(&MENTION_RECEIVED).await {
            Ok(marks) => return marks,
            Err(error) => assert!(begin.elapsed() < RECOVERY_LIMIT, "{error}"),
        }
    }
}

/// Brokers that are just back may need a moment.
async fn read(log: &dyn Log, partition: u32, from: u64) -> Vec<LogRecord> {
    let begin = Instant::now();
    loop {
        match log
            .read(&MENTION_RECEIVED, partition, from, 5_000, Duration::ZERO)
            .await
        {
            Ok(records) => return records,
            Err(error) => assert!(begin.elapsed() < RECOVERY_LIMIT, "{error}"),
        }
    }
}

async fn append_again(log: &dyn Log) {
    let begin = Instant::now();
    while let Err(error) = log.append(records(0..1)).await {
        assert!(begin.elapsed() < RECOVERY_LIMIT, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_die_and_nothing_acknowledged_is_lost() {
    if switchboard_tests::kafka::is_skipped() {
        return;
    }
    let kafka = Arc::new(Kafka::start(3).unwrap());
    let mut world = World::on(&kafka.bootstrap());
    world.config.append_timeout = APPEND_TIMEOUT;
    let log: Arc<dyn Log> = Arc::new(world.log_with(PARTITIONS).await);
    let store = Arc::new(CountingStore::default());
    let mut consumer = with_store(&*log, &store).await;
    let acknowledged = lose_one_after_another(&kafka, &log).await;
    check(&*log, &acknowledged).await;
    lose_all(&kafka, &*log).await;
    append_again(&*log).await;
    check(&*log, &acknowledged).await;
    read_all(&mut consumer, &store, acknowledged.len()).await;
    log.close().await.unwrap();
}

/// Two copies are left each time, and that is enough to go on.
async fn lose_one_after_another(kafka: &Arc<Kafka>, log: &Arc<dyn Log>) -> Acknowledged {
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    let write = |writer| tasks.spawn(append_until(Arc::clone(log), writer, stop.clone()));
    let writers: Vec<_> = (1..=3).map(write).collect();
    for index in 0..2 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        kafka.kill(index);
        tokio::time::sleep(Duration::from_secs(4)).await;
        let kafka = Arc::clone(kafka);
        let restart = move || kafka.restart(index).unwrap();
        tokio::task::spawn_blocking(restart).await.unwrap();
    }
    // Once more while all are there.
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.cancel();
    let mut acknowledged = Acknowledged::new();
    for writer in writers {
        let (more, longest) = writer.await.unwrap();
        println!("{} acknowledged, the longest wait {longest:?}", more.len());
        assert!(
            longest < APPEND_TIMEOUT + SLACK,
            "an append took {longest:?}"
        );
        acknowledged.extend(more);
    }
    assert!(
        acknowledged.len() > 100,
        "{} acknowledged",
        acknowledged.len()
    );
    acknowledged
}

/// Appends fail in time, and all brokers come back.
async fn lose_all(kafka: &Arc<Kafka>, log: &dyn Log) {
    (0..3).for_each(|index| kafka.kill(index));
    let begin = Instant::now();
    let refused = log.append(records(0..1)).await;
    assert!(
        matches!(refused, Err(LogError::Unavailable { .. })),
        "{refused:?}"
    );
    assert!(
        begin.elapsed() < APPEND_TIMEOUT + SLACK,
        "{:?}",
        begin.elapsed()
    );
    let kafka = Arc::clone(kafka);
    let restart = move || kafka.restart_all().unwrap();
    tokio::task::spawn_blocking(restart).await.unwrap();
}

/// The member that was there all the time reads on.
async fn read_all(consumer: &mut Box<dyn Consumer>, store: &CountingStore, count: usize) {
    let begin = Instant::now();
    while store.count() < count {
        assert!(begin.elapsed() < RECOVERY_LIMIT, "{} read", store.count());
        match consumer.poll(1_000, Duration::from_secs(1)).await {
            Ok(Some(batch)) => {
                assert!(store.apply(&batch));
                consumer.commit(&batch).await.unwrap();
            }
            Ok(None) | Err(LogError::Unavailable { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}
