//! What surrounds every page: its headers, its id, its metrics, and a page for what failed.

use super::template::{NoticePage, page};
use crate::http::problem::Problem;
use crate::state::Inbox;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;
use switchboard_telemetry::{Counter, Histogram, Method, StatusClass};
use tracing::Instrument;

/// A page has one style sheet, forms that lead here, and nothing else. The referrer stays
/// within the server, so that browsers send `Origin` along with forms.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
             base-uri 'none'; frame-ancestors 'none'",
        ),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
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

/// A year, where browsers come by TLS.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The outermost layer of the pages.
pub(super) async fn dress(State(inbox): State<Inbox>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = inbox.request_ids.next();
    let method = Method::from_name(request.method().as_str());
    let span = tracing::info_span!("http.page", request.id = %id, http.method = method.as_str());
    let answer = next.run(request).instrument(span).await;
    let mut answer = with_page(answer, &id);
    count(&inbox, method, answer.status(), started);
    let headers = answer.headers_mut();
    headers.extend(HEADERS);
    if inbox
        .config
        .public_url
        .as_ref()
        .is_some_and(crate::config::PublicUrl::is_https)
    {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-request-id", id);
    }
    answer
}

/// Failures that brought no page of their own get one.
fn with_page(mut answer: Response, request_id: &str) -> Response {
    let status = answer.status();
    let failed = status.is_client_error() || status.is_server_error();
    let problem = answer.extensions_mut().remove::<Problem>();
    if !failed || (problem.is_none() && is_html(answer.headers())) {
        return answer;
    }
    let text = if status == StatusCode::FORBIDDEN {
        "This form was sent from another page than ours, so nothing was done. Open the address \
         of this server yourself and try again."
            .to_owned()
    } else {
        format!("Try again in a moment. The server's log has it under {request_id}.")
    };
    let notice = NoticePage {
        title: "That did not work",
        text: &text,
        command: None,
        link: Some(("/login", "To the login")),
    };
    let mut rendered = page(status, &notice);
    if let Some(allow) = answer.headers().get(header::ALLOW) {
        rendered.headers_mut().insert(header::ALLOW, allow.clone());
    }
    rendered
}

fn is_html(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn count(inbox: &Inbox, method: Method, status: StatusCode, started: Instant) {
    let status_class = StatusClass::from_status(status.as_u16());
    let requests = Counter::HttpRequests {
        method,
        status_class,
    };
    inbox.metrics.add(requests, 1);
    let duration = Histogram::HttpRequestDuration { method };
    let seconds = started.elapsed().as_secs_f64();
    inbox.metrics.observe(duration, seconds);
}
