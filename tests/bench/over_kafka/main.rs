//! What classifying costs on Apache Kafka: beside a client that only copies the same records,
//! and shared by two processes.
//!
//! `cargo run -p switchboard-tests --example over_kafka -- [MENTIONS]`
//!
//! The binary under test is the one that `SWITCHBOARD_BIN` names (`make bench`: the release).
//! Broker, clients and stages share the same cores; figures of one run compare with each other.

#![expect(clippy::print_stdout, reason = "a program for a person at a terminal")]

mod classify;
mod copy;
#[path = "../feed.rs"]
mod feed;

use anyhow::{Context, Result};
use classify::Shared;

/// Some seconds of work for every party.
const MENTIONS: usize = 200_000;

#[tokio::main]
async fn main() -> Result<()> {
    let mentions = match std::env::args().nth(1) {
        Some(count) => count.parse().context("MENTIONS is not a number")?,
        None => MENTIONS,
    };
    let one = Shared::filled(mentions).await?;
    let (bootstrap, prefix) = (one.bootstrap.clone(), one.prefix().to_owned());
    let alone = one.classified_by(1).await?;
    let copied =
        tokio::task::spawn_blocking(move || copy::all(&bootstrap, &prefix, mentions)).await??;
    println!("{mentions} mentions");
    println!(
        "by librdkafka alone:  {:.0} mentions/s as they came,",
        copied.as_they_came
    );
    println!(
        "                      {:.0} with the records the stage writes",
        copied.as_classified
    );
    println!(
        "classified by one:    {:.0} mentions/s, {:.2} of the latter, {:.1} µs of processor each",
        alone.rate,
        alone.rate / copied.as_classified,
        alone.processor_micros
    );
    let both = Shared::filled(mentions).await?.classified_by(2).await?;
    println!(
        "classified by two:    {:.0} mentions/s, {:.1} µs each, {:.2} of what one costs",
        both.rate,
        both.processor_micros,
        both.processor_micros / alone.processor_micros
    );
    Ok(())
}
