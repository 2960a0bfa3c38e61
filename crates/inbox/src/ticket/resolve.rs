//! `POST /api/v1/tickets/{id}/resolve`

use super::change::{Changed, change};
use crate::http::problem::Problem;
use crate::http::version::IfMatch;
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::Extension;
use axum::extract::{Path, State};
use switchboard_domain::access::Principal;
use switchboard_domain::ticket::Command;

pub(crate) fn describe() -> Description {
    super::change::describe("resolveTicket", "Say that it is done")
}

#[tracing::instrument(name = "http.ticket.resolve", skip_all, fields(ticket.id = %id))]
pub(crate) async fn resolve(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
    version: IfMatch,
) -> Result<Changed, Problem> {
    Ok(change(&inbox, &caller, (&id, version), Command::Resolve).await?)
}
