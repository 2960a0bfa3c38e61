//! What stands on the pages. Everything in them is escaped.

use super::super::password::{PASSWORD_CHARACTERS_ADVISED, PASSWORD_CHARACTERS_MIN};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

/// `/login`.
#[derive(Template)]
#[template(path = "login.html")]
pub(super) struct LoginPage<'a> {
    /// What was typed, to mend it.
    pub(super) name: &'a str,
    /// Where to afterwards.
    pub(super) next: &'a str,
    /// Why it did not work.
    pub(super) error: Option<&'a str>,
}

/// `/account`.
#[derive(Template)]
#[template(path = "account.html")]
pub(super) struct AccountPage<'a> {
    pub(super) name: &'a str,
    pub(super) role: &'a str,
    pub(super) departments: String,
    pub(super) has_password: bool,
    /// Whether the current password must be given to set a new one.
    pub(super) asks_current: bool,
    pub(super) error: Option<&'a str>,
    /// What was done.
    pub(super) notice: Option<&'a str>,
    pub(super) sessions: Vec<SessionRow>,
    pub(super) password_min: usize,
    pub(super) password_advised: usize,
}

/// A line of the list of sessions.
pub(super) struct SessionRow {
    pub(super) id: i64,
    pub(super) is_current: bool,
    pub(super) browser: String,
    pub(super) detail: String,
}

/// One message, and the way on.
#[derive(Template)]
#[template(path = "notice.html")]
pub(super) struct NoticePage<'a> {
    pub(super) title: &'a str,
    pub(super) text: &'a str,
    /// A command to type, where one helps.
    pub(super) command: Option<&'a str>,
    pub(super) link: Option<(&'a str, &'a str)>,
}

impl AccountPage<'_> {
    pub(super) const PASSWORD_MIN: usize = PASSWORD_CHARACTERS_MIN;
    pub(super) const PASSWORD_ADVISED: usize = PASSWORD_CHARACTERS_ADVISED;
}

/// The page as an answer.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
