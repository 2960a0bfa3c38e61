//! What surrounds every answer: its id, its security headers, its metrics, and JSON for
//! whatever went wrong inside.

use super::problem::Problem;
use crate::state::Inbox;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::time::Instant;
use switchboard_telemetry::{Counter, Histogram, Method, StatusClass};
use tracing::Instrument;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The API answers data only: nothing in it may run, be framed, be guessed or be kept.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// The outermost layer.
pub(crate) async fn envelop(State(inbox): State<Inbox>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = inbox.request_ids.next();
    let method = Method::from_name(request.method().as_str());
    let span = tracing::info_span!("http.request", request.id = %id, http.method = method.as_str());
    let answer = next.run(request).instrument(span).await;
    let mut answer = with_body(answer, &id);
    let class = StatusClass::from_status(answer.status().as_u16());
    let seconds = started.elapsed().as_secs_f64();
    inbox.metrics.add(
        Counter::HttpRequests {
            method,
            status_class: class,
        },
        1,
    );
    inbox.metrics.observe(
        Histogram::HttpRequestDuration {
            method,
            status_class: class,
        },
        seconds,
    );
    if let Ok(id) = HeaderValue::from_str(&id) {
        answer.headers_mut().insert(REQUEST_ID, id);
    }
    answer.headers_mut().extend(SECURITY_HEADERS);
    answer
}

/// Every failure gets the one JSON body, also those that axum answers by itself.
fn with_body(mut answer: Response, request_id: &str) -> Response {
    let status = answer.status();
    let problem = answer.extensions_mut().remove::<Problem>();
    let failed = status.is_client_error() || status.is_server_error();
    match (problem, failed) {
        (Some(problem), _) => problem.render(request_id),
        (None, false) => answer,
        (None, true) => {
            let mut rendered = Problem::generic(status).render(request_id);
            if let Some(allow) = answer.headers().get(header::ALLOW) {
                rendered.headers_mut().insert(header::ALLOW, allow.clone());
            }
            rendered
        }
    }
}

/// A handler panicked: a defect of ours. The request gets a 500, the process goes on.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape tower-http asks for"
)]
pub(crate) fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no text");
    tracing::error!(panic = text, "a request handler panicked");
    Problem::internal().into_response()
}
