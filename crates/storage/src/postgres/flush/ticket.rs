//! Tickets.

use super::Sent;
use crate::StorageError;
use crate::postgres::value::{storable, to_column};
use crate::postgres::workspace::Pending;
use crate::row::TicketColumns;
use std::borrow::Cow;

pub(super) type Row<'t> = (i64, TicketColumns<'t>);

pub(super) fn split(pending: &Pending) -> Result<(Vec<Row<'_>>, Vec<Row<'_>>), StorageError> {
    let (mut new, mut changed) = (vec![], vec![]);
    for (stands, ticket) in pending.tickets.values() {
        let columns = TicketColumns::of(ticket)?;
        match stands {
            None => new.push((0, columns)),
            Some(version) => changed.push((to_column(*version), columns)),
        }
    }
    Ok((new, changed))
}

/// The columns of several tickets, each as an array.
#[derive(Default)]
pub(super) struct TicketRows<'t> {
    stands: Vec<i64>,
    id: Vec<i64>,
    version: Vec<i64>,
    created_at: Vec<i64>,
    updated_at: Vec<i64>,
    department: Vec<&'t str>,
    label: Vec<&'static str>,
    status: Vec<&'static str>,
    priority: Vec<&'static str>,
    assignee: Vec<Option<Cow<'t, str>>>,
    needs_review: Vec<bool>,
    default_view: Vec<bool>,
    sla_status: Vec<Option<&'static str>>,
    deadline_at: Vec<Option<i64>>,
    next_due_at: Vec<Option<i64>>,
    state: Vec<String>,
    author: Vec<Option<String>>,
}

const LOCK_TICKETS: &str = "SELECT id FROM ticket WHERE id = ANY($1) ORDER BY id FOR UPDATE";

pub(super) const UPDATE_TICKETS: &str = "UPDATE ticket SET version = new.version,
         updated_at = new.updated_at, department = new.department, label = new.label,
         status = new.status, priority = new.priority, assignee = new.assignee,
         needs_review = new.needs_review, default_view = new.default_view,
         sla_status = new.sla_status, deadline_at = new.deadline_at,
         next_due_at = new.next_due_at, state = new.state
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[],
                 $7::text[], $8::text[], $9::text[], $10::boolean[], $11::boolean[],
                 $12::text[], $13::bigint[], $14::bigint[], $15::text[])
          AS new (stands, id, version, updated_at, department, label, status, priority, assignee,
                  needs_review, default_view, sla_status, deadline_at, next_due_at, state)
     WHERE ticket.id = new.id AND ticket.version = new.stands";

impl<'t> TicketRows<'t> {
    pub(super) fn of(tickets: Vec<Row<'t>>) -> Self {
        let mut rows = Self::default();
        for (stands, columns) in tickets {
            rows.stands.push(stands);
            rows.id.push(columns.id);
            rows.version.push(columns.version);
            rows.created_at.push(columns.created_at);
            rows.updated_at.push(columns.updated_at);
            rows.department.push(columns.department);
            rows.label.push(columns.label);
            rows.status.push(columns.status);
            rows.priority.push(columns.priority);
            rows.assignee.push(columns.assignee.map(storable));
            rows.needs_review.push(columns.needs_review);
            rows.default_view.push(columns.default_view);
            rows.sla_status.push(columns.sla_status);
            rows.deadline_at.push(columns.deadline_at);
            rows.next_due_at.push(columns.next_due_at);
            rows.state.push(columns.state);
            rows.author.push(columns.author);
        }
        rows
    }

    pub(super) fn lock(&self) -> Sent<'_> {
        Sent {
            text: LOCK_TICKETS,
            parameters: vec![&self.id],
            rows: self.id.len(),
        }
    }

    pub(super) fn update(&self) -> Sent<'_> {
        Sent {
            text: UPDATE_TICKETS,
            parameters: vec![
                &self.stands,
                &self.id,
                &self.version,
                &self.updated_at,
                &self.department,
                &self.label,
                &self.status,
                &self.priority,
                &self.assignee,
                &self.needs_review,
                &self.default_view,
                &self.sla_status,
                &self.deadline_at,
                &self.next_due_at,
                &self.state,
            ],
            rows: self.id.len(),
        }
    }

    pub(super) fn insert(&self) -> Sent<'_> {
        Sent {
            text: "INSERT INTO ticket (id, version, created_at, updated_at, department, label,
                       status, priority, assignee, needs_review, default_view, sla_status,
                       deadline_at, next_due_at, state, author)
                   SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[],
                       $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                       $10::boolean[], $11::boolean[], $12::text[], $13::bigint[],
                       $14::bigint[], $15::text[], $16::text[])",
            parameters: vec![
                &self.id,
                &self.version,
                &self.created_at,
                &self.updated_at,
                &self.department,
                &self.label,
                &self.status,
                &self.priority,
                &self.assignee,
                &self.needs_review,
                &self.default_view,
                &self.sla_status,
                &self.deadline_at,
                &self.next_due_at,
                &self.state,
                &self.author,
            ],
            rows: self.id.len(),
        }
    }
}
