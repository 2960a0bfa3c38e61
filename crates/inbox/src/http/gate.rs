//! The door of every route: who is asking, and whether the role allows it.
//!
//! Whether a single ticket is theirs is the second question; the handlers ask it with the
//! caller's scope, and the store answers it in SQL.

use super::problem::Problem;
use crate::state::Inbox;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use switchboard_domain::access::{Action, Principal};

/// Longer than any token of ours; what is longer is not hashed at all.
const BEARER_BYTES_MAX: usize = 512;

/// What a route's door needs to know.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) inbox: Inbox,
    /// `None`: whoever has any valid credentials.
    pub(crate) action: Option<Action>,
}

/// The layer of one route. Puts the [`Principal`] into the request's extensions.
pub(crate) async fn guard(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let principal = match identify(&gate.inbox, request.headers()).await {
        Ok(principal) => principal,
        Err(problem) => return problem.into_response(),
    };
    if let Some(action) = gate.action
        && !principal.may(action)
    {
        return forbidden(&principal).into_response();
    }
    request.extensions_mut().insert(principal);
    next.run(request).await
}

/// Unknown addresses: strangers learn nothing, not even that.
pub(crate) async fn unknown_address(State(inbox): State<Inbox>, headers: HeaderMap) -> Problem {
    match identify(&inbox, &headers).await {
        Ok(_) => Problem::generic(axum::http::StatusCode::NOT_FOUND),
        Err(problem) => problem,
    }
}

/// The refusal of somebody known.
pub(crate) fn forbidden(principal: &Principal) -> Problem {
    Problem::forbidden(format!(
        "`{}` has the role `{}`, which does not allow this",
        principal.name,
        principal.role.as_str(),
    ))
}

async fn identify(inbox: &Inbox, headers: &HeaderMap) -> Result<Principal, Problem> {
    let Some(bearer) = bearer(headers) else {
        return Err(Problem::unauthorized(
            "credentials are needed: send `Authorization: Bearer TOKEN`",
            "Bearer",
        ));
    };
    let found = inbox
        .authenticator
        .authenticate(bearer, inbox.clock.now())
        .await?;
    found.ok_or_else(|| {
        Problem::unauthorized(
            "the token is unknown, expired or revoked",
            "Bearer error=\"invalid_token\"",
        )
    })
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
