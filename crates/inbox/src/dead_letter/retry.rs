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

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use switchboard_stream::topic::{DEAD_LETTER, MENTION_RECEIVED};

    const LETTER: &str = r#"{"v":1,"stage":"classify","error_class":"panic","reason":"no","attempts":3,"first_failed_at":"2026-03-01T11:00:00Z","last_failed_at":"2026-03-01T11:01:00Z","origin":{"topic":"mention.received","partition":0,"offset":9,"key":"x::1","timestamp":"2026-03-01T10:59:00Z"},"payload":{"text":"the record"},"build":"b"}"#;

    async fn world_with_letter() -> (World, String) {
        let world = World::new().await;
        let at = world.append(DEAD_LETTER, "x::1", LETTER).await;
        (world, format!("{}-{}", at.partition, at.offset))
    }

    #[tokio::test]
    async fn a_record_is_driven_again_once() {
        let (world, id) = world_with_letter().await;
        let path = format!("/api/v1/dead-letters/{id}/retry");
        let first = world.act("root", &path, "").await;
        assert_eq!(
            first.at("/message"),
            "\"appended to `mention.received` again\""
        );
        let second = world.act("root", &path, "").await;
        assert_eq!(second.at("/done"), "false");
        assert_eq!(
            second.at("/message"),
            "\"nothing done: `root` had it retried at 2026-03-01T12:00:00Z\""
        );
        let path = format!("/api/v1/topics/{MENTION_RECEIVED}");
        let records = world.get("root", &path).await;
        assert_eq!(records.json["records"].as_array().unwrap().len(), 1);
        assert_eq!(records.at("/records/0/value"), "\"the record\"");
        assert_eq!(records.at("/records/0/key"), "\"x::1\"");
    }

    #[tokio::test]
    async fn a_dropped_letter_is_no_longer_listed() {
        let (world, id) = world_with_letter().await;
        let listed = world.get("root", "/api/v1/dead-letters").await;
        assert_eq!(listed.at("/letters/0/id"), format!("\"{id}\""));
        assert_eq!(listed.at("/letters/0/state"), "\"waiting\"");
        assert_eq!(listed.at("/next"), "nothing");
        world
            .act("root", &format!("/api/v1/dead-letters/{id}/drop"), "")
            .await;
        let rest = world.get("root", "/api/v1/dead-letters").await;
        assert_eq!(rest.at("/letters"), "[]");
        let all = world.get("root", "/api/v1/dead-letters?state=all").await;
        assert_eq!(all.at("/letters/0/state"), "\"dropped\"");
        let retried = world
            .act("root", &format!("/api/v1/dead-letters/{id}/retry"), "")
            .await;
        assert_eq!(
            retried.at("/done"),
            "false",
            "what is dropped stays dropped"
        );
    }

    #[tokio::test]
    async fn shows_the_record() {
        let (world, id) = world_with_letter().await;
        let answer = world
            .get("root", &format!("/api/v1/dead-letters/{id}"))
            .await;
        assert_eq!(answer.at("/payload"), r#"{"text":"the record"}"#);
        let none = world.get("root", "/api/v1/dead-letters/0-99").await;
        assert_eq!(
            none.error(),
            "404 Not Found not_found: there is no dead letter `0-99`, or retention has removed it"
        );
        assert_eq!(
            world.get("root", "/api/v1/dead-letters/9-0").await.status,
            404
        );
        assert_eq!(
            world.get("root", "/api/v1/dead-letters/x").await.status,
            404
        );
    }
}
