//! `POST /logout`: ends the session.

use super::go_on;
use crate::http::problem::Problem;
use crate::http::same_origin::is_own;
use crate::state::Inbox;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use switchboard_domain::ticket::Actor;

#[tracing::instrument(name = "http.page.log_out", skip_all)]
pub(super) async fn log_out(
    State(inbox): State<Inbox>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !is_own(&method, &headers, &inbox.config) {
        return Err(Problem::forbidden("the form is not ours"));
    }
    if let Some(secret) = inbox.cookie.read(&headers) {
        let now = inbox.clock.now();
        if let Some(session) = inbox.sessions.find_session(secret, now).await? {
            let user = &session.principal.name;
            let by = Actor::Person(user.clone());
            inbox
                .sessions
                .end_session(user, session.id, &by, now)
                .await?;
        }
    }
    Ok(go_on("/login", inbox.cookie.clear()))
}
