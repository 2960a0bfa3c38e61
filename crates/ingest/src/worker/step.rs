//! One turn of a worker.

use super::WorkerParts;
use super::backoff::Backoff;
use super::delivery::{Delivery, Sender};
use super::health::SourceHealth;
use crate::backlog::BacklogView;
use crate::config::SourceConfig;
use crate::connector::{Batch, Connector, ConnectorError, Cursor};
use crate::receive::APPEND_WAIT_MAX;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use switchboard_storage::StorageError;
use switchboard_stream::LogError;
use switchboard_stream::record::RecordError;
use switchboard_telemetry::PlatformLabel;
use tokio_util::sync::CancellationToken;

/// How long a source belongs to a holder that is silent: a crashed process is replaced within
/// half a minute.
pub const LEASE_TTL: SignedDuration = SignedDuration::from_secs(30);

/// A lease is renewed when a third of it is gone, so that two renewals may fail.
const LEASE_RENEWED_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// How long to wait while another holder has the source.
const LEASE_WAIT: Duration = Duration::from_secs(10);

/// How long to wait while the classifier is behind: it drains thousands of records meanwhile.
const BACKLOG_WAIT: Duration = Duration::from_secs(1);

/// How long a poll may take: twice the longest read timeout a platform asks for.
pub const POLL_WAIT_MAX: Duration = Duration::from_mins(2);

/// One source, being read.
pub(super) struct Worker {
    source: String,
    platform: PlatformLabel,
    index: usize,
    parts: WorkerParts,
    health: Arc<SourceHealth>,
    connector: Box<dyn Connector>,
    backoff: Backoff,
    backlog: BacklogView,
    held: Option<Held>,
}

/// What is known while the lease runs; forgotten at the first doubt, and loaded again.
struct Held {
    epoch: u64,
    renewed_at: Timestamp,
    cursor: Option<Cursor>,
}

/// Why a turn ended without its posts in the log and its cursor in the store.
#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error("the source {0}")]
    Source(#[from] ConnectorError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Store(#[from] StorageError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("the log did not answer within {} s", APPEND_WAIT_MAX.as_secs())]
    LogTimeout,
}

impl Worker {
    pub(super) fn new(
        source: &SourceConfig,
        index: usize,
        parts: &WorkerParts,
        health: Arc<SourceHealth>,
    ) -> Self {
        Self {
            source: source.name.clone(),
            platform: source.platform,
            index,
            connector: source.plan.build(Arc::clone(&parts.clock)),
            // Different jitter for every source of one seed.
            backoff: Backoff::new(parts.seed ^ (index as u64).wrapping_mul(0x9e37_79b9)),
            backlog: BacklogView::default(),
            parts: parts.clone(),
            health,
            held: None,
        }
    }

    /// One turn; says how long to wait before the next.
    pub(super) async fn step(&mut self, stop: &CancellationToken) -> Duration {
        match self.try_step(stop).await {
            Ok(wait) => wait,
            Err(error) => self.wait_after(&error),
        }
    }

    async fn try_step(&mut self, stop: &CancellationToken) -> Result<Duration, StepError> {
        let Some(held) = self.hold().await? else {
            return Ok(LEASE_WAIT);
        };
        if self.is_over_backlog().await? {
            self.held = Some(held);
            return Ok(BACKLOG_WAIT);
        }
        let polling = poll(&mut *self.connector, held.cursor.as_ref());
        let Some(batch) = stop.run_until_cancelled(polling).await else {
            self.held = Some(held);
            return Ok(Duration::ZERO);
        };
        let Batch {
            mentions,
            broken,
            next,
            poll_after,
        } = batch?;
        let sender = Sender {
            source: &self.source,
            build: &self.parts.build,
            incarnation: self.parts.log.incarnation(),
        };
        let delivery = Delivery::of(&sender, mentions, &broken, self.parts.clock.now())?;
        self.deliver(delivery).await?;
        self.move_cursor(held, next).await?;
        self.backoff.succeeded();
        self.health.succeeded(self.index, self.parts.clock.now());
        Ok(poll_after)
    }

    /// The lease with its cursor. While a turn runs it is in the turn's hands: an error or a
    /// crash leaves nothing behind, and the next turn loads what the store has.
    async fn hold(&mut self) -> Result<Option<Held>, StorageError> {
        let now = self.parts.clock.now();
        let held = self.held.take();
        let age = held
            .as_ref()
            .map(|held| now.duration_since(held.renewed_at));
        if age.is_some_and(|age| (SignedDuration::ZERO..LEASE_RENEWED_AFTER).contains(&age)) {
            return Ok(held);
        }
        let cursors = &self.parts.cursors;
        let lease = cursors
            .acquire_lease(&self.source, &self.parts.holder, LEASE_TTL, now)
            .await?;
        let Some(epoch) = lease else { return Ok(None) };
        let cursor = match held {
            Some(held) if held.epoch == epoch => held.cursor,
            _ => cursors
                .load(&self.source)
                .await?
                .and_then(|stored| stored.cursor)
                .map(Cursor),
        };
        Ok(Some(Held {
            epoch,
            renewed_at: now,
            cursor,
        }))
    }

    async fn is_over_backlog(&mut self) -> Result<bool, LogError> {
        let WorkerParts {
            log,
            backlog_group,
            backlog_max,
            clock,
            ..
        } = &self.parts;
        let waiting = self
            .backlog
            .records(&**log, backlog_group, clock.now())
            .await?;
        Ok(waiting > *backlog_max)
    }

    async fn deliver(&mut self, mut delivery: Delivery) -> Result<(), StepError> {
        let records = std::mem::take(&mut delivery.records);
        if records.is_empty() {
            return Ok(());
        }
        let appending = tokio::time::timeout(APPEND_WAIT_MAX, self.parts.log.append(records));
        appending
            .await
            .map_err(|_elapsed| StepError::LogTimeout)??;
        delivery.count(self.health.metrics(), self.platform);
        Ok(())
    }

    async fn move_cursor(&mut self, held: Held, next: Cursor) -> Result<(), StorageError> {
        if held.cursor.as_ref() == Some(&next) {
            self.held = Some(held);
            return Ok(());
        }
        if self
            .parts
            .cursors
            .store(&self.source, &next.0, held.epoch)
            .await?
        {
            self.held = Some(Held {
                cursor: Some(next),
                ..held
            });
        } else {
            tracing::warn!(source = %self.source, "another process has taken the source over");
        }
        Ok(())
    }

    fn wait_after(&mut self, error: &StepError) -> Duration {
        let wait = match error {
            StepError::Source(error) => self.backoff.after(error),
            _ => self.backoff.failed(),
        };
        self.health.failed(self.index);
        let seconds = wait.as_secs_f64();
        tracing::warn!(source = %self.source, %error, seconds, "the source waits and tries again");
        wait
    }
}

async fn poll(
    connector: &mut dyn Connector,
    from: Option<&Cursor>,
) -> Result<Batch, ConnectorError> {
    let waited = tokio::time::timeout(POLL_WAIT_MAX, connector.poll(from)).await;
    waited.unwrap_or_else(|_elapsed| {
        let reason = format!("no answer within {} s", POLL_WAIT_MAX.as_secs());
        Err(ConnectorError::Unavailable { reason })
    })
}
