//! `POST /api/v1/mentions`: mentions from anybody's system.
//!
//! | module | holds |
//! |---|---|
//! | `limits` | what is taken, and how long is waited |
//! | `problem` | every way a request is turned away |
//! | `body` | takes the bytes in |
//! | `intake` | bytes to records and to the answer |
//! | `replay` | answers given before, by `Idempotency-Key` |
//!
//! 202 is said only after the log has every accepted item; until then the sender keeps them.
//! A sender who got no answer sends again: duplicates are absorbed by the mention's identity.

mod body;
mod intake;
mod limits;
mod problem;
mod replay;
#[cfg(test)]
pub(crate) mod tests;

pub use limits::{
    APPEND_WAIT_MAX, BACKLOG_AGE_MAX, BACKLOG_MAX, BACKLOG_WAIT_MAX, BODIES_IN_FLIGHT_BYTES_MAX,
    BODY_BYTES_MAX, BODY_WAIT_MAX, IDEMPOTENCY_KEY_MAX, RETRY_AFTER, ROOM_WAIT_MAX, ReceiveLimits,
};
pub use problem::Problem;

use crate::backlog::BacklogView;
use crate::mention::BodyFormat;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Request, header};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use intake::Intake;
use jiff::Timestamp;
use replay::{Answer, ReplayKey};
use std::sync::Arc;
use switchboard_domain::Clock;
use switchboard_domain::access::{Action, Principal};
use switchboard_storage::{Authenticator, IdempotencyKeys};
use switchboard_stream::{Log, LogError, NewRecord};
use switchboard_telemetry::{Counter, Metrics, PlatformLabel};
use tokio::sync::{Semaphore, SemaphorePermit};

/// The OpenAPI document of this route, as JSON; `inbox` serves it with its own.
pub const OPENAPI: &str = include_str!("openapi.json");

/// What the receiver works with.
#[derive(Clone)]
pub struct Receiver {
    /// Where mentions go.
    pub log: Arc<dyn Log>,
    /// Whose token it is.
    pub authenticator: Authenticator,
    /// Answers given before.
    pub idempotency_keys: Arc<dyn IdempotencyKeys>,
    /// Counts what is received and refused.
    pub metrics: Metrics,
    /// When mentions are received.
    pub clock: Arc<dyn Clock>,
    /// What is taken.
    pub limits: ReceiveLimits,
    /// The group whose backlog holds senders back: the classifier's.
    pub backlog_group: String,
}

/// The routes of this crate; `server` merges them with those of `inbox`.
pub fn router(receiver: Receiver) -> Router {
    let state = Arc::new(Shared {
        receiver,
        backlog: BacklogView::default(),
        room: Semaphore::new(kib(BODIES_IN_FLIGHT_BYTES_MAX) as usize),
    });
    Router::new()
        .route("/api/v1/mentions", post(receive))
        // The body is read by hand, within a limit of its own.
        .layer(DefaultBodyLimit::disable())
        .with_state(state)
}

struct Shared {
    receiver: Receiver,
    backlog: BacklogView,
    /// In KiB of bodies.
    room: Semaphore,
}

#[tracing::instrument(name = "http.mentions.receive", skip_all)]
async fn receive(
    State(shared): State<Arc<Shared>>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let answer = shared.answer(request).await;
    if let Err(problem) = &answer {
        shared.count(problem);
    }
    answer
}

impl Shared {
    async fn answer(&self, request: Request<Body>) -> Result<Response, Problem> {
        let now = self.receiver.clock.now();
        let (parts, body) = request.into_parts();
        let principal = self.sender(&parts.headers, now).await?;
        let format = body::format_of(&parts.headers)?;
        let key = ReplayKey::from_headers(&principal, &parts.headers)?;
        self.refuse_over_backlog(now).await?;
        let _room = self.room(&parts.headers).await?;
        let body = body::read_body(body, self.receiver.limits.body_bytes)
            .await?
            .freeze();
        let Some(key) = key else {
            return Ok(self.take(body, format, now).await?.into_response());
        };
        let request = key.with_body(format, &body);
        if let Some(answer) = request
            .answered(&*self.receiver.idempotency_keys, now)
            .await?
        {
            return Ok(answer.into_replayed_response());
        }
        let answer = self.take(body, format, now).await?;
        request
            .keep(&*self.receiver.idempotency_keys, &answer, now)
            .await;
        Ok(answer.into_response())
    }

    /// Reads the items, makes them durable, and only then has an answer.
    async fn take(
        &self,
        body: Bytes,
        format: BodyFormat,
        now: Timestamp,
    ) -> Result<Answer, Problem> {
        let limits = self.receiver.limits.clone();
        // 16 MiB of JSON take a good part of a second: not on a thread that serves others.
        let reading =
            tokio::task::spawn_blocking(move || Intake::read(&body, format, &limits, now));
        let mut intake = reading.await.map_err(|error| {
            tracing::error!(%error, "reading a body of mentions did not finish");
            Problem::Busy {
                reason: "the body could not be read",
            }
        })??;
        self.append(std::mem::take(&mut intake.records)).await?;
        intake.count(&self.receiver.metrics);
        Ok(Answer::of(&intake.summary))
    }

    /// A timeout does not say that the records are not in the log; the sender comes again,
    /// and duplicates are absorbed.
    async fn append(&self, records: Vec<NewRecord>) -> Result<(), Problem> {
        if records.is_empty() {
            return Ok(());
        }
        let appending = self.receiver.log.append(records);
        match tokio::time::timeout(self.receiver.limits.append_wait, appending).await {
            Ok(Ok(_positions)) => Ok(()),
            Ok(Err(error)) => Err(refused_by_log(&error)),
            Err(_elapsed) => Err(Problem::Busy {
                reason: "the log takes too long to answer",
            }),
        }
    }

    async fn sender(&self, headers: &HeaderMap, now: Timestamp) -> Result<Principal, Problem> {
        let bearer = bearer_of(headers).ok_or(Problem::Unauthorized)?;
        let found = self.receiver.authenticator.authenticate(bearer, now).await;
        let principal = found.map_err(|error| {
            tracing::warn!(%error, "a token could not be checked");
            Problem::Busy {
                reason: "the token cannot be checked now",
            }
        })?;
        let principal = principal.ok_or(Problem::Unauthorized)?;
        if principal.may(Action::IngestMentions) {
            Ok(principal)
        } else {
            Err(Problem::Forbidden {
                name: principal.name,
            })
        }
    }

    async fn refuse_over_backlog(&self, now: Timestamp) -> Result<(), Problem> {
        let Receiver {
            log,
            backlog_group,
            limits,
            ..
        } = &self.receiver;
        let asking = self.backlog.records(&**log, backlog_group, now);
        let asked = tokio::time::timeout(BACKLOG_WAIT_MAX, asking).await;
        let waiting = asked.map_err(|_elapsed| Problem::Busy {
            reason: "the log takes too long to answer",
        })?;
        let waiting = waiting.map_err(|error| refused_by_log(&error))?;
        if waiting > limits.backlog {
            return Err(Problem::Busy {
                reason: "too many mentions wait to be classified",
            });
        }
        Ok(())
    }

    /// Room for the body among the others, until the answer is given.
    async fn room(&self, headers: &HeaderMap) -> Result<SemaphorePermit<'_>, Problem> {
        let bytes = body::expected_bytes(headers, self.receiver.limits.body_bytes)?;
        let waiting = self
            .room
            .acquire_many(kib(bytes.min(BODIES_IN_FLIGHT_BYTES_MAX)));
        match tokio::time::timeout(ROOM_WAIT_MAX, waiting).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(Problem::Busy {
                reason: "too much is being received",
            }),
        }
    }

    fn count(&self, problem: &Problem) {
        if let Some(reason) = problem.reject_reason() {
            let platform = PlatformLabel::Api;
            self.receiver
                .metrics
                .add(Counter::MentionsRejected { platform, reason }, 1);
        }
    }
}

/// The token of `Authorization: Bearer TOKEN`; the scheme's case does not matter.
fn bearer_of(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn refused_by_log(error: &LogError) -> Problem {
    match error {
        LogError::TooLarge { limit, .. } => Problem::BodyTooLarge { limit: *limit },
        LogError::Unavailable { .. } | LogError::Full { .. } | LogError::Closed => {
            tracing::warn!(%error, "mentions were refused");
            Problem::Busy {
                reason: "the log cannot take mentions now",
            }
        }
        _ => {
            tracing::error!(%error, "mentions were refused");
            Problem::Busy {
                reason: "the log cannot take mentions now",
            }
        }
    }
}

/// At least one: an empty body holds a place too.
fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024))
        .unwrap_or(u32::MAX)
        .max(1)
}
