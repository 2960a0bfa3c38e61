//! Classified mentions → tickets.

use super::change::{self, Origin};
use super::mention::{self, Known};
use super::transaction::{Purpose, Write};
use super::{SqliteStore, thread};
use crate::{Intake, IntakeBatch, Opened, StorageError, TakenIn};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use switchboard_domain::intake::{self, Incoming, IntakeOutcome};
use switchboard_domain::ticket::{Actor, Change, Fact, Ticket};
use switchboard_domain::{OffsetMove, Op};

#[async_trait]
impl Intake for SqliteStore {
    async fn take_in(&self, batch: IntakeBatch) -> Result<Vec<TakenIn>, StorageError> {
        self.write(Purpose::Intake, move |write| {
            write.move_offset(&batch.offset)?;
            let context = Context {
                join_window: batch.join_window,
                now: batch.now,
                actor: &batch.actor,
            };
            batch
                .items
                .iter()
                .map(|item| context.take_one(write, item))
                .collect()
        })
        .await
    }

    async fn set_aside(
        &self,
        key: String,
        letter: Vec<u8>,
        offset: OffsetMove,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        self.write(Purpose::Intake, move |write| {
            write.move_offset(&offset)?;
            write.outbox("dead.letter", &key, &letter, now)
        })
        .await
    }
}

struct Context<'a> {
    join_window: SignedDuration,
    now: Timestamp,
    actor: &'a Actor,
}

impl Context<'_> {
    fn take_one(&self, write: &mut Write<'_>, item: &Incoming) -> Result<TakenIn, StorageError> {
        let key = item.classified.mention.key();
        let known = mention::find(write, &key)?;
        let before = self.ticket_of(write, item, known.as_ref())?;
        let state = known.as_ref().map(|known| &known.state);
        let mut intake = intake::decide(item, state, before.as_ref(), self.now);
        let facts = std::mem::take(&mut intake.facts);
        let changed = self.write_ticket(write, item, before.as_ref(), facts)?;
        let ticket = changed.as_ref().or(before.as_ref());
        if let Some(ticket) = &changed {
            intake.identity.ticket = Some(ticket.id);
        }
        let mut after = Known {
            mention_id: known.as_ref().and_then(|known| known.mention_id),
            state: intake.identity,
        };
        if intake.stores_words || intake.erases_words || changed.is_some() {
            let words = if intake.erases_words {
                Words::Erase
            } else if intake.stores_words {
                Words::Store
            } else {
                Words::AddAccounts
            };
            write_words(write, item, ticket, &mut after, words)?;
        }
        if known.as_ref() != Some(&after) {
            mention::store_identity(write, &key, &after)?;
        }
        if let Some(ticket) = changed.as_ref().filter(|ticket| ticket.is_open())
            && item.classified.mention.op == Op::Upsert
        {
            thread::hold(write, ticket.id, &item.classified, self.join_window)?;
        }
        Ok(TakenIn {
            outcome: intake.outcome,
            ticket: after.state.ticket,
            opened: changed
                .filter(|_| intake.outcome == IntakeOutcome::Opened)
                .map(|ticket| opened(&ticket, item)),
        })
    }

    /// The ticket its post stands in, else the open one of its thread.
    fn ticket_of(
        &self,
        write: &Write<'_>,
        item: &Incoming,
        known: Option<&Known>,
    ) -> Result<Option<Ticket>, StorageError> {
        match (known, item.classified.mention.op) {
            (Some(known), _) => match known.state.ticket {
                Some(id) => change::load(write, id),
                None => Ok(None),
            },
            (None, Op::Upsert) => thread::find(write, &item.classified, self.join_window),
            (None, Op::Delete) => Ok(None),
        }
    }

    fn write_ticket(
        &self,
        write: &mut Write<'_>,
        item: &Incoming,
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
            mention: Some(&item.classified),
            decision: routed.then_some(&item.decision),
        };
        let ticket = match before {
            None => change::open(write, &change, origin)?,
            Some(before) => change::advance(write, before, &change, origin)?,
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
    write: &Write<'_>,
    item: &Incoming,
    ticket: Option<&Ticket>,
    known: &mut Known,
    words: Words,
) -> Result<(), StorageError> {
    match (words, known.mention_id, ticket) {
        (Words::Erase, Some(id), _) => mention::erase(write, id),
        (Words::AddAccounts, Some(id), _) => {
            mention::set_accounts(write, id, &known.state.accounts)
        }
        (Words::Store, Some(id), _) => {
            mention::replace(write, id, &item.classified, &known.state.accounts)
        }
        (Words::Store, None, Some(ticket)) => {
            known.mention_id = Some(mention::insert(write, ticket.id, &item.classified)?);
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
