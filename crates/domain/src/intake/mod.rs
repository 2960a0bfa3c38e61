//! What a classified mention does to the tickets there are.
//!
//! [`decide`] takes what is known of the post ([`IdentityState`]) and the ticket it may belong
//! to, and returns everything one transaction has to write. [`thread`] names the threads a
//! post may join.

mod answer;
mod change;
pub mod thread;

use crate::author::{AuthorFacts, LookedUp};
use crate::mention::StartReason;
use crate::routing::{AuthorTier, Decision, Priority};
use crate::sla::{PolicyFacts, SlaBook, SlaPolicy};
use crate::ticket::{Fact, Ticket, TicketId};
use crate::{Classification, Label, Mention, MentionKey, Op, Slug};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub(crate) use change::weight;
pub use thread::{ThreadKey, ThreadKeys, answer_thread, answered_posts, thread_keys};

/// A mention with its verdict: the record of `mention.classified`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassifiedMention {
    /// The post.
    pub mention: Mention,
    /// When our process took it.
    pub received_at: Timestamp,
    /// The verdict.
    pub classification: Classification,
    /// Whose accounts found it.
    pub brand: Slug,
}

impl ClassifiedMention {
    /// Where SLA clocks start, and why there.
    pub fn sla_start(&self) -> (Timestamp, StartReason) {
        self.mention.sla_start(self.received_at)
    }

    /// The post's own time as far as it can be believed: never after receipt.
    pub fn posted_at(&self) -> Timestamp {
        self.mention.posted_at(self.received_at)
    }

    /// Which version of which verdict this is: a higher pair updates the ticket.
    pub fn pair(&self) -> (i64, u32) {
        (self.mention.version, self.classification.revision)
    }
}

/// A classified mention with its owner: all that intake needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// The post and its verdict.
    pub classified: ClassifiedMention,
    /// Whose it is, and why.
    pub decision: Decision,
    /// What is known of its author beyond it.
    pub author: AuthorFacts,
}

impl Incoming {
    /// Whether its author waits for an answer: whoever says thanks does not, nor does history.
    pub fn asks(&self) -> bool {
        let mention = &self.classified.mention;
        self.classified.classification.no_answer.is_none()
            && !mention.backfill
            && mention.op == Op::Upsert
    }

    /// The promise a ticket with this post alone stands under. Chatter starts no clocks.
    pub fn policy<'b>(&self, book: &'b SlaBook) -> Option<&'b SlaPolicy> {
        let verdict = &self.classified.classification;
        if verdict.label == Label::General || !self.asks() {
            return None;
        }
        let facts = PolicyFacts {
            label: verdict.label,
            platform: &self.classified.mention.platform,
            department: &self.decision.department,
            author_tier: self.author.tier(&self.classified.mention.author),
            language: &verdict.language,
        };
        book.select(self.decision.sla_policy.as_deref(), &facts)
    }
}

/// What is kept of a post's identity, longer than its words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityState {
    /// Of the post.
    pub version: i64,
    /// Of the verdict.
    pub revision: u32,
    /// Final: no version brings it back.
    pub deleted: bool,
    /// Accounts that found it.
    pub accounts: BTreeSet<String>,
    /// The ticket it stands in; `None` when it was deleted before it was seen.
    pub ticket: Option<TicketId>,
}

/// What a ticket is born with. Holds no words of the post.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the ticket's field of that name")]
pub struct Opening {
    pub mention: MentionKey,
    pub author_id: String,
    pub posted_at: Timestamp,
    pub received_at: Timestamp,
    pub department: Slug,
    pub helpers: Vec<Slug>,
    pub label: Label,
    pub labels: BTreeSet<Label>,
    pub priority: Priority,
    pub brand: Slug,
    pub language: String,
    pub severity: u8,
    pub topics: Vec<String>,
    pub needs_review: bool,
    pub author_tier: AuthorTier,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_up: Option<LookedUp>,
}

/// What became of one record, in the words of the outcome metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntakeOutcome {
    /// A new ticket.
    Opened,
    /// The ticket it belongs to changed.
    Changed,
    /// Seen before, nothing new in it.
    Duplicate,
    /// An older version than the one we have.
    Superseded,
    /// Its author has deleted it: a deletion wins, also one that came first.
    Tombstoned,
    /// An answer of ours, linked to the ticket it belongs to.
    Answered,
    /// A post of ours that belongs to no ticket, and needs none.
    Ours,
}

/// What one transaction has to write for one record.
#[derive(Clone, Debug, PartialEq)]
pub struct Intake {
    /// What became of the record.
    pub outcome: IntakeOutcome,
    /// The identity as it is afterwards; `ticket` is filled in by the store when it opens one.
    pub identity: IdentityState,
    /// Facts for the ticket: a new one when `outcome` is `Opened`; empty for none.
    pub facts: Vec<Fact>,
    /// Whether the post's words are to be stored (or replaced) beside the ticket.
    pub stores_words: bool,
    /// Whether the post's words are to be removed.
    pub erases_words: bool,
}

/// Decides what the record does, given what is known of its post, the ticket it belongs to
/// (the identity's own, else the open one of its thread), and the promises of `book`.
pub fn decide(
    incoming: &Incoming,
    identity: Option<&IdentityState>,
    ticket: Option<&Ticket>,
    book: &SlaBook,
    now: Timestamp,
) -> Intake {
    let mention = &incoming.classified.mention;
    let moment = change::Moment { book, now };
    // One that has a ticket came before we knew the account; it stays what it is.
    let ticketed = identity.is_some_and(|known| known.ticket.is_some());
    if let Some(who) = incoming.author.ours.filter(|_| !ticketed) {
        return answer::link(incoming, who, identity, ticket, moment);
    }
    match (mention.op, identity) {
        (Op::Delete, known) => change::delete(incoming, known, ticket, moment),
        (Op::Upsert, None) => change::first_sight(incoming, ticket, moment),
        (Op::Upsert, Some(known)) if known.deleted => {
            Intake::without_effect(IntakeOutcome::Tombstoned, known.clone())
        }
        (Op::Upsert, Some(known)) => change::seen_again(incoming, known, ticket, moment),
    }
}

impl Intake {
    const fn without_effect(outcome: IntakeOutcome, identity: IdentityState) -> Self {
        Self {
            outcome,
            identity,
            facts: Vec::new(),
            stores_words: false,
            erases_words: false,
        }
    }
}
