//! How fast the embedded log appends and reads: `cargo run --release --example log_rate -- DIR`.

#![expect(clippy::print_stdout, reason = "a measurement prints its figures")]

use bytes::Bytes;
use jiff::Timestamp;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use std::time::{Duration, Instant};
use switchboard_stream::backend::embedded::{EmbeddedLog, EmbeddedOptions};
use switchboard_stream::topic::{MENTION_RECEIVED, standard_topics};
use switchboard_stream::{Log, LogError, NewRecord, OffsetHome, Subscription};

const BATCHES: usize = 300;
const BATCH_RECORDS: usize = 1_000;
const RECORD_BYTES: usize = 700;
const SINGLE_APPENDS: usize = 500;

/// Words, so that it compresses as text does.
fn payload(random: &mut SmallRng) -> Bytes {
    let words = [
        "flight", "bag", "lost", "where", "is", "my", "thanks", "delayed", "\"id\":", "refund",
    ];
    let mut text = String::with_capacity(RECORD_BYTES + 16);
    while text.len() < RECORD_BYTES {
        text.push_str(words.choose(random).copied().unwrap_or_default());
        text.push_str(&random.random_range(0..100_u32).to_string());
    }
    text.truncate(RECORD_BYTES);
    Bytes::from(text)
}

fn batch(random: &mut SmallRng, records: usize) -> Vec<NewRecord> {
    let record = |number: usize| NewRecord {
        topic: MENTION_RECEIVED,
        key: format!("x::{}", number % 200),
        payload: payload(random),
        timestamp: Timestamp::UNIX_EPOCH,
    };
    (0..records).map(record).collect()
}

#[tokio::main]
async fn main() -> Result<(), LogError> {
    let dir = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "log-rate".to_owned());
    let log = EmbeddedLog::open(&EmbeddedOptions::new(dir, [1; 16]))?;
    log.ensure_topics(&standard_topics(4)).await?;
    let mut random = SmallRng::seed_from_u64(1);
    append(&log, &mut random).await?;
    consume(&log).await?;
    log.close().await
}

async fn append(log: &EmbeddedLog, random: &mut SmallRng) -> Result<(), LogError> {
    let batches: Vec<_> = (0..BATCHES).map(|_| batch(random, BATCH_RECORDS)).collect();
    let (started, mut waits) = (Instant::now(), Vec::with_capacity(BATCHES));
    for batch in batches {
        let asked = Instant::now();
        log.append(batch).await?;
        waits.push(asked.elapsed());
    }
    report(
        "append, 1000 a batch",
        BATCHES * BATCH_RECORDS,
        started.elapsed(),
    );
    waits.sort();
    println!(
        "append of one batch: median {:?}, p99 {:?}",
        waits[BATCHES / 2],
        waits[BATCHES * 99 / 100]
    );
    let singles: Vec<_> = (0..SINGLE_APPENDS).map(|_| batch(random, 1)).collect();
    let started = Instant::now();
    for single in singles {
        log.append(single).await?;
    }
    report("append, one by one", SINGLE_APPENDS, started.elapsed());
    Ok(())
}

async fn consume(log: &EmbeddedLog) -> Result<(), LogError> {
    let subscription = Subscription {
        group: "rate".to_owned(),
        topics: vec![MENTION_RECEIVED],
        offsets: OffsetHome::Log,
    };
    let mut consumer = log.subscribe(subscription).await?;
    let (started, mut records, mut reading) = (Instant::now(), 0, Duration::ZERO);
    loop {
        let asked = Instant::now();
        let Some(batch) = consumer.poll(BATCH_RECORDS, Duration::ZERO).await? else {
            break;
        };
        reading += asked.elapsed();
        records += batch.records.len();
        consumer.commit(&batch).await?;
    }
    report("consume, reading alone", records, reading);
    report(
        "consume, offset stored per 1000",
        records,
        started.elapsed(),
    );
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn report(what: &str, records: usize, took: Duration) {
    println!(
        "{what}: {:.0} records/s",
        records as f64 / took.as_secs_f64()
    );
}
