//! `POST /api/v1/tickets/{id}/merge` and `…/unmerge`

use super::regroup::{RegroupedView, regroup};
use crate::http::body::Body;
use crate::http::problem::Problem;
use crate::http::version::IfMatch;
use crate::openapi::describe::Description;
use crate::openapi::schema;
use crate::state::Inbox;
use axum::Extension;
use axum::extract::{Path, State};
use serde::Deserialize;
use switchboard_domain::access::Principal;
use switchboard_domain::ticket::TicketId;
use switchboard_storage::Regrouping;
use utoipa::ToSchema;

/// The body.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeBody {
    /// The open ticket that gets all posts, and what comes later in their threads. Of two
    /// running clocks of a kind the one that falls due first goes on there.
    #[schema(schema_with = schema::text)]
    into: TicketId,
}

pub(crate) fn describe_merge() -> Description {
    super::regroup::describe("mergeTicket", "Merge it into another ticket").body::<MergeBody>()
}

pub(crate) fn describe_unmerge() -> Description {
    super::regroup::describe("unmergeTicket", "Undo its merge")
}

#[tracing::instrument(name = "http.ticket.merge", skip_all, fields(ticket.id = %id))]
pub(crate) async fn merge(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
    version: IfMatch,
    Body(body): Body<MergeBody>,
) -> Result<RegroupedView, Problem> {
    let how = Regrouping::MergeInto(body.into);
    Ok(regroup(&inbox, &caller, (&id, version), how).await?)
}

#[tracing::instrument(name = "http.ticket.unmerge", skip_all, fields(ticket.id = %id))]
pub(crate) async fn unmerge(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
    version: IfMatch,
) -> Result<RegroupedView, Problem> {
    Ok(regroup(&inbox, &caller, (&id, version), Regrouping::Part).await?)
}

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use rstest::rstest;
    use switchboard_domain::Label;

    const MERGE: &str = "/api/v1/tickets/2/merge";
    const UNMERGE: &str = "/api/v1/tickets/2/unmerge";

    async fn two() -> World {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        world.post("2", Label::Complaint).await;
        world.post("3", Label::Lead).await;
        world
    }

    #[tokio::test]
    async fn merges_and_undoes_it() {
        let world = two().await;
        let merged = world.act("ann", MERGE, r#"{"into":"1"}"#).await;
        assert_eq!(merged.at("/ticket/status"), "\"closed\"");
        assert_eq!(merged.at("/ticket/merged_into"), "\"1\"");
        assert_eq!(merged.at("/ticket/mention/deleted"), "nothing");
        assert_eq!(merged.at("/other/mention_count"), "2");
        assert_eq!(merged.at("/other/absorbed"), r#"["2"]"#);
        assert_eq!(merged.header("etag"), "\"2\"");
        let survivor = world.get("ann", "/api/v1/tickets/1").await;
        assert_eq!(survivor.at("/mentions/1/id"), "\"2\"");
        assert_eq!(
            survivor.at("/timeline/1/summary"),
            "\"ticket 2 merged into this one, 1 post\""
        );
        let undone = world.act("ann", UNMERGE, "").await;
        assert_eq!(undone.at("/ticket/status"), "\"open\"");
        assert_eq!(undone.at("/ticket/mention/id"), "\"2\"");
        assert_eq!(undone.at("/other/absorbed"), "nothing");
    }

    #[rstest]
    #[case::another_department("3", "422 Unprocessable Entity refused: there is no ticket `3`")]
    #[case::unknown("99", "422 Unprocessable Entity refused: there is no ticket `99`")]
    #[case::itself(
        "2",
        "422 Unprocessable Entity refused: a ticket cannot be merged with itself: name another one"
    )]
    #[tokio::test]
    async fn refuses(#[case] into: &str, #[case] want: &str) {
        let world = two().await;
        let body = format!(r#"{{"into":"{into}"}}"#);
        assert_eq!(world.act("ann", MERGE, &body).await.error(), want);
    }

    #[tokio::test]
    async fn an_old_version_meets_the_present_ticket() {
        let world = two().await;
        world.act("ann", "/api/v1/tickets/2/claim", "").await;
        let headers = [("if-match", "\"1\"")];
        let answer = world
            .call("ann", "POST", MERGE, &headers, r#"{"into":"1"}"#)
            .await;
        assert!(answer.error().starts_with("409 Conflict version_conflict"));
        assert_eq!(answer.at("/current/version"), "2");
    }

    #[tokio::test]
    async fn work_on_a_merged_ticket_names_the_survivor() {
        let world = two().await;
        world.act("ann", MERGE, r#"{"into":"1"}"#).await;
        let answer = world.act("ann", "/api/v1/tickets/2/claim", "").await;
        assert_eq!(
            answer.error(),
            "422 Unprocessable Entity refused: it is merged into ticket 1: work on that one, \
             or undo the merge"
        );
    }

    #[tokio::test]
    async fn there_is_nothing_to_undo() {
        let answer = two().await.act("ann", UNMERGE, "").await;
        assert_eq!(
            answer.error(),
            "422 Unprocessable Entity refused: ticket 2 is not merged into another one"
        );
    }
}
