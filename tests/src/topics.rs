//! Log topics, read whole over the API.

use crate::Server;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeSet;

/// The API's own limit of one page.
const PAGE: usize = 1_000;

/// Of a position: a version and a fingerprint of the topic go before the offsets.
const HEAD_DIGITS: usize = 2 * (1 + 8);
const OFFSET_DIGITS: usize = 2 * 8;

/// Every record of a topic.
pub async fn read_all(server: &Server, topic: &str) -> Result<Vec<Value>> {
    let mut from = "earliest".to_owned();
    let mut records = Vec::new();
    loop {
        let path = format!("/api/v1/topics/{topic}?from={from}&limit={PAGE}");
        let mut page = server.get(&path).await?;
        let read = page["records"]
            .as_array_mut()
            .map(std::mem::take)
            .unwrap_or_default();
        if read.is_empty() {
            return Ok(records);
        }
        records.extend(read);
        page["next"]
            .as_str()
            .context("a page says where the next begins")?
            .clone_into(&mut from);
    }
}

/// How many records a topic has ever had: the sum of its partitions' ends. The test looks into
/// a word that means nothing to clients.
pub async fn count(server: &Server, topic: &str) -> Result<u64> {
    let path = format!("/api/v1/topics/{topic}?from=latest&limit=1");
    let page = server.get(&path).await?;
    let next = page["next"].as_str().context("where the next begins")?;
    let offsets = next.get(HEAD_DIGITS..).context("offsets")?.as_bytes();
    let ends = offsets.chunks(OFFSET_DIGITS).map(|digits| {
        let digits = std::str::from_utf8(digits)?;
        Ok(u64::from_str_radix(digits, 16)?)
    });
    ends.sum()
}

/// The numbers of `ticket.events`, which must be dense from 1; some may stand there twice
/// after a crash, under the same number and with the same event.
pub async fn check_event_numbers(server: &Server) -> Result<usize> {
    let records = read_all(server, "ticket.events").await?;
    let numbers: BTreeSet<u64> = records
        .iter()
        .filter_map(|record| record["value"]["number"].as_u64())
        .collect();
    let dense = numbers.iter().copied().eq(1..=numbers.len() as u64);
    ensure!(dense, "event numbers have gaps: {} numbers", numbers.len());
    Ok(numbers.len())
}
