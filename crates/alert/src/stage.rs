//! Mention signals → incidents.
//!
//! Every signal of a brand is judged against the earlier ones in the transaction that stores
//! it and moves the offset, so a crash neither loses an alarm nor rings it twice.

use async_trait::async_trait;
use std::sync::Arc;
use switchboard_domain::incident::{IncidentRule, RiskSignal};
use switchboard_domain::{Clock, MentionKey, Slug};
use switchboard_storage::{Incidents, Intake, Offsets, StorageError, WatchBatch};
use switchboard_stream::log::Batch;
use switchboard_stream::record::{DeadLetter, MentionSignal};
use switchboard_stream::runner::{Stage, StageError};
use switchboard_telemetry::{self as telemetry, Counter, Metrics, Outcome};

/// The name of this stage's offsets.
pub const CONSUMER: &str = "alert";

/// Watches every brand.
pub struct WatchStage {
    /// When to call people.
    pub rule: IncidentRule,
    /// Where incidents live.
    pub incidents: Arc<dyn Incidents>,
    /// Where records go that cannot be read.
    pub letters: Arc<dyn Intake>,
    /// Asked whether the store answers at all.
    pub offsets: Arc<dyn Offsets>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where it is counted.
    pub metrics: Metrics,
}

#[async_trait]
impl Stage for WatchStage {
    fn name(&self) -> telemetry::Stage {
        telemetry::Stage::Alert
    }

    async fn process(&self, batch: &Batch) -> Result<Vec<Outcome>, StageError> {
        let signals = batch
            .records
            .iter()
            .map(|record| signal(&record.payload))
            .collect::<Result<Vec<_>, _>>()?;
        let watch = WatchBatch {
            signals,
            rule: self.rule,
            offset: batch.offset_move(CONSUMER),
            now: self.clock.now(),
        };
        let opened = self.incidents.watch(watch).await.map_err(stage_error)?;
        for incident in &opened {
            tracing::warn!(brand = %incident.brand, "an incident was opened");
        }
        self.metrics
            .add(Counter::IncidentsOpened, opened.len() as u64);
        Ok(vec![Outcome::Forwarded; batch.records.len()])
    }

    /// A record is only to blame while the store answers.
    async fn ready(&self) -> bool {
        let probe = self.offsets.load_offset(CONSUMER, "", 0);
        probe.await.is_ok()
    }

    async fn set_aside(&self, batch: &Batch, letter: DeadLetter) -> Result<(), StageError> {
        let key = letter.origin.key.clone();
        let payload = letter
            .encode()
            .map_err(|error| StageError::Fatal(error.to_string()))?;
        let step = batch.offset_move(CONSUMER);
        let kept = self
            .letters
            .set_aside(key, payload.to_vec(), step, self.clock.now())
            .await;
        kept.map_err(stage_error)
    }
}

fn signal(payload: &[u8]) -> Result<(Slug, RiskSignal, MentionKey), StageError> {
    let signal =
        MentionSignal::decode(payload).map_err(|error| StageError::Invalid(error.to_string()))?;
    let risk = RiskSignal {
        at: signal.posted_at,
        author: signal.author.unwrap_or_default(),
        label: signal.label,
        severity: signal.severity,
        followers: signal.author_followers.unwrap_or_default(),
        backfill: signal.backfill,
    };
    Ok((signal.brand, risk, signal.mention))
}

fn stage_error(error: StorageError) -> StageError {
    match error {
        StorageError::Fenced { .. } => StageError::Fenced,
        error if error.is_transient() => StageError::Transient(error.to_string()),
        error => StageError::Fatal(error.to_string()),
    }
}
