//! Every query of every panel and every alert, run by a real Prometheus that scrapes the real
//! binary under traffic: no error, no unknown series, no empty panel.

use crate::files::{panel_queries, rule_queries};
use crate::prometheus::{Prometheus, is_skipped, tool};
use crate::query::Query;
use crate::traffic::Traffic;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use switchboard_tests::server::PATIENCE;

/// Between two rounds of traffic; a scrape lies in each.
const ROUND: Duration = Duration::from_secs(1);

/// What must fire in a crisis with deadlines missed and a channel that has failed once.
const FIRING: [&str; 2] = ["CrisisOpen", "Watchdog"];

#[tokio::test]
async fn every_panel_shows_something_and_every_rule_is_evaluated() -> Result<()> {
    if is_skipped() {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let mut traffic = Traffic::start(dir.path()).await?;
    let target = traffic
        .server
        .ops_url
        .strip_prefix("http://")
        .context("http")?;
    let prometheus = Prometheus::start(target).await?;
    fill_every_panel(&mut traffic, &prometheus).await?;
    traffic.wait_until_told().await?;
    check_names(&prometheus).await?;
    for query in rule_queries()? {
        // An alert that does not fire has no value; that is no error.
        prometheus.values(&query).await?;
    }
    wait_until_evaluated(&prometheus).await?;
    check_exposition(&traffic).await?;
    check_figures(&traffic, &prometheus).await?;
    prometheus.stop().await?;
    ensure!(traffic.server.stop().await?.success(), "a clean end");
    Ok(())
}

/// Goes on until every query of every panel has a value.
async fn fill_every_panel(traffic: &mut Traffic, prometheus: &Prometheus) -> Result<()> {
    let mut empty = panel_queries()?;
    ensure!(empty.len() > 60, "the dashboards are there");
    let deadline = tokio::time::Instant::now() + 2 * PATIENCE;
    while !empty.is_empty() {
        let places: Vec<&str> = empty.iter().map(|query| query.place.as_str()).collect();
        let places = places.join("\n  ");
        ensure!(
            tokio::time::Instant::now() < deadline,
            "nothing in\n  {places}"
        );
        traffic.go_on().await?;
        tokio::time::sleep(ROUND).await;
        let mut still = Vec::new();
        for query in empty {
            if !has_value(prometheus, &query).await? {
                still.push(query);
            }
        }
        empty = still;
    }
    Ok(())
}

/// A quantile of nothing is not a number, and shows nothing.
async fn has_value(prometheus: &Prometheus, query: &Query) -> Result<bool> {
    let values = prometheus.values(query).await?;
    Ok(values.iter().any(|value| !value.is_nan()))
}

/// Every series that a query names is one that Prometheus has seen, also those of alerts that
/// do not fire. The recorded ones over days are there from the first evaluation.
async fn check_names(prometheus: &Prometheus) -> Result<()> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let known = prometheus.get("/api/v1/label/__name__/values", &[]).await?;
        let known: BTreeSet<&str> = known
            .as_array()
            .context("names")?
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let queries = [panel_queries()?, rule_queries()?].concat();
        let unknown: BTreeSet<&str> = queries
            .iter()
            .flat_map(Query::metrics)
            .filter(|name| !known.contains(name) && !is_of_faults(name))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        ensure!(
            tokio::time::Instant::now() < deadline,
            "never seen: {unknown:?}"
        );
        tokio::time::sleep(ROUND).await;
    }
}

/// Recorded from series that exist only once a request has failed on our side.
fn is_of_faults(name: &str) -> bool {
    name.starts_with("switchboard:api_errors:")
}

/// Prometheus has looked at every rule without an error, and what should fire does.
async fn wait_until_evaluated(prometheus: &Prometheus) -> Result<()> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let data = prometheus.get("/api/v1/rules", &[]).await?;
        let groups = data["groups"].as_array().context("groups")?;
        let rules: Vec<&Value> = groups
            .iter()
            .filter_map(|group| group["rules"].as_array())
            .flatten()
            .collect();
        let failed = rules.iter().find(|rule| rule["health"] == "err");
        ensure!(failed.is_none(), "{failed:?}");
        let fires = |name: &&str| {
            let mut rules = rules.iter();
            rules.any(|rule| rule["name"] == **name && rule["state"] == "firing")
        };
        if rules.iter().all(|rule| rule["health"] == "ok") && FIRING.iter().all(fires) {
            return Ok(());
        }
        ensure!(
            tokio::time::Instant::now() < deadline,
            "{data}\n{}",
            prometheus.said()
        );
        tokio::time::sleep(ROUND).await;
    }
}

/// Prometheus's own linter on what the process exposes.
async fn check_exposition(traffic: &Traffic) -> Result<()> {
    let (_, text) = traffic.server.ops("/metrics").await?;
    tool("promtool", &["check", "metrics"], Some(&text))
}

/// What a panel shows is what the API counts.
async fn check_figures(traffic: &Traffic, prometheus: &Prometheus) -> Result<()> {
    let queries = panel_queries()?;
    let shown = queries
        .iter()
        .find(|it| it.place == "overview: Open tickets A");
    let shown = shown.context("the panel of open tickets")?;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let queues = traffic.server.get("/api/v1/queues").await?;
        let listed = queues["queues"].as_array().context("queues")?;
        let open: f64 = listed
            .iter()
            .filter_map(|it| it["status"]["open"].as_f64())
            .sum();
        let values = prometheus.values(shown).await?;
        if open > 0.0 && values.iter().any(|value| (value - open).abs() < 0.5) {
            return Ok(());
        }
        ensure!(
            tokio::time::Instant::now() < deadline,
            "the panel shows {values:?}, the API {queues}"
        );
        tokio::time::sleep(ROUND).await;
    }
}
