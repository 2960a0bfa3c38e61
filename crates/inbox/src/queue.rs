//! `GET /api/v1/queues`: what waits in every department the caller sees.

use crate::http::problem::Problem;
use crate::http::query::{Parameter, Query};
use crate::openapi::describe::Description;
use crate::openapi::schema;
use crate::state::Inbox;
use axum::extract::{Query as Pairs, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;
use switchboard_domain::Slug;
use switchboard_domain::access::{DepartmentScope, Principal};
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::ClockStatus;
use switchboard_domain::ticket::Status;
use switchboard_storage::ticket::MAX_PAGE;
use switchboard_storage::{Sort, StorageError, TicketCount, TicketQuery};
use utoipa::ToSchema;

const PARAMETERS: &[Parameter] = &[];

/// The queues, by name.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Queues {
    queues: Vec<QueueView>,
}

/// One department's queue in numbers.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
struct QueueView {
    #[schema(schema_with = schema::text)]
    department: Slug,
    /// Its tickets by status.
    status: StatusCounts,
    /// Its open tickets by priority.
    open: PriorityCounts,
    /// Open tickets whose deadline was missed, counted up to 200.
    breached: usize,
    /// The deadline that falls due first, missed ones included; absent when none ticks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::instant)]
    oldest_deadline: Option<Timestamp>,
}

/// Tickets by status.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
struct StatusCounts {
    open: u64,
    resolved: u64,
    closed: u64,
}

/// Tickets by priority.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
struct PriorityCounts {
    urgent: u64,
    high: u64,
    normal: u64,
    low: u64,
}

/// Missed deadlines are counted up to so many, one page: a queue with more has a worse
/// problem than the exact number.
const BREACHED_COUNT_MAX: usize = MAX_PAGE;

pub(crate) fn describe() -> Description {
    Description::new("listQueues", "What waits in every department")
        .query(PARAMETERS)
        .answers::<Queues>("The queues, by name.")
}

#[tracing::instrument(name = "http.queue.list", skip_all)]
pub(crate) async fn list(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<Queues>, Problem> {
    Query::parse(pairs, PARAMETERS)?;
    Ok(Json(read(&inbox, &caller.scope()).await?))
}

/// The queues of a scope.
pub(crate) async fn read(inbox: &Inbox, scope: &DepartmentScope) -> Result<Queues, StorageError> {
    let counts = inbox.tickets.counts(scope).await?;
    let open_counts = inbox.tickets.open_counts().await?;
    let mut queues = Vec::new();
    for department in departments(inbox, scope, &counts) {
        let mut queue = QueueView {
            status: StatusCounts::default(),
            open: PriorityCounts::default(),
            breached: breached(inbox, &department, scope).await?,
            oldest_deadline: oldest_deadline(inbox, &department, scope).await?,
            department,
        };
        counts
            .iter()
            .filter(|count| count.department == queue.department)
            .for_each(|c| queue.status.add(c));
        let open = open_counts
            .iter()
            .filter(|(of, ..)| *of == queue.department);
        for (_, priority, count) in open {
            queue.open.add(*priority, *count);
        }
        queues.push(queue);
    }
    Ok(Queues { queues })
}

impl Queues {
    /// Those of the scope: what [`read`] would have given for it.
    pub(crate) fn within(&self, scope: &DepartmentScope) -> Self {
        let own = self
            .queues
            .iter()
            .filter(|queue| scope.contains(&queue.department));
        Self {
            queues: own.cloned().collect(),
        }
    }
}

/// Those of the configuration, and those that only old tickets know.
fn departments(inbox: &Inbox, scope: &DepartmentScope, counts: &[TicketCount]) -> BTreeSet<Slug> {
    let configured = inbox
        .departments
        .iter()
        .filter(|department| scope.contains(department));
    configured
        .chain(counts.iter().map(|count| &count.department))
        .cloned()
        .collect()
}

async fn oldest_deadline(
    inbox: &Inbox,
    department: &Slug,
    scope: &DepartmentScope,
) -> Result<Option<Timestamp>, StorageError> {
    let query = TicketQuery {
        sort: Sort::Deadline,
        limit: 1,
        ..open_tickets(department)
    };
    let page = inbox.tickets.list(&query, scope).await?;
    Ok(page.items.first().and_then(|row| row.ticket.deadline_at()))
}

async fn breached(
    inbox: &Inbox,
    department: &Slug,
    scope: &DepartmentScope,
) -> Result<usize, StorageError> {
    let sla = Some(ClockStatus::Breached);
    let query = TicketQuery {
        sla,
        limit: BREACHED_COUNT_MAX,
        ..open_tickets(department)
    };
    Ok(inbox.tickets.list(&query, scope).await?.items.len())
}

fn open_tickets(department: &Slug) -> TicketQuery {
    TicketQuery {
        department: Some(department.clone()),
        status: Some(Status::Open),
        ..TicketQuery::default()
    }
}

impl StatusCounts {
    const fn add(&mut self, count: &TicketCount) {
        match count.status {
            Status::Open => self.open += count.count,
            Status::Resolved => self.resolved += count.count,
            Status::Closed => self.closed += count.count,
        }
    }
}

impl PriorityCounts {
    const fn add(&mut self, priority: Priority, count: u64) {
        match priority {
            Priority::Urgent => self.urgent += count,
            Priority::High => self.high += count,
            Priority::Normal => self.normal += count,
            Priority::Low => self.low += count,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use jiff::SignedDuration;
    use switchboard_domain::Label;
    use switchboard_domain::ticket::Command;

    #[tokio::test]
    async fn counts_what_waits() {
        let world = World::new().await;
        let late = world.post("1", Label::Complaint).await;
        world.clock.advance(SignedDuration::from_hours(2));
        world.change(late, "timer", Command::Tick).await;
        let done = world.post("2", Label::Complaint).await;
        world.change(done, "ann", Command::Resolve).await;
        world.post("3", Label::Lead).await;
        let answer = world.get("ann", "/api/v1/queues").await;
        assert_eq!(
            answer.json["queues"].as_array().unwrap().len(),
            1,
            "own departments only"
        );
        insta::assert_snapshot!(answer.at("/queues/0"), @r#"{"breached":1,"department":"support","oldest_deadline":"2026-03-01T13:00:00Z","open":{"high":0,"low":0,"normal":1,"urgent":0},"status":{"closed":0,"open":1,"resolved":1}}"#);
        let all = world.get("sue", "/api/v1/queues").await;
        assert_eq!(all.json["queues"].as_array().unwrap().len(), 4);
    }
}
