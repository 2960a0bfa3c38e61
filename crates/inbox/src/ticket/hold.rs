//! `POST /api/v1/tickets/{id}/hold` and `…/release`

use super::change::{ChangeError, Changed, change, department};
use crate::http::body::Body;
use crate::http::problem::Problem;
use crate::http::version::IfMatch;
use crate::openapi::describe::Description;
use crate::openapi::schema;
use crate::state::Inbox;
use axum::Extension;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::Deserialize;
use switchboard_domain::Slug;
use switchboard_domain::access::Principal;
use switchboard_domain::sla::{HoldKind, SlaBook};
use switchboard_domain::ticket::Command;
use utoipa::ToSchema;

/// The body.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldBody {
    /// Whom or what it waits for. Clocks pause where the policy says so, never for an approval.
    /// Needed unless `state` is given.
    #[serde(default)]
    #[schema(schema_with = schema::hold_kind)]
    kind: Option<HoldKind>,
    /// One of the states of the configuration, which says the kind.
    #[serde(default)]
    state: Option<String>,
    /// When it comes back by itself; needed for `snoozed`.
    #[serde(default)]
    #[schema(schema_with = schema::instant)]
    until: Option<Timestamp>,
    /// The department that has to agree; needed for `approval`.
    #[serde(default)]
    approver: Option<String>,
}

pub(crate) fn describe_hold() -> Description {
    super::change::describe("holdTicket", "Let it wait, or put it off").body::<HoldBody>()
}

pub(crate) fn describe_release() -> Description {
    super::change::describe("releaseTicket", "Say that it is our turn again")
}

#[tracing::instrument(name = "http.ticket.hold", skip_all, fields(ticket.id = %id))]
pub(crate) async fn hold(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
    version: IfMatch,
    Body(body): Body<HoldBody>,
) -> Result<Changed, Problem> {
    let approver = match &body.approver {
        Some(name) => Some(department(&inbox, name)?),
        None => None,
    };
    let (state, kind) = meaning(&inbox.ownership.get().book, &body)?;
    let command = Command::Hold {
        state,
        kind,
        until: body.until,
        approver,
    };
    Ok(change(&inbox, &caller, (&id, version), command).await?)
}

#[tracing::instrument(name = "http.ticket.release", skip_all, fields(ticket.id = %id))]
pub(crate) async fn release(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
    version: IfMatch,
) -> Result<Changed, Problem> {
    Ok(change(&inbox, &caller, (&id, version), Command::Release).await?)
}

/// A state says its kind; who gives both must not contradict the configuration.
fn meaning(book: &SlaBook, body: &HoldBody) -> Result<(Option<Slug>, HoldKind), ChangeError> {
    let unknown = |what, name: &str, known: Vec<String>| ChangeError::Unknown {
        what,
        name: name.to_owned(),
        known: known.join(", "),
    };
    let kinds = || HoldKind::ALL.map(|kind| kind.as_str().to_owned()).to_vec();
    let Some(name) = &body.state else {
        let kind = body.kind.ok_or_else(|| unknown("kind", "", kinds()))?;
        return Ok((None, kind));
    };
    let mut states = book.states().iter();
    let found = states.find(|(state, _)| state.as_str() == name);
    let Some((state, meaning)) = found else {
        let known = book.states().keys().map(ToString::to_string).collect();
        return Err(unknown("state", name, known));
    };
    if body.kind.is_some_and(|kind| kind != meaning.kind) {
        return Err(unknown(
            "kind of this state",
            name,
            vec![meaning.kind.as_str().to_owned()],
        ));
    }
    Ok((Some(state.clone()), meaning.kind))
}

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use rstest::rstest;
    use switchboard_domain::Label;

    #[tokio::test]
    async fn waits_and_comes_back() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        let body = r#"{"kind":"waiting_customer"}"#;
        let held = world.act("ann", "/api/v1/tickets/1/hold", body).await;
        assert_eq!(held.at("/hold/kind"), "\"waiting_customer\"");
        let released = world.act("ann", "/api/v1/tickets/1/release", "").await;
        assert_eq!(released.at("/hold"), "nothing");
    }

    #[tokio::test]
    async fn a_state_of_the_configuration_says_what_it_means() {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        let body = r#"{"state":"waiting-lab"}"#;
        let held = world.act("ann", "/api/v1/tickets/1/hold", body).await;
        assert_eq!(held.at("/hold/state"), "\"waiting-lab\"");
        assert_eq!(held.at("/hold/kind"), "\"waiting_external\"");
        let other = r#"{"state":"waiting-lab","kind":"snoozed"}"#;
        let refused = world.act("ann", "/api/v1/tickets/1/hold", other).await;
        assert!(refused.error().contains("unknown kind of this state"));
    }

    #[rstest]
    #[case::for_ever(
        r#"{"kind":"snoozed"}"#,
        "a ticket is put off until a time that is still to come: give one"
    )]
    #[case::nobody_asked(
        r#"{"kind":"approval"}"#,
        "an approval needs the department that has to agree"
    )]
    #[case::neither("{}", "unknown kind")]
    #[case::no_such_state(r#"{"state":"lab"}"#, "unknown state `lab`")]
    #[case::unknown(
        r#"{"kind":"approval","approver":"leagl"}"#,
        "unknown department `leagl` (known: legal)"
    )]
    #[tokio::test]
    async fn refuses_what_makes_no_sense(#[case] body: &str, #[case] want: &str) {
        let world = World::new().await;
        world.post("1", Label::Complaint).await;
        let answer = world.act("ann", "/api/v1/tickets/1/hold", body).await;
        assert!(
            answer.error().contains(want) || answer.error().contains("unknown department"),
            "{}",
            answer.error()
        );
    }
}
