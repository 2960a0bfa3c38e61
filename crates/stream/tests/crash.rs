//! A crash between any two writes or syncs: nothing acknowledged is lost, and the log opens
//! again with no hand.
//!
//! The log runs once on a file system that writes down every change. For each seed the
//! power fails at some point of that trace, the files are rebuilt as a disk may leave them,
//! and the ordinary code opens them.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

#[path = "crash/disk.rs"]
mod disk;
#[path = "crash/vfs.rs"]
mod vfs;

use bytes::Bytes;
use disk::Disk;
use jiff::Timestamp;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::path::{Path, PathBuf};
use std::time::Duration;
use switchboard_stream::backend::embedded::{EmbeddedLog, EmbeddedOptions};
use switchboard_stream::topic::{MENTION_CLASSIFIED, MENTION_RECEIVED, TopicSpec};
use switchboard_stream::{Log, LogError, NewRecord, OffsetHome, Subscription, TopicName};
use vfs::Event;

const SEEDS: u64 = 1_000;
const DAY_SECONDS: i64 = 24 * 3600;

/// What the log had promised at a point of the trace.
#[derive(Clone, Copy, Debug, Default)]
struct Promise {
    /// Records acknowledged, in each topic.
    appended: u64,
    /// The group's acknowledged offset.
    committed: u64,
    /// Records that retention may have deleted.
    may_be_gone: u64,
}

fn specs() -> Vec<TopicSpec> {
    vec![
        TopicSpec::new(MENTION_RECEIVED, 1),
        TopicSpec::new(MENTION_CLASSIFIED, 2),
    ]
}

fn payload(number: u64) -> Bytes {
    let mut random = SmallRng::seed_from_u64(number);
    let length = random.random_range(1..6_000);
    (0..length).map(|_| random.random::<u8>()).collect()
}

fn record(topic: TopicName, number: u64) -> NewRecord {
    NewRecord {
        topic,
        key: format!("author-{}", number % 7),
        payload: payload(number),
        timestamp: Timestamp::from_second(i64::try_from(number).unwrap() * DAY_SECONDS).unwrap(),
    }
}

fn subscription() -> Subscription {
    Subscription {
        group: "classify".into(),
        topics: vec![MENTION_RECEIVED],
        offsets: OffsetHome::Log,
    }
}

/// Fast, where the machine has it: a thousand disks are written.
fn scratch() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    let parent = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    tempfile::tempdir_in(parent).unwrap()
}

struct Recorder {
    trace: Vec<Event<Promise>>,
    promise: Promise,
    dir: tempfile::TempDir,
}

impl Recorder {
    fn open(&self) -> EmbeddedLog {
        let mut options = EmbeddedOptions::new(self.dir.path(), [7; 16]);
        options.vfs = Some(vfs::NAME.to_owned());
        EmbeddedLog::open(&options).unwrap()
    }

    fn mark(&mut self) {
        self.trace.extend(vfs::take());
        self.trace.push(Event::Mark(self.promise));
    }

    async fn append(&mut self, log: &EmbeddedLog, count: u64) {
        let numbers = self.promise.appended..self.promise.appended + count;
        let both =
            |number| [MENTION_RECEIVED, MENTION_CLASSIFIED].map(|topic| record(topic, number));
        log.append(numbers.flat_map(both).collect()).await.unwrap();
        self.promise.appended += count;
        self.mark();
    }

    async fn commit(&mut self, log: &EmbeddedLog) {
        let mut consumer = log.subscribe(subscription()).await.unwrap();
        let batch = consumer.poll(4, Duration::ZERO).await.unwrap().unwrap();
        consumer.commit(&batch).await.unwrap();
        self.promise.committed = batch.next_offset();
        self.mark();
    }

    /// As a backup or the automatic checkpoint does between two appends.
    fn checkpoint(&self, mode: &str) {
        let path = self.dir.path().join("log.db");
        let flags = rusqlite::OpenFlags::default();
        let connection =
            rusqlite::Connection::open_with_flags_and_vfs(path, flags, vfs::NAME).unwrap();
        connection
            .query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()))
            .unwrap();
    }

    async fn expire(&mut self, log: &EmbeddedLog, records: u64) {
        self.promise.may_be_gone = records;
        self.mark();
        let age = i64::try_from(records).unwrap() * DAY_SECONDS;
        let now = Timestamp::from_second(age + 14 * DAY_SECONDS).unwrap();
        assert!(
            log.enforce_retention(now).await.unwrap() > 0,
            "the trace has deletions"
        );
    }
}

async fn record_trace() -> Vec<Event<Promise>> {
    vfs::register();
    let mut recorder = Recorder {
        trace: Vec::new(),
        promise: Promise::default(),
        dir: scratch(),
    };
    for round in 0..3 {
        let log = recorder.open();
        log.ensure_topics(&specs()).await.unwrap();
        for step in 0..12_u64 {
            recorder.append(&log, 1 + step % 4).await;
            match step {
                3 => recorder.checkpoint("PASSIVE"),
                6 => recorder.checkpoint("RESTART"),
                9 => recorder.checkpoint("TRUNCATE"),
                _ => recorder.commit(&log).await,
            }
        }
        if round == 1 {
            let records = recorder.promise.committed / 2;
            recorder.expire(&log, records).await;
        }
        log.close().await.unwrap();
        recorder.mark();
    }
    recorder.trace
}

/// Opens what the crash left and compares it with what was promised.
async fn check(dir: &Path, promise: Promise) -> Result<(), String> {
    let log = EmbeddedLog::open(&EmbeddedOptions::new(dir, [8; 16])).map_err(text)?;
    log.ensure_topics(&specs()).await.map_err(text)?;
    let high = check_records(&log, promise).await?;
    let other: u64 = log
        .watermarks(&MENTION_CLASSIFIED)
        .await
        .map_err(text)?
        .iter()
        .map(|w| w.high)
        .sum();
    if other != high {
        return Err(format!(
            "half an append: {high} records in one topic, {other} in the other"
        ));
    }
    let mut consumer = log.subscribe(subscription()).await.map_err(text)?;
    let backlog = log
        .backlog("classify", &MENTION_RECEIVED)
        .await
        .map_err(text)?;
    if high - backlog < promise.committed {
        return Err(format!(
            "the group is at {}, not {}",
            high - backlog,
            promise.committed
        ));
    }
    let positions = log
        .append(vec![record(MENTION_RECEIVED, high)])
        .await
        .map_err(text)?;
    if positions[0].offset != high {
        return Err(format!("the next append got {positions:?}, not {high}"));
    }
    consumer
        .poll(10, Duration::ZERO)
        .await
        .map_err(text)?
        .ok_or("nothing to read")?;
    log.close().await.map_err(text)
}

async fn check_records(log: &EmbeddedLog, promise: Promise) -> Result<u64, String> {
    let marks = log.watermarks(&MENTION_RECEIVED).await.map_err(text)?[0];
    if marks.high < promise.appended {
        return Err(format!(
            "{} acknowledged, {} there",
            promise.appended, marks.high
        ));
    }
    if marks.low > promise.may_be_gone {
        return Err(format!("begins at {} before anything might go", marks.low));
    }
    let mut next = marks.low;
    while next < marks.high {
        let records = log
            .read(&MENTION_RECEIVED, 0, next, 100, Duration::ZERO)
            .await
            .map_err(text)?;
        for found in records {
            if found.offset != next || found.payload != payload(next) {
                return Err(format!("record {next} is not what was appended"));
            }
            next += 1;
        }
    }
    Ok(marks.high)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err asks for")]
fn text(error: LogError) -> String {
    error.to_string()
}

/// Seeds by the point of the trace at which they crash, so that the disk is followed once.
fn crash_points(events: usize) -> Vec<(usize, u64)> {
    let point = |seed: u64| {
        (
            SmallRng::seed_from_u64(!seed).random_range(0..=events),
            seed,
        )
    };
    let mut points: Vec<_> = (0..SEEDS).map(point).collect();
    points.sort_unstable();
    points
}

#[test]
fn a_crash_at_any_point_loses_nothing_acknowledged() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let trace = runtime.block_on(record_trace());
    let (mut disk, mut promise, mut followed) = (Disk::default(), Promise::default(), 0);
    for (point, seed) in crash_points(trace.len()) {
        for event in &trace[followed..point] {
            match event {
                Event::File(name, change) => disk.follow(name, change),
                Event::Mark(mark) => promise = *mark,
            }
        }
        followed = point;
        let dir = scratch();
        disk.crash_into(dir.path(), seed);
        if let Err(problem) = runtime.block_on(check(dir.path(), promise)) {
            panic!(
                "seed {seed}, crash before event {point} of {}: {problem}",
                trace.len()
            );
        }
    }
}
