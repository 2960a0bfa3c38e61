//! `DELETE /api/v1/tokens/{name}`

use crate::http::problem::Problem;
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Serialize;
use switchboard_domain::access::Principal;
use switchboard_domain::ticket::Actor;
use utoipa::ToSchema;

/// What was revoked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RevokedToken {
    name: String,
}

pub(crate) fn describe() -> Description {
    Description::new("revokeToken", "Make a token worthless at once")
        .answers::<RevokedToken>("It no longer works.")
}

#[tracing::instrument(name = "http.token.revoke", skip_all)]
pub(crate) async fn revoke(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(name): Path<String>,
) -> Result<Json<RevokedToken>, Problem> {
    let by = Actor::Person(caller.name);
    let now = inbox.clock.now();
    if inbox.access.revoke_token(&name, &by, now).await? {
        return Ok(Json(RevokedToken { name }));
    }
    Err(Problem::not_found("no token of this name works"))
}
