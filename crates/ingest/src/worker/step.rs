//! One turn of a worker.

use super::WorkerParts;
use super::backoff::Backoff;
use super::delivery::{Delivery, Sender};
use super::health::SourceHealth;
use super::lease::Lease;
use crate::backlog::BacklogView;
use crate::config::SourceConfig;
use crate::connector::{Batch, Connector, ConnectorError, Cursor};
use crate::receive::APPEND_WAIT_MAX;
use std::sync::Arc;
use std::time::Duration;
use switchboard_storage::StorageError;
use switchboard_stream::LogError;
use switchboard_stream::record::RecordError;
use switchboard_telemetry::PlatformLabel;
use tokio_util::sync::CancellationToken;

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
    lease: Lease,
    /// Whether the source stays with this process while it waits.
    keeps_lease: bool,
    place: Option<Place>,
}

/// How far the source is read; forgotten at the first doubt, and loaded again.
struct Place {
    epoch: u64,
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
            lease: Lease::new(&source.name, parts),
            parts: parts.clone(),
            health,
            keeps_lease: true,
            place: None,
        }
    }

    /// One turn; says how long to wait before the next.
    pub(super) async fn step(&mut self, stop: &CancellationToken) -> Duration {
        match self.try_step(stop).await {
            Ok(wait) => {
                self.keeps_lease = true;
                wait
            }
            Err(error) => self.wait_after(&error),
        }
    }

    /// Waits. A platform that says when to come again says it to all processes, so the source
    /// stays with this one; after other failures another may have more luck.
    pub(super) async fn rest(&mut self, pause: Duration, stop: &CancellationToken) {
        let pause = stop.run_until_cancelled(tokio::time::sleep(pause));
        if self.keeps_lease {
            self.lease.keep_while(pause).await;
        } else {
            pause.await;
        }
    }

    /// The last step: another process may go on at once.
    pub(super) async fn end(mut self) {
        self.lease.release().await;
    }

    async fn try_step(&mut self, stop: &CancellationToken) -> Result<Duration, StepError> {
        let Some(place) = self.place().await? else {
            return Ok(self.lease.ask_again_after());
        };
        if self.is_over_backlog().await? {
            self.place = Some(place);
            return Ok(BACKLOG_WAIT);
        }
        let polling = poll(&mut *self.connector, place.cursor.as_ref());
        let polling = stop.run_until_cancelled(polling);
        let Some(batch) = self.lease.keep_while(polling).await else {
            self.place = Some(place);
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
        self.move_cursor(place, next).await?;
        self.backoff.succeeded();
        self.health.succeeded(self.index, self.parts.clock.now());
        Ok(poll_after)
    }

    /// The place under the lease; `None` while another process has it. While a turn runs it is
    /// in the turn's hands: an error or a crash leaves nothing behind, and the next turn loads
    /// what the store has.
    async fn place(&mut self) -> Result<Option<Place>, StorageError> {
        let known = self.place.take();
        let Some(epoch) = self.lease.hold().await? else {
            return Ok(None);
        };
        if let Some(place) = known.filter(|place| place.epoch == epoch) {
            return Ok(Some(place));
        }
        let stored = self.parts.cursors.load(&self.source).await?;
        let cursor = stored.and_then(|stored| stored.cursor).map(Cursor);
        Ok(Some(Place { epoch, cursor }))
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

    async fn move_cursor(&mut self, place: Place, next: Cursor) -> Result<(), StorageError> {
        let Place { epoch, cursor } = place;
        let cursors = &self.parts.cursors;
        if cursor.as_ref() == Some(&next) || cursors.store(&self.source, &next.0, epoch).await? {
            let cursor = Some(next);
            self.place = Some(Place { epoch, cursor });
        } else {
            self.lease.forget();
            tracing::warn!(source = %self.source, "another process has taken the source over");
        }
        Ok(())
    }

    fn wait_after(&mut self, error: &StepError) -> Duration {
        let wait = match error {
            StepError::Source(error) => self.backoff.after(error),
            _ => self.backoff.failed(),
        };
        self.keeps_lease = matches!(
            error,
            StepError::Source(
                ConnectorError::RateLimited { .. } | ConnectorError::Unauthorized { .. }
            )
        );
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
