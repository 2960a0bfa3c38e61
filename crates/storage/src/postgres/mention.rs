//! The posts beside their tickets.

use super::failure::Fault;
use super::value::Place;
use super::work::Work;
use crate::StoredMention;
use crate::effect::{MentionPlace, Post};
use switchboard_domain::MentionKey;
use switchboard_domain::ticket::TicketId;
use tokio_postgres::Row;

/// The post that opened the ticket.
pub(super) async fn first(work: &Work, ticket: TicketId) -> Result<Option<StoredMention>, Fault> {
    let found = work
        .query_opt(
            "SELECT platform, id_scope, native_id, content FROM mention
             WHERE ticket_id = $1 ORDER BY id LIMIT 1",
            &[&ticket.0],
        )
        .await?;
    found.map(|row| stored(&row, 0, ticket)).transpose()
}

/// All posts of the ticket, in the order in which they joined it.
pub(super) async fn all(work: &Work, ticket: TicketId) -> Result<Vec<StoredMention>, Fault> {
    let found = work
        .query(
            "SELECT platform, id_scope, native_id, content FROM mention
             WHERE ticket_id = $1 ORDER BY id",
            &[&ticket.0],
        )
        .await?;
    found.iter().map(|row| stored(row, 0, ticket)).collect()
}

/// The same with their places.
pub(super) async fn posts(work: &Work, ticket: TicketId) -> Result<Vec<Post>, Fault> {
    let found = work
        .query(
            "SELECT platform, id_scope, native_id, content, id FROM mention
             WHERE ticket_id = $1 ORDER BY id",
            &[&ticket.0],
        )
        .await?;
    let post = |row: &Row| {
        let StoredMention { key, content } = stored(row, 0, ticket)?;
        let id = row.try_get(4)?;
        let place = MentionPlace { ticket, id };
        Ok(Post {
            place,
            key,
            content,
        })
    };
    found.iter().map(post).collect()
}

/// Reads the four columns above, which begin at the given one.
pub(super) fn stored(row: &Row, first: usize, ticket: TicketId) -> Result<StoredMention, Fault> {
    let platform: &str = row.try_get(first)?;
    let content: Option<&str> = row.try_get(first + 3)?;
    let place = |column| Place::new("mention", column, &ticket);
    Ok(StoredMention {
        key: MentionKey {
            platform: place("platform").slug(platform)?,
            id_scope: row.try_get(first + 1)?,
            id: row.try_get(first + 2)?,
        },
        content: content
            .map(|content| place("content").json(content))
            .transpose()?,
    })
}
