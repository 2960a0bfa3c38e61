//! `DELETE /api/v1/sessions/{id}`

use super::view::Ended;
use crate::http::problem::Problem;
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use switchboard_domain::ticket::Actor;
use switchboard_storage::{OpenSession, SessionId};

pub(crate) fn describe() -> Description {
    Description::new("revokeSession", "Log one of one's own sessions out")
        .answers::<Ended>("It has ended.")
}

#[tracing::instrument(name = "http.session.revoke", skip_all)]
pub(crate) async fn revoke(
    State(inbox): State<Inbox>,
    Path(id): Path<String>,
    session: Option<Extension<OpenSession>>,
) -> Result<Json<Ended>, Problem> {
    let missing = || Problem::not_found("no session of yours has this id");
    let Some(Extension(own)) = session else {
        return Err(missing());
    };
    let id = SessionId(id.parse().map_err(|_| missing())?);
    let user = &own.principal.name;
    let by = Actor::Person(user.clone());
    let now = inbox.clock.now();
    let ended = inbox.sessions.end_session(user, id, &by, now).await?;
    ended.then_some(Json(Ended::DONE)).ok_or_else(missing)
}
