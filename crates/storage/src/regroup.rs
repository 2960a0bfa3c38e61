//! Merging tickets, undoing it, splitting a post out: two tickets change in one transaction.

use crate::StorageError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;
use switchboard_domain::MentionKey;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::sla::SlaBook;
use switchboard_domain::ticket::{Actor, RegroupRefusal, Ticket, TicketId};

/// Posts that change tickets. What lies outside the scope does not exist for the caller.
#[async_trait]
pub trait Regroups: Send + Sync {
    /// Carries the wish out, in one transaction with the events of both tickets, identities,
    /// threads, outbox and audit rows.
    async fn regroup(
        &self,
        wish: Regroup,
        scope: &DepartmentScope,
    ) -> Result<Regrouped, StorageError>;
}

/// A wish to move posts between two tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regroup {
    /// The ticket that is merged away, comes back, or loses a post.
    pub ticket: TicketId,
    /// What is to happen to it.
    pub how: Regrouping,
    /// The version of it that the caller saw; `None` takes whatever there is.
    pub expected_version: Option<u64>,
    /// Who asks.
    pub actor: Actor,
    /// The promises.
    pub book: Arc<SlaBook>,
    /// When.
    pub now: Timestamp,
}

/// How posts change places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Regrouping {
    /// All of them go to that open ticket, and so does what comes later in their threads.
    MergeInto(TicketId),
    /// Those that a merge took away come back.
    Part,
    /// This one opens a ticket of its own.
    SplitOut(MentionKey),
}

/// What became of a [`Regroup`].
#[derive(Clone, Debug, PartialEq)]
pub enum Regrouped {
    /// Carried out.
    Done {
        /// The ticket that was named, as it is now.
        ticket: Box<Ticket>,
        /// The other one: the survivor, or the new one.
        other: Box<Ticket>,
    },
    /// The ticket has another version than the caller saw.
    Conflict {
        /// The ticket as it is.
        current: Box<Ticket>,
    },
    /// The tickets do not allow it now.
    Refused(RegroupRefusal),
    /// There is no such ticket, or it lies outside the scope.
    NotFound(TicketId),
}
