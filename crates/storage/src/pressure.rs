//! What presses in the queues, in numbers that cost the same however long the queues are.

use crate::StorageError;
use crate::row::{Place, from_column};
use jiff::Timestamp;
use switchboard_domain::{Label, Slug};

/// Open tickets looked at per department and label, those with the next deadlines first: some
/// hundred microseconds, and more than anybody counts by eye.
pub const PRESSING_MAX: u32 = 1_000;

/// How much presses in a department's queue. With [`Pressure::more`] every number is "at
/// least".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pressure {
    /// Whose queue.
    pub department: Slug,
    /// Open tickets whose deadline has passed.
    pub overdue: u64,
    /// Open tickets whose deadline has passed, or does before the instant asked for.
    pub soon: u64,
    /// Open tickets that nobody works on; chatter without a deadline left out.
    pub unassigned: u64,
    /// The first deadline of all, a missed one included.
    pub next_deadline: Option<Timestamp>,
    /// Whether there are more tickets than were looked at.
    pub more: bool,
}

/// What a look at one department and label has found, as columns.
pub(crate) struct Look {
    /// Tickets with a deadline.
    pub(crate) ticking: i64,
    pub(crate) overdue: i64,
    pub(crate) soon: i64,
    pub(crate) unassigned: i64,
    pub(crate) next_deadline: Option<i64>,
    /// Tickets without one; of chatter none are looked at.
    pub(crate) still: i64,
}

impl Pressure {
    pub(crate) fn none(department: &str) -> Result<Self, StorageError> {
        Ok(Self {
            department: Place::new("ticket", "department", &department).slug(department)?,
            overdue: 0,
            soon: 0,
            unassigned: 0,
            next_deadline: None,
            more: false,
        })
    }

    pub(crate) fn add(&mut self, look: &Look) -> Result<(), StorageError> {
        let place = Place::new("ticket", "deadline_at", &self.department);
        let next = place.optional_instant(look.next_deadline)?;
        self.next_deadline = self.next_deadline.into_iter().chain(next).min();
        self.overdue += from_column(look.overdue);
        self.soon += from_column(look.soon);
        self.unassigned += from_column(look.unassigned);
        self.more |= look.ticking.max(look.still) >= i64::from(PRESSING_MAX);
        Ok(())
    }
}

/// Chatter without a deadline waits for nobody.
pub(crate) const fn waits_without_deadline(label: Label) -> bool {
    !matches!(label, Label::General)
}
