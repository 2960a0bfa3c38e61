//! The door of every route: who is asking, and whether the role allows it.
//!
//! Whether a single ticket is theirs is the second question; the handlers ask it with the
//! caller's scope, and the store answers it in SQL.

use super::problem::Problem;
use super::same_origin::is_own;
use crate::page::{files, shell};
use crate::state::Inbox;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use switchboard_domain::access::{Action, Principal};
use switchboard_storage::OpenSession;

/// Longer than any token of ours; what is longer is not hashed at all.
const BEARER_BYTES_MAX: usize = 512;

/// What a route's door needs to know.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) inbox: Inbox,
    /// `None`: whoever has any valid credentials.
    pub(crate) action: Option<Action>,
    pub(crate) sign_of_life: SignOfLife,
}

/// Whether a request says that somebody sits before the browser, so that the session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignOfLife {
    /// A person did something.
    Given,
    /// The page asks by itself, for as long as it is open.
    Missing,
}

/// Who is asking: by a token, or by the cookie of a session.
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    /// `None` for a token.
    pub(crate) session: Option<OpenSession>,
}

/// The layer of one route. Puts the [`Principal`] into the request's extensions, and the
/// [`OpenSession`] beside it when it is a browser that asks.
pub(crate) async fn guard(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let visit = (request.method(), request.headers());
    let found = identify(&gate.inbox, visit, gate.sign_of_life).await;
    let caller = match found {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    if let Some(action) = gate.action
        && !caller.principal.may(action)
    {
        return forbidden(&caller.principal).into_response();
    }
    if let Some(session) = caller.session {
        request.extensions_mut().insert(session);
    }
    request.extensions_mut().insert(caller.principal);
    next.run(request).await
}

/// Unknown addresses: strangers learn nothing, not even that. A person in a browser is shown
/// the way in.
pub(crate) async fn unknown_address(State(inbox): State<Inbox>, request: Request) -> Response {
    let visit = (request.method(), request.headers());
    match identify(&inbox, visit, SignOfLife::Given).await {
        Ok(_) if is_navigation(&request) => shell::document(files::find),
        Ok(_) => Problem::generic(StatusCode::NOT_FOUND).into_response(),
        Err(_) if is_navigation(&request) => to_login(request.uri().path()),
        Err(problem) => problem.into_response(),
    }
}

/// A person who opens an address, as opposed to a program that asks for data.
fn is_navigation(request: &Request) -> bool {
    let accepts = request.headers().get(header::ACCEPT);
    let html = accepts.and_then(|value| value.to_str().ok());
    request.method() == Method::GET
        && html.is_some_and(|accepts| accepts.contains("text/html"))
        && !request.uri().path().starts_with("/api/")
}

/// Only plain paths are carried along: nothing that could lead elsewhere.
fn to_login(path: &str) -> Response {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/-_.".contains(letter);
    let is_worth_it = path != "/" && path.chars().all(is_plain);
    let login = if is_worth_it {
        format!("/login?next={path}")
    } else {
        "/login".to_owned()
    };
    Redirect::to(&login).into_response()
}

/// The refusal of somebody known.
pub(crate) fn forbidden(principal: &Principal) -> Problem {
    Problem::forbidden(format!(
        "`{}` has the role `{}`, which does not allow this",
        principal.name,
        principal.role.as_str(),
    ))
}

/// A token is checked where one is sent, else the cookie; never the one after the other, so
/// that a request means the same wherever it comes from.
pub(crate) async fn identify(
    inbox: &Inbox,
    (method, headers): (&Method, &HeaderMap),
    sign_of_life: SignOfLife,
) -> Result<Caller, Problem> {
    if headers.contains_key(header::AUTHORIZATION) {
        return by_bearer(inbox, headers).await;
    }
    let secret = inbox.cookie.read(headers).ok_or_else(no_credentials)?;
    let now = inbox.clock.now();
    let found = match sign_of_life {
        SignOfLife::Given => inbox.sessions.find_session(secret, now).await?,
        SignOfLife::Missing => inbox.sessions.peek_session(secret, now).await?,
    };
    by_cookie(inbox, found, method, headers)
}

async fn by_bearer(inbox: &Inbox, headers: &HeaderMap) -> Result<Caller, Problem> {
    let bearer = bearer(headers).ok_or_else(no_credentials)?;
    let found = inbox
        .authenticator
        .authenticate(bearer, inbox.clock.now())
        .await?;
    let principal = found.ok_or_else(|| {
        Problem::unauthorized(
            "the token is unknown, expired or revoked",
            "Bearer error=\"invalid_token\"",
        )
    })?;
    Ok(Caller {
        principal,
        session: None,
    })
}

/// Browsers send cookies along with whatever any page makes them send; so a change must come
/// from a page of ours, and never as a form.
fn by_cookie(
    inbox: &Inbox,
    found: Option<OpenSession>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Caller, Problem> {
    let session = found.ok_or_else(|| {
        Problem::unauthorized("the session has ended: log in at /login", "Bearer")
    })?;
    if !is_own(method, headers, &inbox.config) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "cross_origin",
            "a session works only from pages of this server; programs use a token",
        ));
    }
    if !method.is_safe() && !is_json(headers) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not_json",
            "the body must be sent as `Content-Type: application/json`",
        ));
    }
    Ok(Caller {
        principal: session.principal.clone(),
        session: Some(session),
    })
}

/// Or has no body to be one: a form always says what it is.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_none_or(|kind| kind.as_bytes().starts_with(b"application/json"))
}

fn no_credentials() -> Problem {
    Problem::unauthorized(
        "credentials are needed: log in at /login, or send `Authorization: Bearer TOKEN`",
        "Bearer",
    )
}

/// The scheme's name is written in any case (RFC 9110).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    let fits = (1..=BEARER_BYTES_MAX).contains(&token.len());
    (scheme.eq_ignore_ascii_case("bearer") && fits).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("Bearer abc", Some("abc"))]
    #[case::any_case("bEARER abc", Some("abc"))]
    #[case::no_token("Bearer ", None)]
    #[case::no_scheme("abc", None)]
    #[case::another_scheme("Basic abc", None)]
    fn reads_the_token(#[case] value: &str, #[case] want: Option<&str>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        assert_eq!(bearer(&headers), want);
    }

    #[test]
    fn an_endless_token_is_none() {
        let mut headers = HeaderMap::new();
        let value = format!("Bearer {}", "a".repeat(BEARER_BYTES_MAX + 1));
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        assert_eq!(bearer(&headers), None);
    }
}
