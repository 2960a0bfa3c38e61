//! `GET /api/v1/sessions`

use super::view::OwnSession;
use crate::http::problem::Problem;
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use switchboard_domain::access::Principal;
use switchboard_storage::OpenSession;
use utoipa::ToSchema;

/// The sessions of who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnSessions {
    /// Last used first.
    sessions: Vec<OwnSession>,
}

pub(crate) fn describe() -> Description {
    Description::new("listSessions", "Where one is logged in")
        .answers::<OwnSessions>("One's own sessions; none for a token.")
}

#[tracing::instrument(name = "http.session.list", skip_all)]
pub(crate) async fn list(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    session: Option<Extension<OpenSession>>,
) -> Result<Json<OwnSessions>, Problem> {
    let Some(Extension(current)) = session else {
        // A token may bear the name of a person, and is not that person.
        return Ok(Json(OwnSessions { sessions: vec![] }));
    };
    let now = inbox.clock.now();
    let found = inbox.sessions.list_sessions(&caller.name, now).await?;
    let sessions = found.into_iter();
    Ok(Json(OwnSessions {
        sessions: sessions
            .map(|session| OwnSession::new(session, Some(current.id)))
            .collect(),
    }))
}
