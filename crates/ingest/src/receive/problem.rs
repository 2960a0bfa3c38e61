//! Every way a request is turned away, as `application/problem+json`.

use super::limits::RETRY_AFTER;
use crate::mention::BodyError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use switchboard_telemetry::RejectReason;

/// Why nothing of a request was taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No token, or one that is unknown, expired or revoked.
    #[error("send `Authorization: Bearer TOKEN` with a token that is neither expired nor revoked")]
    Unauthorized,
    /// A good token of a role that may not send mentions.
    #[error("`{name}` may not send mentions; use a token of role `ingest` or `admin`")]
    Forbidden {
        /// Whose token it is.
        name: String,
    },
    /// The body is compressed.
    #[error("content encoding `{encoding}` is not read here; send the body as it is")]
    UnsupportedEncoding {
        /// What the header says.
        encoding: String,
    },
    /// Neither JSON nor NDJSON.
    #[error(
        "content type `{content_type}` is not read here; send `application/json` or \
         `application/x-ndjson`"
    )]
    UnsupportedType {
        /// What the header says.
        content_type: String,
    },
    /// More bytes than the limit.
    #[error("the body is over {limit} bytes; send it in parts")]
    BodyTooLarge {
        /// The limit.
        limit: usize,
    },
    /// More items than the limit.
    #[error("the body has more than {limit} items; send it in parts")]
    TooManyItems {
        /// The limit.
        limit: usize,
    },
    /// The body ended, or stopped coming, before its end.
    #[error("the body did not arrive whole; send it again")]
    BodyIncomplete,
    /// No JSON at all.
    #[error("{0}")]
    NotMentions(String),
    /// A key that cannot be kept.
    #[error("`Idempotency-Key` must be 1 to {limit} visible ASCII characters")]
    InvalidIdempotencyKey {
        /// The most characters.
        limit: usize,
    },
    /// The key was used for something else.
    #[error("this `Idempotency-Key` was used with another body; use a new key for a new body")]
    IdempotencyKeyReused,
    /// Not now: nothing is wrong with the request.
    #[error("{reason}; send the same again after {} s", RETRY_AFTER.as_secs())]
    Busy {
        /// What there is too much or too little of.
        reason: &'static str,
    },
}

impl Problem {
    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::UnsupportedEncoding { .. } | Self::UnsupportedType { .. } => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Self::BodyTooLarge { .. } | Self::TooManyItems { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyIncomplete | Self::NotMentions(_) | Self::InvalidIdempotencyKey { .. } => {
                StatusCode::BAD_REQUEST
            }
            Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The word programs switch on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Forbidden { .. } => "forbidden",
            Self::UnsupportedEncoding { .. } => "unsupported_encoding",
            Self::UnsupportedType { .. } => "unsupported_content_type",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::TooManyItems { .. } => "too_many_items",
            Self::BodyIncomplete => "body_incomplete",
            Self::NotMentions(_) => "not_mentions",
            Self::InvalidIdempotencyKey { .. } => "invalid_idempotency_key",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::Busy { .. } => "busy",
        }
    }

    /// The metric's word; `None` where no mention was refused, only a request mistaken.
    pub const fn reject_reason(&self) -> Option<RejectReason> {
        match self {
            Self::Unauthorized | Self::Forbidden { .. } => Some(RejectReason::Unauthorized),
            Self::UnsupportedEncoding { .. }
            | Self::UnsupportedType { .. }
            | Self::BodyIncomplete
            | Self::NotMentions(_) => Some(RejectReason::Malformed),
            Self::BodyTooLarge { .. } => Some(RejectReason::TooLarge),
            Self::TooManyItems { .. } => Some(RejectReason::TooMany),
            Self::InvalidIdempotencyKey { .. } | Self::IdempotencyKeyReused => None,
            Self::Busy { .. } => Some(RejectReason::Busy),
        }
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::NotMentions(reason) => Self::NotMentions(reason),
            BodyError::TooManyItems { limit } => Self::TooManyItems { limit },
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = serde_json::json!({
            "type": "about:blank",
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "code": self.code(),
            "detail": self.to_string(),
        });
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        let problem = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, problem);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self {
            Self::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Busy { .. } => {
                headers.insert(
                    header::RETRY_AFTER,
                    HeaderValue::from(RETRY_AFTER.as_secs()),
                );
            }
            _ => {}
        }
        response
    }
}
