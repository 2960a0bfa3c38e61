//! Which open ticket a post joins.

use super::transaction::Write;
use super::value::{Hash16, Place, micros};
use super::{change, mention};
use crate::StorageError;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, params};
use switchboard_domain::ClassifiedMention;
use switchboard_domain::intake::{ThreadKey, ThreadKeys, thread_keys};
use switchboard_domain::ticket::{Ticket, TicketId};

/// The open ticket of the post's thread: by conversation, by the post it answers, by author
/// and account within the window, in this order.
pub(super) fn find(
    write: &Write<'_>,
    classified: &ClassifiedMention,
    join_window: SignedDuration,
) -> Result<Option<Ticket>, StorageError> {
    let keys = thread_keys(&classified.mention);
    if let Some(key) = &keys.conversation
        && let Some((ticket, _)) = holder(write, key)?
    {
        return change::load(write, ticket);
    }
    if let Some(ticket) = of_parent(write, &keys, &classified.mention.author.id)? {
        return Ok(Some(ticket));
    }
    let posted_at = classified.received().posted_at();
    for key in &keys.windowed {
        if let Some((ticket, last_at)) = holder(write, key)?
            && posted_at.duration_since(last_at).abs() <= join_window
        {
            return change::load(write, ticket);
        }
    }
    Ok(None)
}

/// Puts the post's threads in the ticket's name. A windowed thread that another open ticket
/// holds passes over once its window has; the others stay where they are.
pub(super) fn hold(
    write: &Write<'_>,
    ticket: TicketId,
    classified: &ClassifiedMention,
    join_window: SignedDuration,
) -> Result<(), StorageError> {
    let keys = thread_keys(&classified.mention);
    let posted_at = classified.received().posted_at();
    if let Some(key) = &keys.conversation {
        put(write, key, ticket, posted_at)?;
    }
    for key in &keys.windowed {
        if let Some((holder, last_at)) = holder(write, key)?
            && holder != ticket
            && posted_at.duration_since(last_at).abs() > join_window
        {
            write
                .prepare("DELETE FROM open_thread WHERE key = ?1")?
                .execute([blob(key)?])?;
        }
        put(write, key, ticket, posted_at)?;
    }
    Ok(())
}

/// The ticket is no longer open: its threads are free.
pub(super) fn leave(write: &Write<'_>, ticket: TicketId) -> Result<(), StorageError> {
    write
        .prepare("DELETE FROM open_thread WHERE ticket_id = ?1")?
        .execute([ticket.0])?;
    Ok(())
}

/// The ticket is open again: it takes the threads of its posts that nobody holds meanwhile.
pub(super) fn take_up(write: &Write<'_>, ticket: TicketId) -> Result<(), StorageError> {
    for mention in mention::all(write.transaction(), ticket)? {
        let Some(classified) = mention.content else {
            continue;
        };
        let keys = thread_keys(&classified.mention);
        for key in keys.conversation.iter().chain(&keys.windowed) {
            put(write, key, ticket, classified.received().posted_at())?;
        }
    }
    Ok(())
}

fn of_parent(
    write: &Write<'_>,
    keys: &ThreadKeys,
    author_id: &str,
) -> Result<Option<Ticket>, StorageError> {
    let Some(parent) = &keys.parent else {
        return Ok(None);
    };
    let known = mention::find(write, parent)?;
    let Some(id) = known.and_then(|known| known.state.ticket) else {
        return Ok(None);
    };
    let ticket = change::load(write, id)?;
    Ok(ticket.filter(|ticket| ticket.is_open() && ticket.author_id == author_id))
}

fn holder(
    write: &Write<'_>,
    key: &ThreadKey,
) -> Result<Option<(TicketId, Timestamp)>, StorageError> {
    let found: Option<(i64, i64)> = write
        .prepare("SELECT ticket_id, last_at FROM open_thread WHERE key = ?1")?
        .query_row([blob(key)?], |row| row.try_into())
        .optional()?;
    found
        .map(|(ticket, last_at)| {
            let last_at = Place::new("open_thread", "last_at", key).instant(last_at)?;
            Ok((TicketId(ticket), last_at))
        })
        .transpose()
}

/// Of two tickets the one that came first keeps the thread; its own post moves its time on.
fn put(
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
        .execute(params![blob(key)?, ticket.0, micros(posted_at)])?;
    Ok(())
}

fn blob(key: &ThreadKey) -> Result<Hash16, StorageError> {
    let mut bytes = Hash16::default();
    hex::decode_to_slice(key.as_str(), &mut bytes)
        .map_err(|error| Place::new("open_thread", "key", key).corrupt(error))?;
    Ok(bytes)
}
