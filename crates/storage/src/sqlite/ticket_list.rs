//! One page of tickets.
//!
//! A lane is one department, status and label: within it the index holds the tickets in
//! order, with all that filters ask. A page is the merge of the heads of every lane that the
//! query and the scope allow, so its cost does not grow with the number of tickets.

use super::value::{clock_status, micros};
use super::{change, ticket};
use crate::ticket::{DEFAULT_PAGE, MAX_PAGE};
use crate::{Cursor, Page, Sort, StorageError, TicketQuery, TicketRow};
use rusqlite::{Connection, OptionalExtension, params};
use switchboard_domain::Label;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::ticket::{Status, Ticket, TicketId};

pub(super) fn list(
    connection: &Connection,
    query: &TicketQuery,
    scope: &DepartmentScope,
) -> Result<Page<TicketRow>, StorageError> {
    let limit = match query.limit {
        0 => DEFAULT_PAGE,
        limit => limit.min(MAX_PAGE),
    };
    let lanes = lanes(connection, query, scope)?;
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

struct Lane<'a> {
    department: String,
    status: &'a str,
    label: &'a str,
}

/// One walk along every lane.
#[derive(Clone, Copy)]
enum Walk {
    Creation,
    Deadline,
    WithoutDeadline,
}

/// Before every ticket.
const START: (i64, i64) = (i64::MIN, i64::MIN);

fn walks(query: &TicketQuery) -> Vec<(Walk, (i64, i64))> {
    match (query.sort, query.after) {
        (Sort::Created, Some(Cursor::Created { created_at, id })) => {
            vec![(Walk::Creation, (micros(created_at), id.0))]
        }
        (Sort::Created, _) => vec![(Walk::Creation, START)],
        (
            Sort::Deadline,
            Some(Cursor::Deadline {
                deadline_at: None,
                id,
            }),
        ) => {
            vec![(Walk::WithoutDeadline, (0, id.0))]
        }
        (
            Sort::Deadline,
            Some(Cursor::Deadline {
                deadline_at: Some(at),
                id,
            }),
        ) => {
            vec![
                (Walk::Deadline, (micros(at), id.0)),
                (Walk::WithoutDeadline, START),
            ]
        }
        (Sort::Deadline, _) => vec![(Walk::Deadline, START), (Walk::WithoutDeadline, START)],
    }
}

fn cursor(sort: Sort, ticket: &Ticket) -> Cursor {
    match sort {
        Sort::Created => Cursor::Created {
            created_at: ticket.created_at,
            id: ticket.id,
        },
        Sort::Deadline => Cursor::Deadline {
            deadline_at: ticket.deadline_at(),
            id: ticket.id,
        },
    }
}

fn lanes<'a>(
    connection: &Connection,
    query: &'a TicketQuery,
    scope: &DepartmentScope,
) -> Result<Vec<Lane<'a>>, StorageError> {
    let mut lanes = vec![];
    for department in departments(connection, query, scope)? {
        for status in Status::ALL {
            if query.status.is_some_and(|wanted| wanted != status) {
                continue;
            }
            for label in Label::ALL {
                let in_view = query
                    .default_view
                    .is_none_or(|view| view != (label == Label::General));
                if query.label.is_none_or(|wanted| wanted == label) && in_view {
                    let department = department.clone();
                    lanes.push(Lane {
                        department,
                        status: status.as_str(),
                        label: label.as_str(),
                    });
                }
            }
        }
    }
    Ok(lanes)
}

/// The departments that the query asks for and the scope allows.
fn departments(
    connection: &Connection,
    query: &TicketQuery,
    scope: &DepartmentScope,
) -> Result<Vec<String>, StorageError> {
    if let Some(department) = &query.department {
        let allowed = scope.contains(department);
        return Ok(allowed
            .then(|| department.to_string())
            .into_iter()
            .collect());
    }
    match scope {
        DepartmentScope::Only(departments) => {
            Ok(departments.iter().map(ToString::to_string).collect())
        }
        DepartmentScope::All => {
            let mut statement =
                connection.prepare_cached("SELECT DISTINCT department FROM ticket_tally")?;
            let departments = statement.query_map([], |row| row.get(0))?;
            Ok(departments.collect::<Result<_, _>>()?)
        }
    }
}

fn merge(
    connection: &Connection,
    query: &TicketQuery,
    lanes: &[Lane<'_>],
    walk: Walk,
    after: (i64, i64),
    limit: usize,
) -> Result<Vec<TicketId>, StorageError> {
    let mut heads: Vec<(i64, i64)> = vec![];
    for lane in lanes {
        heads.extend(head(connection, query, lane, walk, after, limit)?);
    }
    heads.sort_unstable();
    heads.truncate(limit);
    Ok(heads.into_iter().map(|(_, id)| TicketId(id)).collect())
}

fn head(
    connection: &Connection,
    query: &TicketQuery,
    lane: &Lane<'_>,
    walk: Walk,
    after: (i64, i64),
    limit: usize,
) -> Result<Vec<(i64, i64)>, StorageError> {
    let mut statement = connection.prepare_cached(statement(walk))?;
    let parameters = params![
        lane.department,
        lane.status,
        lane.label,
        after.0,
        after.1,
        query.sla.map(clock_status),
        query.needs_review,
        query.assignee,
        i64::try_from(limit).unwrap_or(i64::MAX)
    ];
    let head = statement.query_map(parameters, |row| row.try_into())?;
    Ok(head.collect::<Result<_, _>>()?)
}

const fn statement(walk: Walk) -> &'static str {
    match walk {
        Walk::Creation => {
            "SELECT created_at, id FROM ticket INDEXED BY ticket_by_creation
             WHERE department = ?1 AND status = ?2 AND label = ?3
               AND (created_at, id) > (?4, ?5)
               AND (?6 IS NULL OR sla_status = ?6) AND (?7 IS NULL OR needs_review = ?7)
               AND (?8 IS NULL OR assignee = ?8)
             ORDER BY created_at, id LIMIT ?9"
        }
        Walk::Deadline => {
            "SELECT deadline_at, id FROM ticket INDEXED BY ticket_by_deadline
             WHERE department = ?1 AND status = ?2 AND label = ?3
               AND deadline_at IS NOT NULL AND (deadline_at, id) > (?4, ?5)
               AND (?6 IS NULL OR sla_status = ?6) AND (?7 IS NULL OR needs_review = ?7)
               AND (?8 IS NULL OR assignee = ?8)
             ORDER BY deadline_at, id LIMIT ?9"
        }
        Walk::WithoutDeadline => {
            "SELECT 0, id FROM ticket INDEXED BY ticket_by_deadline
             WHERE department = ?1 AND status = ?2 AND label = ?3
               AND deadline_at IS NULL AND id > ?5 AND ?4 IS NOT NULL
               AND (?6 IS NULL OR sla_status = ?6) AND (?7 IS NULL OR needs_review = ?7)
               AND (?8 IS NULL OR assignee = ?8)
             ORDER BY id LIMIT ?9"
        }
    }
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
