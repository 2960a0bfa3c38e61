//! `POST /api/v1/tickets/{id}/reply`

use super::change::{Changed, change};
use crate::http::body::Body;
use crate::http::problem::Problem;
use crate::http::version::IfMatch;
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::Extension;
use axum::extract::{Path, State};
use serde::Deserialize;
use switchboard_domain::access::Principal;
use switchboard_domain::ticket::Command;
use utoipa::ToSchema;

/// The body.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplyBody {
    /// At most 64 KiB. It is recorded and waits to be sent.
    text: String,
    /// Whether a machine wrote it: then it counts as an answer only where the policy says so.
    #[serde(default)]
    automatic: bool,
}

pub(crate) fn describe() -> Description {
    super::change::describe("replyToTicket", "Answer the author").body::<ReplyBody>()
}

#[tracing::instrument(name = "http.ticket.reply", skip_all, fields(ticket.id = %id))]
pub(crate) async fn reply(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
    version: IfMatch,
    Body(body): Body<ReplyBody>,
) -> Result<Changed, Problem> {
    Ok(change(
        &inbox,
        &caller,
        (&id, version),
        Command::Reply {
            text: body.text,
            automatic: body.automatic,
        },
    )
    .await?)
}

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use jiff::SignedDuration;
    use switchboard_domain::Label;
    use switchboard_telemetry::Counter;

    #[tokio::test]
    async fn an_answer_stops_the_clock() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        let body = r#"{"text":"we look for it"}"#;
        let answer = world.act("ann", "/api/v1/tickets/1/reply", body).await;
        assert_eq!(answer.at("/clocks/0/status"), "\"met\"");
        assert_eq!(answer.at("/sla"), "\"met\"");
        assert_eq!(answer.at("/deadline_at"), "nothing");
    }

    #[tokio::test]
    async fn a_promise_that_was_kept_counts_once() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        let department = world.metrics.department("support");
        let kept = || world.metrics.counter_value(Counter::SlaKept { department });
        assert_eq!(kept(), 0);
        for body in [r#"{"text":"we look for it"}"#, r#"{"text":"found"}"#] {
            world.act("ann", "/api/v1/tickets/1/reply", body).await;
            assert_eq!(kept(), 1);
            world.clock.advance(SignedDuration::from_secs(1));
        }
    }

    #[tokio::test]
    async fn an_empty_answer_is_refused() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        let answer = world
            .act("ann", "/api/v1/tickets/1/reply", r#"{"text":" "}"#)
            .await;
        assert_eq!(
            answer.error(),
            "422 Unprocessable Entity refused: the text is empty"
        );
    }

    #[tokio::test]
    async fn a_body_has_a_limit() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        let body = format!(r#"{{"text":"{}"}}"#, "a".repeat(600 * 1024));
        let answer = world.act("ann", "/api/v1/tickets/1/reply", &body).await;
        assert_eq!(
            answer.error(),
            "413 Payload Too Large too_large: the body is over the limit of 524288 bytes"
        );
    }
}
