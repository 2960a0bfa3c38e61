//! What happened to a ticket: the source of time travel, what-if and audit.
//!
//! Facts refer to posts by key and hold none of their text; notes and replies are our own
//! words and stand here whole.

use super::Hold;
use super::regroup::{Absorbed, MergedInto};
use super::{CloseReason, Status, TicketId};
use crate::intake::Opening;
use crate::routing::Priority;
use crate::sla::{ClockKind, DueMilestone, HoldKind, Point, SlaClock, Stop, Terms};
use crate::{Label, MentionKey, Slug};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Who made a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "name", rename_all = "snake_case")]
pub enum Actor {
    /// A user or token, by name.
    Person(String),
    /// A part of Switchboard, by its role: `route`, `timer`.
    System(String),
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(name) => write!(formatter, "person:{name}"),
            Self::System(name) => write!(formatter, "system:{name}"),
        }
    }
}

/// Everything that changed at once: one version of the ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// What happened, in order; never empty.
    pub facts: Vec<Fact>,
}

/// A change as it stands in the log of one ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TicketEvent {
    /// Whose.
    pub ticket: TicketId,
    /// The version the ticket has after it; counts from 1 without gaps.
    pub version: u64,
    /// What changed.
    #[serde(flatten)]
    pub change: Change,
}

/// One thing that happened. Variants carry what was and what is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// The first post came in.
    Opened(Box<Opening>),
    /// Another post of the same thread joined.
    #[expect(missing_docs, reason = "the fields are named by their types")]
    MentionAdded {
        mention: MentionKey,
        posted_at: Timestamp,
        label: Label,
    },
    /// A post has a newer version.
    #[expect(missing_docs, reason = "the fields are named by their types")]
    MentionEdited {
        mention: MentionKey,
        version: i64,
        label: Label,
    },
    /// The same version of a post was judged anew.
    MentionJudged {
        /// Which post.
        mention: MentionKey,
        /// Which verdict on it this is.
        revision: u32,
        /// What it says.
        label: Label,
        /// Whether a person should check the label, where that is another answer than before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        needs_review: Option<bool>,
    },
    /// The author or the platform removed a post; its text is gone.
    #[expect(missing_docs, reason = "the fields are named by their types")]
    MentionDeleted { mention: MentionKey },
    /// The post was found for another account too.
    #[expect(missing_docs, reason = "the fields are named by their types")]
    AccountAdded {
        mention: MentionKey,
        account: String,
    },
    /// The routing label changed; `by_person` protects it from later verdicts.
    #[expect(missing_docs, reason = "from and to speak for themselves")]
    LabelChanged {
        from: Label,
        to: Label,
        by_person: bool,
    },
    /// The set of labels grew.
    #[expect(missing_docs, reason = "from and to speak for themselves")]
    LabelsChanged {
        from: BTreeSet<Label>,
        to: BTreeSet<Label>,
    },
    /// The owner changed.
    #[expect(missing_docs, reason = "from and to speak for themselves")]
    DepartmentChanged {
        from: Slug,
        to: Slug,
        by_person: bool,
    },
    /// The priority changed.
    #[expect(missing_docs, reason = "from and to speak for themselves")]
    PriorityChanged {
        from: Priority,
        to: Priority,
        by_person: bool,
    },
    /// The severity rose.
    #[expect(missing_docs, reason = "from and to speak for themselves")]
    SeverityRaised { from: u8, to: u8 },
    /// Somebody took it, was given it, or lost it.
    #[expect(missing_docs, reason = "from and to speak for themselves")]
    Assigned {
        from: Option<String>,
        to: Option<String>,
    },
    /// It was resolved, reopened or closed.
    #[expect(missing_docs, reason = "from and to speak for themselves")]
    StatusChanged {
        from: Status,
        to: Status,
        reason: Option<CloseReason>,
    },
    /// A clock started.
    #[expect(missing_docs, reason = "the clock is the whole fact")]
    ClockStarted { clock: Box<SlaClock> },
    /// A clock has other terms, from the same start.
    #[expect(missing_docs, reason = "the fields are named by their types")]
    ClockRetargeted {
        clock: ClockKind,
        cycle: u32,
        terms: Box<Terms>,
        schedule: Vec<Point>,
    },
    /// The ticket waits; the clock pauses for it, or runs on under another cause.
    #[expect(missing_docs, reason = "the fields are named by their types")]
    ClockHeld {
        clock: ClockKind,
        cycle: u32,
        at: Timestamp,
        hold: HoldKind,
        runs: bool,
        schedule: Vec<Point>,
    },
    /// It is our turn again: after a hold, or because the ticket was reopened.
    #[expect(missing_docs, reason = "the fields are named by their types")]
    ClockResumed {
        clock: ClockKind,
        cycle: u32,
        at: Timestamp,
        schedule: Vec<Point>,
    },
    /// The ticket waits for somebody.
    Held(Hold),
    /// It waits no longer.
    #[expect(missing_docs, reason = "the fields are named by their types")]
    Released { kind: HoldKind },
    /// A step of an escalation chain called these recipients, and whoever was on call.
    #[expect(missing_docs, reason = "the fields are named by their types")]
    Escalated {
        clock: ClockKind,
        cycle: u32,
        step: u8,
        notify: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_call: Option<String>,
    },
    /// An answer of ours was seen on the platform; our own words, so they stand here whole.
    AnswerSeen {
        /// Where it stands.
        mention: MentionKey,
        /// When it was written, as far as that can be believed.
        posted_at: Timestamp,
        /// What it says.
        text: String,
        /// Whether a machine wrote it; then it may not count as an answer.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        automatic: bool,
    },
    /// A person merged it into another ticket.
    MergedInto(MergedInto),
    /// Another ticket was merged into it, with all its posts.
    Absorbed(Box<Absorbed>),
    /// The merge was undone: it stands for itself again, with these posts.
    #[expect(missing_docs, reason = "the fields are named by their types")]
    Parted {
        ticket: TicketId,
        mentions: Vec<MentionKey>,
        deleted: u32,
    },
    /// The merge of that ticket was undone: these posts went back to it.
    #[expect(missing_docs, reason = "the fields are named by their types")]
    GaveBack {
        ticket: TicketId,
        mentions: Vec<MentionKey>,
        deleted: u32,
        severity: u8,
    },
    /// A post of that ticket became this one.
    #[expect(missing_docs, reason = "the fields are named by their types")]
    SplitFrom { ticket: TicketId },
    /// A post became a ticket of its own.
    #[expect(missing_docs, reason = "the fields are named by their types")]
    SplitOff {
        ticket: TicketId,
        mention: MentionKey,
    },
    /// A milestone fired.
    ClockFired(DueMilestone),
    /// A clock stopped.
    #[expect(missing_docs, reason = "the fields are named by their types")]
    ClockStopped {
        clock: ClockKind,
        cycle: u32,
        stop: Stop,
    },
    /// A colleague wrote something for colleagues.
    #[expect(missing_docs, reason = "the text is the whole fact")]
    Noted { text: String },
    /// A colleague answered; the answer waits to be sent.
    ReplyRequested {
        /// Unique per ticket: the idempotency key of the sending.
        reply: u64,
        /// What to send.
        text: String,
        /// Whether a machine wrote it; then it may not count as an answer.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        automatic: bool,
    },
}

impl Fact {
    /// Which clock it is about, by kind and cycle; `None` when it starts one or is about
    /// something else.
    pub const fn clock(&self) -> Option<(ClockKind, u32)> {
        match self {
            Self::ClockRetargeted { clock, cycle, .. }
            | Self::ClockHeld { clock, cycle, .. }
            | Self::ClockResumed { clock, cycle, .. }
            | Self::ClockStopped { clock, cycle, .. }
            | Self::ClockFired(DueMilestone { clock, cycle, .. }) => Some((*clock, *cycle)),
            _ => None,
        }
    }
}
