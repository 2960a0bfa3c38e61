//! One page of tickets.
//!
//! A lane is one department, status and label: within it the index holds the tickets in
//! order, with all that filters ask. A page is the merge of the heads of every lane that the
//! query and the scope allow, so its cost does not grow with the number of tickets.

use super::value::clock_status;
use super::{change, ticket};
use crate::lanes::{Lane, Walk, cursor, departments, lanes, page_limit, walks};
use crate::{Assignee, Page, StorageError, TicketQuery, TicketRow};
use rusqlite::{Connection, OptionalExtension, params};
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::ticket::TicketId;

pub(super) fn list(
    connection: &Connection,
    query: &TicketQuery,
    scope: &DepartmentScope,
) -> Result<Page<TicketRow>, StorageError> {
    let limit = page_limit(query);
    let departments = match departments(query, scope) {
        Some(departments) => departments,
        None => all_departments(connection)?,
    };
    let lanes = lanes(query, departments);
    // One more than asked for says whether there is a next page.
    let mut ids = vec![];
    for (walk, after) in walks(query) {
        let room = limit + 1 - ids.len();
        ids.extend(merge(connection, query, &lanes, walk, after, room)?);
    }
    let more = ids.len() > limit;
    ids.truncate(limit);
    let items = ids
        .into_iter()
        .map(|id| load(connection, id))
        .collect::<Result<Vec<_>, _>>()?;
    let last = items.last().filter(|_| more);
    let next = last.map(|row| cursor(query.sort, &row.ticket));
    Ok(Page { items, next })
}

/// Every department that has ever had a ticket.
pub(super) fn all_departments(connection: &Connection) -> Result<Vec<String>, StorageError> {
    let mut statement =
        connection.prepare_cached("SELECT DISTINCT department FROM ticket_tally")?;
    let departments = statement.query_map([], |row| row.get(0))?;
    Ok(departments.collect::<Result<_, _>>()?)
}

fn merge(
    connection: &Connection,
    query: &TicketQuery,
    lanes: &[Lane],
    walk: Walk,
    after: (i64, i64),
    limit: usize,
) -> Result<Vec<TicketId>, StorageError> {
    let of_one = query.assignee.as_ref().and_then(Assignee::name).is_some();
    let statement = statement(walk, of_one);
    let mut heads: Vec<(i64, i64)> = vec![];
    for lane in lanes {
        heads.extend(head(connection, &statement, query, lane, after, limit)?);
    }
    heads.sort_unstable();
    if matches!(walk, Walk::Newest) {
        heads.reverse();
    }
    heads.truncate(limit);
    Ok(heads.into_iter().map(|(_, id)| TicketId(id)).collect())
}

fn head(
    connection: &Connection,
    statement: &str,
    query: &TicketQuery,
    lane: &Lane,
    after: (i64, i64),
    limit: usize,
) -> Result<Vec<(i64, i64)>, StorageError> {
    let mut statement = connection.prepare_cached(statement)?;
    let parameters = params![
        lane.department,
        lane.status,
        lane.label,
        after.0,
        after.1,
        query.sla.map(clock_status),
        query.needs_review,
        query.assignee.as_ref().and_then(Assignee::name),
        i64::try_from(limit).unwrap_or(i64::MAX),
        query.assignee == Some(Assignee::Nobody)
    ];
    let head = statement.query_map(parameters, |row| row.try_into())?;
    Ok(head.collect::<Result<_, _>>()?)
}

/// Somebody's own tickets have indices of their own, else a person with few would have all
/// the others read first.
fn statement(walk: Walk, of_one: bool) -> String {
    let (key, index, after, order) = match walk {
        Walk::Creation => (
            "created_at",
            "by_creation",
            "(created_at, id) > (?4, ?5)",
            "created_at, id",
        ),
        Walk::Newest => (
            "created_at",
            "by_creation",
            "(created_at, id) < (?4, ?5)",
            "created_at DESC, id DESC",
        ),
        Walk::Deadline => (
            "deadline_at",
            "by_deadline",
            "deadline_at IS NOT NULL AND (deadline_at, id) > (?4, ?5)",
            "deadline_at, id",
        ),
        Walk::WithoutDeadline => (
            "0",
            "by_deadline",
            "deadline_at IS NULL AND id > ?5 AND ?4 IS NOT NULL",
            "id",
        ),
    };
    let (indexed, whose) = if of_one {
        ("ticket_of_assignee", "assignee = ?8 AND NOT ?10")
    } else {
        ("ticket", "?8 IS NULL AND (NOT ?10 OR assignee IS NULL)")
    };
    format!(
        "SELECT {key}, id FROM ticket INDEXED BY {indexed}_{index}
         WHERE department = ?1 AND status = ?2 AND label = ?3 AND {after}
           AND (?6 IS NULL OR sla_status = ?6) AND (?7 IS NULL OR needs_review = ?7)
           AND {whose}
         ORDER BY {order} LIMIT ?9"
    )
}

fn load(connection: &Connection, id: TicketId) -> Result<TicketRow, StorageError> {
    let state: Option<String> = connection
        .prepare_cached("SELECT state FROM ticket WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    // Read in the snapshot that has just named it.
    let state = state.unwrap_or_default();
    ticket::row(connection, change::parse(id, &state)?)
}
