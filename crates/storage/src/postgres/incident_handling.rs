//! What people do about incidents, and who was told.

use super::failure::Fault;
use super::incident::{SELECT, read};
use super::value::{Place, json, micros, storable, to_column};
use super::work::Work;
use super::{Parameter, PostgresStore};
use crate::effect::incident::{ALERT, Standing, standing, stepped};
use crate::incidents::{Closing, IncidentCursor, NOTIFICATIONS_MAX};
use crate::{
    Handled, IncidentAction, IncidentNotification, IncidentQuery, IncidentRow, IncidentStep,
    StorageError,
};
use switchboard_domain::ticket::Actor;
use tokio_postgres::Row;

pub(super) async fn list(
    store: &PostgresStore,
    query: IncidentQuery,
) -> Result<Vec<IncidentRow>, StorageError> {
    let statement = format!(
        "{SELECT} WHERE (opened_at, id) < ($1, $2) ORDER BY opened_at DESC, id DESC LIMIT $3"
    );
    let (opened_at, id) = match query.after {
        Some(IncidentCursor { opened_at, id }) => (micros(opened_at), id),
        None => (i64::MAX, i64::MAX),
    };
    let limit = to_column(query.limit as u64);
    let found = store.read(&statement, &[&opened_at, &id, &limit]).await?;
    let rows: Result<Vec<_>, Fault> = found.iter().map(handled).collect();
    Ok(rows?)
}

pub(super) async fn find(
    store: &PostgresStore,
    id: i64,
) -> Result<Option<IncidentRow>, StorageError> {
    let found = store
        .read_opt(&format!("{SELECT} WHERE id = $1"), &[&id])
        .await?;
    Ok(found.map(|row| handled(&row)).transpose()?)
}

pub(super) async fn handle(work: &mut Work, step: &IncidentStep) -> Result<Handled, Fault> {
    let Some(row) = lock(work, step.incident).await? else {
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
    update(work, step).await?;
    work.audit(stepped(step, &row.incident.brand)?);
    let row = lock(work, step.incident).await?.unwrap_or(row);
    Ok(Handled::Done { row, changed: true })
}

/// The incident as it stands; of two people at once the second sees what the first did.
async fn lock(work: &Work, id: i64) -> Result<Option<IncidentRow>, Fault> {
    let statement = format!("{SELECT} WHERE id = $1 FOR UPDATE");
    let found = work.query_opt(&statement, &[&id]).await?;
    found.map(|row| handled(&row)).transpose()
}

/// Who closed it first stays, also when it turns out later that it was none.
async fn update(work: &Work, step: &IncidentStep) -> Result<(), Fault> {
    let statement = match step.action {
        IncidentAction::Acknowledge => {
            "UPDATE incident SET acknowledged_at = $2, acknowledged_by = $3 WHERE id = $1"
        }
        IncidentAction::Close => "UPDATE incident SET closed_at = $2, closed_by = $3 WHERE id = $1",
        IncidentAction::FalseAlarm => {
            "UPDATE incident SET false_alarm = TRUE,
                 closed_by = CASE WHEN closed_at IS NULL THEN $3 ELSE closed_by END,
                 closed_at = coalesce(closed_at, $2)
             WHERE id = $1"
        }
    };
    let by = json(&step.by)?;
    let parameters: [Parameter<'_>; 3] = [&step.incident, &micros(step.now), &by];
    work.execute(statement, &parameters).await?;
    Ok(())
}

pub(super) async fn record_notification(
    store: &PostgresStore,
    notification: &IncidentNotification,
) -> Result<bool, StorageError> {
    let kept = store
        .execute(
            "INSERT INTO incident_notification (incident_id, channel, at, outcome)
             SELECT id, $2, $3, $4 FROM incident WHERE id = $1
             ON CONFLICT (incident_id, at, channel) DO UPDATE SET outcome = excluded.outcome",
            &[
                &notification.incident,
                &notification.channel,
                &micros(notification.at),
                &storable(&notification.outcome),
            ],
        )
        .await?;
    Ok(kept == 1)
}

pub(super) async fn notifications(
    store: &PostgresStore,
    id: i64,
) -> Result<Vec<IncidentNotification>, StorageError> {
    let found = store
        .read(
            "SELECT channel, at, outcome FROM incident_notification
             WHERE incident_id = $1 ORDER BY at, channel LIMIT $2",
            &[&id, &to_column(NOTIFICATIONS_MAX as u64)],
        )
        .await?;
    let notifications: Result<Vec<_>, Fault> =
        found.iter().map(|row| notification(row, id)).collect();
    Ok(notifications?)
}

fn notification(row: &Row, id: i64) -> Result<IncidentNotification, Fault> {
    Ok(IncidentNotification {
        incident: id,
        channel: row.try_get(0)?,
        at: Place::new("incident_notification", "at", &id).instant(row.try_get(1)?)?,
        outcome: row.try_get(2)?,
    })
}

fn handled(row: &Row) -> Result<IncidentRow, Fault> {
    let incident = read(row)?;
    let place = |column| Place::new("incident", column, &incident.id);
    let actor = |column, text: Option<&str>| match text {
        Some(text) => place(column).json(text),
        None => Ok(Actor::System(ALERT.to_owned())),
    };
    let acknowledged = match place("acknowledged_at").optional_instant(row.try_get(7)?)? {
        Some(at) => Some((actor("acknowledged_by", row.try_get(8)?)?, at)),
        None => None,
    };
    let closed = match place("closed_at").optional_instant(row.try_get(9)?)? {
        Some(at) => Some(Closing {
            at,
            by: actor("closed_by", row.try_get(10)?)?,
            false_alarm: row.try_get(11)?,
        }),
        None => None,
    };
    Ok(IncidentRow {
        incident,
        acknowledged,
        closed,
    })
}
