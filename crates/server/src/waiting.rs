//! Counts what waits for people: dead letters and open incidents.

use std::sync::Arc;
use std::time::Duration;
use switchboard_storage::dead_letters::{DeadLetters, LetterId};
use switchboard_storage::{IncidentQuery, Incidents, StorageError};
use switchboard_stream::log::{Log, LogError, Watermarks};
use switchboard_stream::topic::DEAD_LETTER;
use switchboard_telemetry::{Gauge, Metrics};
use tokio_util::sync::CancellationToken;

/// People act on these within minutes, and a scrape comes every 15 s at the most.
const INTERVAL: Duration = Duration::from_secs(5);

/// Dead letters looked up one by one; with more of them the older ones count as waiting,
/// and nobody is misled about the order of magnitude.
const LETTERS_MAX: u64 = 2_000;

/// Incidents looked at, the latest first: one opens at most every hour and brand, and nobody
/// leaves so many open.
const INCIDENTS_MAX: usize = 200;

/// Keeps the gauges of what waits for people.
pub(crate) struct Waiting {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) dead_letters: Arc<dyn DeadLetters>,
    pub(crate) incidents: Arc<dyn Incidents>,
    pub(crate) metrics: Metrics,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum WaitingError {
    #[error("store: {0}")]
    Store(#[from] StorageError),
    #[error("log: {0}")]
    Log(#[from] LogError),
}

impl Waiting {
    /// Counts until `stop`.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.count_letters().await {
                tracing::warn!(%error, "dead letters are not counted");
            }
            if let Err(error) = self.count_incidents().await {
                tracing::warn!(%error, "incidents are not counted");
            }
            stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await;
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge; 2^52 letters never wait"
    )]
    async fn count_letters(&self) -> Result<(), WaitingError> {
        let held = self.log.watermarks(&DEAD_LETTER).await?;
        let all: u64 = held
            .iter()
            .map(|one| one.high.saturating_sub(one.low))
            .sum();
        let latest = latest(&held, LETTERS_MAX);
        let decided = self
            .dead_letters
            .resolutions(&self.log.incarnation(), &latest)
            .await?;
        let waiting = all.saturating_sub(decided.len() as u64);
        self.metrics.set(Gauge::DlqDepth, waiting as f64);
        Ok(())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge of at most some hundreds"
    )]
    async fn count_incidents(&self) -> Result<(), WaitingError> {
        let query = IncidentQuery {
            after: None,
            limit: INCIDENTS_MAX,
        };
        let incidents = self.incidents.incidents(query).await?;
        let open = incidents.iter().filter(|row| row.closed.is_none()).count();
        self.metrics.set(Gauge::IncidentsOpen, open as f64);
        Ok(())
    }
}

/// The letters that are still held, at most `max`, shared out evenly and the latest of each
/// partition.
fn latest(held: &[Watermarks], max: u64) -> Vec<LetterId> {
    let share = max / (held.len() as u64).max(1);
    let of_one = |one: &Watermarks| {
        let (partition, high) = (one.partition, one.high);
        let low = one.low.max(high.saturating_sub(share));
        (low..high).map(move |offset| LetterId { partition, offset })
    };
    held.iter().flat_map(of_one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(partition: u32, low: u64, high: u64) -> Watermarks {
        Watermarks {
            partition,
            low,
            high,
        }
    }

    #[test]
    fn the_latest_of_every_partition_are_looked_up() {
        let ids = |held: &[Watermarks], max| -> Vec<String> {
            latest(held, max).iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            ids(&[held(0, 3, 5), held(1, 0, 1)], 100),
            ["0-3", "0-4", "1-0"]
        );
        assert_eq!(ids(&[held(0, 3, 9), held(1, 7, 7)], 4), ["0-7", "0-8"]);
        assert_eq!(ids(&[], 4), Vec::<String>::new());
    }
}
