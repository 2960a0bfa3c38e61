//! `GET /api/v1/incidents/{id}`

use super::access;
use super::detail::IncidentDetail;
use crate::http::problem::Problem;
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use switchboard_domain::access::Principal;

/// What a person reads before acting; the tickets have the rest.
const POSTS_MAX: usize = 50;

pub(crate) fn describe() -> Description {
    Description::new("showIncident", "One incident, with all that is known of it")
        .answers::<IncidentDetail>("The incident.")
}

#[tracing::instrument(name = "http.incident.show", skip_all, fields(incident.id = %id))]
pub(crate) async fn show(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<Json<IncidentDetail>, Problem> {
    let number = access::find(&caller, &id)?;
    let row = inbox.incidents.incident(number).await?;
    let row = row.ok_or_else(|| access::not_found(&id))?;
    let figures = inbox.incidents.incident_figures(number).await?;
    let posts = inbox
        .incidents
        .incident_posts(number, &caller.scope(), POSTS_MAX)
        .await?;
    let notifications = inbox.incidents.notifications(number).await?;
    Ok(Json(IncidentDetail::new(
        &row,
        figures,
        posts,
        notifications,
    )))
}
