//! `GET /api/v1/queues`: what waits in every department the caller sees.

use crate::http::problem::Problem;
use crate::http::query::{Parameter, Query};
use crate::openapi::describe::Description;
use crate::openapi::schema;
use crate::state::Inbox;
use axum::extract::{Query as Pairs, State};
use axum::{Extension, Json};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeSet;
use switchboard_domain::Slug;
use switchboard_domain::access::{DepartmentScope, Principal};
use switchboard_domain::routing::Priority;
use switchboard_domain::ticket::Status;
use switchboard_storage::{Pressure, StorageError, TicketCount};
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
    /// Open tickets whose deadline has passed.
    breached: u64,
    /// Open tickets whose deadline has passed or does within a quarter of an hour.
    breaching: u64,
    /// Open tickets that nobody works on; chatter without a deadline left out.
    unassigned: u64,
    /// Of each label the 1000 tickets with the next deadlines are counted; whether there are
    /// more, and the three numbers above are "at least".
    at_least: bool,
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

/// From so long before its deadline a ticket is breaching: as in the page's view of that name.
const BREACHING: SignedDuration = SignedDuration::from_mins(15);

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
    let now = inbox.clock.now();
    let soon = now.saturating_add(BREACHING).unwrap_or(Timestamp::MAX);
    let pressure = inbox.tickets.pressure(scope, now, soon).await?;
    let mut queues = Vec::new();
    for department in departments(inbox, scope, &counts) {
        let pressure = pressure.iter().find(|one| one.department == department);
        let mut queue = QueueView::new(department, pressure);
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

impl QueueView {
    /// Nothing presses in a department that never had a ticket.
    fn new(department: Slug, pressure: Option<&Pressure>) -> Self {
        let number = |of: fn(&Pressure) -> u64| pressure.map(of).unwrap_or_default();
        Self {
            department,
            status: StatusCounts::default(),
            open: PriorityCounts::default(),
            breached: number(|pressure| pressure.overdue),
            breaching: number(|pressure| pressure.soon),
            unassigned: number(|pressure| pressure.unassigned),
            at_least: pressure.is_some_and(|pressure| pressure.more),
            oldest_deadline: pressure.and_then(|pressure| pressure.next_deadline),
        }
    }
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
    let ownership = inbox.ownership.get();
    let configured = ownership
        .departments
        .iter()
        .filter(|department| scope.contains(department));
    configured
        .chain(counts.iter().map(|count| &count.department))
        .cloned()
        .collect()
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
        insta::assert_snapshot!(answer.at("/queues/0"), @r#"{"at_least":false,"breached":1,"breaching":1,"department":"support","oldest_deadline":"2026-03-01T13:00:00Z","open":{"high":0,"low":0,"normal":1,"urgent":0},"status":{"closed":0,"open":1,"resolved":1},"unassigned":1}"#);
        let all = world.get("sue", "/api/v1/queues").await;
        assert_eq!(all.json["queues"].as_array().unwrap().len(), 4);
    }
}
