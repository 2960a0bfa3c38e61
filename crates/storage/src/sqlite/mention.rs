//! Identities and the posts themselves.

use super::transaction::Write;
use super::value::{Place, json, mention_hash};
use crate::effect::{Known, MentionPlace, Post};
use crate::{StorageError, StoredMention};
use rusqlite::{Connection, OptionalExtension, Row, params};
use switchboard_domain::intake::IdentityState;
use switchboard_domain::ticket::TicketId;
use switchboard_domain::{Mention, MentionKey};

pub(super) fn find(write: &Write<'_>, key: &MentionKey) -> Result<Option<Known>, StorageError> {
    type Columns = (i64, i64, bool, String, Option<i64>, Option<i64>);
    let columns: Option<Columns> = write
        .prepare(
            "SELECT version, revision, deleted, accounts, ticket_id, mention_id
             FROM identity WHERE key = ?1",
        )?
        .query_row([mention_hash(key)], |row| row.try_into())
        .optional()?;
    let Some((version, revision, deleted, accounts, ticket, mention_id)) = columns else {
        return Ok(None);
    };
    let state = IdentityState {
        version,
        revision: u32::try_from(revision)
            .map_err(|error| Place::new("identity", "revision", key).corrupt(error))?,
        deleted,
        accounts: Place::new("identity", "accounts", key).json(&accounts)?,
        ticket: ticket.map(TicketId),
    };
    Ok(Some(Known { state, mention_id }))
}

pub(super) fn store_identity(
    write: &Write<'_>,
    key: &MentionKey,
    known: &Known,
) -> Result<(), StorageError> {
    let state = &known.state;
    write
        .prepare(
            "INSERT INTO identity (key, version, revision, deleted, accounts, ticket_id, mention_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT DO UPDATE SET version = excluded.version, revision = excluded.revision,
                 deleted = excluded.deleted, accounts = excluded.accounts,
                 ticket_id = excluded.ticket_id, mention_id = excluded.mention_id",
        )?
        .execute(params![
            mention_hash(key),
            state.version,
            state.revision,
            state.deleted,
            json(&state.accounts)?,
            state.ticket.map(|ticket| ticket.0),
            known.mention_id
        ])?;
    Ok(())
}

/// Stores the post beside its ticket and gives the row's number.
pub(super) fn insert(
    write: &Write<'_>,
    ticket: TicketId,
    mention: &Mention,
    content: &str,
) -> Result<i64, StorageError> {
    write
        .prepare(
            "INSERT INTO mention (ticket_id, platform, id_scope, native_id, content)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            ticket.0,
            mention.platform.as_str(),
            mention.id_scope,
            mention.id,
            content
        ])?;
    Ok(write.last_id())
}

const COLUMNS: &str = "id, platform, id_scope, native_id, content";

/// The post that opened the ticket.
pub(super) fn first(
    connection: &Connection,
    ticket: TicketId,
) -> Result<Option<StoredMention>, StorageError> {
    let statement =
        format!("SELECT {COLUMNS} FROM mention WHERE ticket_id = ?1 ORDER BY id LIMIT 1");
    let mut statement = connection.prepare_cached(&statement)?;
    let mut rows = statement.query([ticket.0])?;
    rows.next()?.map(stored).transpose()
}

/// All posts of the ticket, in the order in which they joined it.
pub(super) fn all(
    connection: &Connection,
    ticket: TicketId,
) -> Result<Vec<StoredMention>, StorageError> {
    let statement = format!("SELECT {COLUMNS} FROM mention WHERE ticket_id = ?1 ORDER BY id");
    let mut statement = connection.prepare_cached(&statement)?;
    let mut rows = statement.query([ticket.0])?;
    let mut mentions = vec![];
    while let Some(row) = rows.next()? {
        mentions.push(stored(row)?);
    }
    Ok(mentions)
}

/// All posts of the ticket with their places, in the order in which they joined it.
pub(super) fn posts(write: &Write<'_>, ticket: TicketId) -> Result<Vec<Post>, StorageError> {
    let statement = format!("SELECT {COLUMNS} FROM mention WHERE ticket_id = ?1 ORDER BY id");
    let mut statement = write.prepare(&statement)?;
    let mut rows = statement.query([ticket.0])?;
    let mut posts = vec![];
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        let StoredMention { key, content } = stored(row)?;
        posts.push(Post {
            place: MentionPlace { ticket, id },
            key,
            content,
        });
    }
    Ok(posts)
}

/// Under a new number, the highest of all: it joins the ticket as its last post.
pub(super) fn move_to(
    write: &Write<'_>,
    from: MentionPlace,
    to: TicketId,
) -> Result<i64, StorageError> {
    write
        .prepare(
            "INSERT INTO mention (ticket_id, platform, id_scope, native_id, content)
             SELECT ?2, platform, id_scope, native_id, content FROM mention WHERE id = ?1",
        )?
        .execute(params![from.id, to.0])?;
    let moved = write.last_id();
    write
        .prepare("DELETE FROM mention WHERE id = ?1")?
        .execute([from.id])?;
    Ok(moved)
}

fn stored(row: &Row<'_>) -> Result<StoredMention, StorageError> {
    stored_at(row, 0)
}

/// Reads [`COLUMNS`], which begin at the given one.
pub(super) fn stored_at(row: &Row<'_>, first: usize) -> Result<StoredMention, StorageError> {
    let id: i64 = row.get(first)?;
    let platform: String = row.get(first + 1)?;
    let content: Option<String> = row.get(first + 4)?;
    Ok(StoredMention {
        key: MentionKey {
            platform: Place::new("mention", "platform", &id).slug(&platform)?,
            id_scope: row.get(first + 2)?,
            id: row.get(first + 3)?,
        },
        content: content
            .map(|content| Place::new("mention", "content", &id).json(&content))
            .transpose()?,
    })
}
