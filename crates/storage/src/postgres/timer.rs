//! Firing what is due.

use super::failure::Fault;
use super::value::{Place, micros};
use super::work::{Isolation, Work};
use super::workspace::Workspace;
use super::{PostgresStore, load, retried};
use crate::effect::{Purpose, timer};
use crate::{Fired, StorageError, Timers};
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;
use switchboard_domain::sla::SlaBook;
use switchboard_domain::ticket::{Ticket, TicketId};

pub(super) const NEXT_DUE: &str = "SELECT next_due_at FROM ticket
    WHERE next_due_at IS NOT NULL ORDER BY next_due_at, id LIMIT 1";

pub(super) const DUE: &str = "SELECT id, state FROM ticket
    WHERE next_due_at IS NOT NULL AND next_due_at <= $1
    ORDER BY next_due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED";

#[async_trait]
impl Timers for PostgresStore {
    async fn fire_due(
        &self,
        now: Timestamp,
        limit: usize,
        book: &Arc<SlaBook>,
    ) -> Result<Vec<Fired>, StorageError> {
        // Looking costs next to nothing while nothing is due.
        let next = self.next_due_at().await?;
        if next.is_none_or(|next| next > now) {
            return Ok(vec![]);
        }
        retried(|| self.try_fire_due(now, limit, book)).await
    }

    async fn next_due_at(&self) -> Result<Option<Timestamp>, StorageError> {
        let next = self.read_opt(NEXT_DUE, &[]).await?;
        let next: Option<i64> = next
            .map(|row| row.try_get(0))
            .transpose()
            .map_err(Fault::from)?;
        Place::new("ticket", "next_due_at", &"the earliest").optional_instant(next)
    }
}

impl PostgresStore {
    async fn try_fire_due(
        &self,
        now: Timestamp,
        limit: usize,
        book: &SlaBook,
    ) -> Result<Vec<Fired>, Fault> {
        let mut work = self
            .write(Purpose::Timers, Isolation::ReadCommitted)
            .await?;
        let outcome = fire_due(&mut work, now, limit, book).await;
        work.settle(outcome).await
    }
}

async fn fire_due(
    work: &mut Work,
    now: Timestamp,
    limit: usize,
    book: &SlaBook,
) -> Result<Vec<Fired>, Fault> {
    let due = due_tickets(work, now, limit).await?;
    let mut workspace = Workspace::default();
    let mut fired = workspace
        .work_out(work, |rows| {
            let mut fired = vec![];
            for ticket in &due {
                fired.extend(timer::fire(rows, ticket, book, now)?);
            }
            Ok(fired)
        })
        .await?;
    workspace.flush(work).await?;
    fired.sort_by_key(|one| one.milestone.due_at);
    Ok(fired)
}

/// The earliest due tickets that nobody else has in hand; nobody else gets these before the
/// transaction ends.
async fn due_tickets(work: &Work, now: Timestamp, limit: usize) -> Result<Vec<Ticket>, Fault> {
    let found = work
        .query(
            DUE,
            &[&micros(now), &i64::try_from(limit).unwrap_or(i64::MAX)],
        )
        .await?;
    let mut due = vec![];
    for row in &found {
        match load::ticket(row) {
            Ok(ticket) => due.push(ticket),
            Err(Fault::Told(error @ StorageError::Corrupt { .. })) => {
                // One unreadable ticket must not hold up the deadlines of all others.
                let id = TicketId(row.try_get(0)?);
                tracing::error!(%error, ticket = %id, "its clocks are parked");
                park(work, id).await?;
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(due)
}

async fn park(work: &Work, id: TicketId) -> Result<(), Fault> {
    work.execute(
        "UPDATE ticket SET next_due_at = NULL WHERE id = $1",
        &[&id.0],
    )
    .await?;
    Ok(())
}
