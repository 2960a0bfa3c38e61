//! The same request twice gets the same answer, and is taken once.

use super::intake::Summary;
use super::limits::IDEMPOTENCY_KEY_MAX;
use super::problem::Problem;
use crate::mention::BodyFormat;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use switchboard_domain::access::Principal;
use switchboard_storage::{IdempotencyKeys, RememberedResponse};

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const IDEMPOTENCY_REPLAYED: &str = "idempotency-replayed";

/// A key as its sender knows it: two senders may use the same one for different things.
pub(super) struct ReplayKey {
    principal: String,
    key: String,
}

/// A key and what it was sent with.
pub(super) struct KeyedRequest {
    key: ReplayKey,
    hash: String,
}

/// The answer to a body that could be read, as it is sent and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

impl ReplayKey {
    /// `None` when the sender asks for no such care.
    pub(super) fn from_headers(
        principal: &Principal,
        headers: &HeaderMap,
    ) -> Result<Option<Self>, Problem> {
        let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
            return Ok(None);
        };
        let invalid = Problem::InvalidIdempotencyKey {
            limit: IDEMPOTENCY_KEY_MAX,
        };
        match value.to_str() {
            Ok(key) if (1..=IDEMPOTENCY_KEY_MAX).contains(&key.len()) => Ok(Some(Self {
                principal: principal.name.clone(),
                key: key.to_owned(),
            })),
            _ => Err(invalid),
        }
    }

    pub(super) fn with_body(self, format: BodyFormat, body: &[u8]) -> KeyedRequest {
        let format: &[u8] = match format {
            BodyFormat::Json => b"json\n",
            BodyFormat::Lines => b"lines\n",
        };
        let digest = Sha256::new()
            .chain_update(format)
            .chain_update(body)
            .finalize();
        KeyedRequest {
            key: self,
            hash: hex::encode(digest),
        }
    }
}

impl KeyedRequest {
    /// The answer this request got before.
    pub(super) async fn answered(
        &self,
        keys: &dyn IdempotencyKeys,
        now: Timestamp,
    ) -> Result<Option<Answer>, Problem> {
        let ReplayKey { principal, key } = &self.key;
        let kept = keys.find(principal, key, now).await.map_err(|error| {
            tracing::warn!(%error, "an idempotency key could not be looked up");
            Problem::Busy {
                reason: "the idempotency key cannot be looked up now",
            }
        })?;
        match kept {
            None => Ok(None),
            Some(kept) if kept.request_hash != self.hash => Err(Problem::IdempotencyKeyReused),
            Some(kept) => Ok(Some(Answer::kept(kept))),
        }
    }

    /// The log has the mentions already, so a failure here only costs the care: the same
    /// request would be taken again, and its duplicates absorbed.
    pub(super) async fn keep(self, keys: &dyn IdempotencyKeys, answer: &Answer, now: Timestamp) {
        let ReplayKey { principal, key } = &self.key;
        let response = RememberedResponse {
            request_hash: self.hash,
            status: answer.status.as_u16(),
            body: answer.body.clone(),
        };
        match keys.remember(principal, key, response, now).await {
            Ok(true) => {}
            Ok(false) => tracing::info!("an idempotency key was used twice at the same time"),
            Err(error) => tracing::warn!(%error, "an idempotency key could not be kept"),
        }
    }
}

impl Answer {
    pub(super) fn of(summary: &Summary) -> Self {
        let body = serde_json::to_vec(summary).unwrap_or_default();
        Self {
            status: summary.status(),
            body,
        }
    }

    fn kept(kept: RememberedResponse) -> Self {
        let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::ACCEPTED);
        Self {
            status,
            body: kept.body,
        }
    }

    pub(super) fn into_replayed_response(self) -> Response {
        let mut response = self.into_response();
        response
            .headers_mut()
            .insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        response
    }

    pub(super) fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        (self.status, headers, self.body).into_response()
    }
}
