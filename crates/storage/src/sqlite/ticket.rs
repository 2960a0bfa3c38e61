//! Reading one ticket within a scope, and changing it by a command.

use super::change;
use super::transaction::{Purpose, Write};
use super::value::{Place, from_column, json, parse_status};
use super::{SqliteStore, mention, pressure, ticket_list};
use crate::effect::command;
use crate::{
    Applied, Change, ExplainedDecision, Page, Pressure, StorageError, StoredMention, TicketCount,
    TicketQuery, TicketRow, Tickets,
};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::routing::Priority;
use switchboard_domain::ticket::{Ticket, TicketEvent, TicketId};
use switchboard_domain::{Label, Slug};

#[async_trait]
impl Tickets for SqliteStore {
    async fn get(
        &self,
        id: TicketId,
        scope: &DepartmentScope,
    ) -> Result<Option<TicketRow>, StorageError> {
        let scope = scope_parameter(scope)?;
        self.read(move |snapshot| {
            let found = find(snapshot, id, scope.as_deref())?;
            found.map(|ticket| row(snapshot, ticket)).transpose()
        })
        .await
    }

    async fn find_many(
        &self,
        ids: &[TicketId],
        scope: &DepartmentScope,
    ) -> Result<Vec<TicketRow>, StorageError> {
        let (ids, scope) = (json(&ids)?, scope_parameter(scope)?);
        self.read(move |snapshot| find_many(snapshot, &ids, scope.as_deref()))
            .await
    }

    async fn list(
        &self,
        query: &TicketQuery,
        scope: &DepartmentScope,
    ) -> Result<Page<TicketRow>, StorageError> {
        let (query, scope) = (query.clone(), scope.clone());
        self.read(move |snapshot| ticket_list::list(snapshot, &query, &scope))
            .await
    }

    async fn mentions(
        &self,
        id: TicketId,
        scope: &DepartmentScope,
    ) -> Result<Vec<StoredMention>, StorageError> {
        let scope = scope_parameter(scope)?;
        self.read(move |snapshot| {
            if !is_visible(snapshot, id, scope.as_deref())? {
                return Ok(vec![]);
            }
            mention::all(snapshot, id)
        })
        .await
    }

    async fn events(
        &self,
        id: TicketId,
        scope: &DepartmentScope,
    ) -> Result<Vec<TicketEvent>, StorageError> {
        let scope = scope_parameter(scope)?;
        self.read(move |snapshot| {
            if !is_visible(snapshot, id, scope.as_deref())? {
                return Ok(vec![]);
            }
            events(snapshot, id)
        })
        .await
    }

    async fn explanation(
        &self,
        id: TicketId,
        scope: &DepartmentScope,
    ) -> Result<Option<ExplainedDecision>, StorageError> {
        let scope = scope_parameter(scope)?;
        self.read(move |snapshot| {
            if !is_visible(snapshot, id, scope.as_deref())? {
                return Ok(None);
            }
            explanation(snapshot, id)
        })
        .await
    }

    async fn apply(
        &self,
        change: Change,
        scope: &DepartmentScope,
    ) -> Result<Applied, StorageError> {
        let scope = scope_parameter(scope)?;
        self.write(Purpose::Apply, move |write| {
            apply(write, &change, scope.as_deref())
        })
        .await
    }

    async fn open_counts(&self) -> Result<Vec<(Slug, Priority, u64)>, StorageError> {
        self.read(|snapshot| {
            let mut statement = snapshot.prepare_cached(
                "SELECT department, priority, sum(count) FROM ticket_tally WHERE status = 'open'
                 GROUP BY department, priority HAVING sum(count) > 0",
            )?;
            let mut rows = statement.query([])?;
            let mut counts = vec![];
            while let Some(row) = rows.next()? {
                let (department, priority, count): (String, String, i64) = row.try_into()?;
                let place = |column| Place::new("ticket_tally", column, &department);
                let priority = place("priority").known(&priority, Priority::parse(&priority))?;
                counts.push((
                    place("department").slug(&department)?,
                    priority,
                    from_column(count),
                ));
            }
            Ok(counts)
        })
        .await
    }

    async fn pressure(
        &self,
        scope: &DepartmentScope,
        now: Timestamp,
        soon: Timestamp,
    ) -> Result<Vec<Pressure>, StorageError> {
        let scope = scope.clone();
        self.read(move |snapshot| {
            let departments = match scope {
                DepartmentScope::Only(departments) => {
                    departments.iter().map(ToString::to_string).collect()
                }
                DepartmentScope::All => ticket_list::all_departments(snapshot)?,
            };
            pressure::pressure(snapshot, &departments, (now, soon))
        })
        .await
    }

    async fn counts(&self, scope: &DepartmentScope) -> Result<Vec<TicketCount>, StorageError> {
        let scope = scope_parameter(scope)?;
        self.read(move |snapshot| counts(snapshot, scope.as_deref()))
            .await
    }
}

/// The scope as statements take it: a JSON array of departments, or NULL for all.
pub(super) fn scope_parameter(scope: &DepartmentScope) -> Result<Option<String>, StorageError> {
    match scope {
        DepartmentScope::All => Ok(None),
        DepartmentScope::Only(departments) => json(departments).map(Some),
    }
}

const FIND: &str = "SELECT state FROM ticket
    WHERE id = ?1 AND (?2 IS NULL OR department IN (SELECT value FROM json_each(?2)))";

pub(super) fn find(
    connection: &Connection,
    id: TicketId,
    scope: Option<&str>,
) -> Result<Option<Ticket>, StorageError> {
    let state: Option<String> = connection
        .prepare_cached(FIND)?
        .query_row(params![id.0, scope], |row| row.get(0))
        .optional()?;
    state.map(|state| change::parse(id, &state)).transpose()
}

/// `ids` is a JSON array of numbers.
fn find_many(
    connection: &Connection,
    ids: &str,
    scope: Option<&str>,
) -> Result<Vec<TicketRow>, StorageError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, state FROM ticket
         WHERE id IN (SELECT CAST(value AS INTEGER) FROM json_each(?1))
           AND (?2 IS NULL OR department IN (SELECT value FROM json_each(?2)))
         ORDER BY id",
    )?;
    let mut found = statement.query(params![ids, scope])?;
    let mut rows = vec![];
    while let Some(columns) = found.next()? {
        let state: String = columns.get(1)?;
        let ticket = change::parse(TicketId(columns.get(0)?), &state)?;
        rows.push(row(connection, ticket)?);
    }
    Ok(rows)
}

fn is_visible(
    connection: &Connection,
    id: TicketId,
    scope: Option<&str>,
) -> Result<bool, StorageError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM ticket
         WHERE id = ?1 AND (?2 IS NULL OR department IN (SELECT value FROM json_each(?2)))",
    )?;
    Ok(statement.exists(params![id.0, scope])?)
}

/// The ticket with what lists show beside it.
pub(super) fn row(connection: &Connection, ticket: Ticket) -> Result<TicketRow, StorageError> {
    Ok(TicketRow {
        mention: mention::first(connection, ticket.id)?,
        explanation: explanation(connection, ticket.id)?,
        ticket,
    })
}

fn explanation(
    connection: &Connection,
    id: TicketId,
) -> Result<Option<ExplainedDecision>, StorageError> {
    let found: Option<(i64, String)> = connection
        .prepare_cached(
            "SELECT version, decision FROM ticket_event
             WHERE ticket_id = ?1 AND decision IS NOT NULL ORDER BY version DESC LIMIT 1",
        )?
        .query_row([id.0], |row| row.try_into())
        .optional()?;
    found
        .map(|(version, decision)| {
            Ok(ExplainedDecision {
                ticket_version: from_column(version),
                decision: Place::new("ticket_event", "decision", &id).json(&decision)?,
            })
        })
        .transpose()
}

fn events(connection: &Connection, id: TicketId) -> Result<Vec<TicketEvent>, StorageError> {
    let mut statement = connection.prepare_cached(
        "SELECT version, change FROM ticket_event WHERE ticket_id = ?1 ORDER BY version",
    )?;
    let mut rows = statement.query([id.0])?;
    let mut events = vec![];
    while let Some(row) = rows.next()? {
        let (version, change): (i64, String) = row.try_into()?;
        events.push(TicketEvent {
            ticket: id,
            version: from_column(version),
            change: Place::new("ticket_event", "change", &id).json(&change)?,
        });
    }
    Ok(events)
}

fn apply(
    write: &mut Write<'_>,
    change: &Change,
    scope: Option<&str>,
) -> Result<Applied, StorageError> {
    match find(write.transaction(), change.ticket, scope)? {
        Some(before) => command::apply(write, before, change),
        None => Ok(Applied::NotFound),
    }
}

fn counts(connection: &Connection, scope: Option<&str>) -> Result<Vec<TicketCount>, StorageError> {
    let mut statement = connection.prepare_cached(
        "SELECT department, status, label, sum(count) FROM ticket_tally
         WHERE ?1 IS NULL OR department IN (SELECT value FROM json_each(?1))
         GROUP BY department, status, label HAVING sum(count) > 0",
    )?;
    let mut rows = statement.query([scope])?;
    let mut counts = vec![];
    while let Some(row) = rows.next()? {
        let (department, status, label, count): (String, String, String, i64) = row.try_into()?;
        let place = |column| Place::new("ticket_tally", column, &department);
        counts.push(TicketCount {
            department: place("department").slug(&department)?,
            status: place("status").known(&status, parse_status(&status))?,
            label: place("label").known(&label, Label::parse(&label))?,
            count: from_column(count),
        });
    }
    Ok(counts)
}
