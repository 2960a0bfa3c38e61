//! `GET /api/v1/authors/{id}`

use super::view::ProfileView;
use super::{author, unknown};
use crate::http::problem::Problem;
use crate::http::query::{Kind, Parameter, Query, shown};
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::extract::{Path, Query as Pairs, State};
use axum::{Extension, Json};
use switchboard_domain::access::{DepartmentScope, Principal};
use switchboard_domain::author::AuthorKey;
use switchboard_domain::ticket::TicketId;
use switchboard_storage::History;

/// Tickets beside a conversation when nobody says how many: what a side pane shows.
const HISTORY_DEFAULT: u32 = 20;

const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "before",
        description: "Only tickets older than this one: the `next` of the page before.",
        kind: Kind::Text,
    },
    Parameter {
        name: "limit",
        description: "Tickets on a page.",
        kind: Kind::Number {
            from: 1,
            to: 200,
            default: HISTORY_DEFAULT,
        },
    },
];

pub(crate) fn describe() -> Description {
    Description::new("showAuthor", "Show an author and the history you may see")
        .query(PARAMETERS)
        .answers::<ProfileView>("The accounts, the links between them, and their tickets.")
}

#[tracing::instrument(name = "http.author.show", skip_all)]
pub(crate) async fn show(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<ProfileView>, Problem> {
    let query = Query::parse(pairs, PARAMETERS)?;
    let history = History {
        before: query.text("before").map(before).transpose()?,
        limit: query.number("limit") as usize,
    };
    profile(&inbox, &author(&id)?, history, &caller.scope()).await
}

/// The profile without a page of one's own choosing.
pub(super) async fn first_page(
    inbox: &Inbox,
    author: &AuthorKey,
    scope: &DepartmentScope,
) -> Result<Json<ProfileView>, Problem> {
    let history = History {
        before: None,
        limit: HISTORY_DEFAULT as usize,
    };
    profile(inbox, author, history, scope).await
}

async fn profile(
    inbox: &Inbox,
    author: &AuthorKey,
    history: History,
    scope: &DepartmentScope,
) -> Result<Json<ProfileView>, Problem> {
    let found = inbox.profiles.profile(author, history, scope).await?;
    let found = found.ok_or_else(|| unknown(author.as_str()))?;
    Ok(Json(ProfileView::from(found)))
}

fn before(text: &str) -> Result<TicketId, Problem> {
    let id = text.parse().map(TicketId);
    id.map_err(|_| Problem::bad_request(format!("`before` is no ticket: `{}`", shown(text))))
}

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use rstest::rstest;
    use switchboard_domain::Label;

    #[tokio::test]
    async fn shows_what_the_caller_may_see() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        let ticket = world.get("ann", "/api/v1/tickets/1").await;
        let key = ticket.at("/author").replace('"', "");
        let path = format!("/api/v1/authors/{key}");
        let shown = world.get("ann", &path).await;
        assert_eq!(shown.at("/accounts/0/id"), "\"author-1\"");
        assert_eq!(shown.at("/tickets/0/id"), "\"1\"");
        assert_eq!(shown.at("/links"), "[]");
        let hidden = world.get("bob", &path).await;
        assert_eq!(
            hidden.error(),
            format!("404 Not Found not_found: there is no author `{key}`")
        );
    }

    #[rstest]
    #[case::no_key(
        "/api/v1/authors/ann",
        "404 Not Found not_found: there is no author `ann`"
    )]
    #[case::no_ticket(
        "/api/v1/authors/ann?before=x",
        "400 Bad Request bad_request: `before` is no ticket: `x`"
    )]
    #[tokio::test]
    async fn refuses(#[case] path: &str, #[case] want: &str) {
        let world = World::new().await;
        assert_eq!(world.get("ann", path).await.error(), want);
    }
}
