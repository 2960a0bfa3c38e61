//! What a transaction is for.

use switchboard_telemetry::StorePriority;

/// What a transaction is for: how much it presses, and the points at which tests break it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Mentions become tickets.
    Intake,
    /// A person changes a ticket.
    Apply,
    /// Deadlines fire.
    Timers,
    /// Other wishes of people.
    People,
    /// Other work of stages.
    Stream,
}

impl Purpose {
    pub(crate) const fn priority(self) -> StorePriority {
        match self {
            Self::Apply | Self::People => StorePriority::People,
            Self::Timers => StorePriority::Timers,
            Self::Intake | Self::Stream => StorePriority::Stream,
        }
    }

    /// Whether it changes tickets as a rule, and so leaves something to be told. The relay's
    /// own work is not among them: it would wake itself.
    pub(crate) const fn changes_tickets(self) -> bool {
        matches!(self, Self::Intake | Self::Apply | Self::Timers)
    }
}
