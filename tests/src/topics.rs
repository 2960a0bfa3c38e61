//! Log topics, read whole over the API.

use crate::Server;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeSet;

/// The API's own limit of one page.
const PAGE: usize = 1_000;

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
