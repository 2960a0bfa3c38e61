//! A dead letter as the API shows it.

use crate::openapi::schema;
use jiff::Timestamp;
use serde::Serialize;
use switchboard_storage::dead_letters::{LetterId, Resolution, Verdict};
use switchboard_stream::record::v1::{DeadLetter, ErrorClass, OriginalPayload};
use utoipa::ToSchema;

/// What is known of a letter, but for the record itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LetterView {
    /// Its partition and offset in `dead.letter`.
    id: String,
    /// Whether it waits for a person, or what was decided.
    #[schema(schema_with = state)]
    state: &'static str,
    /// Who decided; absent while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::instant)]
    resolved_at: Option<Timestamp>,
    /// The stage that gave up.
    stage: String,
    /// What kind of failure it was.
    #[schema(schema_with = error_class)]
    error_class: ErrorClass,
    /// The error's own words.
    reason: String,
    /// How often it was tried.
    attempts: u32,
    #[schema(schema_with = schema::instant)]
    first_failed_at: Timestamp,
    #[schema(schema_with = schema::instant)]
    last_failed_at: Timestamp,
    /// Where the record was read.
    origin: OriginView,
    /// The build that gave up.
    build: String,
}

/// Where a record was read.
#[derive(Debug, Serialize, ToSchema)]
struct OriginView {
    topic: String,
    partition: u32,
    offset: u64,
    key: String,
    #[schema(schema_with = schema::instant)]
    timestamp: Timestamp,
}

/// A letter with its record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LetterDetail {
    #[serde(flatten)]
    letter: LetterView,
    /// The record as it was: `{"text": ...}`, or `{"hex": ...}` where it is no text.
    #[schema(schema_with = schema::object)]
    payload: OriginalPayload,
}

/// What became of a decision.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LetterDecision {
    /// The letter as it is now.
    letter: LetterView,
    /// Whether this request did it; `false`: it had been decided before, nothing was done.
    done: bool,
    /// One sentence for people.
    message: String,
}

impl LetterView {
    pub(crate) fn new(id: LetterId, letter: &DeadLetter, resolution: Option<&Resolution>) -> Self {
        let origin = &letter.origin;
        Self {
            id: id.to_string(),
            state: resolution.map_or("waiting", |resolution| resolution.verdict.as_str()),
            resolved_by: resolution.map(|resolution| resolution.by.clone()),
            resolved_at: resolution.map(|resolution| resolution.at),
            stage: letter.stage.clone(),
            error_class: letter.error_class,
            reason: letter.reason.clone(),
            attempts: letter.attempts,
            first_failed_at: letter.first_failed_at,
            last_failed_at: letter.last_failed_at,
            origin: OriginView {
                topic: origin.topic.clone(),
                partition: origin.partition,
                offset: origin.offset,
                key: origin.key.clone(),
                timestamp: origin.timestamp,
            },
            build: letter.build.clone(),
        }
    }
}

impl LetterDetail {
    pub(crate) fn new(id: LetterId, letter: DeadLetter, resolution: Option<&Resolution>) -> Self {
        Self {
            letter: LetterView::new(id, &letter, resolution),
            payload: letter.payload,
        }
    }
}

impl LetterDecision {
    /// The decision that stands was made by this request.
    pub(crate) fn made(id: LetterId, letter: &DeadLetter, resolution: &Resolution) -> Self {
        let message = match resolution.verdict {
            Verdict::Retried => format!("appended to `{}` again", letter.origin.topic),
            Verdict::Dropped => "dropped".to_owned(),
        };
        Self {
            letter: LetterView::new(id, letter, Some(resolution)),
            done: true,
            message,
        }
    }

    /// An earlier decision stands.
    pub(crate) fn stands(id: LetterId, letter: &DeadLetter, resolution: &Resolution) -> Self {
        let message = format!(
            "nothing done: `{}` had it {} at {}",
            resolution.by,
            resolution.verdict.as_str(),
            resolution.at
        );
        Self {
            letter: LetterView::new(id, letter, Some(resolution)),
            done: false,
            message,
        }
    }
}

fn state() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    schema::one_of(["waiting", "retried", "dropped"])
}

fn error_class() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    schema::one_of(["invalid", "panic", "timed_out", "exhausted"])
}
