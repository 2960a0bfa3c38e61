//! `GET /api/v1/tickets/{id}`

use super::change::ChangeError;
use super::view::TicketDetail;
use crate::http::problem::Problem;
use crate::http::version::etag;
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use switchboard_domain::access::Principal;

pub(crate) fn describe() -> Description {
    Description::new(
        "showTicket",
        "One ticket, with its posts and everything that changed it",
    )
    .answers::<TicketDetail>("The ticket; its version as `ETag`.")
}

#[tracing::instrument(name = "http.ticket.show", skip_all, fields(ticket.id = %id))]
pub(crate) async fn show(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let not_found = || ChangeError::NotFound(id.clone());
    let ticket = id
        .parse()
        .map(switchboard_domain::ticket::TicketId)
        .map_err(|_| not_found())?;
    let scope = caller.scope();
    let row = inbox
        .tickets
        .get(ticket, &scope)
        .await?
        .ok_or_else(not_found)?;
    let mentions = inbox.tickets.mentions(ticket, &scope).await?;
    let events = inbox.tickets.events(ticket, &scope).await?;
    let detail = TicketDetail::new(row, &mentions, events);
    Ok(([etag(detail.ticket.version)], Json(detail)))
}
