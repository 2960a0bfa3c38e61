//! `POST /api/v1/tickets/{id}/relabel`

use super::change::{Changed, change};
use crate::http::body::Body;
use crate::http::problem::Problem;
use crate::http::version::IfMatch;
use crate::openapi::describe::Description;
use crate::openapi::schema;
use crate::state::Inbox;
use axum::Extension;
use axum::extract::{Path, State};
use serde::Deserialize;
use switchboard_domain::Label;
use switchboard_domain::access::Principal;
use switchboard_domain::ticket::Command;
use utoipa::ToSchema;

/// The body.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelabelBody {
    /// The right one.
    #[schema(schema_with = schema::label)]
    label: Label,
}

pub(crate) fn describe() -> Description {
    super::change::describe("relabelTicket", "Correct the label").body::<RelabelBody>()
}

#[tracing::instrument(name = "http.ticket.relabel", skip_all, fields(ticket.id = %id))]
pub(crate) async fn relabel(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
    version: IfMatch,
    Body(body): Body<RelabelBody>,
) -> Result<Changed, Problem> {
    Ok(change(
        &inbox,
        &caller,
        (&id, version),
        Command::Relabel { label: body.label },
    )
    .await?)
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    #[tokio::test]
    async fn corrects_the_label() {
        let world = World::new().await;
        world.post("1", switchboard_domain::Label::Complaint).await;
        let answer = world
            .act("ann", "/api/v1/tickets/1/relabel", r#"{"label":"lead"}"#)
            .await;
        assert_eq!(
            (answer.at("/label"), answer.at("/labels")),
            ("\"lead\"".into(), "[\"lead\"]".into())
        );
        let unknown = world
            .act("ann", "/api/v1/tickets/1/relabel", r#"{"label":"x"}"#)
            .await;
        assert_eq!(unknown.status, 400);
        assert!(
            unknown.error().contains("expected one of `complaint`"),
            "{unknown}"
        );
    }
}
