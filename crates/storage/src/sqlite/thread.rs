//! The threads of open tickets.

use super::transaction::Write;
use super::value::{Place, micros};
use crate::StorageError;
use crate::row::thread_hash;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use switchboard_domain::intake::ThreadKey;
use switchboard_domain::ticket::TicketId;

pub(super) fn holder(
    write: &Write<'_>,
    key: &ThreadKey,
) -> Result<Option<(TicketId, Timestamp)>, StorageError> {
    let found: Option<(i64, i64)> = write
        .prepare("SELECT ticket_id, last_at FROM open_thread WHERE key = ?1")?
        .query_row([thread_hash(key)?], |row| row.try_into())
        .optional()?;
    found
        .map(|(ticket, last_at)| {
            let last_at = Place::new("open_thread", "last_at", key).instant(last_at)?;
            Ok((TicketId(ticket), last_at))
        })
        .transpose()
}

pub(super) fn hold(
    write: &Write<'_>,
    key: &ThreadKey,
    ticket: TicketId,
    posted_at: Timestamp,
) -> Result<(), StorageError> {
    write
        .prepare(
            "INSERT INTO open_thread (key, ticket_id, last_at) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET last_at = max(last_at, excluded.last_at)
             WHERE ticket_id = excluded.ticket_id",
        )?
        .execute(params![thread_hash(key)?, ticket.0, micros(posted_at)])?;
    Ok(())
}

pub(super) fn free(write: &Write<'_>, key: &ThreadKey) -> Result<(), StorageError> {
    write
        .prepare("DELETE FROM open_thread WHERE key = ?1")?
        .execute([thread_hash(key)?])?;
    Ok(())
}

pub(super) fn free_all(write: &Write<'_>, ticket: TicketId) -> Result<(), StorageError> {
    write
        .prepare("DELETE FROM open_thread WHERE ticket_id = ?1")?
        .execute([ticket.0])?;
    Ok(())
}
