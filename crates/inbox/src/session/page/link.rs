//! `GET /login/link/{secret}`: the one address whose visit changes something, because a link
//! in a mail can do nothing else. Heads and prefetches are no visits.

use super::super::door::{self, Try, Visitor};
use super::login::whole_seconds;
use super::template::{NoticePage, page};
use super::{go_on, is_no_visit};
use crate::http::problem::Problem;
use crate::state::Inbox;
use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// How another link is made.
const COMMAND: &str = "switchboard user link NAME";

#[derive(Deserialize)]
pub(super) struct LinkQuery {
    /// `inbox`: on to the inbox, also without a password of one's own.
    to: Option<String>,
}

#[tracing::instrument(name = "http.page.link", skip_all)]
pub(super) async fn use_up(
    State(inbox): State<Inbox>,
    Path(secret): Path<String>,
    Query(query): Query<LinkQuery>,
    head: Parts,
) -> Result<Response, Problem> {
    if is_no_visit(&head.method, &head.headers) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let visitor = Visitor::of(&inbox, &head).await?;
    Ok(match door::by_link(&inbox, &visitor, &secret).await? {
        Try::In { session, secret } => {
            let straight_in = session.has_password || query.to.as_deref() == Some("inbox");
            let to = if straight_in { "/" } else { "/account" };
            go_on(to, inbox.cookie.set(&secret))
        }
        Try::Refused => dead(),
        Try::TooMany { wait } => later(whole_seconds(wait)),
    })
}

fn dead() -> Response {
    let notice = NoticePage {
        title: "This link no longer works",
        text: "A login link works once and for a limited time. Whoever looks after the server \
               can make another one:",
        command: Some(COMMAND),
        link: Some(("/login", "Log in with a password")),
    };
    page(StatusCode::GONE, &notice)
}

fn later(seconds: u64) -> Response {
    let text = format!("Wait {seconds} seconds, then open the link again. It was not used up.");
    let notice = NoticePage {
        title: "Too many tries",
        text: &text,
        command: None,
        link: None,
    };
    let mut answer = page(StatusCode::TOO_MANY_REQUESTS, &notice);
    answer
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    answer
}
