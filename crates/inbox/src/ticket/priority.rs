//! `POST /api/v1/tickets/{id}/priority`

use super::change::{Changed, change};
use crate::http::body::Body;
use crate::http::problem::Problem;
use crate::http::version::IfMatch;
use crate::openapi::describe::Description;
use crate::openapi::schema;
use crate::state::Inbox;
use axum::Extension;
use axum::extract::{Path, State};
use serde::Deserialize;
use switchboard_domain::access::Principal;
use switchboard_domain::routing::Priority;
use switchboard_domain::ticket::Command;
use utoipa::ToSchema;

/// The body.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriorityBody {
    /// The new one.
    #[schema(schema_with = schema::priority)]
    priority: Priority,
}

pub(crate) fn describe() -> Description {
    super::change::describe("setTicketPriority", "Change how much it presses")
        .body::<PriorityBody>()
}

#[tracing::instrument(name = "http.ticket.priority", skip_all, fields(ticket.id = %id))]
pub(crate) async fn set(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
    version: IfMatch,
    Body(body): Body<PriorityBody>,
) -> Result<Changed, Problem> {
    Ok(change(
        &inbox,
        &caller,
        (&id, version),
        Command::SetPriority {
            priority: body.priority,
        },
    )
    .await?)
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    #[tokio::test]
    async fn the_deadline_follows() {
        let world = World::new().await;
        world.post("1", switchboard_domain::Label::Complaint).await;
        let body = r#"{"priority":"urgent"}"#;
        let answer = world.act("ann", "/api/v1/tickets/1/priority", body).await;
        assert_eq!(answer.at("/priority"), "\"urgent\"");
        assert_eq!(answer.at("/deadline_at"), "\"2026-03-01T12:10:00Z\"");
    }
}
