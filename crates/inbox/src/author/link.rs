//! `POST /api/v1/authors/{id}/links` and `DELETE …/links/{name}`

use super::view::ProfileView;
use super::{author, show, unknown};
use crate::http::body::Body;
use crate::http::problem::Problem;
use crate::http::query::{Kind, Parameter, Query, shown};
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::extract::{Path, Query as Pairs, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use switchboard_domain::access::Principal;
use switchboard_domain::ticket::Actor;
use switchboard_storage::profiles::PROFILE_ACCOUNTS_MAX;
use switchboard_storage::{Linked, NewAuthorLink, Unlink};
use utoipa::ToSchema;

/// A reason is a sentence or two; it stands in the audit for good.
const REASON_BYTES_MAX: usize = 1_000;

const REASON: &[Parameter] = &[Parameter {
    name: "reason",
    description: "Why it is taken back.",
    kind: Kind::Text,
}];

/// The body.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkBody {
    /// The key of the other account; a ticket of each must be yours to see.
    with: String,
    /// Why they are the same; stands in the audit.
    reason: String,
}

pub(crate) fn describe_link() -> Description {
    Description::new("linkAuthor", "Say that two accounts are one author's")
        .body::<LinkBody>()
        .answers::<ProfileView>("The author with the other account.")
        .problem(
            StatusCode::UNPROCESSABLE_ENTITY,
            "There is no such account, no reason, or too many accounts.",
        )
}

pub(crate) fn describe_unlink() -> Description {
    Description::new("unlinkAuthor", "Take a link between accounts back")
        .query(REASON)
        .answers::<ProfileView>("The author without it.")
        .problem(StatusCode::UNPROCESSABLE_ENTITY, "There is no reason.")
}

#[tracing::instrument(name = "http.author.link", skip_all)]
pub(crate) async fn link(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
    Body(body): Body<LinkBody>,
) -> Result<Json<ProfileView>, Problem> {
    let mine = author(&id)?;
    let no_other = || {
        let other = shown(&body.with);
        Problem::refused(format!("there is no author `{other}` to link with"))
    };
    let other = author(&body.with).map_err(|_| no_other())?;
    let scope = caller.scope();
    let link = NewAuthorLink {
        accounts: [mine.clone(), other],
        reason: reason(&body.reason)?,
        by: Actor::Person(caller.name),
        now: inbox.clock.now(),
    };
    match inbox.profiles.link(link, &scope).await? {
        Linked::Done(_) | Linked::IsSo => show::first_page(&inbox, &mine, &scope).await,
        Linked::TooMany => Err(Problem::refused(format!(
            "an author has at most {PROFILE_ACCOUNTS_MAX} accounts: take a link back first"
        ))),
        Linked::NotFound(missing) if missing == mine => Err(unknown(&id)),
        Linked::NotFound(_) => Err(no_other()),
    }
}

#[tracing::instrument(name = "http.author.unlink", skip_all)]
pub(crate) async fn unlink(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path((id, link)): Path<(String, String)>,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<ProfileView>, Problem> {
    let query = Query::parse(pairs, REASON)?;
    let mine = author(&id)?;
    let not_found = || Problem::not_found(format!("there is no link `{}`", shown(&link)));
    let scope = caller.scope();
    let wish = Unlink {
        author: mine.clone(),
        link: link.parse().map_err(|_| not_found())?,
        reason: reason(query.text("reason").unwrap_or_default())?,
        by: Actor::Person(caller.name),
        now: inbox.clock.now(),
    };
    if !inbox.profiles.unlink(wish, &scope).await? {
        return Err(not_found());
    }
    show::first_page(&inbox, &mine, &scope).await
}

fn reason(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.len() > REASON_BYTES_MAX {
        let message = format!("a `reason` of 1 to {REASON_BYTES_MAX} bytes is needed");
        return Err(Problem::refused(message));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use switchboard_domain::Label;

    async fn key(world: &World, ticket: &str) -> String {
        let path = format!("/api/v1/tickets/{ticket}");
        let ticket = world.get("sue", &path).await;
        ticket.at("/author").replace('"', "")
    }

    fn links(author: &str) -> String {
        format!("/api/v1/authors/{author}/links")
    }

    fn body(with: &str) -> String {
        format!(r#"{{"with":"{with}","reason":"the same order"}}"#)
    }

    #[tokio::test]
    async fn links_and_takes_it_back() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        world.post("2", Label::Complaint).await;
        let (one, two) = (key(&world, "1").await, key(&world, "2").await);
        let linked = world.act("ann", &links(&one), &body(&two)).await;
        assert_eq!(linked.at("/tickets/0/id"), "\"2\"");
        assert_eq!(linked.at("/tickets/1/id"), "\"1\"");
        assert_eq!(linked.at("/links/0/reason"), "\"the same order\"");
        assert_eq!(linked.at("/links/0/by"), "\"person:ann\"");
        let link = format!("{}/1?reason=a+namesake", links(&one));
        let back = world.call("ann", "DELETE", &link, &[], "").await;
        assert_eq!(back.at("/links"), "[]");
        assert_eq!(back.at("/tickets/1/id"), "nothing");
        let again = world.call("ann", "DELETE", &link, &[], "").await;
        assert_eq!(
            again.error(),
            "404 Not Found not_found: there is no link `1`"
        );
    }

    #[tokio::test]
    async fn refuses_what_the_caller_does_not_see_or_explain() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        world.post("2", Label::Lead).await;
        let (one, two) = (key(&world, "1").await, key(&world, "2").await);
        let unseen = world.act("ann", &links(&one), &body(&two)).await;
        assert_eq!(
            unseen.error(),
            format!("422 Unprocessable Entity refused: there is no author `{two}` to link with")
        );
        let unexplained = format!(r#"{{"with":"{two}","reason":" "}}"#);
        let unexplained = world.act("sue", &links(&one), &unexplained).await;
        assert_eq!(
            unexplained.error(),
            "422 Unprocessable Entity refused: a `reason` of 1 to 1000 bytes is needed"
        );
    }
}
