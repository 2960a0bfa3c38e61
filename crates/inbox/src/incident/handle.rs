//! `POST /api/v1/incidents/{id}/acknowledge`, `…/close`, `…/false-alarm`

use super::access;
use super::view::IncidentView;
use crate::http::problem::Problem;
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use switchboard_domain::access::Principal;
use switchboard_domain::ticket::Actor;
use switchboard_storage::{Handled, IncidentAction, IncidentStep};

pub(crate) fn describe_acknowledge() -> Description {
    describe(
        "acknowledgeIncident",
        "Say that one is on it; the first one stands",
    )
    .problem(StatusCode::UNPROCESSABLE_ENTITY, "The incident is over.")
}

pub(crate) fn describe_close() -> Description {
    describe("closeIncident", "End an incident")
}

pub(crate) fn describe_false_alarm() -> Description {
    describe(
        "dismissIncident",
        "End an incident as a false alarm, or say so of a closed one",
    )
}

fn describe(id: &'static str, summary: &'static str) -> Description {
    Description::new(id, summary)
        .answers::<IncidentView>("The incident as it is now; asking twice changes nothing.")
}

#[tracing::instrument(name = "http.incident.acknowledge", skip_all, fields(incident.id = %id))]
pub(crate) async fn acknowledge(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<Json<IncidentView>, Problem> {
    handle(&inbox, &caller, &id, IncidentAction::Acknowledge).await
}

#[tracing::instrument(name = "http.incident.close", skip_all, fields(incident.id = %id))]
pub(crate) async fn close(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<Json<IncidentView>, Problem> {
    handle(&inbox, &caller, &id, IncidentAction::Close).await
}

#[tracing::instrument(name = "http.incident.dismiss", skip_all, fields(incident.id = %id))]
pub(crate) async fn dismiss(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<Json<IncidentView>, Problem> {
    handle(&inbox, &caller, &id, IncidentAction::FalseAlarm).await
}

async fn handle(
    inbox: &Inbox,
    caller: &Principal,
    id: &str,
    action: IncidentAction,
) -> Result<Json<IncidentView>, Problem> {
    let step = IncidentStep {
        incident: access::find(caller, id)?,
        action,
        by: Actor::Person(caller.name.clone()),
        now: inbox.clock.now(),
    };
    match inbox.incidents.handle_incident(step).await? {
        Handled::Done { row, .. } => Ok(Json(IncidentView::from(&row))),
        Handled::Over(_) => Err(Problem::refused(format!(
            "incident `{id}` is over: nobody needs to take it up"
        ))),
        Handled::NotFound => Err(access::not_found(id)),
    }
}
