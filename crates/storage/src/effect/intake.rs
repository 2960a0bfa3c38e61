//! Classified mentions → tickets.

use super::change::{self, Origin};
use super::{Known, MentionPlace, Rows, found_by, thread};
use crate::row::json;
use crate::{IntakeBatch, Opened, StorageError, TakenIn};
use jiff::{SignedDuration, Timestamp};
use switchboard_domain::Op;
use switchboard_domain::intake::{self, Incoming, IntakeOutcome, ThreadKeys, thread_keys};
use switchboard_domain::sla::SlaBook;
use switchboard_domain::ticket::{Actor, Change, Fact, Ticket};

/// What follows from an item alone. It is worked out before the transaction begins: on SQLite
/// everybody waits for the one thread that writes.
pub(crate) struct Prepared {
    /// The post with its verdict, as JSON.
    content: String,
    /// The routing decision, as JSON.
    decision: String,
    pub(crate) threads: ThreadKeys,
}

impl Prepared {
    /// One for each item of the batch.
    pub(crate) fn of(items: &[Incoming]) -> Result<Vec<Self>, StorageError> {
        let prepared = items.iter().map(|item| {
            Ok(Self {
                content: json(&item.classified)?,
                decision: json(&item.decision)?,
                threads: thread_keys(&item.classified.mention),
            })
        });
        prepared.collect()
    }
}

/// An item with what was prepared of it.
#[derive(Clone, Copy)]
struct Item<'i> {
    incoming: &'i Incoming,
    prepared: &'i Prepared,
}

impl<'i> Item<'i> {
    const fn post(self) -> thread::Post<'i> {
        thread::Post {
            classified: &self.incoming.classified,
            keys: &self.prepared.threads,
        }
    }
}

/// The effects of the batch, in its order; the offset is the caller's.
pub(crate) fn take_in(
    rows: &mut impl Rows,
    batch: &IntakeBatch,
    prepared: &[Prepared],
) -> Result<Vec<TakenIn>, StorageError> {
    let context = Context {
        join_window: batch.join_window,
        now: batch.now,
        actor: &batch.actor,
        book: &batch.book,
    };
    let items = batch.items.iter().zip(prepared);
    items
        .map(|(incoming, prepared)| context.take_one(rows, Item { incoming, prepared }))
        .collect()
}

struct Context<'a> {
    join_window: SignedDuration,
    now: Timestamp,
    actor: &'a Actor,
    book: &'a SlaBook,
}

impl Context<'_> {
    fn take_one(&self, rows: &mut impl Rows, item: Item<'_>) -> Result<TakenIn, StorageError> {
        let key = item.incoming.classified.mention.key();
        let known = rows.identity(&key)?;
        let before = self.ticket_of(rows, item, known.as_ref())?;
        let state = known.as_ref().map(|known| &known.state);
        let mut intake = intake::decide(item.incoming, state, before.as_ref(), self.book, self.now);
        let facts = std::mem::take(&mut intake.facts);
        let changed = self.write_ticket(rows, item, before.as_ref(), facts)?;
        let ticket = changed.as_ref().or(before.as_ref());
        let answers = intake.outcome == IntakeOutcome::Answered;
        if let Some(ticket) = changed.as_ref().filter(|_| !answers) {
            intake.identity.ticket = Some(ticket.id);
        }
        let mut after = Known {
            mention_id: known.as_ref().and_then(|known| known.mention_id),
            state: intake.identity,
        };
        if intake.stores_words || intake.erases_words || (changed.is_some() && !answers) {
            let words = if intake.erases_words {
                Words::Erase
            } else if intake.stores_words {
                Words::Store
            } else {
                Words::AddAccounts
            };
            write_words(rows, item, ticket, &mut after, words)?;
        }
        if known.as_ref() != Some(&after) {
            rows.store_identity(&key, &after)?;
        }
        if let Some(ticket) = changed.as_ref().filter(|ticket| ticket.is_open())
            && item.incoming.classified.mention.op == Op::Upsert
        {
            if answers {
                thread::hold_answer(rows, ticket, &item.incoming.classified)?;
            } else {
                thread::hold(rows, ticket.id, item.post(), self.join_window)?;
            }
        }
        Ok(TakenIn {
            outcome: intake.outcome,
            ticket: after
                .state
                .ticket
                .or_else(|| ticket.map(|ticket| ticket.id)),
            opened: changed
                .filter(|_| intake.outcome == IntakeOutcome::Opened)
                .map(|ticket| opened(&ticket, item.incoming)),
        })
    }

    /// The ticket its post stands in, else the open one of its thread.
    fn ticket_of(
        &self,
        rows: &mut impl Rows,
        item: Item<'_>,
        known: Option<&Known>,
    ) -> Result<Option<Ticket>, StorageError> {
        if known.is_none() && item.incoming.author.ours.is_some() {
            return thread::answered(rows, &item.incoming.classified);
        }
        match (known, item.incoming.classified.mention.op) {
            (Some(known), _) => match known.state.ticket {
                Some(id) => rows.ticket(id),
                None => Ok(None),
            },
            (None, Op::Upsert) => thread::find(rows, item.post(), self.join_window),
            (None, Op::Delete) => Ok(None),
        }
    }

    fn write_ticket(
        &self,
        rows: &mut impl Rows,
        item: Item<'_>,
        before: Option<&Ticket>,
        facts: Vec<Fact>,
    ) -> Result<Option<Ticket>, StorageError> {
        if facts.is_empty() {
            return Ok(None);
        }
        let routed = facts.iter().any(is_routed);
        let change = Change {
            at: self.now,
            actor: self.actor.clone(),
            facts,
        };
        let origin = Origin {
            mention: Some(&item.incoming.classified),
            decision: routed.then_some(&*item.prepared.decision),
        };
        let ticket = match before {
            None => change::open(rows, &change, origin)?,
            Some(before) => change::advance(rows, before, &change, origin)?,
        };
        Ok(Some(ticket))
    }
}

enum Words {
    Store,
    AddAccounts,
    Erase,
}

fn write_words(
    rows: &mut impl Rows,
    item: Item<'_>,
    ticket: Option<&Ticket>,
    known: &mut Known,
    words: Words,
) -> Result<(), StorageError> {
    let place = known
        .mention_id
        .zip(known.state.ticket)
        .map(|(id, ticket)| MentionPlace { ticket, id });
    let accounts = &known.state.accounts;
    match (words, place, ticket) {
        (Words::Erase, Some(place), _) => rows.set_words(place, None),
        (Words::AddAccounts, Some(place), _) => match rows.words(place)? {
            Some(content) => rows.set_words(place, Some(&found_by(&content, accounts))),
            None => Ok(()),
        },
        (Words::Store, Some(place), _) => {
            rows.set_words(place, Some(&found_by(&item.incoming.classified, accounts)))
        }
        (Words::Store, None, Some(ticket)) => {
            known.mention_id = Some(rows.insert_mention(
                ticket,
                &item.incoming.classified.mention,
                &item.prepared.content,
            )?);
            Ok(())
        }
        (Words::Store | Words::AddAccounts | Words::Erase, None, _) => Ok(()),
    }
}

/// Whether the routing decision had a part in it.
const fn is_routed(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Opened(_)
            | Fact::LabelChanged { .. }
            | Fact::DepartmentChanged { .. }
            | Fact::PriorityChanged { .. }
            | Fact::ClockStarted { .. }
    )
}

fn opened(ticket: &Ticket, item: &Incoming) -> Opened {
    Opened {
        department: ticket.department.clone(),
        label: ticket.label,
        priority: ticket.priority,
        received_at: item.classified.received_at,
        posted_at: ticket.last_post_at,
    }
}
