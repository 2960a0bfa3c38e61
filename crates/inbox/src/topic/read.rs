//! `GET /api/v1/topics/{name}`

use super::position::TopicPosition;
use super::reader::{self, PlacedRecord, ReadError, Start};
use crate::http::gate::forbidden;
use crate::http::problem::Problem;
use crate::http::query::{Kind, Parameter, Query, shown};
use crate::openapi::describe::Description;
use crate::openapi::schema;
use crate::state::Inbox;
use axum::extract::{Path, Query as Pairs, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use std::time::Duration;
use switchboard_domain::access::{Action, Principal};
use switchboard_stream::log::LogError;
use switchboard_stream::topic::{self, TopicName};
use utoipa::ToSchema;

/// Longest time a request is held open: below what proxies cut.
const WAIT_SECONDS_MAX: u32 = 30;

const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "from",
        description: "`earliest` (default), `latest`, an RFC 3339 time, or a `next`.",
        kind: Kind::Text,
    },
    Parameter {
        name: "wait",
        description: "Seconds to wait for a first record when there is none.",
        kind: Kind::Number {
            from: 0,
            to: WAIT_SECONDS_MAX,
            default: 0,
        },
    },
    Parameter {
        name: "limit",
        description: "At most so many records.",
        kind: Kind::Number {
            from: 1,
            to: 1_000,
            default: 100,
        },
    },
];

/// Records of a log topic.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TopicRecords {
    /// By time over all partitions; within one in its own order.
    records: Vec<RecordView>,
    /// Give it as `from` to read on.
    next: String,
    /// Records between `from` and the first one here that retention has removed.
    #[serde(skip_serializing_if = "is_zero")]
    skipped: u64,
}

/// One record.
#[derive(Debug, Serialize, ToSchema)]
struct RecordView {
    partition: u32,
    offset: u64,
    key: String,
    #[schema(schema_with = schema::instant)]
    timestamp: Timestamp,
    /// The record: JSON as it stands in the log.
    #[schema(schema_with = schema::anything)]
    value: Box<RawValue>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum TopicError {
    #[error("there is no log topic `{name}` (known: {known})")]
    NoSuchTopic { name: String, known: String },
    #[error("not allowed")]
    Forbidden(Principal),
    #[error("{0}")]
    BadPosition(String),
    #[error(transparent)]
    Log(LogError),
}

pub(crate) fn describe() -> Description {
    Description::new("readTopic", "Records of a log topic, in order")
        .query(PARAMETERS)
        .answers::<TopicRecords>("The records, and where the next reading begins.")
}

#[tracing::instrument(name = "http.topic.read", skip_all, fields(topic.name = %name))]
pub(crate) async fn read(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Path(name): Path<String>,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<TopicRecords>, Problem> {
    let query = Query::parse(pairs, PARAMETERS)?;
    let topic = readable(&inbox, &caller, &name)?;
    let incarnation = inbox.log.incarnation();
    let start = start(query.text("from"), &incarnation, &topic)?;
    let limit = usize::try_from(query.number("limit")).unwrap_or(1);
    let wait = Duration::from_secs(query.number("wait").into());
    let waiting = reader::read(&inbox.log, &topic, start.clone(), (limit, wait));
    let reading = match inbox.stop.run_until_cancelled(waiting).await {
        Some(reading) => reading,
        // The process stops: what is there now is the answer.
        None => reader::read(&inbox.log, &topic, start, (limit, Duration::ZERO)).await,
    };
    let reading = reading.map_err(TopicError::from)?;
    Ok(Json(TopicRecords {
        records: reading.records.into_iter().map(RecordView::from).collect(),
        next: reading.next.encode(&incarnation, topic.as_str()),
        skipped: reading.skipped,
    }))
}

/// The topic, when it exists and this caller may read it: the queue of a department for
/// whoever sees the department, the rest for those trusted with everybody's posts. A queue
/// of another department looks like none at all.
fn readable(inbox: &Inbox, caller: &Principal, name: &str) -> Result<TopicName, TopicError> {
    let scope = caller.scope();
    let ownership = inbox.ownership.get();
    let seen = ownership
        .departments
        .iter()
        .filter(|department| scope.contains(department));
    let queues: Vec<TopicName> = seen.map(topic::queue).collect();
    let rest: Vec<TopicName> = topic::standard_topics(1)
        .into_iter()
        .map(|topic| topic.name)
        .collect();
    if let Some(queue) = queues.iter().find(|queue| queue.as_str() == name) {
        return Ok(queue.clone());
    }
    let trusted = caller.may(Action::ReadTopics);
    match rest.iter().find(|topic| topic.as_str() == name) {
        Some(topic) if trusted => Ok(topic.clone()),
        Some(_) => Err(TopicError::Forbidden(caller.clone())),
        None => {
            let known = queues.iter().chain(rest.iter().filter(|_| trusted));
            let known = known.map(TopicName::as_str).collect::<Vec<_>>().join(", ");
            Err(TopicError::NoSuchTopic {
                name: shown(name),
                known,
            })
        }
    }
}

fn start(from: Option<&str>, incarnation: &str, topic: &TopicName) -> Result<Start, TopicError> {
    match from {
        None | Some("earliest") => Ok(Start::Earliest),
        Some("latest") => Ok(Start::Latest),
        Some(text) => {
            if let Ok(time) = text.parse() {
                return Ok(Start::Time(time));
            }
            TopicPosition::decode(text, incarnation, topic.as_str())
                .map(Start::Position)
                .map_err(|error| TopicError::BadPosition(error.to_string()))
        }
    }
}

impl From<PlacedRecord> for RecordView {
    fn from(placed: PlacedRecord) -> Self {
        let record = placed.record;
        Self {
            partition: placed.partition,
            offset: record.offset,
            key: record.key,
            timestamp: record.timestamp,
            value: value(&record.payload),
        }
    }
}

/// The record itself where it is JSON, which all of ours are; else its text.
fn value(payload: &[u8]) -> Box<RawValue> {
    let json = serde_json::from_slice::<Box<RawValue>>(payload);
    json.or_else(|_| serde_json::value::to_raw_value(&String::from_utf8_lossy(payload)))
        .unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the shape serde asks for"
)]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl From<ReadError> for TopicError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::AfterEnd => Self::BadPosition(error.to_string()),
            ReadError::Log(error) => Self::Log(error),
        }
    }
}

impl From<TopicError> for Problem {
    fn from(error: TopicError) -> Self {
        match error {
            TopicError::NoSuchTopic { .. } => Self::not_found(error.to_string()),
            TopicError::Forbidden(caller) => forbidden(&caller),
            TopicError::BadPosition(message) => Self::bad_request(message),
            TopicError::Log(error) => Self::from(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::World;
    use rstest::rstest;
    use switchboard_domain::Slug;
    use switchboard_stream::topic::{TICKET_EVENTS, queue};

    #[tokio::test]
    async fn reads_on_from_next() {
        let world = World::new().await;
        for number in 0..5 {
            let key = number.to_string();
            world
                .append(
                    queue(&Slug::from_any("support")),
                    &key,
                    &format!("{{\"n\":{number}}}"),
                )
                .await;
        }
        let mut path = "/api/v1/topics/queue.support?limit=2".to_owned();
        let mut numbers = vec![];
        for _ in 0..3 {
            let answer = world.get("ann", &path).await;
            let records = answer.json["records"].as_array().unwrap();
            numbers.extend(
                records
                    .iter()
                    .map(|record| record["value"]["n"].as_u64().unwrap()),
            );
            let next = answer.json["next"].as_str().unwrap();
            path = format!("/api/v1/topics/queue.support?limit=2&from={next}");
        }
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
    }

    #[tokio::test]
    async fn waits_for_a_first_record() {
        let world = World::new().await;
        let end = world
            .get("root", "/api/v1/topics/ticket.events?from=latest")
            .await;
        assert_eq!(end.at("/records"), "[]");
        let next = end.json["next"].as_str().unwrap();
        let path = format!("/api/v1/topics/ticket.events?from={next}&wait=30");
        let append = world.append(TICKET_EVENTS, "k", "{\"v\":1}");
        let (answer, _) = tokio::join!(world.get("root", &path), append);
        assert_eq!(answer.at("/records/0/value"), r#"{"v":1}"#);
    }

    #[rstest]
    #[case::own_queue("ann", "queue.support", 200)]
    #[case::queue_of_others("ann", "queue.sales", 404)]
    #[case::everybodys_posts("ann", "mention.received", 403)]
    #[case::supervisor("sue", "mention.received", 200)]
    #[case::nowhere("root", "mention.recieved", 404)]
    #[case::not_a_name("root", "Mention%20x", 404)]
    #[tokio::test]
    async fn who_reads_what(#[case] who: &str, #[case] topic: &str, #[case] want: u16) {
        let world = World::new().await;
        let answer = world.get(who, &format!("/api/v1/topics/{topic}")).await;
        assert_eq!(answer.status.as_u16(), want, "{answer}");
    }

    #[tokio::test]
    async fn an_unknown_topic_names_the_known_ones() {
        let world = World::new().await;
        let answer = world.get("ann", "/api/v1/topics/queue.x").await;
        assert_eq!(
            answer.error(),
            "404 Not Found not_found: there is no log topic `queue.x` (known: queue.support)"
        );
    }

    #[rstest]
    #[case::word("yesterday")]
    #[case::of_another_topic("01000000000000000000000000000000000000000000000000")]
    #[tokio::test]
    async fn refuses_a_foreign_position(#[case] from: &str) {
        let world = World::new().await;
        let path = format!("/api/v1/topics/queue.support?from={from}");
        assert_eq!(world.get("ann", &path).await.status, 400);
    }

    #[tokio::test]
    async fn a_time_skips_what_is_older() {
        let world = World::new().await;
        world.append(TICKET_EVENTS, "k", "1").await;
        world.clock.advance(jiff::SignedDuration::from_mins(1));
        world.append(TICKET_EVENTS, "k", "2").await;
        let path = "/api/v1/topics/ticket.events?from=2026-03-01T12:00:30Z";
        let answer = world.get("root", path).await;
        assert_eq!(answer.at("/records/0/value"), "2");
        assert_eq!(answer.at("/records/1"), "nothing");
    }
}
