//! What every change of a ticket does, and how it can fail.

use super::view::TicketView;
use crate::http::problem::Problem;
use crate::http::query::shown;
use crate::http::version::{IfMatch, etag};
use crate::nearest::nearest;
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use std::sync::Arc;
use switchboard_domain::Slug;
use switchboard_domain::access::{Action, DepartmentScope, Principal};
use switchboard_domain::sla::{ClockStatus, SlaClock};
use switchboard_domain::ticket::{Actor, Command, Refusal, RegroupRefusal, Ticket, TicketId};
use switchboard_storage::{Applied, Change, StorageError};
use switchboard_telemetry::Counter;

/// The ticket as it is after a change.
pub(crate) struct Changed(TicketView);

#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    #[error("there is no ticket `{}`", shown(.0))]
    NotFound(String),
    #[error("{message}")]
    Conflict {
        code: &'static str,
        message: String,
        current: Box<TicketView>,
    },
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    StaysApart(#[from] RegroupRefusal),
    #[error("there is no ticket `{0}`")]
    NoOther(TicketId),
    #[error("unknown {what} `{}` (known: {known})", shown(.name))]
    Unknown {
        what: &'static str,
        name: String,
        known: String,
    },
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What every change says of itself.
pub(super) fn describe(operation_id: &'static str, summary: &'static str) -> Description {
    Description::new(operation_id, summary)
        .matches_version()
        .answers::<TicketView>("The ticket as it is now; its version as `ETag`.")
        .problem(StatusCode::BAD_REQUEST, "A header cannot be read.")
        .problem(
            StatusCode::UNPROCESSABLE_ENTITY,
            "The ticket does not allow it now.",
        )
}

/// Carries the command out for the caller, on the version they saw.
pub(super) async fn change(
    inbox: &Inbox,
    caller: &Principal,
    (id, version): (&str, IfMatch),
    command: Command,
) -> Result<Changed, ChangeError> {
    let not_found = || ChangeError::NotFound(id.to_owned());
    let ticket = id.parse().map(TicketId).map_err(|_| not_found())?;
    let now = inbox.clock.now();
    let change = Change {
        ticket,
        command,
        expected_version: version.0,
        actor: Actor::Person(caller.name.clone()),
        book: Arc::clone(&inbox.ownership.get().book),
        now,
    };
    match inbox.tickets.apply(change, &caller.scope()).await? {
        Applied::Done { ticket, changed } => {
            if changed {
                count_kept(inbox, &ticket, now);
            }
            Ok(Changed(view(inbox, *ticket).await?))
        }
        Applied::Conflict { current } => Err(conflict(inbox, version, *current).await?),
        Applied::Refused(refusal) => Err(refusal.into()),
        Applied::NotFound => Err(not_found()),
    }
}

/// Counts the promises that were kept at this instant.
fn count_kept(inbox: &Inbox, ticket: &Ticket, now: Timestamp) {
    let stopped_now = |clock: &&SlaClock| clock.stopped.is_some_and(|stop| stop.at == now);
    let kept = ticket.clocks.iter().filter(stopped_now);
    for clock in kept.filter(|clock| clock.status() == ClockStatus::Met) {
        let department = inbox.metrics.department(clock.terms.department.as_str());
        inbox.metrics.add(Counter::SlaKept { department }, 1);
    }
}

/// The department of that name in the configuration.
pub(super) fn department(inbox: &Inbox, name: &str) -> Result<Slug, ChangeError> {
    let departments = &inbox.ownership.get().departments;
    let found = departments
        .iter()
        .find(|department| department.as_str() == name);
    found.cloned().ok_or_else(|| ChangeError::Unknown {
        what: "department",
        name: name.to_owned(),
        known: nearest(name, departments.iter().map(Slug::as_str)),
    })
}

/// Fails unless `name` is a user's or a working token's: a ticket given to a slip of the pen
/// would wait for nobody.
pub(super) async fn require_assignee(inbox: &Inbox, name: &str) -> Result<(), ChangeError> {
    let people = inbox.people.list_people().await?;
    let tokens = inbox.access.list_tokens().await?;
    let working = tokens
        .into_iter()
        .filter(|token| token.revoked_at.is_none());
    let users = people
        .into_iter()
        .filter(|person| person.disabled_at.is_none());
    let holders = users.map(|person| (person.user.name, person.user.role));
    let names: Vec<String> = holders
        .chain(working.map(|token| (token.name, token.role)))
        .filter(|(_, role)| role.may(Action::WorkTickets))
        .map(|(name, _)| name)
        .collect();
    if names.iter().any(|known| known == name) {
        return Ok(());
    }
    Err(ChangeError::Unknown {
        what: "assignee",
        name: name.to_owned(),
        known: nearest(name, names.iter().map(String::as_str)),
    })
}

/// Which of the two conflicts it is shows in the version: who named the current one, or
/// none, met somebody else's claim.
pub(super) async fn conflict(
    inbox: &Inbox,
    version: IfMatch,
    current: Ticket,
) -> Result<ChangeError, StorageError> {
    let outdated = version.0.is_some_and(|seen| seen != current.version);
    let (code, message) = match (&current.assignee, outdated) {
        (Some(holder), false) => (
            "already_claimed",
            Refusal::AlreadyClaimed(holder.clone()).to_string(),
        ),
        _ => (
            "version_conflict",
            format!(
                "the ticket has version {} now: look at it and try again",
                current.version
            ),
        ),
    };
    Ok(ChangeError::Conflict {
        code,
        message,
        current: Box::new(view(inbox, current).await?),
    })
}

/// The ticket with its post and explanation. Read without the caller's scope: they may just
/// have handed it to a department they do not see.
pub(super) async fn view(inbox: &Inbox, ticket: Ticket) -> Result<TicketView, StorageError> {
    let mut row = inbox.tickets.get(ticket.id, &DepartmentScope::All).await?;
    let (mention, explanation) = row
        .take()
        .map(|row| (row.mention, row.explanation))
        .unwrap_or_default();
    Ok(TicketView::from(switchboard_storage::TicketRow {
        ticket,
        mention,
        explanation,
    }))
}

impl IntoResponse for Changed {
    fn into_response(self) -> Response {
        ([etag(self.0.version)], Json(self.0)).into_response()
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::NotFound(_) => Self::not_found(error.to_string()),
            ChangeError::Conflict {
                code,
                message,
                current,
            } => Self::conflict(code, message, &current),
            ChangeError::Refused(_)
            | ChangeError::StaysApart(_)
            | ChangeError::NoOther(_)
            | ChangeError::Unknown { .. } => Self::refused(error.to_string()),
            ChangeError::Storage(error) => error.into(),
        }
    }
}
