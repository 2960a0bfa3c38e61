//! `GET /api/v1/tickets`

use super::view::TicketView;
use super::{cursor, filter};
use crate::http::problem::Problem;
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::extract::{Query as Pairs, State};
use axum::{Extension, Json};
use serde::Serialize;
use switchboard_domain::access::Principal;
use utoipa::ToSchema;

/// A page of tickets.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketPage {
    tickets: Vec<TicketView>,
    /// Give it as `cursor` for the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(crate) fn describe() -> Description {
    Description::new("listTickets", "Tickets of the caller's departments")
        .query(filter::PARAMETERS)
        .answers::<TicketPage>("A page of tickets.")
}

#[tracing::instrument(name = "http.ticket.list", skip_all)]
pub(crate) async fn list(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<TicketPage>, Problem> {
    let filter = filter::read(pairs, &caller, &inbox.departments)?;
    let page = inbox.tickets.list(&filter.query, &caller.scope()).await?;
    let next = page
        .next
        .map(|next| cursor::encode(&next, &filter.fingerprint));
    Ok(Json(TicketPage {
        tickets: page.items.into_iter().map(TicketView::from).collect(),
        next,
    }))
}
