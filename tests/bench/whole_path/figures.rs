//! What the server's own counters say.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use switchboard_tests::server::Server;

const ROUTED: &str = "switchboard_stage_events_total{";
const WAIT: &str = "switchboard_mention_to_ticket_seconds_bucket{le=\"";

/// One reading of `/metrics`.
pub(crate) struct Figures {
    /// Mentions the route stage is done with, whatever became of them.
    pub(crate) routed: f64,
    /// Of all threads, user and system.
    pub(crate) processor_seconds: f64,
    /// Memory the process has.
    pub(crate) resident_bytes: f64,
    /// Upper bound in microseconds → mentions that waited no longer.
    waits: BTreeMap<u64, f64>,
}

impl Figures {
    /// Reads them.
    pub(crate) async fn of(server: &Server) -> Result<Self> {
        let (_, text) = server.ops("/metrics").await?;
        let mut figures = Self {
            routed: 0.0,
            processor_seconds: 0.0,
            resident_bytes: 0.0,
            waits: BTreeMap::new(),
        };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (series, value) = line.rsplit_once(' ').context("a line without a value")?;
            figures.note(series, value.parse()?)?;
        }
        Ok(figures)
    }

    fn note(&mut self, series: &str, value: f64) -> Result<()> {
        if series.starts_with(ROUTED) && series.contains("stage=\"route\"") {
            self.routed += value;
        } else if series == "process_cpu_seconds_total" {
            self.processor_seconds = value;
        } else if series == "process_resident_memory_bytes" {
            self.resident_bytes = value;
        } else if let Some(bound) = series.strip_prefix(WAIT) {
            let bound = bound.trim_end_matches("\"}");
            self.waits.insert(micros(bound)?, value);
        }
        Ok(())
    }

    /// What happened since an earlier reading; the memory stays as it is now.
    pub(crate) fn minus(&self, before: &Self) -> Self {
        let waits = self.waits.iter().map(|(bound, count)| {
            let earlier = before.waits.get(bound).copied().unwrap_or_default();
            (*bound, count - earlier)
        });
        Self {
            routed: self.routed - before.routed,
            processor_seconds: self.processor_seconds - before.processor_seconds,
            resident_bytes: self.resident_bytes,
            waits: waits.collect(),
        }
    }

    /// Between which bounds of the histogram that share of the waits lies.
    pub(crate) fn quantile(&self, share: f64) -> String {
        let all = self.waits.values().copied().fold(0.0, f64::max);
        let mut lower = 0;
        for (bound, count) in &self.waits {
            if *count >= all * share {
                return match *bound {
                    u64::MAX => format!("above {} ms", lower / 1_000),
                    bound => format!("{} to {} ms", lower / 1_000, bound / 1_000),
                };
            }
            lower = *bound;
        }
        "unknown".into()
    }
}

fn micros(bound: &str) -> Result<u64> {
    if bound == "+Inf" {
        return Ok(u64::MAX);
    }
    let seconds: f64 = bound.parse()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a bucket's bound: positive and at most half an hour"
    )]
    Ok((seconds * 1e6).round() as u64)
}
