//! The notifications that a step of an escalation chain asks for.

use super::Rows;
use crate::StorageError;
use crate::records::{NotificationRequested, RECORD_VERSION, Subject, TicketCall};
use crate::row::json;
use jiff::Timestamp;
use switchboard_domain::ticket::{Fact, Ticket};

/// The log topic of requests.
const NOTIFICATION_REQUESTED: &str = "notification.requested";

/// Leaves one request per recipient in the outbox; nothing for any other fact.
pub(crate) fn request(
    rows: &mut impl Rows,
    ticket: &Ticket,
    fact: &Fact,
    at: Timestamp,
) -> Result<(), StorageError> {
    let Fact::Escalated { notify, .. } = fact else {
        return Ok(());
    };
    let Some(call) = ticket_call(ticket, fact, at) else {
        return Ok(());
    };
    for recipient in notify {
        let payload = json(&NotificationRequested {
            v: RECORD_VERSION,
            idempotency_key: key(&call, recipient),
            recipient: recipient.clone(),
            subject: Subject::Ticket(Box::new(call.clone())),
        })?;
        rows.outbox(NOTIFICATION_REQUESTED, recipient, payload.into_bytes(), at)?;
    }
    Ok(())
}

fn ticket_call(ticket: &Ticket, fact: &Fact, at: Timestamp) -> Option<TicketCall> {
    let Fact::Escalated {
        clock,
        cycle,
        step,
        on_call,
        ..
    } = fact
    else {
        return None;
    };
    let mut clocks = ticket.clocks.iter();
    let called_by = clocks.find(|one| (one.kind, one.cycle) == (*clock, *cycle))?;
    Some(TicketCall {
        ticket: ticket.id,
        brand: ticket.brand.clone(),
        department: ticket.department.clone(),
        label: ticket.label,
        priority: ticket.priority,
        assignee: ticket.assignee.clone(),
        mention: ticket.mention.clone(),
        clock: *clock,
        cycle: *cycle,
        step: *step,
        policy: called_by.terms.policy.clone(),
        started_at: called_by.started_at,
        due_at: called_by.due_at(),
        on_call: on_call.clone(),
        at,
    })
}

/// A milestone fires once, so each recipient is told of it under one key.
fn key(call: &TicketCall, recipient: &str) -> String {
    let TicketCall {
        ticket,
        clock,
        cycle,
        step,
        ..
    } = call;
    format!(
        "ticket-{ticket}-{}-{cycle}-{step}-{recipient}",
        clock.as_str()
    )
}
