//! An event as it is told: put together when the relay asks, so that the writer copies nothing.

use super::{Place, from_column, json};
use crate::StorageError;
use crate::records::TicketChanged;
use switchboard_domain::ticket::{Change, Fact, TicketEvent, TicketId};

/// The columns of the table `ticket_event` that make the record.
pub(crate) struct EventColumns<'e> {
    pub(crate) ticket: TicketId,
    pub(crate) version: i64,
    pub(crate) department: &'e str,
    pub(crate) change: &'e str,
}

impl EventColumns<'_> {
    /// The payload of `ticket.events`, without its number.
    pub(crate) fn record(&self) -> Result<Vec<u8>, StorageError> {
        let row = format!("{}/{}", self.ticket, self.version);
        let place = |column| Place::new("ticket_event", column, &row);
        let change: Change = place("change").json(self.change)?;
        let moved_from = change.facts.iter().find_map(|fact| match fact {
            Fact::DepartmentChanged { from, .. } => Some(from.clone()),
            _ => None,
        });
        let record = json(&TicketChanged {
            department: place("department").slug(self.department)?,
            moved_from,
            event: TicketEvent {
                ticket: self.ticket,
                version: from_column(self.version),
                change,
            },
        })?;
        Ok(record.into_bytes())
    }
}
