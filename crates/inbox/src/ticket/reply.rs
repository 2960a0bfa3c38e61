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
        Command::Reply { text: body.text },
    )
    .await?)
}
