//! One change of one ticket, with everything that goes with it: the row, the event, what is
//! to be told, the audit. The only code that changes a ticket.

use super::{EventRow, Rows, call, thread};
use crate::error::internal;
use crate::records::{RECORD_VERSION, ReplyRequested};
use crate::row::json;
use crate::{AuditEntry, StorageError};
use serde::Serialize;
use sha2::{Digest, Sha256};
use switchboard_domain::ClassifiedMention;
use switchboard_domain::ticket::{Change, Fact, Ticket};

/// The log topic of events: their outbox rows carry no payload of their own.
pub(crate) const TICKET_EVENTS: &str = "ticket.events";

/// Where a change comes from, beyond the change itself.
#[derive(Clone, Copy, Default)]
pub(crate) struct Origin<'a> {
    /// The post that caused it.
    pub(crate) mention: Option<&'a ClassifiedMention>,
    /// The routing decision as JSON, where it mattered.
    pub(crate) decision: Option<&'a str>,
}

pub(crate) fn open(
    rows: &mut impl Rows,
    change: &Change,
    origin: Origin<'_>,
) -> Result<Ticket, StorageError> {
    let ticket = Ticket::open(rows.next_ticket_id()?, change).map_err(internal)?;
    rows.insert_ticket(&ticket)?;
    tell(rows, None, &ticket, change, origin)?;
    Ok(ticket)
}

pub(crate) fn advance(
    rows: &mut impl Rows,
    before: &Ticket,
    change: &Change,
    origin: Origin<'_>,
) -> Result<Ticket, StorageError> {
    let mut ticket = before.clone();
    ticket.change(change);
    rows.update_ticket(before, &ticket)?;
    tell(rows, Some(before), &ticket, change, origin)?;
    match (before.is_open(), ticket.is_open()) {
        (true, false) => rows.free_threads_of(ticket.id)?,
        (false, true) => thread::take_up(rows, ticket.id)?,
        _ => {}
    }
    Ok(ticket)
}

fn tell(
    rows: &mut impl Rows,
    before: Option<&Ticket>,
    after: &Ticket,
    change: &Change,
    origin: Origin<'_>,
) -> Result<(), StorageError> {
    rows.tally(before, after);
    let change_json = json(change)?;
    rows.append_event(EventRow {
        ticket: after,
        change: &change_json,
        decision: origin.decision,
        at: change.at,
    })?;
    let topic = || format!("queue.{}", after.department);
    match (before, origin.mention) {
        (None, Some(_)) => rows.queue_new(&topic(), after, change.at)?,
        (Some(before), _) if before.department == after.department => {}
        (_, mention) => queue(rows, &topic(), after, change, mention)?,
    }
    for fact in &change.facts {
        match fact {
            Fact::ClockFired(due) => rows.record_milestone(after.id, due, change.at)?,
            Fact::ReplyRequested { reply, text, .. } => {
                request_reply(rows, after, change, *reply, text)?;
            }
            Fact::Escalated { .. } => call::request(rows, after, fact, change.at)?,
            _ => {}
        }
    }
    rows.audit(audit_entry(before, after, change, &change_json));
    Ok(())
}

/// A [`crate::records::Queued`] that is written and never read, so it copies nothing.
#[derive(Serialize)]
struct Told<'t> {
    v: u32,
    ticket: &'t Ticket,
    #[serde(skip_serializing_if = "Option::is_none")]
    mention: Option<&'t ClassifiedMention>,
}

/// Tells the department's own systems that a ticket has come to it.
fn queue(
    rows: &mut impl Rows,
    topic: &str,
    ticket: &Ticket,
    change: &Change,
    mention: Option<&ClassifiedMention>,
) -> Result<(), StorageError> {
    let stored = match mention {
        Some(_) => None,
        None => rows.first_words(ticket.id)?,
    };
    let record = json(&Told {
        v: RECORD_VERSION,
        ticket,
        mention: mention.or(stored.as_ref()),
    })?;
    let key = ticket.id.to_string();
    rows.outbox(topic, &key, record.into_bytes(), change.at)
}

fn request_reply(
    rows: &mut impl Rows,
    ticket: &Ticket,
    change: &Change,
    reply: u64,
    text: &str,
) -> Result<(), StorageError> {
    let payload = json(&ReplyRequested {
        v: RECORD_VERSION,
        ticket: ticket.id,
        reply,
        text: text.to_owned(),
        mention: ticket.mention.clone(),
        actor: change.actor.clone(),
        at: change.at,
    })?;
    rows.outbox(
        "reply.requested",
        &ticket.id.to_string(),
        payload.into_bytes(),
        change.at,
    )
}

/// Holds the hash of the change and none of its words, so that the chain covers the events.
fn audit_entry(
    before: Option<&Ticket>,
    after: &Ticket,
    change: &Change,
    change_json: &str,
) -> AuditEntry {
    let action = if before.is_none() {
        "ticket.opened"
    } else {
        "ticket.changed"
    };
    let hash = hex::encode(Sha256::digest(change_json.as_bytes()));
    AuditEntry {
        at: change.at,
        actor: change.actor.clone(),
        action: action.to_owned(),
        subject: format!("ticket:{}", after.id),
        detail: format!(r#"{{"version":{},"change":"{hash}"}}"#, after.version),
    }
}
