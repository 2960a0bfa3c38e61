//! Classified mentions → tickets, in one transaction with the consumer's offset.

use crate::StorageError;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use switchboard_domain::intake::{Incoming, IntakeOutcome};
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::SlaBook;
use switchboard_domain::ticket::{Actor, TicketId};
use switchboard_domain::{Label, OffsetMove, Slug};

/// How many mentions one call may bring, unless the store says otherwise. The offset moves with
/// its effects, so a batch is one transaction; at about 80 µs each with every row they leave, and
/// a checkpoint now and then, so many stay under the 20 ms for which a person or a timer may have
/// to wait.
pub const MAX_INTAKE_BATCH: usize = 64;

/// Takes classified mentions in.
#[async_trait]
pub trait Intake: Send + Sync {
    /// How many mentions one call may bring to this store.
    fn batch_max(&self) -> usize {
        MAX_INTAKE_BATCH
    }

    /// Writes everything the batch leads to, and the offset, or nothing. The answer has one
    /// entry per item, in order.
    ///
    /// # Errors
    /// [`StorageError::Fenced`] when the consumer does not stand at `offset.expected`.
    async fn take_in(&self, batch: IntakeBatch) -> Result<Vec<TakenIn>, StorageError>;

    /// How many batches of one consumer it is worth giving it at a time, each one expecting
    /// the offset of the one before: when that fails, all that follow are fenced.
    fn batches_at_once(&self) -> usize {
        1
    }

    /// Leaves a letter for `dead.letter` in the outbox and moves past the records it stands
    /// for, in one transaction.
    ///
    /// # Errors
    /// [`StorageError::Fenced`] as above.
    async fn set_aside(
        &self,
        key: String,
        letter: Vec<u8>,
        offset: OffsetMove,
        now: Timestamp,
    ) -> Result<(), StorageError>;
}

/// Mentions of one partition, in its order.
#[derive(Clone, Debug)]
pub struct IntakeBatch {
    /// At most [`Intake::batch_max`], else a person may have to wait.
    pub items: Vec<Incoming>,
    /// The step past them.
    pub offset: OffsetMove,
    /// How long after its last post an author's thread on an account is joined.
    pub join_window: SignedDuration,
    /// The promises.
    pub book: Arc<SlaBook>,
    /// The time of every change.
    pub now: Timestamp,
    /// Who stands in the events.
    pub actor: Actor,
}

/// What became of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenIn {
    /// In the words of the outcome metric.
    pub outcome: IntakeOutcome,
    /// The ticket its post stands in; `None` for a deletion of a post never seen.
    pub ticket: Option<TicketId>,
    /// Set when it opened that ticket.
    pub opened: Option<Opened>,
}

/// What metrics want to know of a new ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its owner.
    pub department: Slug,
    /// What it is routed by.
    pub label: Label,
    /// How much it presses.
    pub priority: Priority,
    /// When our process took the post.
    pub received_at: Timestamp,
    /// When it was written, as far as that can be believed.
    pub posted_at: Timestamp,
}
