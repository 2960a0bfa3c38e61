//! One change of one ticket, with everything that goes with it: the row, the event, what is
//! to be told, the audit. The only code that writes a ticket.

use super::failure::{corrupt, internal};
use super::transaction::Write;
use super::value::{Place, clock_status, json, micros, to_column};
use super::{mention, thread};
use crate::records::{Queued, RECORD_VERSION, ReplyRequested};
use crate::{AuditEntry, StorageError};
use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};
use switchboard_domain::ClassifiedMention;
use switchboard_domain::routing::Decision;
use switchboard_domain::sla::DueMilestone;
use switchboard_domain::ticket::{Change, Fact, Ticket, TicketId};

pub(super) const TICKET_EVENTS: &str = "ticket.events";

/// Where a change comes from, beyond the change itself.
#[derive(Clone, Copy, Default)]
pub(super) struct Origin<'a> {
    /// The post that caused it.
    pub(super) mention: Option<&'a ClassifiedMention>,
    /// The routing decision, where it mattered.
    pub(super) decision: Option<&'a Decision>,
}

pub(super) fn load(write: &Write<'_>, id: TicketId) -> Result<Option<Ticket>, StorageError> {
    let state: Option<String> = write
        .prepare("SELECT state FROM ticket WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    state.map(|state| parse(id, &state)).transpose()
}

pub(super) fn parse(id: TicketId, state: &str) -> Result<Ticket, StorageError> {
    Place::new("ticket", "state", &id).json(state)
}

pub(super) fn open(
    write: &mut Write<'_>,
    change: &Change,
    origin: Origin<'_>,
) -> Result<Ticket, StorageError> {
    let last: Option<i64> = write
        .prepare("SELECT max(id) FROM ticket")?
        .query_row([], |row| row.get(0))?;
    let id = TicketId(last.unwrap_or_default() + 1);
    let ticket = Ticket::open(id, change).map_err(internal)?;
    insert_row(write, &ticket)?;
    tell(write, None, &ticket, change, origin)?;
    Ok(ticket)
}

pub(super) fn advance(
    write: &mut Write<'_>,
    before: &Ticket,
    change: &Change,
    origin: Origin<'_>,
) -> Result<Ticket, StorageError> {
    let mut ticket = before.clone();
    ticket.change(change);
    update_row(write, before, &ticket)?;
    tell(write, Some(before), &ticket, change, origin)?;
    match (before.is_open(), ticket.is_open()) {
        (true, false) => thread::leave(write, ticket.id)?,
        (false, true) => thread::take_up(write, ticket.id)?,
        _ => {}
    }
    Ok(ticket)
}

fn insert_row(write: &Write<'_>, ticket: &Ticket) -> Result<(), StorageError> {
    write
        .prepare(
            "INSERT INTO ticket (id, version, created_at, updated_at, department, label, status,
                 priority, assignee, needs_review, default_view, sla_status, deadline_at,
                 next_due_at, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            ticket.id.0,
            to_column(ticket.version),
            micros(ticket.created_at),
            micros(ticket.updated_at),
            ticket.department.as_str(),
            ticket.label.as_str(),
            ticket.status.as_str(),
            ticket.priority.as_str(),
            ticket.assignee,
            ticket.needs_review,
            ticket.is_in_default_views(),
            ticket.sla_status().map(clock_status),
            ticket.deadline_at().map(micros),
            ticket.next_due_at().map(micros),
            json(ticket)?
        ])?;
    Ok(())
}

fn update_row(write: &Write<'_>, before: &Ticket, ticket: &Ticket) -> Result<(), StorageError> {
    let updated = write
        .prepare(
            "UPDATE ticket SET version = ?3, updated_at = ?4, department = ?5, label = ?6,
                 status = ?7, priority = ?8, assignee = ?9, needs_review = ?10,
                 default_view = ?11, sla_status = ?12, deadline_at = ?13, next_due_at = ?14,
                 state = ?15
             WHERE id = ?1 AND version = ?2",
        )?
        .execute(params![
            ticket.id.0,
            to_column(before.version),
            to_column(ticket.version),
            micros(ticket.updated_at),
            ticket.department.as_str(),
            ticket.label.as_str(),
            ticket.status.as_str(),
            ticket.priority.as_str(),
            ticket.assignee,
            ticket.needs_review,
            ticket.is_in_default_views(),
            ticket.sla_status().map(clock_status),
            ticket.deadline_at().map(micros),
            ticket.next_due_at().map(micros),
            json(ticket)?
        ])?;
    if updated == 1 {
        return Ok(());
    }
    // The state was read in this transaction, so the column contradicts it.
    let reason = format!("the column is not {}, which the state says", before.version);
    Err(corrupt("ticket", "version", ticket.id, reason))
}

fn tell(
    write: &mut Write<'_>,
    before: Option<&Ticket>,
    after: &Ticket,
    change: &Change,
    origin: Origin<'_>,
) -> Result<(), StorageError> {
    write.tally(before, after);
    let change_json = json(change)?;
    append_event(write, after, change, &change_json, origin.decision)?;
    if before.is_none_or(|before| before.department != after.department) {
        queue(write, after, change, origin.mention)?;
    }
    for fact in &change.facts {
        match fact {
            Fact::ClockFired(due) => milestone(write, after.id, due, change)?,
            Fact::ReplyRequested { reply, text } => {
                request_reply(write, after, change, *reply, text)?;
            }
            _ => {}
        }
    }
    write.audit(audit_entry(before, after, change, &change_json));
    Ok(())
}

fn append_event(
    write: &Write<'_>,
    ticket: &Ticket,
    change: &Change,
    change_json: &str,
    decision: Option<&Decision>,
) -> Result<(), StorageError> {
    let decision = decision.map(json).transpose()?;
    write
        .prepare(
            "INSERT INTO ticket_event (ticket_id, version, department, change, decision)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            ticket.id.0,
            to_column(ticket.version),
            ticket.department.as_str(),
            change_json,
            decision
        ])?;
    let number = write.last_id();
    write
        .prepare("INSERT INTO outbox (topic, key, number, created_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            TICKET_EVENTS,
            ticket.id.to_string(),
            number,
            micros(change.at)
        ])?;
    Ok(())
}

/// Tells the department's own systems that a ticket has come to it.
fn queue(
    write: &Write<'_>,
    ticket: &Ticket,
    change: &Change,
    mention: Option<&ClassifiedMention>,
) -> Result<(), StorageError> {
    let topic = format!("queue.{}", ticket.department);
    let key = ticket.id.to_string();
    let mention = if let Some(mention) = mention {
        Some(mention.clone())
    } else {
        let first = mention::first(write.transaction(), ticket.id)?;
        first.and_then(|first| first.content)
    };
    let payload = json(&Queued {
        v: RECORD_VERSION,
        ticket: ticket.clone(),
        mention,
    })?;
    write.outbox(&topic, &key, payload.as_bytes(), change.at)
}

fn milestone(
    write: &Write<'_>,
    ticket: TicketId,
    due: &DueMilestone,
    change: &Change,
) -> Result<(), StorageError> {
    write
        .prepare(
            "INSERT INTO sla_milestone (ticket_id, clock, cycle, milestone, due_at, fired_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            ticket.0,
            due.clock.as_str(),
            due.cycle,
            due.milestone.to_string(),
            micros(due.due_at),
            micros(change.at)
        ])?;
    Ok(())
}

fn request_reply(
    write: &Write<'_>,
    ticket: &Ticket,
    change: &Change,
    reply: u64,
    text: &str,
) -> Result<(), StorageError> {
    let request = ReplyRequested {
        v: RECORD_VERSION,
        ticket: ticket.id,
        reply,
        text: text.to_owned(),
        mention: ticket.mention.clone(),
        actor: change.actor.clone(),
        at: change.at,
    };
    let payload = json(&request)?;
    write.outbox(
        "reply.requested",
        &ticket.id.to_string(),
        payload.as_bytes(),
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
