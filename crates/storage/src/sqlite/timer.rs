//! Firing what is due.

use super::SqliteStore;
use super::change;
use super::transaction::{Purpose, Write};
use super::value::{Place, micros};
use crate::effect::timer::fire;
use crate::{Fired, StorageError, Timers};
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;
use switchboard_domain::sla::SlaBook;
use switchboard_domain::ticket::TicketId;

#[async_trait]
impl Timers for SqliteStore {
    async fn fire_due(
        &self,
        now: Timestamp,
        limit: usize,
        book: &Arc<SlaBook>,
    ) -> Result<Vec<Fired>, StorageError> {
        // Looking costs the writer nothing while nothing is due.
        let next = self.next_due_at().await?;
        if next.is_none_or(|next| next > now) {
            return Ok(vec![]);
        }
        let book = Arc::clone(book);
        self.write(Purpose::Timers, move |write| {
            fire_due(write, now, limit, &book)
        })
        .await
    }

    async fn next_due_at(&self) -> Result<Option<Timestamp>, StorageError> {
        self.read(|snapshot| {
            let next = snapshot
                .prepare_cached(
                    "SELECT min(next_due_at) FROM ticket WHERE next_due_at IS NOT NULL",
                )?
                .query_row([], |row| row.get(0))?;
            Place::new("ticket", "next_due_at", &"the earliest").optional_instant(next)
        })
        .await
    }
}

fn fire_due(
    write: &mut Write<'_>,
    now: Timestamp,
    limit: usize,
    book: &SlaBook,
) -> Result<Vec<Fired>, StorageError> {
    let mut fired = vec![];
    for id in due_tickets(write, now, limit)? {
        match change::load(write, id) {
            Ok(Some(ticket)) => fired.extend(fire(write, &ticket, book, now)?),
            Ok(None) => {}
            Err(error @ StorageError::Corrupt { .. }) => {
                // One unreadable ticket must not hold up the deadlines of all others.
                tracing::error!(%error, ticket = %id, "its clocks are parked");
                park(write, id)?;
            }
            Err(error) => return Err(error),
        }
    }
    fired.sort_by_key(|one| one.milestone.due_at);
    Ok(fired)
}

fn due_tickets(
    write: &Write<'_>,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<TicketId>, StorageError> {
    let mut statement = write.prepare(
        "SELECT id FROM ticket WHERE next_due_at IS NOT NULL AND next_due_at <= ?1
         ORDER BY next_due_at, id LIMIT ?2",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let ids = statement.query_map([micros(now), limit], |row| Ok(TicketId(row.get(0)?)))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

fn park(write: &Write<'_>, id: TicketId) -> Result<(), StorageError> {
    write
        .prepare("UPDATE ticket SET next_due_at = NULL WHERE id = ?1")?
        .execute([id.0])?;
    Ok(())
}
