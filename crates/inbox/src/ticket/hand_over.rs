//! `POST /api/v1/tickets/{id}/move`

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
pub(crate) struct MoveBody {
    /// A department of the configuration.
    department: String,
}

pub(crate) fn describe() -> Description {
    super::change::describe("moveTicket", "Hand it to another department").body::<MoveBody>()
}

#[tracing::instrument(name = "http.ticket.move", skip_all, fields(ticket.id = %id))]
pub(crate) async fn hand_over(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
    version: IfMatch,
    Body(body): Body<MoveBody>,
) -> Result<Changed, Problem> {
    let department = super::change::department(&inbox, &body.department)?;
    Ok(change(
        &inbox,
        &caller,
        (&id, version),
        Command::Move { department },
    )
    .await?)
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    #[tokio::test]
    async fn the_caller_sees_it_once_more() {
        let world = World::new().await;
        world.post("1", switchboard_domain::Label::Complaint).await;
        let moved = world
            .act("ann", "/api/v1/tickets/1/move", r#"{"department":"sales"}"#)
            .await;
        assert_eq!(moved.at("/department"), "\"sales\"");
        assert_eq!(world.get("ann", "/api/v1/tickets/1").await.status, 404);
        assert_eq!(world.get("bob", "/api/v1/tickets/1").await.status, 200);
    }

    #[tokio::test]
    async fn an_unknown_department_is_refused_with_the_nearest() {
        let world = World::new().await;
        world.post("1", switchboard_domain::Label::Complaint).await;
        let answer = world
            .act("ann", "/api/v1/tickets/1/move", r#"{"department":"sails"}"#)
            .await;
        assert_eq!(
            answer.error(),
            "422 Unprocessable Entity refused: unknown department `sails` (known: sales, pr, support, community)"
        );
    }
}
