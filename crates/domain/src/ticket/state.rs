//! What a ticket holds.

use super::regroup::{Absorbed, MergedInto};
use crate::author::{AuthorKey, LookedUp};
use crate::routing::{AuthorTier, Priority};
use crate::sla::{ClockKind, ClockStatus, HoldKind, SlaClock};
use crate::{Label, MentionKey, Slug};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A ticket's number: counts up within one installation, written as text in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TicketId(pub i64);

impl fmt::Display for TicketId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl From<TicketId> for String {
    fn from(id: TicketId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for TicketId {
    type Error = std::num::ParseIntError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

/// Where a ticket stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Somebody has to act.
    Open,
    /// A person said it is done.
    Resolved,
    /// Needs nobody: closed by the system, with a reason.
    Closed,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Open, Self::Resolved, Self::Closed];

    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
        }
    }
}

/// Why the system closed a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// Spam or promotion, at birth.
    Spam,
    /// Only a thank-you, at birth.
    Thanks,
    /// The author deleted every post of it.
    PostDeleted,
    /// Its posts stand in another ticket.
    Merged,
}

/// What people have set by hand: the system never undoes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each names the field a person set")]
pub struct Edited {
    pub label: bool,
    pub department: bool,
    pub priority: bool,
}

/// What a ticket waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The state's name in the configuration, or the kind's own.
    pub state: Slug,
    /// What it means for the clocks.
    pub kind: HoldKind,
    /// Since when.
    pub since: Timestamp,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Who has to agree, for [`HoldKind::Approval`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<Slug>,
}

/// One conversation with one author, owned by one department.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its number.
    pub id: TicketId,
    /// Number of its last event; a change must name the version it saw.
    pub version: u64,
    /// When it was opened, by our clock.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The accountable owner.
    pub department: Slug,
    /// Departments that help.
    pub helpers: Vec<Slug>,
    /// The label it is routed by.
    pub label: Label,
    /// Every label of its posts over the threshold.
    pub labels: BTreeSet<Label>,
    /// Where it stands.
    pub status: Status,
    /// Set when the system closed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_reason: Option<CloseReason>,
    /// How much it presses.
    pub priority: Priority,
    /// Who works on it.
    pub assignee: Option<String>,
    /// Whose accounts found it.
    pub brand: Slug,
    /// Where the conversation stands.
    pub platform: Slug,
    /// ISO 639-1 of the first post, or `und`.
    pub language: String,
    /// The highest severity of its posts; never falls.
    pub severity: u8,
    /// What it is about, most specific first.
    pub topics: Vec<String>,
    /// Whether a person should check the label.
    pub needs_review: bool,
    /// The post that opened it.
    pub mention: MentionKey,
    /// The platform's id of its author; empty when the platform does not say.
    pub author_id: String,
    /// Posts joined to it, deleted ones included.
    pub mention_count: u32,
    /// Of those, how many the author deleted.
    pub deleted_count: u32,
    /// The last post's own time.
    pub last_post_at: Timestamp,
    /// How far its author's voice carries.
    pub author_tier: AuthorTier,
    /// What the company's records said of its author when it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_up: Option<LookedUp>,
    /// What it waits for; `None` while it is our turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Its clocks, in the order in which they started.
    pub clocks: Vec<SlaClock>,
    /// What people have set by hand.
    pub edited: Edited,
    /// Where its posts stand, once a person has merged it into another ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<MergedInto>,
    /// Tickets merged into this one, in that order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absorbed: Vec<Absorbed>,
    /// The ticket from which its first post was split out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_from: Option<TicketId>,
}

impl Ticket {
    /// Whether somebody still has to act.
    pub fn is_open(&self) -> bool {
        self.status == Status::Open
    }

    /// Whether no person has touched owner, label or assignment.
    pub fn is_untouched(&self) -> bool {
        self.assignee.is_none() && !self.edited.label && !self.edited.department
    }

    /// What names its author; `None` when the platform does not say who it is.
    pub fn author(&self) -> Option<AuthorKey> {
        AuthorKey::new(&self.platform, &self.mention.id_scope, &self.author_id)
    }

    /// Whether that author, by the platform's id, wrote posts of it.
    pub fn is_by(&self, author_id: &str) -> bool {
        let mut absorbed = self.absorbed.iter();
        self.author_id == author_id || absorbed.any(|other| other.author_id == author_id)
    }

    /// Chatter stands in its queue but outside the default views.
    pub fn is_in_default_views(&self) -> bool {
        self.label != Label::General
    }

    /// The clock of that kind in its latest cycle.
    pub fn clock(&self, kind: ClockKind) -> Option<&SlaClock> {
        self.clocks.iter().rev().find(|clock| clock.kind == kind)
    }

    /// The number of the latest cycle of that kind; 0 before the first.
    pub(crate) fn last_cycle(&self, kind: ClockKind) -> u32 {
        let clocks = self.clocks.iter().filter(|clock| clock.kind == kind);
        clocks.map(|clock| clock.cycle).max().unwrap_or(0)
    }

    /// When something falls due by itself, a milestone or the end of a hold: what the timers
    /// poll.
    pub fn next_due_at(&self) -> Option<Timestamp> {
        let next = self.clocks.iter().filter_map(SlaClock::next_milestone);
        let awake = self.hold.as_ref().and_then(|hold| hold.until);
        next.map(|due| due.due_at).chain(awake).min()
    }

    /// The next deadline a person has to keep, also a missed one that still waits for an
    /// answer: what queues sort by.
    pub fn deadline_at(&self) -> Option<Timestamp> {
        let ticking = self
            .clocks
            .iter()
            .filter(|clock| clock.is_ticking() && !clock.is_paused());
        ticking.filter_map(SlaClock::due_at).min()
    }

    /// The worst standing of its clocks, for the `sla` filter; `None` without clocks.
    pub fn sla_status(&self) -> Option<ClockStatus> {
        let rank = |status: &ClockStatus| match status {
            ClockStatus::Breached => 4,
            ClockStatus::Running => 3,
            ClockStatus::Paused => 2,
            ClockStatus::Met => 1,
            ClockStatus::Cancelled => 0,
        };
        self.clocks.iter().map(SlaClock::status).max_by_key(rank)
    }
}
