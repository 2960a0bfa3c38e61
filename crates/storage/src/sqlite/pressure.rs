//! What presses in the queues.

use super::value::micros;
use crate::StorageError;
use crate::pressure::{Look, PRESSING_MAX, Pressure, waits_without_deadline};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use switchboard_domain::Label;

const TICKING: &str = "SELECT count(*), ifnull(sum(deadline_at <= ?3), 0),
        ifnull(sum(deadline_at <= ?4), 0), ifnull(sum(assignee IS NULL), 0), min(deadline_at)
    FROM (SELECT deadline_at, assignee FROM ticket INDEXED BY ticket_by_deadline
          WHERE department = ?1 AND status = 'open' AND label = ?2 AND deadline_at IS NOT NULL
          ORDER BY deadline_at, id LIMIT ?5)";

const STILL: &str = "SELECT count(*), ifnull(sum(assignee IS NULL), 0)
    FROM (SELECT assignee FROM ticket INDEXED BY ticket_by_deadline
          WHERE department = ?1 AND status = 'open' AND label = ?2 AND deadline_at IS NULL
          ORDER BY id LIMIT ?3)";

/// Of the departments, at `now`, with the deadlines before `soon` counted too.
pub(super) fn pressure(
    connection: &Connection,
    departments: &[String],
    (now, soon): (Timestamp, Timestamp),
) -> Result<Vec<Pressure>, StorageError> {
    let mut found = vec![];
    for department in departments {
        let mut pressure = Pressure::none(department)?;
        for label in Label::ALL {
            pressure.add(&look(connection, (department, label), (now, soon))?)?;
        }
        found.push(pressure);
    }
    Ok(found)
}

fn look(
    connection: &Connection,
    (department, label): (&str, Label),
    (now, soon): (Timestamp, Timestamp),
) -> Result<Look, StorageError> {
    let parameters = params![
        department,
        label.as_str(),
        micros(now),
        micros(soon),
        PRESSING_MAX
    ];
    let ticking = |row: &rusqlite::Row<'_>| {
        Ok(Look {
            ticking: row.get(0)?,
            overdue: row.get(1)?,
            soon: row.get(2)?,
            unassigned: row.get(3)?,
            next_deadline: row.get(4)?,
            still: 0,
        })
    };
    let mut look = connection
        .prepare_cached(TICKING)?
        .query_row(parameters, ticking)?;
    if waits_without_deadline(label) {
        let (still, unassigned): (i64, i64) = connection
            .prepare_cached(STILL)?
            .query_row(params![department, label.as_str(), PRESSING_MAX], |row| {
                row.try_into()
            })?;
        look.still = still;
        look.unassigned += unassigned;
    }
    Ok(look)
}
