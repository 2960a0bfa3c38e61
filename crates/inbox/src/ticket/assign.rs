//! `POST /api/v1/tickets/{id}/assign`

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
pub(crate) struct AssignBody {
    /// A user or token by name; `null` for nobody. Must be there: an empty body is no wish.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    to: Option<String>,
}

pub(crate) fn describe() -> Description {
    super::change::describe("assignTicket", "Give it to a person, or to nobody")
        .body::<AssignBody>()
}

#[tracing::instrument(name = "http.ticket.assign", skip_all, fields(ticket.id = %id))]
pub(crate) async fn assign(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
    version: IfMatch,
    Body(body): Body<AssignBody>,
) -> Result<Changed, Problem> {
    if let Some(name) = &body.to {
        super::change::require_assignee(&inbox, name).await?;
    }
    Ok(change(
        &inbox,
        &caller,
        (&id, version),
        Command::Assign { to: body.to },
    )
    .await?)
}

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use rstest::rstest;
    use switchboard_domain::Label;

    #[tokio::test]
    async fn gives_and_takes_away() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        let given = world
            .act("sue", "/api/v1/tickets/1/assign", r#"{"to":"ann"}"#)
            .await;
        assert_eq!(given.at("/assignee"), "\"ann\"");
        let taken = world
            .act("sue", "/api/v1/tickets/1/assign", r#"{"to":null}"#)
            .await;
        assert_eq!(taken.at("/assignee"), "null");
    }

    #[rstest]
    #[case::nobody_known(
        r#"{"to":"anne"}"#,
        "422 Unprocessable Entity refused: unknown assignee `anne` (known: ann, sue, bob, root)"
    )]
    #[case::no_wish(
        "{}",
        "400 Bad Request bad_request: Failed to deserialize the JSON body into the target type: missing field `to` at line 1 column 2"
    )]
    #[tokio::test]
    async fn refuses(#[case] body: &str, #[case] want: &str) {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        let answer = world.act("ann", "/api/v1/tickets/1/assign", body).await;
        assert_eq!(answer.error(), want);
    }
}
