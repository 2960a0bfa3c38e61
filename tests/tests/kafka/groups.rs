//! Members that come, go and die: no record's effect twice, none lost.

use crate::store::CountingStore;
use crate::world::{World, records, with_store};
use futures::future::join_all;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use rstest::rstest;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use switchboard_stream::topic::MENTION_RECEIVED;
use switchboard_stream::{Consumer, Log, LogError, OffsetHome, Subscription};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Far over what a busy machine takes for the few thousand records here.
const LIMIT: Duration = Duration::from_mins(2);
const RECORDS: usize = 2_000;
const BATCH_MAX: usize = 20;

/// Comings and goings, one about every second. Then there must be calm: a member that leaves
/// while its group is dealing out is waited for until its session ends, so an endless storm
/// on a busy machine lets nobody work.
const STEPS_MAX: usize = 30;

/// How a member ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Between two batches.
    Kindly,
    /// With a batch in hand, whose effect it still tries when others own the partition.
    Late,
}

/// Reads, applies and commits until told to stop.
async fn member(log: Arc<dyn Log>, store: Arc<CountingStore>, stop: CancellationToken, end: End) {
    let mut consumer = with_store(&*log, &store).await;
    let mut in_hand = None;
    while !stop.is_cancelled() {
        let Some(batch) = poll(&mut consumer).await else {
            continue;
        };
        if stop.is_cancelled() && matches!(end, End::Late) {
            in_hand = Some(batch);
            break;
        }
        let moved = store.apply(&batch) && consumer.commit(&batch).await.is_ok();
        if !moved {
            let _gone = consumer.rewind(&batch.topic, batch.partition).await;
        }
    }
    drop(consumer);
    if let Some(batch) = in_hand {
        tokio::time::sleep(Duration::from_millis(700)).await;
        // Right if nobody has taken over yet, refused by the guard if somebody has.
        store.apply(&batch);
    }
}

async fn poll(consumer: &mut Box<dyn Consumer>) -> Option<switchboard_stream::Batch> {
    match consumer.poll(BATCH_MAX, Duration::from_millis(200)).await {
        Ok(batch) => batch,
        Err(LogError::Unavailable { reason }) => {
            println!("again: {reason}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// The law: whoever comes and goes, each record has its effect once.
#[rstest]
#[case::a(1)]
#[case::b(2)]
#[case::c(3)]
#[tokio::test(flavor = "multi_thread")]
async fn members_come_and_go_and_each_record_counts_once(#[case] seed: u64) {
    if switchboard_tests::kafka::is_skipped() {
        return;
    }
    let mut random = SmallRng::seed_from_u64(seed);
    let world = World::shared();
    let log: Arc<dyn Log> = Arc::new(world.log_with(4).await);
    let store = Arc::new(CountingStore::default());
    let (mut members, mut ended) = (Vec::new(), Vec::new());
    let begin = Instant::now();
    let (mut appended, mut steps) = (0, 0);
    while store.count() < RECORDS {
        assert!(
            begin.elapsed() < LIMIT,
            "of {RECORDS}: {}",
            store.standing()
        );
        if appended < RECORDS {
            let step = (appended + RECORDS / 15).min(RECORDS);
            log.append(records(appended..step)).await.unwrap();
            appended = step;
        }
        let is_storm = steps < STEPS_MAX;
        steps += 1;
        let joins = members.len() < 3 && is_storm && random.random_bool(0.5);
        if members.is_empty() || joins {
            let stop = CancellationToken::new();
            let end = if random.random_bool(0.5) {
                End::Kindly
            } else {
                End::Late
            };
            let run = member(Arc::clone(&log), Arc::clone(&store), stop.clone(), end);
            members.push((stop, TaskTracker::new().spawn(run)));
        } else if is_storm && (appended < RECORDS || members.len() > 1) {
            let (stop, run) = members.swap_remove(random.random_range(0..members.len()));
            stop.cancel();
            ended.push(run);
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(200..1_500))).await;
    }
    for (stop, run) in members {
        stop.cancel();
        ended.push(run);
    }
    for run in join_all(ended).await {
        run.unwrap();
    }
    let twice: Vec<_> = store
        .effects()
        .into_iter()
        .filter(|(_, count)| *count != 1)
        .collect();
    assert!(twice.is_empty(), "seed {seed}: {twice:?}");
    assert_eq!(store.count(), RECORDS);
    log.close().await.unwrap();
}

/// Set for the process that is going to be killed, with what it needs to find the log.
const VICTIM: &str = "SWITCHBOARD_TEST_VICTIM";

/// Not a test by itself: the process that [`a_killed_members_records_come_again`] kills.
#[tokio::test(flavor = "multi_thread")]
async fn victim() {
    let Some(place) = std::env::var_os(VICTIM) else {
        return;
    };
    let place = place.to_string_lossy().into_owned();
    let (bootstrap, prefix) = place.split_once(' ').unwrap();
    let mut world = World::on(bootstrap);
    world.config.prefix = prefix.to_owned();
    let log = world.log_with(1).await;
    let mut consumer = subscribe(&log).await;
    let batch = consumer.poll(10, LIMIT).await.unwrap().unwrap();
    println!("\nin hand: {}", batch.records.len());
    std::future::pending::<()>().await;
}

async fn subscribe(log: &dyn Log) -> Box<dyn Consumer> {
    let subscription = Subscription {
        group: "group".into(),
        topics: vec![MENTION_RECEIVED],
        offsets: OffsetHome::Log,
    };
    log.subscribe(subscription).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_members_records_come_again() {
    if switchboard_tests::kafka::is_skipped() {
        return;
    }
    let world = World::shared();
    let log = world.log_with(1).await;
    log.append(records(0..10)).await.unwrap();
    let place = format!("{} {}", world.config.brokers, world.config.prefix);
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "groups::victim", "--nocapture"])
        .env(VICTIM, place)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(victim.stdout.take().unwrap()).lines();
    let in_hand = said
        .map_while(Result::ok)
        .find(|line| line.starts_with("in hand"));
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert_eq!(in_hand.unwrap(), "in hand: 10");
    let killed = Instant::now();
    let mut heir = subscribe(&log).await;
    let batch = heir.poll(10, LIMIT).await.unwrap().unwrap();
    assert_eq!((batch.records.len(), batch.records[0].offset), (10, 0));
    heir.commit(&batch).await.unwrap();
    let idle = killed.elapsed();
    assert!(
        idle < Duration::from_secs(15),
        "the partition was idle for {idle:?}"
    );
    log.close().await.unwrap();
}
