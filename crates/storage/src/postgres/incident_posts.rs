//! The posts of an incident, and their numbers.

use super::PostgresStore;
use super::failure::Fault;
use super::mention::stored;
use super::value::{Place, from_column, to_column};
use crate::StorageError;
use crate::incidents::{IncidentFigures, IncidentPost, RATE_MINUTES_MAX};
use jiff::Timestamp;
use switchboard_domain::ticket::TicketId;
use tokio_postgres::Row;

const MINUTE_MICROS: i64 = 60_000_000;

pub(super) async fn list(
    store: &PostgresStore,
    id: i64,
    scope: Option<Vec<String>>,
    limit: usize,
) -> Result<Vec<IncidentPost>, StorageError> {
    let found = store
        .read(
            "SELECT member.at, member.severity, member.followers, identity.ticket_id,
                    mention.platform, mention.id_scope, mention.native_id, mention.content
             FROM incident_mention member
             LEFT JOIN identity ON identity.key = member.mention
             LEFT JOIN mention ON mention.ticket_id = identity.ticket_id
                 AND mention.id = identity.mention_id
             LEFT JOIN ticket ON ticket.id = identity.ticket_id
             WHERE member.incident_id = $1
               AND ($2::text[] IS NULL OR ticket.department = ANY($2))
             ORDER BY member.severity DESC, member.followers DESC, member.at, member.mention
             LIMIT $3",
            &[&id, &scope, &to_column(limit as u64)],
        )
        .await?;
    let posts: Result<Vec<_>, Fault> = found.iter().map(|row| post(row, id)).collect();
    Ok(posts?)
}

fn post(row: &Row, id: i64) -> Result<IncidentPost, Fault> {
    let place = |column| Place::new("incident_mention", column, &id);
    let ticket = row.try_get::<_, Option<i64>>(3)?.map(TicketId);
    let has_mention = row.try_get::<_, Option<&str>>(4)?.is_some();
    let severity: i64 = row.try_get(1)?;
    Ok(IncidentPost {
        at: place("at").instant(row.try_get(0)?)?,
        severity: u8::try_from(severity).map_err(|error| place("severity").corrupt(error))?,
        followers: from_column(row.try_get(2)?),
        ticket,
        post: ticket
            .filter(|_| has_mention)
            .map(|ticket| stored(row, 4, ticket))
            .transpose()?,
    })
}

pub(super) async fn figures(
    store: &PostgresStore,
    id: i64,
) -> Result<IncidentFigures, StorageError> {
    let found = store
        .read_opt(
            "SELECT count(*), coalesce(sum(followers), 0)::bigint FROM (
                 SELECT max(followers) AS followers FROM incident_mention
                 WHERE incident_id = $1 AND author <> '' GROUP BY author) AS authors",
            &[&id],
        )
        .await?;
    let (authors, reach) = match &found {
        Some(row) => numbers(row)?,
        None => (0, 0),
    };
    Ok(IncidentFigures {
        authors,
        reach,
        per_minute: per_minute(store, id).await?,
    })
}

fn numbers(row: &Row) -> Result<(u64, u64), Fault> {
    Ok((from_column(row.try_get(0)?), from_column(row.try_get(1)?)))
}

async fn per_minute(store: &PostgresStore, id: i64) -> Result<Vec<(Timestamp, u64)>, StorageError> {
    let found = store
        .read(
            "SELECT at / $2::bigint * $2 AS minute, count(*) FROM incident_mention
             WHERE incident_id = $1 GROUP BY minute ORDER BY minute DESC LIMIT $3",
            &[&id, &MINUTE_MICROS, &to_column(RATE_MINUTES_MAX as u64)],
        )
        .await?;
    let minutes: Result<Vec<_>, Fault> = found.iter().rev().map(|row| minute(row, id)).collect();
    Ok(minutes?)
}

fn minute(row: &Row, id: i64) -> Result<(Timestamp, u64), Fault> {
    let minute = Place::new("incident_mention", "at", &id).instant(row.try_get(0)?)?;
    Ok((minute, from_column(row.try_get(1)?)))
}
