//! `GET /api/v1/dead-letters`

use super::find::LetterError;
use super::view::LetterView;
use crate::http::problem::Problem;
use crate::http::query::{Kind, Parameter, Query};
use crate::openapi::describe::Description;
use crate::state::Inbox;
use crate::topic::position::TopicPosition;
use crate::topic::read::TopicError;
use crate::topic::reader::{self, PlacedRecord, Reading, Start};
use axum::Json;
use axum::extract::{Query as Pairs, State};
use serde::Serialize;
use std::time::Duration;
use switchboard_storage::dead_letters::LetterId;
use switchboard_stream::record::v1::DeadLetter;
use switchboard_stream::topic::DEAD_LETTER;
use utoipa::ToSchema;

const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "state",
        description: "`waiting` (default) for those that need a person, `all` for every one.",
        kind: Kind::Choice(&["waiting", "all"]),
    },
    Parameter {
        name: "cursor",
        description: "The `next` of the page before.",
        kind: Kind::Text,
    },
    Parameter {
        name: "limit",
        description: "Looks at so many letters, and may show fewer.",
        kind: Kind::Number {
            from: 1,
            to: 200,
            default: 50,
        },
    },
];

/// Dead letters, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LetterPage {
    letters: Vec<LetterView>,
    /// Give it as `cursor` for the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(crate) fn describe() -> Description {
    Description::new("listDeadLetters", "Records no stage could handle")
        .query(PARAMETERS)
        .answers::<LetterPage>("A page of letters.")
}

#[tracing::instrument(name = "http.dead_letter.list", skip_all)]
pub(crate) async fn list(
    State(inbox): State<Inbox>,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<LetterPage>, Problem> {
    let query = Query::parse(pairs, PARAMETERS)?;
    let incarnation = inbox.log.incarnation();
    let start = start(query.text("cursor"), &incarnation)?;
    let limit = usize::try_from(query.number("limit")).unwrap_or(1);
    let reading = reader::read(&inbox.log, &DEAD_LETTER, start, (limit, Duration::ZERO))
        .await
        .map_err(TopicError::from)?;
    let all = query.text("state") == Some("all");
    let next = (!reading.at_end).then(|| reading.next.encode(&incarnation, DEAD_LETTER.as_str()));
    Ok(Json(LetterPage {
        letters: letters(&inbox, &reading, all).await?,
        next,
    }))
}

fn start(cursor: Option<&str>, incarnation: &str) -> Result<Start, Problem> {
    let Some(word) = cursor else {
        return Ok(Start::Earliest);
    };
    TopicPosition::decode(word, incarnation, DEAD_LETTER.as_str())
        .map(Start::Position)
        .map_err(|_| Problem::bad_request("`cursor` is not the `next` of a page of dead letters"))
}

/// What cannot be read as a letter is logged and left out: one bad record must not hide the
/// others.
async fn letters(
    inbox: &Inbox,
    reading: &Reading,
    all: bool,
) -> Result<Vec<LetterView>, LetterError> {
    let letters: Vec<(LetterId, DeadLetter)> = reading.records.iter().filter_map(decode).collect();
    let ids: Vec<LetterId> = letters.iter().map(|(id, _)| *id).collect();
    let decided = inbox
        .dead_letters
        .resolutions(&inbox.log.incarnation(), &ids)
        .await?;
    let shown = letters
        .iter()
        .filter(|(id, _)| all || !decided.contains_key(id));
    Ok(shown
        .map(|(id, letter)| LetterView::new(*id, letter, decided.get(id)))
        .collect())
}

fn decode(placed: &PlacedRecord) -> Option<(LetterId, DeadLetter)> {
    let id = LetterId {
        partition: placed.partition,
        offset: placed.record.offset,
    };
    match DeadLetter::decode(&placed.record.payload) {
        Ok(letter) => Some((id, letter)),
        Err(error) => {
            tracing::error!(letter.id = %id, %error, "a dead letter cannot be read");
            None
        }
    }
}
