//! Rows for the workspace, many in one statement.

use super::failure::Fault;
use super::mention;
use super::value::{Place, to_column};
use super::work::Work;
use super::workspace::{Holder, Loaded, Wanted};
use crate::StorageError;
use crate::effect::{Known, MentionPlace};
use crate::row::Hash16;
use std::collections::{BTreeSet, HashMap};
use switchboard_domain::intake::IdentityState;
use switchboard_domain::ticket::{Ticket, TicketId};
use tokio_postgres::Row;

pub(super) async fn load(work: &Work, wanted: Wanted, loaded: &mut Loaded) -> Result<(), Fault> {
    if wanted.ids > 0 {
        draw_ids(work, wanted.ids, loaded).await?;
    }
    if !wanted.identities.is_empty() {
        identities(work, &wanted.identities, &mut loaded.identities).await?;
    }
    if !wanted.threads.is_empty() {
        threads(work, &wanted.threads, &mut loaded.threads).await?;
    }
    if !wanted.tickets.is_empty() {
        tickets(work, &wanted.tickets, loaded).await?;
    }
    for place in wanted.words {
        words(work, place, loaded).await?;
    }
    for ticket in wanted.words_of {
        let all = mention::all(work, ticket).await?;
        let words = all.into_iter().filter_map(|one| one.content).collect();
        loaded.words_of.insert(ticket, words);
    }
    for ticket in wanted.posts_of {
        let posts = mention::posts(work, ticket).await?;
        loaded.posts_of.insert(ticket, posts);
    }
    for ticket in wanted.first_words {
        let first = mention::first(work, ticket).await?;
        let words = first.and_then(|first| first.content);
        loaded.first_words.insert(ticket, words);
    }
    Ok(())
}

/// Numbers for `count` more new tickets. A number that was drawn and not used serves the next
/// transaction of this process.
pub(super) async fn draw_ids(work: &Work, count: usize, loaded: &mut Loaded) -> Result<(), Fault> {
    let mut spare = work.parts().take_spare_ids();
    spare.sort_unstable();
    let rest = spare.split_off(count.min(spare.len()));
    work.parts().keep_spare_ids(rest);
    let missing = count - spare.len();
    loaded.ids.extend(spare);
    if missing > 0 {
        let drawn = work
            .query(
                "SELECT nextval('ticket_id') FROM generate_series(1, $1::bigint)",
                &[&to_column(missing as u64)],
            )
            .await?;
        for row in drawn {
            loaded.ids.push(row.try_get(0)?);
        }
    }
    Ok(())
}

pub(super) async fn identities(
    work: &Work,
    keys: &BTreeSet<Hash16>,
    loaded: &mut HashMap<Hash16, Option<Known>>,
) -> Result<(), Fault> {
    let wanted: Vec<&[u8]> = keys.iter().map(Hash16::as_slice).collect();
    let found = work
        .query(
            "SELECT key, version, revision, deleted, accounts, ticket_id, mention_id
             FROM identity WHERE key = ANY($1)",
            &[&wanted],
        )
        .await?;
    loaded.extend(keys.iter().map(|key| (*key, None)));
    for row in found {
        let key = hash(&row, "identity")?;
        loaded.insert(key, Some(known(&row, key)?));
    }
    Ok(())
}

pub(super) async fn threads(
    work: &Work,
    keys: &BTreeSet<Hash16>,
    loaded: &mut HashMap<Hash16, Option<Holder>>,
) -> Result<(), Fault> {
    let wanted: Vec<&[u8]> = keys.iter().map(Hash16::as_slice).collect();
    let found = work
        .query(
            "SELECT key, ticket_id, last_at FROM open_thread WHERE key = ANY($1)",
            &[&wanted],
        )
        .await?;
    loaded.extend(keys.iter().map(|key| (*key, None)));
    for row in found {
        let key = hash(&row, "open_thread")?;
        let name = hex::encode(key);
        let last_at = Place::new("open_thread", "last_at", &name).instant(row.try_get(2)?)?;
        let holder = (TicketId(row.try_get(1)?), last_at);
        loaded.insert(key, Some(holder));
    }
    Ok(())
}

pub(super) async fn tickets(
    work: &Work,
    ids: &BTreeSet<TicketId>,
    loaded: &mut Loaded,
) -> Result<(), Fault> {
    let wanted: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let found = work
        .query(
            "SELECT id, state FROM ticket WHERE id = ANY($1)",
            &[&wanted],
        )
        .await?;
    loaded.tickets.extend(ids.iter().map(|id| (*id, None)));
    for row in found {
        let ticket = ticket(&row)?;
        loaded.tickets.insert(ticket.id, Some(ticket));
    }
    Ok(())
}

/// A ticket of the columns `id, state`, which come first.
pub(super) fn ticket(row: &Row) -> Result<Ticket, Fault> {
    let id = TicketId(row.try_get(0)?);
    let state: &str = row.try_get(1)?;
    Ok(parse(id, state)?)
}

pub(super) fn parse(id: TicketId, state: &str) -> Result<Ticket, StorageError> {
    Place::new("ticket", "state", &id).json(state)
}

async fn words(work: &Work, place: MentionPlace, loaded: &mut Loaded) -> Result<(), Fault> {
    let found = work
        .query_opt(
            "SELECT content FROM mention WHERE ticket_id = $1 AND id = $2",
            &[&place.ticket.0, &place.id],
        )
        .await?;
    let content: Option<String> = match &found {
        Some(row) => row.try_get(0)?,
        None => None,
    };
    let content = content
        .map(|content| Place::new("mention", "content", &place.ticket).json(&content))
        .transpose()?;
    loaded.words.insert(place, content);
    Ok(())
}

fn hash(row: &Row, table: &'static str) -> Result<Hash16, Fault> {
    let bytes: &[u8] = row.try_get(0)?;
    let key = bytes.try_into();
    Ok(key.map_err(|error| super::failure::corrupt(table, "key", hex::encode(bytes), error))?)
}

fn known(row: &Row, key: Hash16) -> Result<Known, Fault> {
    let name = hex::encode(key);
    let place = |column| Place::new("identity", column, &name);
    let revision: i64 = row.try_get(2)?;
    let ticket: Option<i64> = row.try_get(5)?;
    let state = IdentityState {
        version: row.try_get(1)?,
        revision: u32::try_from(revision).map_err(|error| place("revision").corrupt(error))?,
        deleted: row.try_get(3)?,
        accounts: place("accounts").json(row.try_get(4)?)?,
        ticket: ticket.map(TicketId),
    };
    Ok(Known {
        state,
        mention_id: row.try_get(6)?,
    })
}
