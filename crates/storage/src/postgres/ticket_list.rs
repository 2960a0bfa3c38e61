//! One page of tickets.
//!
//! A lane is one department, status and label: within it the index holds the tickets in
//! order, with all that filters ask. A page is the merge of the heads of every lane that the
//! query and the scope allow, so its cost does not grow with the number of tickets.

use super::failure::Fault;
use super::ticket::{ROWS, ticket_row};
use super::value::storable;
use super::work::Work;
use crate::lanes::{Lane, Walk, lanes, page_limit, walks};
use crate::row::{clock_status, to_column};
use crate::{Assignee, Page, TicketQuery, TicketRow};
use std::collections::HashMap;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::ticket::TicketId;

pub(super) async fn list(
    work: &Work,
    query: &TicketQuery,
    scope: &DepartmentScope,
) -> Result<Page<TicketRow>, Fault> {
    let limit = page_limit(query);
    let departments = match crate::lanes::departments(query, scope) {
        Some(departments) => departments,
        None => all_departments(work).await?,
    };
    let lanes = lanes(query, departments);
    // One more than asked for says whether there is a next page.
    let mut heads = vec![];
    for (walk, after) in walks(query) {
        let room = limit + 1 - heads.len();
        heads.extend(merge(work, query, &lanes, (walk, after), room).await?);
    }
    let more = heads.len() > limit;
    heads.truncate(limit);
    let items = rows(work, &heads).await?;
    let last = items.last().filter(|_| more);
    let next = last.map(|row| crate::lanes::cursor(query.sort, &row.ticket));
    Ok(Page { items, next })
}

/// Steps over the index from one department to the next instead of reading every entry.
pub(super) const DEPARTMENTS: &str = "WITH RECURSIVE step (department) AS (
        (SELECT department FROM ticket ORDER BY department LIMIT 1)
        UNION ALL
        SELECT (SELECT ticket.department FROM ticket
                WHERE ticket.department > step.department
                ORDER BY ticket.department LIMIT 1)
        FROM step WHERE step.department IS NOT NULL)
    SELECT department FROM step WHERE department IS NOT NULL";

async fn all_departments(work: &Work) -> Result<Vec<String>, Fault> {
    let found = work.query(DEPARTMENTS, &[]).await?;
    found.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

async fn merge(
    work: &Work,
    query: &TicketQuery,
    lanes: &[Lane],
    (walk, after): (Walk, (i64, i64)),
    limit: usize,
) -> Result<Vec<TicketId>, Fault> {
    let column = |of: fn(&Lane) -> &str| -> Vec<&str> { lanes.iter().map(of).collect() };
    let assignee = query.assignee.as_ref();
    let by_nobody = assignee == Some(&Assignee::Nobody);
    let assignee = assignee.and_then(Assignee::name).map(storable);
    let heads = work
        .query(
            &statement(walk, assignee.is_some()),
            &[
                &column(|lane| &lane.department),
                &column(|lane| lane.status),
                &column(|lane| lane.label),
                &after.0,
                &after.1,
                &query.sla.map(clock_status),
                &query.needs_review,
                &assignee,
                &to_column(limit as u64),
                &by_nobody,
            ],
        )
        .await?;
    heads
        .iter()
        .map(|row| Ok(TicketId(row.try_get(0)?)))
        .collect()
}

/// Somebody's own tickets have indices of their own, else a person with few would have all
/// the others read first.
pub(super) fn statement(walk: Walk, of_one: bool) -> String {
    let (key, after, order) = match walk {
        Walk::Creation => (
            "ticket.created_at",
            "(ticket.created_at, ticket.id) > ($4::bigint, $5::bigint)",
            "",
        ),
        Walk::Newest => (
            "ticket.created_at",
            "(ticket.created_at, ticket.id) < ($4::bigint, $5::bigint)",
            "DESC",
        ),
        Walk::Deadline => (
            "ticket.deadline_at",
            "(ticket.deadline_at, ticket.id) > ($4::bigint, $5::bigint)",
            "",
        ),
        Walk::WithoutDeadline => (
            "ticket.deadline_at",
            "ticket.deadline_at IS NULL AND ticket.id > $5::bigint AND $4::bigint IS NOT NULL",
            "",
        ),
    };
    let whose = if of_one {
        "ticket.assignee = $8::text AND NOT $10::boolean"
    } else {
        "$8::text IS NULL AND (NOT $10::boolean OR ticket.assignee IS NULL)"
    };
    format!(
        "SELECT head.id
         FROM unnest($1::text[], $2::text[], $3::text[]) AS lane (department, status, label)
         CROSS JOIN LATERAL (
             SELECT {key} AS at, ticket.id FROM ticket
             WHERE ticket.department = lane.department AND ticket.status = lane.status
               AND ticket.label = lane.label AND {after}
               AND ($6::text IS NULL OR ticket.sla_status = $6)
               AND ($7::boolean IS NULL OR ticket.needs_review = $7)
               AND {whose}
             ORDER BY {key} {order}, ticket.id {order} LIMIT $9::bigint) AS head
         ORDER BY head.at {order}, head.id {order} LIMIT $9"
    )
}

/// The tickets in the order of their numbers on the page.
async fn rows(work: &Work, ids: &[TicketId]) -> Result<Vec<TicketRow>, Fault> {
    let wanted: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let found = work.query(ROWS, &[&wanted]).await?;
    let mut by_id: HashMap<TicketId, TicketRow> = HashMap::new();
    for row in &found {
        let row = ticket_row(row)?;
        by_id.insert(row.ticket.id, row);
    }
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}
