//! What merging, its undo and splitting share.

use super::change::{ChangeError, conflict, view};
use super::view::TicketView;
use crate::http::version::{IfMatch, etag};
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;
use switchboard_domain::access::Principal;
use switchboard_domain::ticket::{Actor, TicketId};
use switchboard_storage::{Regroup, Regrouped, Regrouping};
use utoipa::ToSchema;

/// Two tickets after posts went from one to the other.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegroupedView {
    /// The ticket of the path; its version as `ETag`.
    ticket: TicketView,
    /// The other one: the survivor, or the new one.
    other: TicketView,
}

/// What every operation of this kind says of itself.
pub(super) fn describe(operation_id: &'static str, summary: &'static str) -> Description {
    Description::new(operation_id, summary)
        .matches_version()
        .answers::<RegroupedView>("Both tickets as they are now.")
        .problem(StatusCode::BAD_REQUEST, "A header cannot be read.")
        .problem(
            StatusCode::UNPROCESSABLE_ENTITY,
            "The tickets do not allow it now, or the other one is not there.",
        )
}

/// Carries the wish out for the caller, on the version they saw.
pub(super) async fn regroup(
    inbox: &Inbox,
    caller: &Principal,
    (id, version): (&str, IfMatch),
    how: Regrouping,
) -> Result<RegroupedView, ChangeError> {
    let not_found = || ChangeError::NotFound(id.to_owned());
    let ticket = id.parse().map(TicketId).map_err(|_| not_found())?;
    let wish = Regroup {
        ticket,
        how,
        expected_version: version.0,
        actor: Actor::Person(caller.name.clone()),
        book: Arc::clone(&inbox.ownership.get().book),
        now: inbox.clock.now(),
    };
    match inbox.tickets.regroup(wish, &caller.scope()).await? {
        Regrouped::Done { ticket, other } => Ok(RegroupedView {
            ticket: view(inbox, *ticket).await?,
            other: view(inbox, *other).await?,
        }),
        Regrouped::Conflict { current } => Err(conflict(inbox, version, *current).await?),
        Regrouped::Refused(refusal) => Err(refusal.into()),
        Regrouped::NotFound(missing) if missing == ticket => Err(not_found()),
        Regrouped::NotFound(missing) => Err(ChangeError::NoOther(missing)),
    }
}

impl IntoResponse for RegroupedView {
    fn into_response(self) -> Response {
        ([etag(self.ticket.version)], Json(self)).into_response()
    }
}
