//! A JSON body, read strictly: an unknown field is a mistake, not a silent nothing.

use super::problem::Problem;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Far above a reply of [`switchboard_domain::ticket::command::MAX_TEXT_BYTES`], escapes
/// and all.
pub(crate) const BODY_BYTES_MAX: usize = 512 * 1024;

/// Half a megabyte over a bad mobile line; who is slower holds a connection for nothing.
const BODY_WAIT: Duration = Duration::from_secs(20);

/// The parsed body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let reading = Json::<T>::from_request(request, state);
        match tokio::time::timeout(BODY_WAIT, reading).await {
            Ok(Ok(Json(body))) => Ok(Self(body)),
            Ok(Err(rejection)) => Err(explain(&rejection)),
            Err(_) => Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "body_incomplete",
                format!("the body did not arrive within {} s", BODY_WAIT.as_secs()),
            )),
        }
    }
}

fn explain(rejection: &JsonRejection) -> Problem {
    match rejection {
        JsonRejection::MissingJsonContentType(_) => Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not_json",
            "the body must be sent as `Content-Type: application/json`",
        ),
        JsonRejection::JsonDataError(_) | JsonRejection::JsonSyntaxError(_) => {
            Problem::bad_request(rejection.body_text())
        }
        other if other.status() == StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("the body is over the limit of {BODY_BYTES_MAX} bytes"),
        ),
        other => Problem::generic(other.status()),
    }
}
