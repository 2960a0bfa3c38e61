//! `GET /api/v1/tickets/{id}/sla`: its clocks, counted again from its events.

use super::change::ChangeError;
use crate::http::problem::Problem;
use crate::openapi::describe::Description;
use crate::openapi::schema;
use crate::state::Inbox;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Serialize;
use switchboard_domain::access::{DepartmentScope, Principal};
use switchboard_domain::sla::proof::{ClockProof, Interval, prove};
use switchboard_domain::sla::{ClockKind, ClockStatus, SegmentCause};
use switchboard_domain::ticket::{Ticket, TicketEvent, TicketId};
use switchboard_storage::StorageError;
use utoipa::ToSchema;

/// How often ticket and events are read until both are of one version. A ticket changes far
/// more rarely than it is read.
const READS_MAX: usize = 3;

/// What the events say of a ticket's clocks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SlaProof {
    /// The ticket's number.
    ticket: String,
    /// The version both stand at.
    version: u64,
    /// The instant up to which was counted.
    #[schema(schema_with = schema::instant)]
    counted_at: Timestamp,
    /// Whether the recount tells the same story as the ticket, for every clock.
    agrees: bool,
    clocks: Vec<ClockProofView>,
}

/// One clock, counted again.
#[derive(Debug, Serialize, ToSchema)]
struct ClockProofView {
    #[schema(schema_with = clock_kind)]
    clock: ClockKind,
    /// Counts from 1; a clock that starts anew is a new cycle.
    cycle: u32,
    /// The policy that promised.
    policy: String,
    /// The calendar it counts in.
    calendar: String,
    /// Seconds allowed.
    target_seconds: i64,
    /// Seconds used up to its end, or up to now.
    used_seconds: i64,
    /// The deadline; absent where it cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::instant)]
    due_at: Option<Timestamp>,
    /// How it stands, by the recount.
    #[schema(schema_with = schema::clock_status)]
    status: ClockStatus,
    /// Its life, without gaps.
    intervals: Vec<IntervalView>,
    /// Where the ticket tells another story; empty when they agree.
    differences: Vec<String>,
}

/// One stretch of a clock's life.
#[derive(Debug, Serialize, ToSchema)]
struct IntervalView {
    #[schema(schema_with = schema::instant)]
    from: Timestamp,
    /// Absent while it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::instant)]
    until: Option<Timestamp>,
    /// Why: `ours`, `resolved`, or what was waited for.
    cause: &'static str,
    /// Whether its open hours count.
    counts: bool,
    /// Seconds of open hours in it, up to now.
    open_seconds: i64,
}

pub(crate) fn describe() -> Description {
    Description::new(
        "proveSla",
        "The ticket's clocks, counted again from its events",
    )
    .answers::<SlaProof>("The recount, with every interval and its cause.")
}

#[tracing::instrument(name = "http.ticket.sla", skip_all, fields(ticket.id = %id))]
pub(crate) async fn show(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<Json<SlaProof>, Problem> {
    let not_found = || ChangeError::NotFound(id.clone());
    let number = id.parse().map(TicketId).map_err(|_| not_found())?;
    let read = of_one_version(&inbox, number, &caller.scope()).await?;
    let (ticket, events) = read.ok_or_else(not_found)?;
    let now = inbox.clock.now();
    let proofs = prove(&events, &ticket, &inbox.ownership.get().book, now);
    Ok(Json(SlaProof {
        ticket: ticket.id.to_string(),
        version: ticket.version,
        counted_at: now,
        agrees: proofs.iter().all(|proof| proof.differences.is_empty()),
        clocks: proofs.into_iter().map(ClockProofView::from).collect(),
    }))
}

/// The ticket and the events that made it, both of the same version if that can be had.
async fn of_one_version(
    inbox: &Inbox,
    id: TicketId,
    scope: &DepartmentScope,
) -> Result<Option<(Ticket, Vec<TicketEvent>)>, StorageError> {
    let mut read = None;
    for _ in 0..READS_MAX {
        let Some(row) = inbox.tickets.get(id, scope).await? else {
            return Ok(None);
        };
        let events = inbox.tickets.events(id, scope).await?;
        let is_one = events.last().map(|event| event.version) == Some(row.ticket.version);
        read = Some((row.ticket, events));
        if is_one {
            break;
        }
    }
    Ok(read)
}

impl From<ClockProof> for ClockProofView {
    fn from(proof: ClockProof) -> Self {
        Self {
            clock: proof.clock,
            cycle: proof.cycle,
            policy: proof.policy,
            calendar: proof.calendar,
            target_seconds: proof.target_seconds,
            used_seconds: proof.used_seconds,
            due_at: proof.due_at,
            status: proof.status,
            intervals: proof.intervals.iter().map(IntervalView::from).collect(),
            differences: proof.differences,
        }
    }
}

impl From<&Interval> for IntervalView {
    fn from(interval: &Interval) -> Self {
        let segment = &interval.segment;
        Self {
            from: segment.from,
            until: segment.until,
            cause: match segment.cause {
                SegmentCause::Ours => "ours",
                SegmentCause::Resolved => "resolved",
                SegmentCause::Hold(kind) => kind.as_str(),
            },
            counts: segment.runs,
            open_seconds: interval.open_seconds,
        }
    }
}

fn clock_kind() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    schema::one_of(ClockKind::ALL.map(ClockKind::as_str))
}

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use switchboard_domain::Label;
    use switchboard_domain::ticket::Command;

    #[tokio::test]
    async fn counts_again_and_agrees() {
        let world = World::new().await;
        let ticket = world.post("1", Label::Complaint).await;
        let reply = Command::Reply {
            text: "we look for it".into(),
            automatic: false,
        };
        world.change(ticket, "ann", reply).await;
        let answer = world.get("ann", "/api/v1/tickets/1/sla").await;
        insta::assert_snapshot!(answer, @r#"
        200 OK
        {
          "agrees": true,
          "clocks": [
            {
              "calendar": "always",
              "clock": "first_response",
              "cycle": 1,
              "differences": [],
              "due_at": "2026-03-01T13:00:00Z",
              "intervals": [
                {
                  "cause": "ours",
                  "counts": true,
                  "from": "2026-03-01T12:00:00Z",
                  "open_seconds": 0,
                  "until": "2026-03-01T12:00:00Z"
                }
              ],
              "policy": "standard",
              "status": "met",
              "target_seconds": 3600,
              "used_seconds": 0
            }
          ],
          "counted_at": "2026-03-01T12:00:00Z",
          "ticket": "1",
          "version": 2
        }
        "#);
    }

    #[tokio::test]
    async fn a_ticket_of_others_does_not_exist() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        let answer = world.get("bob", "/api/v1/tickets/1/sla").await;
        assert_eq!(
            answer.error(),
            "404 Not Found not_found: there is no ticket `1`"
        );
    }
}
