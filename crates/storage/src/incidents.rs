//! Risk signals, and the incidents they open.

use crate::StorageError;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use switchboard_domain::incident::{IncidentRule, RiskSignal, Trigger};
use switchboard_domain::{MentionKey, OffsetMove, Slug};

/// For so long after the last signal of an incident further ones belong to it: people are
/// on it already, and a second call would be noise.
pub const INCIDENT_COOLDOWN: SignedDuration = SignedDuration::from_mins(60);

/// Who is told of a new incident: a name that the notifiers resolve to channels and people.
pub const CRISIS_RECIPIENT: &str = "crisis";

/// The incidents of all brands.
#[async_trait]
pub trait Incidents: Send + Sync {
    /// Judges each signal after the earlier ones of its brand, opens at most one incident per
    /// brand at a time, attaches what comes within [`INCIDENT_COOLDOWN`], asks for a
    /// notification of [`CRISIS_RECIPIENT`], and moves the offset: all of it or nothing. Answers what was opened.
    /// A signal seen before counts once.
    ///
    /// # Errors
    /// [`StorageError::Fenced`] when the consumer does not stand at `offset.expected`.
    async fn watch(&self, batch: WatchBatch) -> Result<Vec<Incident>, StorageError>;

    /// The latest first.
    async fn list_incidents(&self, limit: usize) -> Result<Vec<Incident>, StorageError>;
}

/// Signals of one partition, in its order.
#[derive(Clone, Debug)]
pub struct WatchBatch {
    /// Whose, what the rule needs of the post, and which post. Other labels than `pr_risk`
    /// are passed over.
    pub signals: Vec<(Slug, RiskSignal, MentionKey)>,
    /// When to call people.
    pub rule: IncidentRule,
    /// The step past them.
    pub offset: OffsetMove,
    /// The time of every change.
    pub now: Timestamp,
}

/// A crisis of one brand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its number.
    pub id: i64,
    /// Whose.
    pub brand: Slug,
    /// Why it was opened.
    pub trigger: Trigger,
    /// When, by our clock.
    pub opened_at: Timestamp,
    /// When the last signal was attached, by our clock.
    pub last_signal_at: Timestamp,
    /// The post that opened it.
    pub mention: MentionKey,
    /// Signals attached so far, the first among them.
    pub signal_count: u64,
}
