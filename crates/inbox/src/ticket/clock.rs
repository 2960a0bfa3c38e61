//! A ticket's clock as the API shows it.

use crate::openapi::schema;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use switchboard_domain::mention::StartReason;
use switchboard_domain::sla::{ClockKind, ClockStatus, SlaClock, Stop, StopCause};
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
    /// Where it started.
    #[schema(schema_with = schema::instant)]
    started_at: Timestamp,
    /// Why there.
    #[schema(schema_with = start_reason)]
    start_reason: StartReason,
    /// Seconds allowed.
    target_seconds: i64,
    /// The deadline.
    #[schema(schema_with = schema::instant)]
    due_at: Timestamp,
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
    /// Where and why it stopped; absent while it ticks.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<StopView>,
}

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
            policy: clock.policy.clone(),
            started_at: clock.started_at,
            start_reason: clock.start_reason,
            target_seconds: clock.target_seconds,
            due_at: clock.due_at,
            warn_at: clock
                .warn_at_percent
                .iter()
                .map(|percent| warning(clock, *percent))
                .collect(),
            status: clock.status(),
            breached_at: clock.breached_at,
            stopped: clock
                .stopped
                .map(|Stop { at, cause }| StopView { at, cause }),
        }
    }
}

fn warning(clock: &SlaClock, percent: u8) -> Timestamp {
    let seconds = clock.target_seconds.saturating_mul(i64::from(percent)) / 100;
    let after = SignedDuration::from_secs(seconds);
    clock
        .started_at
        .saturating_add(after)
        .unwrap_or(Timestamp::MAX)
}

fn clock_kind() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    schema::one_of([ClockKind::FirstResponse.as_str()])
}

fn start_reason() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    schema::one_of(["post_time", "no_post_time", "late_arrival", "future_time"])
}

fn stop_cause() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    schema::one_of(["replied", "resolved", "post_deleted"])
}

fn instants() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    utoipa::openapi::schema::ArrayBuilder::new()
        .items(schema::instant())
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_domain::routing::Priority;
    use switchboard_domain::sla::SlaPolicy;

    #[test]
    fn shows_instants() {
        let policy = SlaPolicy {
            name: "standard".into(),
            labels: vec![],
            first_response_seconds: [(Priority::Normal, 1800)].into(),
            warn_at_percent: vec![50, 75],
        };
        let start = (Timestamp::UNIX_EPOCH, StartReason::PostTime);
        let mut clock = policy.first_response(Priority::Normal, start).unwrap();
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
