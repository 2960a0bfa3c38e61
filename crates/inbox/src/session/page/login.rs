//! `/login`: name and password.

use super::super::door::{self, Try, Visitor};
use super::super::password::Password;
use super::template::{LoginPage, page};
use super::{go_on, local_path};
use crate::http::problem::Problem;
use crate::http::same_origin::is_own;
use crate::state::Inbox;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use std::time::Duration;

/// One message for every way in which it can be wrong.
const WRONG: &str = "Name and password do not fit. Check both and try again.";

/// Where to go afterwards.
#[derive(Deserialize)]
pub(super) struct LoginQuery {
    next: Option<String>,
}

/// The form. It has no `Debug`: a password stands in it.
#[derive(Deserialize)]
pub(super) struct LoginForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    next: Option<String>,
}

#[tracing::instrument(name = "http.page.login", skip_all)]
pub(super) async fn show(Query(query): Query<LoginQuery>) -> Response {
    let next = local_path(query.next.as_deref());
    ask(StatusCode::OK, ("", next), None)
}

#[tracing::instrument(name = "http.page.log_in", skip_all)]
pub(super) async fn log_in(
    State(inbox): State<Inbox>,
    head: Parts,
    form: Result<Form<LoginForm>, FormRejection>,
) -> Result<Response, Problem> {
    if !is_own(&head.method, &head.headers, &inbox.config) {
        return Err(Problem::forbidden("the form is not ours"));
    }
    let visitor = Visitor::of(&inbox, &head).await?;
    let Ok(Form(form)) = form else {
        return Ok(ask(StatusCode::BAD_REQUEST, ("", "/"), Some(WRONG)));
    };
    let (name, next) = (form.name.trim(), local_path(form.next.as_deref()));
    let password = Password::new(form.password);
    let tried = door::by_password(&inbox, &visitor, (name, password)).await?;
    Ok(match tried {
        Try::In { secret, .. } => go_on(next, inbox.cookie.set(&secret)),
        Try::Refused => ask(StatusCode::UNAUTHORIZED, (name, next), Some(WRONG)),
        Try::TooMany { wait } => ask_later((name, next), wait),
    })
}

fn ask(status: StatusCode, (name, next): (&str, &str), error: Option<&str>) -> Response {
    page(status, &LoginPage { name, next, error })
}

fn ask_later(typed: (&str, &str), wait: Duration) -> Response {
    let seconds = whole_seconds(wait);
    let error = format!("Too many tries. Wait {seconds} seconds, then try again.");
    let mut answer = ask(StatusCode::TOO_MANY_REQUESTS, typed, Some(&error));
    answer
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    answer
}

/// Rounded up, so that who comes back on time is let in.
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
