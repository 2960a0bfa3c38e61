//! The words of SLA clocks: what is measured, where it may be noted, how it ends.

use serde::{Deserialize, Serialize};

/// What a clock measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// From the first post to the first answer by a person.
    FirstResponse,
    /// From the oldest unanswered further post to the next answer; a cycle each.
    NextResponse,
    /// From the first post until it is done, without the time it was closed.
    Resolution,
    /// How long one department holds the ticket; a cycle per holder.
    Ownership,
    /// From the last answer to the next word to the author, while it is not done.
    PeriodicUpdate,
    /// From the first post until a person has taken it in hand; always around the clock.
    Triage,
}

impl ClockKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::FirstResponse,
        Self::NextResponse,
        Self::Resolution,
        Self::Ownership,
        Self::PeriodicUpdate,
        Self::Triage,
    ];

    /// The contract's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstResponse => "first_response",
            Self::NextResponse => "next_response",
            Self::Resolution => "resolution",
            Self::Ownership => "ownership",
            Self::PeriodicUpdate => "periodic_update",
            Self::Triage => "triage",
        }
    }

    /// Whether a clock of this kind that stops for that cause has kept its promise.
    pub const fn is_kept_by(self, cause: StopCause) -> bool {
        match self {
            Self::FirstResponse | Self::NextResponse | Self::PeriodicUpdate => {
                matches!(cause, StopCause::Replied)
            }
            Self::Resolution => matches!(cause, StopCause::Resolved),
            Self::Ownership => matches!(cause, StopCause::Moved | StopCause::Resolved),
            Self::Triage => !matches!(cause, StopCause::PostDeleted | StopCause::Merged),
        }
    }
}

/// A point on the way to the deadline, or behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    /// This share of the target, in percent, is used up.
    Warning(u8),
    /// The deadline itself.
    Breach,
    /// This step of the policy's escalation chain, counted from 1.
    Escalation(u8),
}

impl std::fmt::Display for Milestone {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Warning(percent) => write!(formatter, "warning_{percent}"),
            Self::Breach => formatter.write_str("breach"),
            Self::Escalation(step) => write!(formatter, "escalation_{step}"),
        }
    }
}

/// Why a clock stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopCause {
    /// A person answered.
    Replied,
    /// A person said that it is done.
    Resolved,
    /// A person took it in hand.
    Acknowledged,
    /// Another department owns it now.
    Moved,
    /// It lives on in another ticket.
    Merged,
    /// The author deleted every post of the ticket.
    PostDeleted,
}

impl StopCause {
    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replied => "replied",
            Self::Resolved => "resolved",
            Self::Acknowledged => "acknowledged",
            Self::Moved => "moved",
            Self::Merged => "merged",
            Self::PostDeleted => "post_deleted",
        }
    }
}

/// How a clock stands, as a report counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockStatus {
    /// Ticking, not late.
    Running,
    /// Waiting for somebody else, not late.
    Paused,
    /// Stopped in time by what it waited for.
    Met,
    /// The deadline passed first.
    Breached,
    /// Stopped in time by something else.
    Cancelled,
}

/// What a ticket waits for while nobody here can go on with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldKind {
    /// The author has to answer.
    WaitingCustomer,
    /// Somebody outside has to act.
    WaitingExternal,
    /// A colleague has to agree: our own time, so that no clock ever pauses for it.
    Approval,
    /// Put off until a chosen time.
    Snoozed,
}

impl HoldKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::WaitingCustomer,
        Self::WaitingExternal,
        Self::Approval,
        Self::Snoozed,
    ];

    /// Its name in configuration and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WaitingCustomer => "waiting_customer",
            Self::WaitingExternal => "waiting_external",
            Self::Approval => "approval",
            Self::Snoozed => "snoozed",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether a policy may let its clocks pause for it.
    pub const fn may_pause(self) -> bool {
        !matches!(self, Self::Approval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::answer(ClockKind::FirstResponse, StopCause::Replied, true)]
    #[case::done_without_answer(ClockKind::FirstResponse, StopCause::Resolved, false)]
    #[case::next_answer(ClockKind::NextResponse, StopCause::Replied, true)]
    #[case::done(ClockKind::Resolution, StopCause::Resolved, true)]
    #[case::deleted(ClockKind::Resolution, StopCause::PostDeleted, false)]
    #[case::handed_on(ClockKind::Ownership, StopCause::Moved, true)]
    #[case::taken_in_hand(ClockKind::Triage, StopCause::Acknowledged, true)]
    #[case::answered_at_once(ClockKind::Triage, StopCause::Replied, true)]
    #[case::word_to_the_author(ClockKind::PeriodicUpdate, StopCause::Replied, true)]
    #[case::nothing_more_to_tell(ClockKind::PeriodicUpdate, StopCause::Resolved, false)]
    fn what_keeps_a_promise(#[case] kind: ClockKind, #[case] cause: StopCause, #[case] kept: bool) {
        assert_eq!(kind.is_kept_by(cause), kept);
    }
}
