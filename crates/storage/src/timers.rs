//! Firing what is due: deadlines are rows, and the store holds the only truth about them.

use crate::StorageError;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use switchboard_domain::Slug;
use switchboard_domain::sla::{DueMilestone, SlaBook};
use switchboard_domain::ticket::TicketId;

/// The clocks of all tickets.
#[async_trait]
pub trait Timers: Send + Sync {
    /// Fires every milestone due at `now` of at most `limit` tickets, the earliest first, in
    /// one transaction, with the escalations behind them and the holds that end. Each (ticket,
    /// clock, cycle, milestone) fires once, and never early.
    async fn fire_due(
        &self,
        now: Timestamp,
        limit: usize,
        book: &Arc<SlaBook>,
    ) -> Result<Vec<Fired>, StorageError>;

    /// When the next milestone of any ticket falls due; `None` when nothing ticks.
    async fn next_due_at(&self) -> Result<Option<Timestamp>, StorageError>;
}

/// A milestone that has just fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    /// Whose.
    pub ticket: TicketId,
    /// Its owner.
    pub department: Slug,
    /// Which, and when it fell due.
    pub milestone: DueMilestone,
    /// From falling due to firing; never negative.
    pub lateness: SignedDuration,
}
