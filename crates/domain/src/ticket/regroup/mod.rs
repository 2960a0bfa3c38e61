//! Posts that belong elsewhere: two tickets merged, parted again, one post split out.
//!
//! Every decision gives the facts of both tickets; one transaction writes them together.
//! The survivor of a merge keeps its owner, its label gets no lighter, and of two promises
//! of a kind the one that falls due first goes on. What an undo needs stands in the facts.

mod promises;
mod split;

use super::clocks::Clocks;
use super::command::set_priority;
use super::draft::Draft;
use super::{CloseReason, Fact, Status, Ticket, TicketId};
use crate::intake::weight;
use crate::routing::Priority;
use crate::sla::{ClockKind, SlaBook, StopCause};
use crate::{Label, MentionKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub use split::{SplitOut, split};

/// The most posts one merge or undo moves: each is a row to write, and all of them together
/// have to stay far below the time for which a person may have to wait.
pub const MOVED_POSTS_MAX: usize = 1_000;

/// The facts of two tickets whose posts change places.
#[derive(Clone, Debug, PartialEq)]
pub struct Regrouping {
    /// Of the ticket that was merged away, or that stands for itself again.
    pub merged: Vec<Fact>,
    /// Of the ticket that took it in, or that gives it back.
    pub survivor: Vec<Fact>,
}

/// Why posts stay where they are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegroupRefusal {
    /// Into itself.
    #[error("a ticket cannot be merged with itself: name another one")]
    Itself,
    /// The one to merge is part of another one already.
    #[error("ticket {0} is merged into ticket {1}: undo that first")]
    Merged(TicketId, TicketId),
    /// The survivor is done.
    #[error("ticket {0} is {status}: reopen it first", status = .1.as_str())]
    NotOpen(TicketId, Status),
    /// Above [`MOVED_POSTS_MAX`].
    #[error("the ticket has {0} posts, at most {MOVED_POSTS_MAX} are moved at once")]
    TooManyPosts(usize),
    /// Nothing to undo.
    #[error("ticket {0} is not merged into another one")]
    NotMerged(TicketId),
    /// Nothing to give back.
    #[error("none of its posts stands in ticket {0} any more")]
    NoPosts(TicketId),
    /// A ticket is about the post that opened it.
    #[error("post {0} opened the ticket and stays with it: split out the others")]
    OpenedIt(MentionKey),
    /// No such post, or its words are gone.
    #[error("the ticket has no post {0} that could stand for itself")]
    NoPost(MentionKey),
}

/// A ticket that lives on in another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedInto {
    /// The survivor.
    pub ticket: TicketId,
    /// Since when.
    pub at: Timestamp,
    /// Where it stood before.
    pub status: Status,
    /// Why it was closed before, if the system had closed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_reason: Option<CloseReason>,
}

/// A ticket that was merged into this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absorbed {
    /// Which.
    pub ticket: TicketId,
    /// Since when.
    pub at: Timestamp,
    /// The platform's id of its author.
    pub author_id: String,
    /// Its posts, in the order in which they joined it.
    pub mentions: Vec<MentionKey>,
    /// How many of them their author had deleted.
    pub deleted: u32,
    /// The last one's own time.
    pub last_post_at: Timestamp,
    /// What the survivor was like before.
    pub before: Standing,
    /// What it was like afterwards.
    pub after: Standing,
    /// The promises that were taken over.
    pub taken: Vec<Taken>,
}

/// What a merge may raise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the ticket's field of that name")]
pub struct Standing {
    pub label: Label,
    pub labels: BTreeSet<Label>,
    pub severity: u8,
    pub priority: Priority,
}

/// A clock that goes on in the survivor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// What it measures.
    pub clock: ClockKind,
    /// Its cycle in the survivor.
    pub cycle: u32,
    /// The cycle of the survivor's own clock that it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<u32>,
}

/// Merges a ticket with these posts, all it has and in their order, into another one.
///
/// # Errors
/// A [`RegroupRefusal`] that says what stands in the way.
pub fn merge(
    merged: &Ticket,
    survivor: &Ticket,
    mentions: &[MentionKey],
    book: &SlaBook,
    now: Timestamp,
) -> Result<Regrouping, RegroupRefusal> {
    require_apart(merged, survivor)?;
    if mentions.len() > MOVED_POSTS_MAX {
        return Err(RegroupRefusal::TooManyPosts(mentions.len()));
    }
    let clocks = |ticket| Clocks { ticket, book, now };
    let mut leaving = Draft::of(&clocks(merged));
    let acknowledged = leaving.clocks().acknowledged();
    leaving.add(acknowledged);
    let released = leaving.clocks().released();
    leaving.add(released);
    let mut staying = Draft::of(&clocks(survivor));
    if merged.is_open() && merged.hold.is_none() {
        // A post that waits for us would stand unseen behind somebody else's turn.
        let released = staying.clocks().released();
        staying.add(released);
    }
    let before = Standing::of(survivor);
    raise(&mut staying, merged);
    let after = Standing::of(staying.clocks().ticket);
    let taken = promises::take_over(&mut staying, leaving.clocks().ticket);
    let absorbed = Absorbed {
        ticket: merged.id,
        at: now,
        author_id: merged.author_id.clone(),
        mentions: mentions.to_vec(),
        deleted: merged.deleted_count,
        last_post_at: merged.last_post_at,
        before,
        after,
        taken,
    };
    leave(&mut leaving, survivor.id);
    let mut facts = vec![Fact::Absorbed(Box::new(absorbed))];
    facts.extend(staying.into_facts());
    Ok(Regrouping {
        merged: leaving.into_facts(),
        survivor: facts,
    })
}

/// Undoes a merge. `posts` are those of the merged ticket that stand in the survivor still,
/// in their order, each with whether its author has deleted it; posts that joined later stay
/// where they are.
///
/// # Errors
/// A [`RegroupRefusal`] that says what stands in the way.
pub fn part(
    merged: &Ticket,
    survivor: &Ticket,
    posts: &[(MentionKey, bool)],
    book: &SlaBook,
    now: Timestamp,
) -> Result<Regrouping, RegroupRefusal> {
    let not_merged = || RegroupRefusal::NotMerged(merged.id);
    let told = merged.merged_into.ok_or_else(not_merged)?;
    let absorbed = survivor.absorbed.iter();
    let absorbed = absorbed.rev().find(|absorbed| absorbed.ticket == merged.id);
    let absorbed = absorbed.ok_or_else(not_merged)?;
    if let Some(further) = survivor.merged_into {
        return Err(RegroupRefusal::Merged(survivor.id, further.ticket));
    }
    if posts.is_empty() {
        return Err(RegroupRefusal::NoPosts(survivor.id));
    }
    let deleted = posts.iter().filter(|(_, deleted)| *deleted).count();
    let mentions: Vec<MentionKey> = posts.iter().map(|(key, _)| key.clone()).collect();
    let deleted = u32::try_from(deleted).unwrap_or(u32::MAX);
    let clocks = |ticket| Clocks { ticket, book, now };
    let mut giving = Draft::of(&clocks(survivor));
    let is_last = survivor.absorbed.last() == Some(absorbed);
    lower(&mut giving, absorbed, is_last);
    promises::hand_back(&mut giving, absorbed);
    let severity = lowered_severity(survivor, absorbed, is_last);
    let mut facts = vec![Fact::GaveBack {
        ticket: merged.id,
        mentions: mentions.clone(),
        deleted,
        severity,
    }];
    facts.extend(giving.into_facts());
    let mut returning = Draft::of(&clocks(merged));
    returning.add([Fact::Parted {
        ticket: survivor.id,
        mentions,
        deleted,
    }]);
    returning.add([Fact::StatusChanged {
        from: merged.status,
        to: told.status,
        reason: told.close_reason,
    }]);
    if told.status == Status::Open {
        promises::resume(&mut returning, told.at);
    }
    Ok(Regrouping {
        merged: returning.into_facts(),
        survivor: facts,
    })
}

fn require_apart(merged: &Ticket, survivor: &Ticket) -> Result<(), RegroupRefusal> {
    if merged.id == survivor.id {
        return Err(RegroupRefusal::Itself);
    }
    for ticket in [merged, survivor] {
        if let Some(into) = ticket.merged_into {
            return Err(RegroupRefusal::Merged(ticket.id, into.ticket));
        }
    }
    if !survivor.is_open() {
        return Err(RegroupRefusal::NotOpen(survivor.id, survivor.status));
    }
    Ok(())
}

fn leave(leaving: &mut Draft<'_>, into: TicketId) {
    let clocks = leaving.clocks();
    let ended = clocks.ended(StopCause::Merged);
    let (at, ticket) = (clocks.now, clocks.ticket);
    let (status, close_reason) = (ticket.status, ticket.close_reason);
    leaving.add(ended);
    leaving.add([
        Fact::MergedInto(MergedInto {
            ticket: into,
            at,
            status,
            close_reason,
        }),
        Fact::StatusChanged {
            from: status,
            to: Status::Closed,
            reason: Some(CloseReason::Merged),
        },
    ]);
}

/// Posts that come can make things worse, never better; what people have set stays.
fn raise(staying: &mut Draft<'_>, merged: &Ticket) {
    let survivor = staying.clocks().ticket.clone();
    if weight(merged.label) > weight(survivor.label) && !survivor.edited.label {
        staying.add([Fact::LabelChanged {
            from: survivor.label,
            to: merged.label,
            by_person: false,
        }]);
    }
    let labels: BTreeSet<Label> = survivor.labels.union(&merged.labels).copied().collect();
    add_labels(staying, labels);
    if merged.severity > survivor.severity {
        staying.add([Fact::SeverityRaised {
            from: survivor.severity,
            to: merged.severity,
        }]);
    }
    if merged.priority > survivor.priority && !survivor.edited.priority {
        let raised = set_priority(&staying.clocks(), merged.priority, false);
        staying.add(raised);
    }
}

/// Takes back what the merge raised, as far as nothing has changed it since.
fn lower(giving: &mut Draft<'_>, absorbed: &Absorbed, is_last: bool) {
    let survivor = giving.clocks().ticket.clone();
    let Absorbed { before, after, .. } = absorbed;
    if !is_last {
        return;
    }
    if survivor.label == after.label && before.label != after.label && !survivor.edited.label {
        giving.add([Fact::LabelChanged {
            from: after.label,
            to: before.label,
            by_person: false,
        }]);
    }
    if survivor.labels == after.labels {
        add_labels(giving, before.labels.clone());
    }
    if survivor.priority == after.priority && !survivor.edited.priority {
        let lowered = set_priority(&giving.clocks(), before.priority, false);
        giving.add(lowered);
    }
}

fn lowered_severity(survivor: &Ticket, absorbed: &Absorbed, is_last: bool) -> u8 {
    if is_last && survivor.severity == absorbed.after.severity {
        absorbed.before.severity
    } else {
        survivor.severity
    }
}

fn add_labels(draft: &mut Draft<'_>, to: BTreeSet<Label>) {
    let from = draft.clocks().ticket.labels.clone();
    if from != to {
        draft.add([Fact::LabelsChanged { from, to }]);
    }
}

impl Standing {
    fn of(ticket: &Ticket) -> Self {
        Self {
            label: ticket.label,
            labels: ticket.labels.clone(),
            severity: ticket.severity,
            priority: ticket.priority,
        }
    }
}
