//! How many mentions a second become tickets, and how long one of them waits for its own.
//!
//! `cargo run --release -p switchboard-tests --example whole_path -- [embedded|beyond] [MENTIONS]`
//!
//! The binary under test is the one that `SWITCHBOARD_BIN` names (`make bench`: the release).
//! `beyond` runs it on Apache Kafka and PostgreSQL, started for the run beside it on the same
//! cores.
//!
//! Figures of one run compare with each other; they are no promise for another machine.

#![expect(clippy::print_stdout, reason = "a program for a person at a terminal")]

#[path = "../feed.rs"]
mod feed;
mod figures;
mod pace;
mod place;

use anyhow::{Context, Result};
use figures::Figures;
use place::Place;
use std::time::{Duration, Instant};
use switchboard_tests::server::Server;

/// Enough for a minute of work, and for the store to outgrow its page cache.
const MENTIONS: usize = 100_000;

/// How long mentions trickle in for the second figure: long enough for a thousand of them.
const TRICKLE: Duration = Duration::from_secs(20);

/// How often the counters are read. A reading costs the server a millisecond.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// A path that has moved nothing for so long does not move.
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().unwrap_or_else(|| "embedded".into());
    let mentions = match arguments.next() {
        Some(count) => count.parse().context("MENTIONS is not a number")?,
        None => MENTIONS,
    };
    let place = Place::new(&kind).await?;
    let mut server = place.start().await?;
    println!("{kind}, {mentions} mentions, every one a ticket's");
    let rate = flood(&server, mentions).await?;
    trickle(&server, rate / 2.0, mentions).await?;
    server.stop().await?;
    Ok(())
}

/// All at once: what the path can carry.
async fn flood(server: &Server, mentions: usize) -> Result<f64> {
    let before = Figures::of(server).await?;
    let begun = Instant::now();
    let (sent, routed) = tokio::join!(
        feed::all(server, mentions, Duration::ZERO),
        wait_until_routed(server, &before, mentions)
    );
    let accepted = sent?.duration_since(begun).as_secs_f64();
    let (after, end) = routed?;
    let seconds = end.duration_since(begun).as_secs_f64();
    let used = after.minus(&before);
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let count = mentions as f64;
    println!("accepted: {:.0} mentions/s", count / accepted);
    println!("routed:   {:.0} mentions/s", count / seconds);
    println!(
        "processor: {:.0} µs a mention, {:.0} MiB resident at the end",
        used.processor_seconds / count * 1e6,
        after.resident_bytes / 1_048_576.0
    );
    Ok(count / seconds)
}

/// At half of that rate: what one mention waits.
async fn trickle(server: &Server, rate: f64, first: usize) -> Result<()> {
    let before = Figures::of(server).await?;
    let sent = pace::paced(server, rate, TRICKLE, first).await?;
    let (after, _) = wait_until_routed(server, &before, sent).await?;
    let waits = after.minus(&before);
    println!(
        "at {rate:.0} mentions/s, receipt to the lasting ticket: p50 {}, p99 {} ({sent} mentions)",
        waits.quantile(0.50),
        waits.quantile(0.99)
    );
    Ok(())
}

/// The counters once `count` more mentions have reached their tickets, and when that was.
async fn wait_until_routed(
    server: &Server,
    before: &Figures,
    count: usize,
) -> Result<(Figures, Instant)> {
    let mut moved = (before.routed, Instant::now());
    loop {
        let now = Figures::of(server).await?;
        if now.routed > moved.0 {
            moved = (now.routed, Instant::now());
        }
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        if now.routed - before.routed >= count as f64 {
            return Ok((now, Instant::now()));
        }
        anyhow::ensure!(moved.1.elapsed() < PATIENCE, "the path stands still");
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}
