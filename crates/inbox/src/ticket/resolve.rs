//! `POST /api/v1/tickets/{id}/resolve`

use super::change::{Changed, change};
use crate::http::problem::Problem;
use crate::http::version::IfMatch;
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::Extension;
use axum::extract::{Path, State};
use switchboard_domain::access::Principal;
use switchboard_domain::ticket::Command;

pub(crate) fn describe() -> Description {
    super::change::describe("resolveTicket", "Say that it is done")
}

#[tracing::instrument(name = "http.ticket.resolve", skip_all, fields(ticket.id = %id))]
pub(crate) async fn resolve(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
    version: IfMatch,
) -> Result<Changed, Problem> {
    Ok(change(&inbox, &caller, (&id, version), Command::Resolve).await?)
}

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use switchboard_domain::Label;

    #[tokio::test]
    async fn done_and_not_done_after_all() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        let resolved = world.act("ann", "/api/v1/tickets/1/resolve", "").await;
        assert_eq!(resolved.at("/status"), "\"resolved\"");
        assert_eq!(resolved.at("/clocks/0/status"), "\"cancelled\"");
        let refused = world.act("ann", "/api/v1/tickets/1/claim", "").await;
        assert_eq!(
            refused.error(),
            "422 Unprocessable Entity refused: the ticket is resolved: reopen it first"
        );
        let reopened = world.act("ann", "/api/v1/tickets/1/reopen", "").await;
        assert_eq!(reopened.at("/status"), "\"open\"");
    }
}
