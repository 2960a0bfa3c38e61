//! `POST /api/v1/dead-letters/{id}/retry`
//!
//! The record is appended to the topic it came from, then the decision is written. A crash
//! between the two leaves the letter waiting; a second retry then appends the record twice,
//! which the post's identity absorbs. The other order could lose it.

use super::find::{Found, LetterError, find};
use super::view::LetterDecision;
use crate::http::problem::Problem;
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use switchboard_domain::access::Principal;
use switchboard_storage::dead_letters::{Resolution, Resolved, Verdict};
use switchboard_stream::log::NewRecord;
use switchboard_stream::topic::TopicName;

pub(crate) fn describe() -> Description {
    Description::new(
        "retryDeadLetter",
        "Append the record to its log topic again",
    )
    .answers::<LetterDecision>("Done, or done before: a second retry does nothing.")
    .problem(
        StatusCode::UNPROCESSABLE_ENTITY,
        "The letter holds no record.",
    )
}

#[tracing::instrument(name = "http.dead_letter.retry", skip_all, fields(letter.id = %id))]
pub(crate) async fn retry(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<Json<LetterDecision>, Problem> {
    let found = find(&inbox, &id).await?;
    if let Some(earlier) = &found.resolution {
        return Ok(Json(LetterDecision::stands(
            found.id,
            &found.letter,
            earlier,
        )));
    }
    inbox.log.append(vec![original(&inbox, &found)?]).await?;
    Ok(Json(
        decide(&inbox, &found, &caller, Verdict::Retried).await?,
    ))
}

/// Writes the decision, unless somebody was faster.
pub(super) async fn decide(
    inbox: &Inbox,
    found: &Found,
    caller: &Principal,
    verdict: Verdict,
) -> Result<LetterDecision, LetterError> {
    let resolution = Resolution {
        verdict,
        by: caller.name.clone(),
        at: inbox.clock.now(),
    };
    let incarnation = inbox.log.incarnation();
    let resolved = inbox
        .dead_letters
        .resolve(&incarnation, found.id, resolution.clone())
        .await?;
    Ok(match resolved {
        Resolved::Recorded => LetterDecision::made(found.id, &found.letter, &resolution),
        Resolved::Already(earlier) => LetterDecision::stands(found.id, &found.letter, &earlier),
    })
}

/// The record as it was, with today's time: retention must not remove it before it is read.
fn original(inbox: &Inbox, found: &Found) -> Result<NewRecord, LetterError> {
    let letter = &found.letter;
    let topic = TopicName::new(&letter.origin.topic);
    let payload = letter.payload.bytes();
    let (Ok(topic), Some(payload)) = (topic, payload) else {
        return Err(LetterError::NoPayload(found.id));
    };
    let key = letter.origin.key.clone();
    Ok(NewRecord {
        topic,
        key,
        payload,
        timestamp: inbox.clock.now(),
    })
}
