//! The one shape of every error answer.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;
use switchboard_storage::StorageError;
use switchboard_stream::log::LogError;
use utoipa::ToSchema;

/// An error on its way out. The outermost layer turns it into JSON, because only that layer
/// knows the request's id; until then it travels in the response's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    current: Option<Arc<RawValue>>,
    authenticate: Option<&'static str>,
    retry_after_seconds: Option<u32>,
}

/// The body of every answer that is not a success (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemBody {
    /// Always `about:blank`: the status and `code` say what kind it is.
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    /// The status as a number.
    status: u16,
    /// A word that programs may rely on.
    code: &'static str,
    /// One sentence for people, with the way out.
    detail: String,
    /// Names the request in the server's log.
    request_id: String,
    /// The ticket as it is now, where the request met another version of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = crate::openapi::schema::ticket_reference)]
    current: Option<Arc<RawValue>>,
}

/// What such a body is sent as.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// How long a client should leave a store alone that could not answer: longer than any one
/// transaction, shorter than a person's patience.
const RETRY_AFTER_SECONDS: u32 = 2;

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            current: None,
            authenticate: None,
            retry_after_seconds: None,
        }
    }

    /// 400: the request cannot be read.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// 401, with the scheme that would open the door.
    pub(crate) fn unauthorized(message: &'static str, authenticate: &'static str) -> Self {
        let problem = Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message);
        Self {
            authenticate: Some(authenticate),
            ..problem
        }
    }

    /// 403: known, and not allowed.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// 404: not there, or not for this caller; the two look the same on purpose.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 422: readable, and refused by the rules.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", message)
    }

    /// 409 with the ticket as it is now.
    pub(crate) fn conflict<T: Serialize>(
        code: &'static str,
        message: impl Into<String>,
        current: &T,
    ) -> Self {
        let current = serde_json::value::to_raw_value(current).ok().map(Arc::from);
        Self {
            current,
            ..Self::new(StatusCode::CONFLICT, code, message)
        }
    }

    /// 500 with nothing of the cause in it; the caller of this has logged the cause.
    pub(crate) fn internal() -> Self {
        Self::generic(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// 503: try again soon. The caller of this has logged the cause.
    pub(crate) fn unavailable() -> Self {
        Self {
            retry_after_seconds: Some(RETRY_AFTER_SECONDS),
            ..Self::generic(StatusCode::SERVICE_UNAVAILABLE)
        }
    }

    /// 429: this caller has too much going on.
    pub(crate) fn too_many_requests(message: impl Into<String>) -> Self {
        Self {
            retry_after_seconds: Some(RETRY_AFTER_SECONDS),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message)
        }
    }

    /// 503 for a reason the caller should know: too many at once.
    pub(crate) fn busy(message: impl Into<String>) -> Self {
        Self {
            retry_after_seconds: Some(RETRY_AFTER_SECONDS),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message)
        }
    }

    /// The status it will have.
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    /// What can be said when all that is known is the status.
    pub(crate) fn generic(status: StatusCode) -> Self {
        let (code, message) = match status {
            StatusCode::NOT_FOUND => (
                "not_found",
                "there is nothing here; see /api/v1/openapi.json",
            ),
            StatusCode::METHOD_NOT_ALLOWED => (
                "method_not_allowed",
                "this address knows other methods; see the `Allow` header",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "the body is too large"),
            StatusCode::SERVICE_UNAVAILABLE => (
                "unavailable",
                "a part of the system cannot answer now, try again",
            ),
            status if status.is_client_error() => ("bad_request", "the request cannot be read"),
            _ => (
                "internal",
                "something went wrong on our side; the log has it under the request id",
            ),
        };
        Self::new(status, code, message)
    }

    /// The answer as it goes over the wire.
    pub(crate) fn render(self, request_id: &str) -> Response {
        let body = ProblemBody {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Unknown"),
            status: self.status.as_u16(),
            code: self.code,
            detail: self.message,
            request_id: request_id.to_owned(),
            current: self.current,
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(scheme) = self.authenticate {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The store could not answer: logged here, once, and nothing of it goes out.
impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        tracing::error!(%error, "the store could not answer a request");
        if error.is_transient() {
            Self::unavailable()
        } else {
            Self::internal()
        }
    }
}

/// The log could not answer: logged here, once.
impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        tracing::error!(%error, "the log could not answer a request");
        Self::unavailable()
    }
}
