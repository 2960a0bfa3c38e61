//! What people do about incidents, and who was told.

use super::incident::incident;
use super::transaction::Write;
use super::value::{Place, json, micros};
use crate::effect::incident::{ALERT, Standing, standing, stepped};
use crate::incidents::{Closing, IncidentCursor, NOTIFICATIONS_MAX};
use crate::{
    Handled, IncidentAction, IncidentNotification, IncidentQuery, IncidentRow, IncidentStep,
    StorageError,
};
use rusqlite::{Connection, Row, params};
use switchboard_domain::ticket::Actor;

const SELECT: &str = "SELECT id, brand, cause, opened_at, last_signal_at, mention, signal_count,
        acknowledged_at, acknowledged_by, closed_at, closed_by, false_alarm
    FROM incident";

pub(super) fn list(
    connection: &Connection,
    query: IncidentQuery,
) -> Result<Vec<IncidentRow>, StorageError> {
    let mut statement = connection.prepare_cached(&format!(
        "{SELECT} WHERE (opened_at, id) < (?1, ?2) ORDER BY opened_at DESC, id DESC LIMIT ?3"
    ))?;
    let (opened_at, id) = match query.after {
        Some(IncidentCursor { opened_at, id }) => (micros(opened_at), id),
        None => (i64::MAX, i64::MAX),
    };
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![opened_at, id, limit])?;
    let mut incidents = vec![];
    while let Some(row) = rows.next()? {
        incidents.push(handled(row)?);
    }
    Ok(incidents)
}

pub(super) fn find(connection: &Connection, id: i64) -> Result<Option<IncidentRow>, StorageError> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(handled).transpose()
}

pub(super) fn handle(write: &mut Write<'_>, step: &IncidentStep) -> Result<Handled, StorageError> {
    let Some(row) = find(write.transaction(), step.incident)? else {
        return Ok(Handled::NotFound);
    };
    match standing(step.action, &row) {
        Standing::Over => return Ok(Handled::Over(row)),
        Standing::IsSo => {
            return Ok(Handled::Done {
                row,
                changed: false,
            });
        }
        Standing::Changes => {}
    }
    update(write, step)?;
    write.audit(stepped(step, &row.incident.brand)?);
    let row = find(write.transaction(), step.incident)?.unwrap_or(row);
    Ok(Handled::Done { row, changed: true })
}

/// Who closed it first stays, also when it turns out later that it was none.
fn update(write: &Write<'_>, step: &IncidentStep) -> Result<(), StorageError> {
    let statement = match step.action {
        IncidentAction::Acknowledge => {
            "UPDATE incident SET acknowledged_at = ?2, acknowledged_by = ?3 WHERE id = ?1"
        }
        IncidentAction::Close => "UPDATE incident SET closed_at = ?2, closed_by = ?3 WHERE id = ?1",
        IncidentAction::FalseAlarm => {
            "UPDATE incident SET false_alarm = 1,
                 closed_by = CASE WHEN closed_at IS NULL THEN ?3 ELSE closed_by END,
                 closed_at = coalesce(closed_at, ?2)
             WHERE id = ?1"
        }
    };
    write
        .prepare(statement)?
        .execute(params![step.incident, micros(step.now), json(&step.by)?])?;
    Ok(())
}

pub(super) fn record_notification(
    write: &Write<'_>,
    notification: &IncidentNotification,
) -> Result<bool, StorageError> {
    let kept = write
        .prepare(
            "INSERT INTO incident_notification (incident_id, channel, at, outcome)
             SELECT id, ?2, ?3, ?4 FROM incident WHERE id = ?1
             ON CONFLICT DO UPDATE SET outcome = excluded.outcome",
        )?
        .execute(params![
            notification.incident,
            notification.channel,
            micros(notification.at),
            notification.outcome
        ])?;
    Ok(kept == 1)
}

pub(super) fn notifications(
    connection: &Connection,
    id: i64,
) -> Result<Vec<IncidentNotification>, StorageError> {
    let mut statement = connection.prepare_cached(
        "SELECT channel, at, outcome FROM incident_notification
         WHERE incident_id = ?1 ORDER BY at, channel LIMIT ?2",
    )?;
    let limit = i64::try_from(NOTIFICATIONS_MAX).unwrap_or(i64::MAX);
    let mut rows = statement.query([id, limit])?;
    let mut notifications = vec![];
    while let Some(row) = rows.next()? {
        notifications.push(IncidentNotification {
            incident: id,
            channel: row.get(0)?,
            at: Place::new("incident_notification", "at", &id).instant(row.get(1)?)?,
            outcome: row.get(2)?,
        });
    }
    Ok(notifications)
}

fn handled(row: &Row<'_>) -> Result<IncidentRow, StorageError> {
    let incident = incident(row)?;
    let place = |column| Place::new("incident", column, &incident.id);
    let actor = |column, text: Option<String>| match text {
        Some(text) => place(column).json(&text),
        None => Ok(Actor::System(ALERT.to_owned())),
    };
    let acknowledged = match place("acknowledged_at").optional_instant(row.get(7)?)? {
        Some(at) => Some((actor("acknowledged_by", row.get(8)?)?, at)),
        None => None,
    };
    let closed = match place("closed_at").optional_instant(row.get(9)?)? {
        Some(at) => Some(Closing {
            at,
            by: actor("closed_by", row.get(10)?)?,
            false_alarm: row.get(11)?,
        }),
        None => None,
    };
    Ok(IncidentRow {
        incident,
        acknowledged,
        closed,
    })
}
