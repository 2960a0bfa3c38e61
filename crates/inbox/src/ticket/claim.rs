//! `POST /api/v1/tickets/{id}/claim`

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
    super::change::describe("claimTicket", "Take the ticket")
}

#[tracing::instrument(name = "http.ticket.claim", skip_all, fields(ticket.id = %id))]
pub(crate) async fn claim(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
    version: IfMatch,
) -> Result<Changed, Problem> {
    Ok(change(&inbox, &caller, (&id, version), Command::Claim).await?)
}

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use rstest::rstest;
    use switchboard_domain::Label;
    use switchboard_domain::ticket::Command;

    #[tokio::test]
    async fn gives_the_ticket_to_the_caller() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        let answer = world.act("ann", "/api/v1/tickets/1/claim", "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("etag")),
            (200, "\"2\"")
        );
        assert_eq!(answer.at("/assignee"), "\"ann\"");
        assert_eq!(answer.at("/mention/id"), "\"1\"", "the ticket comes whole");
        let again = world.act("ann", "/api/v1/tickets/1/claim", "").await;
        assert_eq!(
            (again.status.as_u16(), again.header("etag")),
            (200, "\"2\"")
        );
    }

    #[tokio::test]
    async fn the_slower_of_two_learns_who_was_faster() {
        let world = World::new().await;
        let ticket = world.post("1", Label::Complaint).await;
        world.change(ticket, "sue", Command::Claim).await;
        let answer = world.act("ann", "/api/v1/tickets/1/claim", "").await;
        insta::assert_snapshot!(answer.error(), @"409 Conflict already_claimed: already claimed by `sue`: ask them, or assign it to yourself");
        assert_eq!(answer.at("/current/assignee"), "\"sue\"");
        assert_eq!(answer.at("/current/version"), "2");
    }

    #[rstest]
    #[case::current("\"1\"", 200)]
    #[case::bare("1", 200)]
    #[case::any("*", 200)]
    #[case::stale("\"7\"", 409)]
    #[case::nonsense("soon", 400)]
    #[tokio::test]
    async fn if_match_names_the_version_seen(#[case] version: &str, #[case] want: u16) {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        let headers = [("if-match", version)];
        let answer = world
            .call("ann", "POST", "/api/v1/tickets/1/claim", &headers, "")
            .await;
        assert_eq!(answer.status.as_u16(), want, "{answer}");
        if want == 409 {
            assert_eq!(answer.at("/code"), "\"version_conflict\"");
            assert_eq!(answer.at("/current/version"), "1");
        }
    }
}
