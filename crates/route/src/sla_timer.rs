//! Fires what is due: never early, at most two seconds late while running, each once.
//!
//! Deadlines are rows, and the store fires them in its own transaction; this only looks.

use crate::config::RouteConfig;
use crate::labels;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::sla::Milestone;
use switchboard_domain::{Clock, Current};
use switchboard_storage::{Fired, StorageError, Timers};
use switchboard_telemetry::{Counter, Histogram, Metrics, Outcome, Stage};
use tokio_util::sync::CancellationToken;

/// Eight looks fit into the two seconds promised; a look that finds nothing costs about 10 µs.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// How many tickets one transaction fires: keeps it well under the 20 ms a person may wait.
const BATCH_TICKETS_MAX: usize = 100;

/// How long to wait when the store is away.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The timers of all clocks.
pub struct SlaTimer {
    /// Where deadlines are rows.
    pub timers: Arc<dyn Timers>,
    /// The promises: calendars and escalation chains.
    pub ownership: Arc<Current<RouteConfig>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where it is counted.
    pub metrics: Metrics,
}

impl SlaTimer {
    /// Looks until `stop`. What fell due while nobody looked fires first, in deadline order.
    pub async fn run(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let pause = match self.fire_batch().await {
                Ok(BATCH_TICKETS_MAX..) => continue,
                Ok(_) => POLL_INTERVAL,
                Err(error) => {
                    tracing::warn!(%error, "the SLA timers wait");
                    RETRY_INTERVAL
                }
            };
            stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }

    /// Fires one batch and says how many tickets had something due.
    ///
    /// # Errors
    /// When the store is away; nothing fired then.
    pub async fn fire_batch(&self) -> Result<usize, StorageError> {
        let now = self.clock.now();
        let book = Arc::clone(&self.ownership.get().book);
        let fired = self.timers.fire_due(now, BATCH_TICKETS_MAX, &book).await?;
        for one in &fired {
            self.count(one);
        }
        // Milestones come in deadline order, so one ticket's need not stand together.
        let tickets: BTreeSet<_> = fired.iter().map(|one| one.ticket).collect();
        Ok(tickets.len())
    }

    fn count(&self, fired: &Fired) {
        let department = self.metrics.department(fired.department.as_str());
        let clock = labels::clock(fired.milestone.clock);
        let counter = match fired.milestone.milestone {
            Milestone::Breach => Counter::SlaBreaches { department, clock },
            Milestone::Warning(_) => Counter::SlaWarnings { department },
            Milestone::Escalation(_) => Counter::SlaEscalations,
        };
        self.metrics.add(counter, 1);
        let forwarded = Counter::StageEvents {
            stage: Stage::Timer,
            outcome: Outcome::Forwarded,
        };
        self.metrics.add(forwarded, 1);
        self.metrics.observe(
            Histogram::SlaTimerLateness,
            fired.lateness.as_secs_f64().max(0.0),
        );
    }
}
