//! `GET /api/v1/session`

use super::view::SessionView;
use crate::openapi::describe::Description;
use axum::{Extension, Json};
use switchboard_domain::access::Principal;
use switchboard_storage::OpenSession;

pub(crate) fn describe() -> Description {
    Description::new("showSession", "Who is asking, and what they may do")
        .answers::<SessionView>("The session, or the token.")
}

#[tracing::instrument(name = "http.session.show", skip_all)]
pub(crate) async fn show(
    Extension(caller): Extension<Principal>,
    session: Option<Extension<OpenSession>>,
) -> Json<SessionView> {
    let session = session.as_ref().map(|Extension(session)| session);
    Json(SessionView::new(&caller, session))
}
