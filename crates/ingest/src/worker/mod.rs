//! One task per configured source: lease, cursor, poll, append, and only then the cursor.
//!
//! | module | holds |
//! |---|---|
//! | `lease` | the right to read a source: one process at a time |
//! | `step` | one turn: everything that happens between two waits |
//! | `delivery` | a batch as records of the log, dead letters included |
//! | `backoff` | how long a failing source is left alone |
//! | `health` | what the metrics say |
//!
//! A crash anywhere re-reads what the log may already have and never skips: the cursor is
//! stored after the acknowledgement, with the epoch of the lease, so that of two workers only
//! the present holder moves it. When the log does not acknowledge, the worker stands still
//! with its cursor; there is no queue in between.

mod backoff;
mod delivery;
mod health;
mod lease;
mod step;
#[cfg(test)]
mod tests;

pub use backoff::{BACKOFF_MAX, BACKOFF_MIN, RETRY_AFTER_MAX};
pub use lease::LEASE_TERM;
pub use step::POLL_WAIT_MAX;

use crate::config::SourceConfig;
use health::SourceHealth;
use jiff::SignedDuration;
use std::sync::Arc;
use step::Worker;
use switchboard_domain::Clock;
use switchboard_storage::Cursors;
use switchboard_stream::Log;
use switchboard_telemetry::Metrics;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What the workers work with.
#[derive(Clone)]
pub struct WorkerParts {
    /// Where mentions go.
    pub log: Arc<dyn Log>,
    /// Where cursors and leases are kept.
    pub cursors: Arc<dyn Cursors>,
    /// Counts.
    pub metrics: Metrics,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// This process among others; must differ between two that run at once.
    pub holder: String,
    /// How long a source belongs to a process that is silent.
    pub lease_term: SignedDuration,
    /// The group whose backlog holds sources back: the classifier's.
    pub backlog_group: String,
    /// Unclassified records from which on no source is polled.
    pub backlog_max: u64,
    /// The source of jitter.
    pub seed: u64,
    /// The build that stands in dead letters.
    pub build: String,
}

/// Starts a task for every source. After `stop` each finishes the batch in its hands, takes
/// no other, and ends; `tracker` tells when all have.
pub fn start_sources(
    sources: &[SourceConfig],
    parts: &WorkerParts,
    tracker: &TaskTracker,
    stop: &CancellationToken,
) {
    let platforms = sources.iter().map(|source| source.platform);
    let health = Arc::new(SourceHealth::new(parts.metrics.clone(), platforms));
    for (index, source) in sources.iter().enumerate() {
        let worker = Worker::new(source, index, parts, Arc::clone(&health));
        tracker.spawn(run(worker, stop.clone()));
    }
}

async fn run(mut worker: Worker, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let pause = worker.step(&stop).await;
        worker.rest(pause, &stop).await;
    }
    worker.end().await;
}
