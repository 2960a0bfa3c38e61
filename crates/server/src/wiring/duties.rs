//! What runs beside the stages: sources, timers, the relay, gauges, retention, the watchdog.

use super::Parts;
use crate::randomness;
use crate::waiting::Waiting;
use std::sync::Arc;
use std::time::Duration;
use switchboard_ingest::worker::{WorkerParts, start_sources};
use switchboard_route::orphans::Orphans;
use switchboard_route::outbox::OutboxRelay;
use switchboard_route::sla_timer::SlaTimer;
use switchboard_route::upkeep::Upkeep;
use switchboard_stream::runner::{STALL_LIMIT, Watched, watch};

/// How often old records are looked for; retention counts days.
const RETENTION_INTERVAL: Duration = Duration::from_mins(1);

impl Parts {
    pub(super) fn start_sources(&self) {
        let ingest = &self.config.ingest;
        let parts = WorkerParts {
            log: self.log(),
            cursors: Arc::clone(&self.store.cursors),
            metrics: self.metrics.clone(),
            clock: Arc::clone(&self.clock),
            holder: hex::encode(randomness::bytes::<8>()),
            lease_term: ingest.lease_term,
            backlog_group: switchboard_classify::stage::CONSUMER.to_owned(),
            backlog_max: ingest.limits.backlog,
            seed: u64::from_le_bytes(randomness::bytes()),
            build: crate::VERSION.to_owned(),
        };
        let stop = &self.lifecycle.stop.soft;
        start_sources(&ingest.sources, &parts, &self.lifecycle.tasks, stop);
    }

    pub(super) fn start_timers(&self) {
        let timer = SlaTimer {
            timers: Arc::clone(&self.store.timers),
            ownership: Arc::clone(&self.ownership.route),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
        };
        let stop = self.lifecycle.stop.soft.clone();
        self.lifecycle.start("sla timers", async move {
            timer.run(stop).await;
            Ok(())
        });
    }

    /// The relay and the sealer end last: they carry what the others did before they ended.
    pub(super) fn start_relay(&self) {
        let relay = Arc::new(OutboxRelay {
            outbox: Arc::clone(&self.store.outbox),
            log: self.log(),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
        });
        let upkeep = Upkeep {
            audit: Arc::clone(&self.store.audit),
            tickets: Arc::clone(&self.store.tickets),
            idempotency_keys: Arc::clone(&self.store.idempotency_keys),
            sessions: Arc::clone(&self.store.sessions),
            orphans: Orphans {
                tickets: Arc::clone(&self.store.tickets),
                ownership: Arc::clone(&self.ownership.route),
            },
            relay: Arc::clone(&relay),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
        };
        let stop = self.lifecycle.late_stop.clone();
        self.lifecycle.start_late("outbox relay", async move {
            relay.run(stop).await;
            Ok(())
        });
        let stop = self.lifecycle.late_stop.clone();
        self.lifecycle.start_late("upkeep", async move {
            upkeep.run(stop).await;
            Ok(())
        });
    }

    pub(super) fn start_waiting(&self) {
        let waiting = Waiting {
            log: self.log(),
            dead_letters: Arc::clone(&self.store.dead_letters),
            incidents: Arc::clone(&self.store.incidents),
            metrics: self.metrics.clone(),
        };
        let stop = self.lifecycle.stop.soft.clone();
        self.lifecycle.start("waiting", async move {
            waiting.run(stop).await;
            Ok(())
        });
    }

    pub(super) fn start_retention(&self) {
        let (log, clock) = (Arc::clone(&self.log), Arc::clone(&self.clock));
        let stop = self.lifecycle.stop.soft.clone();
        self.lifecycle.start("retention", async move {
            while stop
                .run_until_cancelled(tokio::time::sleep(RETENTION_INTERVAL))
                .await
                .is_some()
            {
                if let Err(error) = log.enforce_retention(clock.now()).await {
                    tracing::warn!(%error, "old records stay for now");
                }
            }
            Ok(())
        });
    }

    pub(super) fn start_watchdog(&self, watched: Vec<Watched>) {
        let watching = watch(
            self.log(),
            watched,
            STALL_LIMIT,
            self.metrics.clone(),
            Arc::clone(&self.clock),
            self.lifecycle.stop.soft.clone(),
        );
        self.lifecycle
            .start("watchdog", async move { Ok(watching.await?) });
    }
}
