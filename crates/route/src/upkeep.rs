//! Background duties over the store: the audit chain and the gauges that come from rows.

use crate::labels;
use crate::orphans::Orphans;
use crate::outbox::OutboxRelay;
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::Clock;
use switchboard_storage::{
    Audit, IdempotencyKeys, MAX_SEAL_BATCH, Sessions, StorageError, Tickets,
};
use switchboard_telemetry::{Counter, Metrics, Outcome, Stage};
use tokio_util::sync::CancellationToken;

/// The contract's rhythm of the audit sealer; the gauges go with it.
const INTERVAL: Duration = Duration::from_secs(1);

/// Batches sealed in one look: 20,000 rows a second, twice what the path to tickets carries, so
/// that the chain catches up after a flood and people's changes still come in between.
const SEALS_PER_LOOK_MAX: usize = 10;

/// How often answers remembered for repeated requests are cleared; they are kept for a day.
const PURGE_EVERY_LOOKS: u64 = 600;

/// How often ended sessions and passed links are cleared. They open nothing in the meantime,
/// and links pass within hours.
const PURGE_SESSIONS_EVERY_LOOKS: u64 = 900;

/// Seals the audit chain and refreshes the gauges, each second.
pub struct Upkeep {
    /// The audit rows.
    pub audit: Arc<dyn Audit>,
    /// The tickets to count.
    pub tickets: Arc<dyn Tickets>,
    /// Answers remembered for repeated requests.
    pub idempotency_keys: Arc<dyn IdempotencyKeys>,
    /// Sessions and one-time links.
    pub sessions: Arc<dyn Sessions>,
    /// Hands on what departments that are gone have left.
    pub orphans: Orphans,
    /// Whose depth is shown.
    pub relay: Arc<OutboxRelay>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where it is counted.
    pub metrics: Metrics,
}

impl Upkeep {
    /// Works until `stop`, and once more then, so that the chain covers the last change.
    pub async fn run(&self, stop: CancellationToken) {
        for looks in 0_u64.. {
            let stopping = stop.is_cancelled();
            self.look().await;
            if looks.is_multiple_of(PURGE_EVERY_LOOKS) {
                self.purge().await;
            }
            if looks.is_multiple_of(PURGE_SESSIONS_EVERY_LOOKS) {
                self.purge_sessions().await;
            }
            if stopping {
                return;
            }
            stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await;
        }
    }

    async fn look(&self) {
        if let Err(error) = self.seal().await {
            tracing::warn!(%error, "the audit chain waits");
        }
        if let Err(error) = self.count_open().await {
            tracing::warn!(%error, "open tickets are not counted");
        }
        if let Err(error) = self.relay.measure().await {
            tracing::warn!(%error, "the outbox is not measured");
        }
    }

    async fn purge(&self) {
        if let Err(error) = self.idempotency_keys.purge(self.clock.now()).await {
            tracing::warn!(%error, "old answers stay for now");
        }
    }

    async fn purge_sessions(&self) {
        if let Err(error) = self.sessions.purge_sessions(self.clock.now()).await {
            tracing::warn!(%error, "ended sessions stay for now");
        }
    }

    async fn seal(&self) -> Result<(), StorageError> {
        for _ in 0..SEALS_PER_LOOK_MAX {
            let sealed = self.audit.seal(self.clock.now()).await?;
            self.count_sealed(sealed);
            if sealed < MAX_SEAL_BATCH as u64 {
                break;
            }
        }
        Ok(())
    }

    fn count_sealed(&self, sealed: u64) {
        self.metrics.add(Counter::AuditSealed, sealed);
        let forwarded = Counter::StageEvents {
            stage: Stage::Audit,
            outcome: Outcome::Forwarded,
        };
        self.metrics.add(forwarded, sealed);
    }

    async fn count_open(&self) -> Result<(), StorageError> {
        let counts = self.tickets.open_counts().await?;
        let owners = counts.iter().map(|(department, ..)| department);
        self.orphans.adopt(owners, self.clock.now()).await?;
        let open: Vec<_> = counts
            .iter()
            .map(|(department, priority, count)| {
                (department.as_str(), labels::priority(*priority), *count)
            })
            .collect();
        self.metrics.set_tickets_open(&open);
        Ok(())
    }
}
