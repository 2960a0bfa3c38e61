//! Risk signals, and the incidents they open.

use crate::{StorageError, StoredMention};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::incident::{IncidentRule, RiskSignal, Trigger};
use switchboard_domain::ticket::{Actor, TicketId};
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

    /// The latest first, each with what people did about it. Following the last of a page as
    /// `after` visits every incident that stands all the while exactly once.
    async fn incidents(&self, query: IncidentQuery) -> Result<Vec<IncidentRow>, StorageError>;

    /// One of them.
    async fn incident(&self, id: i64) -> Result<Option<IncidentRow>, StorageError>;

    /// Its posts, the gravest and widest first, as far as their tickets lie in the scope.
    async fn incident_posts(
        &self,
        id: i64,
        scope: &DepartmentScope,
        limit: usize,
    ) -> Result<Vec<IncidentPost>, StorageError>;

    /// Its posts in numbers, over all departments; all zero for an unknown incident.
    async fn incident_figures(&self, id: i64) -> Result<IncidentFigures, StorageError>;

    /// A person acknowledges or ends an incident, in one transaction with its audit row.
    async fn handle_incident(&self, step: IncidentStep) -> Result<Handled, StorageError>;

    /// Keeps that a channel was tried. The same channel at the same instant replaces the
    /// outcome. `false` when there is no such incident.
    async fn record_notification(
        &self,
        notification: IncidentNotification,
    ) -> Result<bool, StorageError>;

    /// Who was told of it, oldest first, at most [`NOTIFICATIONS_MAX`].
    async fn notifications(&self, id: i64) -> Result<Vec<IncidentNotification>, StorageError>;
}

/// Notifications that one incident shows: a handful of channels with all their retries.
pub const NOTIFICATIONS_MAX: usize = 200;

/// Minutes that [`IncidentFigures::per_minute`] goes back from the last post: one day.
pub const RATE_MINUTES_MAX: usize = 1_440;

/// Which incidents, from where on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IncidentQuery {
    /// Where the page before ended.
    pub after: Option<IncidentCursor>,
    /// At most so many.
    pub limit: usize,
}

/// The last incident of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncidentCursor {
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Its number.
    pub id: i64,
}

/// An incident with what people did about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentRow {
    /// What happened.
    pub incident: Incident,
    /// Who took it up first, and when.
    pub acknowledged: Option<(Actor, Timestamp)>,
    /// How it ended; `None` while it is open.
    pub closed: Option<Closing>,
}

impl IncidentRow {
    /// Where a page that ends with it goes on.
    pub const fn cursor(&self) -> IncidentCursor {
        IncidentCursor {
            opened_at: self.incident.opened_at,
            id: self.incident.id,
        }
    }
}

/// How an incident ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// When.
    pub at: Timestamp,
    /// Who ended it; `alert` where it had been quiet and the next one began.
    pub by: Actor,
    /// Whether it was none.
    pub false_alarm: bool,
}

/// One post of an incident.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentPost {
    /// The post's time, clamped to receipt.
    pub at: Timestamp,
    /// 0 to 10.
    pub severity: u8,
    /// Of the author.
    pub followers: u64,
    /// The ticket it opened or joined; `None` until it is routed.
    pub ticket: Option<TicketId>,
    /// The post; `None` until it is routed.
    pub post: Option<StoredMention>,
}

/// An incident's posts in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentFigures {
    /// Different known authors.
    pub authors: u64,
    /// The followers of all of them together.
    pub reach: u64,
    /// Posts by the minute in which they were written, oldest first; empty minutes are left
    /// out. Covers the last [`RATE_MINUTES_MAX`] minutes that have any.
    pub per_minute: Vec<(Timestamp, u64)>,
}

/// What a person does about an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentStep {
    /// Which.
    pub incident: i64,
    /// What.
    pub action: IncidentAction,
    /// Who.
    pub by: Actor,
    /// When.
    pub now: Timestamp,
}

/// What can be done about an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentAction {
    /// "I am on it." The first one stands.
    Acknowledge,
    /// It is over. Further signals count towards a new one.
    Close,
    /// It was none; also says so of a closed one.
    FalseAlarm,
}

impl IncidentAction {
    /// Its name in audit rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledge => "incident.acknowledged",
            Self::Close => "incident.closed",
            Self::FalseAlarm => "incident.false_alarm",
        }
    }
}

/// What became of an [`IncidentStep`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handled {
    /// It is so; `changed` is false when it was so already.
    Done {
        /// The incident as it is now.
        row: IncidentRow,
        /// Whether anything was written.
        changed: bool,
    },
    /// Nobody can take up what is over.
    Over(IncidentRow),
    /// There is none.
    NotFound,
}

/// A channel was told of an incident, or could not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentNotification {
    /// Of which.
    pub incident: i64,
    /// The channel's configured name. No address and no secret.
    pub channel: String,
    /// When it was tried.
    pub at: Timestamp,
    /// `sent`, or why not, for people.
    pub outcome: String,
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
