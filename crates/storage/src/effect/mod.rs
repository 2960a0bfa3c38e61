//! What one transaction does to tickets, in every database the same.
//!
//! The functions below look rows up and write them through [`Rows`]; a database says how.
//! SQLite runs a statement for each call. PostgreSQL answers from what it has loaded, keeps
//! what is written, and sends it in a few statements at the end.
//!
//! | module | holds |
//! |---|---|
//! | [`change`] | one change of one ticket, with everything that goes with it |
//! | [`call`] | the notifications that an escalation asks for |
//! | [`intake`] | classified mentions → tickets |
//! | [`incident`] | what goes with an incident |
//! | [`thread`] | which open ticket a post joins |
//! | [`command`] | a wish of a person |
//! | [`profile`] | authors and the links between their accounts |
//! | [`regroup`] | posts that change tickets |
//! | [`timer`] | what is due on one ticket |
//! | [`Purpose`] | what a transaction is for |

pub(crate) mod call;
pub(crate) mod change;
pub(crate) mod command;
pub(crate) mod incident;
pub(crate) mod intake;
pub(crate) mod profile;
mod purpose;
pub(crate) mod regroup;
pub(crate) mod thread;
pub(crate) mod timer;

pub(crate) use purpose::Purpose;

use crate::{AuditEntry, StorageError};
use jiff::Timestamp;
use std::collections::BTreeSet;
use switchboard_domain::intake::{IdentityState, ThreadKey};
use switchboard_domain::sla::DueMilestone;
use switchboard_domain::ticket::{Ticket, TicketId};
use switchboard_domain::{ClassifiedMention, Mention, MentionKey};

/// What is known of a post, and where its words stand.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known {
    pub(crate) state: IdentityState,
    /// `None` for a post that was deleted before it was seen.
    pub(crate) mention_id: Option<i64>,
}

/// Where a post's words stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MentionPlace {
    pub(crate) ticket: TicketId,
    /// Unique at least among the posts of the ticket; they joined it in this order.
    pub(crate) id: i64,
}

/// A post beside its ticket.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Post {
    pub(crate) place: MentionPlace,
    pub(crate) key: MentionKey,
    /// `None` once its author has deleted it.
    pub(crate) content: Option<ClassifiedMention>,
}

/// An event as it is stored.
pub(crate) struct EventRow<'e> {
    /// As the change left it.
    pub(crate) ticket: &'e Ticket,
    /// The change as JSON.
    pub(crate) change: &'e str,
    /// Set where routing was asked and its answer mattered.
    pub(crate) decision: Option<&'e str>,
    pub(crate) at: Timestamp,
}

/// The rows of one transaction. What was written is found again by what follows.
pub(crate) trait Rows {
    fn next_ticket_id(&mut self) -> Result<TicketId, StorageError>;
    fn ticket(&mut self, id: TicketId) -> Result<Option<Ticket>, StorageError>;
    fn insert_ticket(&mut self, ticket: &Ticket) -> Result<(), StorageError>;
    fn update_ticket(&mut self, before: &Ticket, after: &Ticket) -> Result<(), StorageError>;

    /// Counts the ticket where it stands now and no longer where it stood.
    fn tally(&mut self, before: Option<&Ticket>, after: &Ticket);

    /// Appends the event, and leaves in the outbox that there is one.
    fn append_event(&mut self, event: EventRow<'_>) -> Result<(), StorageError>;
    fn record_milestone(
        &mut self,
        ticket: TicketId,
        due: &DueMilestone,
        fired_at: Timestamp,
    ) -> Result<(), StorageError>;
    fn outbox(
        &mut self,
        topic: &str,
        key: &str,
        payload: Vec<u8>,
        at: Timestamp,
    ) -> Result<(), StorageError>;

    /// Leaves in the outbox that the ticket has just been opened in the department of this queue
    /// by a post that is stored beside it. The record is put together when it is told.
    fn queue_new(
        &mut self,
        topic: &str,
        ticket: &Ticket,
        at: Timestamp,
    ) -> Result<(), StorageError>;
    fn audit(&mut self, entry: AuditEntry);

    fn identity(&mut self, key: &MentionKey) -> Result<Option<Known>, StorageError>;
    fn store_identity(&mut self, key: &MentionKey, known: &Known) -> Result<(), StorageError>;

    /// Stores a post beside the ticket that it has just changed, and gives its id there;
    /// `content` is the post with its verdict as JSON.
    fn insert_mention(
        &mut self,
        ticket: &Ticket,
        mention: &Mention,
        content: &str,
    ) -> Result<i64, StorageError>;

    /// Its latest words; `None` once they were erased.
    fn words(&mut self, place: MentionPlace) -> Result<Option<ClassifiedMention>, StorageError>;
    fn set_words(
        &mut self,
        place: MentionPlace,
        content: Option<&ClassifiedMention>,
    ) -> Result<(), StorageError>;

    /// Asks for many rows at once; what follows finds them.
    fn look_up(&mut self, posts: &[MentionKey], threads: &[ThreadKey]) -> Result<(), StorageError>;

    /// The ticket's posts as they stood before this transaction, in the order in which they
    /// joined it.
    fn posts_of(&mut self, ticket: TicketId) -> Result<Vec<Post>, StorageError>;

    /// Puts a post beside another ticket that has just changed for it, after all that stand
    /// there, and gives its id there. `index` counts the posts of that change from 0.
    fn move_post(
        &mut self,
        from: MentionPlace,
        to: &Ticket,
        index: usize,
    ) -> Result<i64, StorageError>;

    /// The words of the ticket's posts that still have any, in the order in which they joined.
    fn words_of(&mut self, ticket: TicketId) -> Result<Vec<ClassifiedMention>, StorageError>;

    /// The words of the post that opened it.
    fn first_words(&mut self, ticket: TicketId) -> Result<Option<ClassifiedMention>, StorageError>;

    /// Who holds the thread, and when its last post was written.
    fn thread(&mut self, key: &ThreadKey) -> Result<Option<(TicketId, Timestamp)>, StorageError>;

    /// Of two tickets the one that came first keeps the thread; its own post moves its time
    /// on, never back.
    fn hold_thread(
        &mut self,
        key: &ThreadKey,
        ticket: TicketId,
        posted_at: Timestamp,
    ) -> Result<(), StorageError>;
    fn free_thread(&mut self, key: &ThreadKey) -> Result<(), StorageError>;

    /// Frees every thread that the ticket holds.
    fn free_threads_of(&mut self, ticket: TicketId) -> Result<(), StorageError>;
}

/// The post with all accounts that found it so far.
pub(crate) fn found_by(
    content: &ClassifiedMention,
    accounts: &BTreeSet<String>,
) -> ClassifiedMention {
    let mut content = content.clone();
    content.mention.accounts.clone_from(accounts);
    content
}
