//! `DELETE /api/v1/session`

use super::view::Ended;
use crate::http::problem::Problem;
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use axum::{Extension, Json};
use switchboard_domain::ticket::Actor;
use switchboard_storage::OpenSession;

pub(crate) fn describe() -> Description {
    Description::new("endSession", "Log out")
        .answers::<Ended>("Logged out; the cookie is removed.")
        .problem(
            StatusCode::UNPROCESSABLE_ENTITY,
            "A token asked; it has no session.",
        )
}

#[tracing::instrument(name = "http.session.end", skip_all)]
pub(crate) async fn end(
    State(inbox): State<Inbox>,
    session: Option<Extension<OpenSession>>,
) -> Result<impl IntoResponse, Problem> {
    let Some(Extension(session)) = session else {
        return Err(Problem::refused(
            "a token has no session to end: revoke it instead",
        ));
    };
    let user = &session.principal.name;
    let by = Actor::Person(user.clone());
    let now = inbox.clock.now();
    inbox
        .sessions
        .end_session(user, session.id, &by, now)
        .await?;
    let cleared = inbox
        .cookie
        .clear()
        .map(|value| (header::SET_COOKIE, value));
    Ok((AppendHeaders(cleared), Json(Ended::DONE)))
}
