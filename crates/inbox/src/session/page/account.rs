//! `/account`: own password and sessions.

use super::super::door::{self, Visitor};
use super::super::password::Password;
use super::go_on;
use super::login::whole_seconds;
use super::template::{AccountPage, SessionRow, page};
use crate::http::problem::Problem;
use crate::http::same_origin::is_own;
use crate::state::Inbox;
use axum::extract::{Form, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use switchboard_domain::ticket::Actor;
use switchboard_storage::{LoginKind, OpenSession, PeerKind, SessionId, SessionInfo};

/// The form. It has no `Debug`: passwords stand in it.
#[derive(Deserialize)]
pub(super) struct PasswordForm {
    #[serde(default)]
    current: String,
    #[serde(default)]
    new: String,
    #[serde(default)]
    again: String,
}

#[derive(Deserialize)]
pub(super) struct EndForm {
    id: i64,
}

/// What the page has to say about the last deed.
#[derive(Clone, Copy, Default)]
struct Said<'a> {
    error: Option<&'a str>,
    notice: Option<&'a str>,
}

#[tracing::instrument(name = "http.page.account", skip_all)]
pub(super) async fn show(
    State(inbox): State<Inbox>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    match session(&inbox, &headers).await? {
        Some(session) => render(&inbox, &session, StatusCode::OK, Said::default()).await,
        None => Ok(to_login()),
    }
}

#[tracing::instrument(name = "http.page.set_password", skip_all)]
pub(super) async fn set_password(
    State(inbox): State<Inbox>,
    head: Parts,
    Form(form): Form<PasswordForm>,
) -> Result<Response, Problem> {
    let Some(session) = own_session(&inbox, &head).await? else {
        return Ok(to_login());
    };
    let visitor = Visitor::of(&inbox, &head).await?;
    match try_set(&inbox, &session, &visitor, form).await? {
        Ok(()) => {
            let session = OpenSession {
                has_password: true,
                ..session
            };
            let said = Said {
                notice: Some("The password is set. Everywhere else you are logged out now."),
                error: None,
            };
            render(&inbox, &session, StatusCode::OK, said).await
        }
        Err(error) => {
            let said = Said {
                error: Some(&error),
                notice: None,
            };
            render(&inbox, &session, StatusCode::UNPROCESSABLE_ENTITY, said).await
        }
    }
}

/// Sets it, or says in words for the page why not.
async fn try_set(
    inbox: &Inbox,
    session: &OpenSession,
    visitor: &Visitor,
    form: PasswordForm,
) -> Result<Result<(), String>, Problem> {
    let name = session.principal.name.as_str();
    let (new, again) = (Password::new(form.new), Password::new(form.again));
    if let Err(fault) = new.check(name) {
        return Ok(Err(fault.to_string()));
    }
    if !new.is_same(&again) {
        return Ok(Err("The two new passwords are not the same.".to_owned()));
    }
    if asks_current(session) {
        let current = Password::new(form.current);
        match door::confirm(inbox, visitor, (name, current)).await? {
            Ok(true) => {}
            Ok(false) => return Ok(Err("The current password is wrong.".to_owned())),
            Err(wait) => {
                let seconds = whole_seconds(wait);
                return Ok(Err(format!("Too many tries. Wait {seconds} seconds.")));
            }
        }
    }
    let mut salt = [0; 16];
    salt.copy_from_slice(&(inbox.entropy)()[..16]);
    let hash = inbox.door.passwords.hash(new, salt).await?;
    let by = Actor::Person(name.to_owned());
    let (keep, now) = (Some(session.id), inbox.clock.now());
    inbox
        .people
        .set_password(name, hash, keep, &by, now)
        .await?;
    Ok(Ok(()))
}

#[tracing::instrument(name = "http.page.end_session", skip_all)]
pub(super) async fn end_session(
    State(inbox): State<Inbox>,
    head: Parts,
    Form(form): Form<EndForm>,
) -> Result<Response, Problem> {
    let Some(session) = own_session(&inbox, &head).await? else {
        return Ok(to_login());
    };
    let user = session.principal.name.as_str();
    let by = Actor::Person(user.to_owned());
    let (id, now) = (SessionId(form.id), inbox.clock.now());
    inbox.sessions.end_session(user, id, &by, now).await?;
    if id == session.id {
        return Ok(go_on("/login", inbox.cookie.clear()));
    }
    Ok(go_on("/account", None))
}

async fn session(inbox: &Inbox, headers: &HeaderMap) -> Result<Option<OpenSession>, Problem> {
    let Some(secret) = inbox.cookie.read(headers) else {
        return Ok(None);
    };
    let now = inbox.clock.now();
    Ok(inbox.sessions.find_session(secret, now).await?)
}

/// The session of a request that changes something.
async fn own_session(inbox: &Inbox, head: &Parts) -> Result<Option<OpenSession>, Problem> {
    if !is_own(&head.method, &head.headers, &inbox.config) {
        return Err(Problem::forbidden("the form is not ours"));
    }
    session(inbox, &head.headers).await
}

fn to_login() -> Response {
    go_on("/login?next=/account", None)
}

/// Who came by a link has lost the password, or never had one.
fn asks_current(session: &OpenSession) -> bool {
    session.has_password && session.started_by == LoginKind::Password
}

async fn render(
    inbox: &Inbox,
    session: &OpenSession,
    status: StatusCode,
    said: Said<'_>,
) -> Result<Response, Problem> {
    let principal = &session.principal;
    let now = inbox.clock.now();
    let sessions = inbox.sessions.list_sessions(&principal.name, now).await?;
    let departments: Vec<&str> = principal
        .departments
        .iter()
        .map(switchboard_domain::Slug::as_str)
        .collect();
    let template = AccountPage {
        name: &principal.name,
        role: principal.role.as_str(),
        departments: departments.join(", "),
        has_password: session.has_password,
        asks_current: asks_current(session),
        error: said.error,
        notice: said.notice,
        sessions: sessions.iter().map(|one| row(one, session.id)).collect(),
        password_min: AccountPage::PASSWORD_MIN,
        password_advised: AccountPage::PASSWORD_ADVISED,
    };
    Ok(page(status, &template))
}

fn row(session: &SessionInfo, current: SessionId) -> SessionRow {
    let place = match session.peer {
        PeerKind::Local => "from this machine",
        PeerKind::Private => "from a private network",
        PeerKind::Public => "from the internet",
    };
    SessionRow {
        id: session.id.0,
        is_current: session.id == current,
        browser: browser(&session.user_agent),
        detail: format!(
            "{place}, since {}, last used {}",
            moment(session.created_at),
            moment(session.last_seen_at)
        ),
    }
}

fn moment(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%-d %b %Y, %H:%M UTC")
        .to_string()
}

/// Browsers and systems by the words that only they use, most telling first.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];
const SYSTEMS: [(&str, &str); 5] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// A browser's description in two words, as far as it is known.
fn browser(user_agent: &str) -> String {
    let find = |known: &[(&str, &'static str)]| {
        let mut known = known.iter();
        known.find_map(|(mark, name)| user_agent.contains(mark).then_some(*name))
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unknown browser".to_owned(),
    }
}
