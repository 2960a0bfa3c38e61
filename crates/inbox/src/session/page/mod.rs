//! Pages that log people in and out. They are made on the server and run no script: they
//! work in any browser, with password managers, and when the rest does not.
//!
//! | path | |
//! |---|---|
//! | `GET /login`, `POST /login` | name and password |
//! | `GET /login/link/{secret}` | uses a one-time link up |
//! | `POST /logout` | ends the session |
//! | `GET /account`, `POST /account` | own password and sessions |
//! | `POST /account/sessions` | ends one of them |
//! | `GET /assets/plain.css` | how they look |

mod account;
mod dress;
mod link;
mod login;
mod logout;
mod template;

use crate::state::Inbox;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::from_fn_with_state;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

/// A form has a name and three passwords; the longest password in percent signs fits thrice.
const FORM_BYTES_MAX: usize = 16 * 1024;

const STYLE: &str = include_str!("../../../assets/plain.css");

/// The pages, with headers, metrics and pages for failures. It has no fallback.
pub(crate) fn router(inbox: &Inbox) -> Router {
    Router::new()
        .route("/login", get(login::show).post(login::log_in))
        .route("/login/link/{secret}", get(link::use_up))
        .route("/logout", post(logout::log_out))
        .route("/account", get(account::show).post(account::set_password))
        .route("/account/sessions", post(account::end_session))
        .route("/assets/plain.css", get(style))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(CatchPanicLayer::custom(crate::http::envelope::panicked))
        .layer(from_fn_with_state(inbox.clone(), dress::dress))
        .with_state(inbox.clone())
}

async fn style() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (headers, STYLE)
}

/// Goes on to another page, with the cookie of a new session or the removal of an old one.
fn go_on(to: &str, cookie: Option<HeaderValue>) -> Response {
    let cookie = cookie.map(|value| (header::SET_COOKIE, value));
    (AppendHeaders(cookie), Redirect::to(to)).into_response()
}

/// Where to after the login: a path of this server, as plain as `http::gate` writes it.
fn local_path(next: Option<&str>) -> &str {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/-_.".contains(letter);
    match next {
        Some(path)
            if path.starts_with('/') && !path.starts_with("//") && path.chars().all(is_plain) =>
        {
            path
        }
        _ => "/",
    }
}

/// Whether somebody asks for a page ahead of time, or only for its head: neither is a visit.
fn is_no_visit(method: &axum::http::Method, headers: &HeaderMap) -> bool {
    let purpose = headers
        .get("sec-purpose")
        .or_else(|| headers.get("purpose"));
    let ahead = purpose.is_some_and(|value| value.as_bytes().starts_with(b"prefetch"));
    *method != axum::http::Method::GET || ahead
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::nothing(None, "/")]
    #[case::a_path(Some("/tickets/5"), "/tickets/5")]
    #[case::another_server(Some("//evil.example"), "/")]
    #[case::another_server_in_full(Some("https://evil.example"), "/")]
    #[case::backslash(Some("/\\evil.example"), "/")]
    #[case::query(Some("/a?b"), "/")]
    fn stays_here(#[case] next: Option<&str>, #[case] want: &str) {
        assert_eq!(local_path(next), want);
    }
}
