//! `POST /api/v1/tickets/{id}/note`

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
pub(crate) struct NoteBody {
    /// At most 64 KiB.
    text: String,
}

pub(crate) fn describe() -> Description {
    super::change::describe("noteOnTicket", "Write something for colleagues").body::<NoteBody>()
}

#[tracing::instrument(name = "http.ticket.note", skip_all, fields(ticket.id = %id))]
pub(crate) async fn note(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
    version: IfMatch,
    Body(body): Body<NoteBody>,
) -> Result<Changed, Problem> {
    Ok(change(
        &inbox,
        &caller,
        (&id, version),
        Command::Note { text: body.text },
    )
    .await?)
}

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use switchboard_domain::Label;

    #[tokio::test]
    async fn a_note_stands_in_the_timeline_and_stops_no_clock() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        let noted = world
            .act("ann", "/api/v1/tickets/1/note", r#"{"text":"call them"}"#)
            .await;
        assert_eq!(noted.at("/clocks/0/status"), "\"running\"");
        let shown = world.get("ann", "/api/v1/tickets/1").await;
        assert_eq!(shown.at("/timeline/1/summary"), "\"note: call them\"");
        assert_eq!(
            shown.at("/timeline/1/actor"),
            r#"{"name":"ann","type":"person"}"#
        );
    }
}
