//! `POST /api/v1/tickets/{id}/split`

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
use switchboard_domain::{MentionKey, Slug};
use switchboard_storage::Regrouping;
use utoipa::ToSchema;

/// The body: which post.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SplitBody {
    /// Where it stands.
    #[schema(schema_with = schema::text)]
    platform: Slug,
    /// Its instance or page, where ids are not global.
    #[serde(default)]
    id_scope: String,
    /// The platform's own id.
    id: String,
}

pub(crate) fn describe() -> Description {
    super::regroup::describe(
        "splitTicket",
        "Make one of its posts, but not the first, a ticket of its own",
    )
    .body::<SplitBody>()
}

#[tracing::instrument(name = "http.ticket.split", skip_all, fields(ticket.id = %id))]
pub(crate) async fn split(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
    version: IfMatch,
    Body(body): Body<SplitBody>,
) -> Result<RegroupedView, Problem> {
    let SplitBody {
        platform,
        id_scope,
        id: native,
    } = body;
    let how = Regrouping::SplitOut(MentionKey {
        platform,
        id_scope,
        id: native,
    });
    Ok(regroup(&inbox, &caller, (&id, version), how).await?)
}

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use rstest::rstest;
    use switchboard_domain::Label;

    const SPLIT: &str = "/api/v1/tickets/1/split";

    #[tokio::test]
    async fn splits_and_a_merge_undoes_it() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        world.post("2", Label::Complaint).await;
        world
            .act("ann", "/api/v1/tickets/2/merge", r#"{"into":"1"}"#)
            .await;
        let split = world
            .act("ann", SPLIT, r#"{"platform":"x","id":"2"}"#)
            .await;
        assert_eq!(split.at("/ticket/mention_count"), "1");
        assert_eq!(split.at("/other/id"), "\"3\"");
        assert_eq!(split.at("/other/split_from"), "\"1\"");
        assert_eq!(split.at("/other/mention/id"), "\"2\"");
        assert_eq!(split.at("/other/department"), "\"support\"");
        let back = world
            .act("ann", "/api/v1/tickets/3/merge", r#"{"into":"1"}"#)
            .await;
        assert_eq!(back.at("/other/mention_count"), "2");
    }

    #[rstest]
    #[case::opener(
        "1",
        "post x:1 opened the ticket and stays with it: split out the others"
    )]
    #[case::unknown("9", "the ticket has no post x:9 that could stand for itself")]
    #[tokio::test]
    async fn refuses(#[case] id: &str, #[case] want: &str) {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        let body = format!(r#"{{"platform":"x","id":"{id}"}}"#);
        let answer = world.act("ann", SPLIT, &body).await;
        assert_eq!(
            answer.error(),
            format!("422 Unprocessable Entity refused: {want}")
        );
    }
}
