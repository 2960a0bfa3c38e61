//! The posts of an incident, and their numbers.

use super::mention::stored_at;
use super::value::{Place, from_column};
use crate::StorageError;
use crate::incidents::{IncidentFigures, IncidentPost, RATE_MINUTES_MAX};
use rusqlite::{Connection, Row, params};
use switchboard_domain::ticket::TicketId;

const MINUTE_MICROS: i64 = 60_000_000;

pub(super) fn list(
    connection: &Connection,
    id: i64,
    scope: Option<&str>,
    limit: usize,
) -> Result<Vec<IncidentPost>, StorageError> {
    let mut statement = connection.prepare_cached(
        "SELECT i.at, i.severity, i.followers, k.ticket_id,
                m.id, m.platform, m.id_scope, m.native_id, m.content
         FROM incident_mention i
         LEFT JOIN identity k ON k.key = i.mention
         LEFT JOIN mention m ON m.id = k.mention_id
         LEFT JOIN ticket t ON t.id = k.ticket_id
         WHERE i.incident_id = ?1
           AND (?2 IS NULL OR t.department IN (SELECT value FROM json_each(?2)))
         ORDER BY i.severity DESC, i.followers DESC, i.at, i.mention LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![id, scope, limit])?;
    let mut posts = vec![];
    while let Some(row) = rows.next()? {
        posts.push(post(id, row)?);
    }
    Ok(posts)
}

fn post(id: i64, row: &Row<'_>) -> Result<IncidentPost, StorageError> {
    let mention: Option<i64> = row.get(4)?;
    let ticket: Option<i64> = row.get(3)?;
    Ok(IncidentPost {
        at: Place::new("incident_mention", "at", &id).instant(row.get(0)?)?,
        severity: row.get(1)?,
        followers: from_column(row.get(2)?),
        ticket: ticket.map(TicketId),
        post: mention.map(|_| stored_at(row, 4)).transpose()?,
    })
}

pub(super) fn figures(connection: &Connection, id: i64) -> Result<IncidentFigures, StorageError> {
    let (authors, reach): (i64, i64) = connection
        .prepare_cached(
            "SELECT count(*), ifnull(sum(followers), 0) FROM (
                 SELECT max(followers) AS followers FROM incident_mention
                 WHERE incident_id = ?1 AND author <> '' GROUP BY author)",
        )?
        .query_row([id], |row| row.try_into())?;
    Ok(IncidentFigures {
        authors: from_column(authors),
        reach: from_column(reach),
        per_minute: per_minute(connection, id)?,
    })
}

fn per_minute(
    connection: &Connection,
    id: i64,
) -> Result<Vec<(jiff::Timestamp, u64)>, StorageError> {
    let mut statement = connection.prepare_cached(
        "SELECT at / ?2 * ?2 AS minute, count(*) FROM incident_mention
         WHERE incident_id = ?1 GROUP BY minute ORDER BY minute DESC LIMIT ?3",
    )?;
    let limit = i64::try_from(RATE_MINUTES_MAX).unwrap_or(i64::MAX);
    let mut rows = statement.query([id, MINUTE_MICROS, limit])?;
    let mut minutes = vec![];
    while let Some(row) = rows.next()? {
        let minute = Place::new("incident_mention", "at", &id).instant(row.get(0)?)?;
        minutes.push((minute, from_column(row.get(1)?)));
    }
    minutes.reverse();
    Ok(minutes)
}
