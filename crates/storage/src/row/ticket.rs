//! A ticket as a row: its state, and the copies of it that lists and timers go by.

use super::{clock_status, json, micros, to_column};
use crate::StorageError;
use switchboard_domain::ticket::Ticket;

/// The columns of the table `ticket`.
pub(crate) struct TicketColumns<'t> {
    pub(crate) id: i64,
    pub(crate) version: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) department: &'t str,
    pub(crate) label: &'static str,
    pub(crate) status: &'static str,
    pub(crate) priority: &'static str,
    pub(crate) assignee: Option<&'t str>,
    pub(crate) needs_review: bool,
    pub(crate) default_view: bool,
    pub(crate) sla_status: Option<&'static str>,
    pub(crate) deadline_at: Option<i64>,
    pub(crate) next_due_at: Option<i64>,
    pub(crate) state: String,
    /// Set once and for all: nobody else becomes its author.
    pub(crate) author: Option<String>,
}

impl<'t> TicketColumns<'t> {
    pub(crate) fn of(ticket: &'t Ticket) -> Result<Self, StorageError> {
        Ok(Self {
            id: ticket.id.0,
            version: to_column(ticket.version),
            created_at: micros(ticket.created_at),
            updated_at: micros(ticket.updated_at),
            department: ticket.department.as_str(),
            label: ticket.label.as_str(),
            status: ticket.status.as_str(),
            priority: ticket.priority.as_str(),
            assignee: ticket.assignee.as_deref(),
            needs_review: ticket.needs_review,
            default_view: ticket.is_in_default_views(),
            sla_status: ticket.sla_status().map(clock_status),
            deadline_at: ticket.deadline_at().map(micros),
            next_due_at: ticket.next_due_at().map(micros),
            state: json(ticket)?,
            author: ticket.author().map(String::from),
        })
    }
}
