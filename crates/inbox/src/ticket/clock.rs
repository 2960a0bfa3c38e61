//! A ticket's clock as the API shows it.

use crate::openapi::schema;
use jiff::Timestamp;
use serde::Serialize;
use switchboard_domain::Slug;
use switchboard_domain::mention::StartReason;
use switchboard_domain::sla::{
    ClockKind, ClockStatus, HoldKind, SegmentCause, SlaClock, Stop, StopCause,
};
use utoipa::ToSchema;

/// One clock: instants only, so that a client corrects for its own clock once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClockView {
    /// What it measures.
    #[schema(schema_with = clock_kind)]
    clock: ClockKind,
    /// Counts from 1; a clock that starts anew is a new cycle.
    cycle: u32,
    /// The policy that set it.
    policy: String,
    /// The calendar it counts in.
    calendar: String,
    /// The department it counts for.
    #[schema(value_type = String)]
    department: Slug,
    /// Where it started.
    #[schema(schema_with = schema::instant)]
    started_at: Timestamp,
    /// Why there.
    #[schema(schema_with = start_reason)]
    start_reason: StartReason,
    /// Seconds allowed.
    target_seconds: i64,
    /// The deadline; absent while it stands still before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::instant)]
    due_at: Option<Timestamp>,
    /// When it warns, in order.
    #[schema(schema_with = instants)]
    warn_at: Vec<Timestamp>,
    /// How it stands.
    #[schema(schema_with = schema::clock_status)]
    status: ClockStatus,
    /// The deadline that was missed; absent when none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::instant)]
    breached_at: Option<Timestamp>,
    /// Since when and why it stands still; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused: Option<PauseView>,
    /// Where and why it stopped; absent while it ticks.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<StopView>,
}

/// Since when and why a clock stands still.
#[derive(Debug, Serialize, ToSchema)]
struct PauseView {
    #[schema(schema_with = schema::instant)]
    since: Timestamp,
    /// What is waited for, or `resolved`.
    #[schema(schema_with = pause_cause)]
    cause: &'static str,
}

impl PauseView {
    fn of(clock: &SlaClock) -> Option<Self> {
        let last = clock.segments.last().filter(|_| clock.is_paused())?;
        let cause = match last.cause {
            SegmentCause::Hold(kind) => kind.as_str(),
            SegmentCause::Resolved => RESOLVED,
            SegmentCause::Ours => return None,
        };
        Some(Self {
            since: last.from,
            cause,
        })
    }
}

/// The ticket was resolved, and may be reopened.
const RESOLVED: &str = "resolved";

/// Where and why a clock stopped.
#[derive(Debug, Serialize, ToSchema)]
struct StopView {
    #[schema(schema_with = schema::instant)]
    at: Timestamp,
    #[schema(schema_with = stop_cause)]
    cause: StopCause,
}

impl From<&SlaClock> for ClockView {
    fn from(clock: &SlaClock) -> Self {
        Self {
            clock: clock.kind,
            cycle: clock.cycle,
            policy: clock.terms.policy.clone(),
            calendar: clock.terms.calendar.clone(),
            department: clock.terms.department.clone(),
            started_at: clock.started_at,
            start_reason: clock.start_reason,
            target_seconds: clock.terms.target_seconds,
            due_at: clock.due_at(),
            warn_at: clock.warn_at().collect(),
            status: clock.status(),
            breached_at: clock.breached_at,
            paused: PauseView::of(clock),
            stopped: clock
                .stopped
                .map(|Stop { at, cause }| StopView { at, cause }),
        }
    }
}

fn clock_kind() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    schema::one_of(ClockKind::ALL.map(ClockKind::as_str))
}

fn start_reason() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    schema::one_of([
        "post_time",
        "no_post_time",
        "late_arrival",
        "future_time",
        "change",
    ])
}

fn stop_cause() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    schema::one_of(
        [
            StopCause::Replied,
            StopCause::Resolved,
            StopCause::Acknowledged,
            StopCause::Moved,
            StopCause::Merged,
            StopCause::PostDeleted,
        ]
        .map(StopCause::as_str),
    )
}

fn pause_cause() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    let kinds = HoldKind::ALL.into_iter().filter(|kind| kind.may_pause());
    schema::one_of(kinds.map(HoldKind::as_str).chain([RESOLVED]))
}

fn instants() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    utoipa::openapi::schema::ArrayBuilder::new()
        .items(schema::instant())
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use switchboard_domain::routing::Priority;
    use switchboard_domain::sla::{Holder, SlaBook, SlaPolicy, Terms};

    fn clock() -> SlaClock {
        let targets = [(Priority::Normal, 1800)].into();
        let book = SlaBook::of(SlaPolicy {
            name: "standard".into(),
            targets: [(ClockKind::FirstResponse, targets)].into(),
            warn_at_percent: vec![50, 75],
            ..SlaPolicy::default()
        });
        let holder = Holder {
            department: &Slug::from_any("support"),
            priority: Priority::Normal,
        };
        let policy = &book.policies()[0];
        let kind = ClockKind::FirstResponse;
        let terms = Terms::of(&book, policy, kind, holder).unwrap();
        let calendar = book.calendar_for(policy, kind, holder.department);
        let start = (Timestamp::UNIX_EPOCH, StartReason::PostTime);
        SlaClock::start((kind, 1), terms, calendar, start)
    }

    #[rstest]
    #[case::of_the_author(
        SegmentCause::Hold(HoldKind::WaitingCustomer),
        Some("waiting_customer")
    )]
    #[case::of_nobody(SegmentCause::Resolved, Some("resolved"))]
    fn says_why_it_stands_still(#[case] cause: SegmentCause, #[case] want: Option<&str>) {
        let mut clock = clock();
        assert!(PauseView::of(&clock).is_none());
        let at = Timestamp::from_second(60).unwrap();
        clock.segments = clock.segments_with(at, cause, false);
        let paused = PauseView::of(&clock);
        assert_eq!(paused.as_ref().map(|paused| paused.cause), want);
        assert_eq!(paused.map(|paused| paused.since), Some(at));
    }

    #[test]
    fn shows_instants() {
        let mut clock = clock();
        clock.stopped = Some(Stop {
            at: Timestamp::UNIX_EPOCH,
            cause: StopCause::Replied,
        });
        let view = serde_json::to_string_pretty(&ClockView::from(&clock)).unwrap();
        insta::assert_snapshot!(view, @r#"
        {
          "clock": "first_response",
          "cycle": 1,
          "policy": "standard",
          "calendar": "always",
          "department": "support",
          "started_at": "1970-01-01T00:00:00Z",
          "start_reason": "post_time",
          "target_seconds": 1800,
          "due_at": "1970-01-01T00:30:00Z",
          "warn_at": [
            "1970-01-01T00:15:00Z",
            "1970-01-01T00:22:30Z"
          ],
          "status": "met",
          "stopped": {
            "at": "1970-01-01T00:00:00Z",
            "cause": "replied"
          }
        }
        "#);
    }
}
