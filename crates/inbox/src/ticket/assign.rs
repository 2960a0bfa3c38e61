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
