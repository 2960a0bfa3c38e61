//! What surrounds every answer: its id, its security headers, its metrics, and JSON for
//! whatever went wrong inside.

use super::problem::{PROBLEM_JSON, Problem};
use crate::config::PublicUrl;
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

/// What an answer is to a browser. The handler says so in the answer's extensions; without a
/// word it is data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Dress {
    /// Nothing in it may run, be framed, be guessed or be kept.
    #[default]
    Data,
    /// A document for people: it may load what is ours, and nothing else.
    Page,
    /// A file of the page, the same for everybody; it says itself how long it may be kept.
    Asset,
}

const DATA_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// No inline script or style, nothing from elsewhere. The one policy of trusted types is the
/// compiler's of the page, for its own templates; posts are always text.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; \
     trusted-types svelte-trusted-html",
);

/// On every answer.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 4] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
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

/// One year: browsers that have been here by TLS never come without it again.
const TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

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
    inbox
        .metrics
        .observe(Histogram::HttpRequestDuration { method }, seconds);
    if let Ok(id) = HeaderValue::from_str(&id) {
        answer.headers_mut().insert(REQUEST_ID, id);
    }
    let is_tls = inbox
        .config
        .public_url
        .as_ref()
        .is_some_and(PublicUrl::is_https);
    dress(&mut answer, is_tls);
    answer
}

fn dress(answer: &mut Response, is_tls: bool) {
    let dress: Dress = answer.extensions_mut().remove().unwrap_or_default();
    let headers = answer.headers_mut();
    headers.extend(SECURITY_HEADERS);
    let policy = match dress {
        Dress::Page => PAGE_POLICY,
        Dress::Data | Dress::Asset => DATA_POLICY,
    };
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    if dress != Dress::Asset {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if is_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
}

/// Every failure gets the one JSON body, also those that axum answers by itself.
fn with_body(mut answer: Response, request_id: &str) -> Response {
    let status = answer.status();
    let problem = answer.extensions_mut().remove::<Problem>();
    let failed = status.is_client_error() || status.is_server_error();
    match (problem, failed) {
        (Some(problem), _) => problem.render(request_id),
        (None, false) => answer,
        (None, true) if explains_itself(&answer) => answer,
        (None, true) => {
            let mut rendered = Problem::generic(status).render(request_id);
            if let Some(allow) = answer.headers().get(header::ALLOW) {
                rendered.headers_mut().insert(header::ALLOW, allow.clone());
            }
            rendered
        }
    }
}

/// Routes of others on the listener have bodies of their own for what goes wrong.
fn explains_itself(answer: &Response) -> bool {
    let content_type = answer.headers().get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| {
        let value = value.as_bytes();
        value.starts_with(b"application/json") || value.starts_with(PROBLEM_JSON.as_bytes())
    })
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

#[cfg(test)]
mod tests {
    use super::{Dress, dress, with_body};
    use crate::testing::{BrokenTickets, World};
    use axum::http::StatusCode;
    use axum::response::IntoResponse;
    use http_body_util::BodyExt;
    use rstest::rstest;
    use switchboard_telemetry::{Counter, Method, StatusClass};

    #[tokio::test]
    async fn every_answer_is_data_and_nothing_else() {
        let world = World::new().await;
        for (who, path) in [
            ("", "/"),
            ("ann", "/api/v1/tickets"),
            ("", "/api/v1/openapi.json"),
        ] {
            let is_problem = path == "/";
            let answer = world.get(who, path).await;
            let headers = [
                "content-security-policy",
                "x-content-type-options",
                "cache-control",
                "referrer-policy",
                "cross-origin-opener-policy",
                "cross-origin-resource-policy",
            ]
            .map(|name| format!("{name}: {}", answer.header(name)));
            insta::allow_duplicates! {
                insta::assert_snapshot!(headers.join("\n"), @"
                content-security-policy: default-src 'none'; frame-ancestors 'none'
                x-content-type-options: nosniff
                cache-control: no-store
                referrer-policy: no-referrer
                cross-origin-opener-policy: same-origin
                cross-origin-resource-policy: same-origin
                ");
            }
            let kind = if is_problem {
                "application/problem+json"
            } else {
                "application/json"
            };
            assert_eq!(answer.header("content-type"), kind);
        }
    }

    #[rstest]
    #[case::page(
        Dress::Page,
        false,
        "\
        referrer-policy: no-referrer\n\
        x-content-type-options: nosniff\n\
        cross-origin-opener-policy: same-origin\n\
        cross-origin-resource-policy: same-origin\n\
        content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; \
        img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; \
        form-action 'self'; frame-ancestors 'none'; object-src 'none'; \
        require-trusted-types-for 'script'; trusted-types svelte-trusted-html\n\
        cache-control: no-store"
    )]
    #[case::asset_by_tls(
        Dress::Asset,
        true,
        "\
        referrer-policy: no-referrer\n\
        x-content-type-options: nosniff\n\
        cross-origin-opener-policy: same-origin\n\
        cross-origin-resource-policy: same-origin\n\
        content-security-policy: default-src 'none'; frame-ancestors 'none'\n\
        strict-transport-security: max-age=31536000"
    )]
    fn every_dress_has_its_headers(
        #[case] as_what: Dress,
        #[case] is_tls: bool,
        #[case] want: &str,
    ) {
        let mut answer = StatusCode::OK.into_response();
        answer.extensions_mut().insert(as_what);
        dress(&mut answer, is_tls);
        let headers = answer.headers().iter();
        let mut lines: Vec<_> = headers
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        let mut want: Vec<_> = want.lines().map(str::to_owned).collect();
        lines.sort();
        want.sort();
        assert_eq!(lines, want);
    }

    #[rstest]
    #[case::of_others("application/problem+json", "theirs")]
    #[case::of_axum("text/plain; charset=utf-8", "ours")]
    #[tokio::test]
    async fn failures_of_others_keep_their_words(#[case] content_type: &str, #[case] want: &str) {
        let failed = (
            StatusCode::BAD_REQUEST,
            [("content-type", content_type)],
            "{}",
        );
        let answer = with_body(failed.into_response(), "run-1");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let whose = if body == "{}" { "theirs" } else { "ours" };
        assert_eq!(whose, want);
    }

    #[tokio::test]
    async fn the_id_stands_in_header_and_body() {
        let world = World::new().await;
        let first = world.get("", "/api/v1/tickets").await;
        let second = world.get("", "/api/v1/tickets").await;
        assert_eq!(first.header("x-request-id"), "run-1");
        assert_eq!(first.at("/request_id"), "\"run-1\"");
        assert_eq!(second.header("x-request-id"), "run-2");
    }

    #[tokio::test]
    async fn what_axum_answers_by_itself_has_the_same_shape() {
        let world = World::new().await;
        let answer = world
            .call("ann", "DELETE", "/api/v1/tickets/1", &[], "")
            .await;
        assert_eq!(answer.header("allow"), "GET,HEAD");
        assert_eq!(
            answer.error(),
            "405 Method Not Allowed method_not_allowed: this address knows other methods; see the `Allow` header"
        );
        let nothing = world.get("ann", "/api/v2").await;
        assert_eq!(
            nothing.error(),
            "404 Not Found not_found: there is nothing here; see /api/v1/openapi.json"
        );
    }

    #[rstest]
    #[case::panics(
        BrokenTickets::Panics,
        "500 Internal Server Error internal: something went wrong on our side; the log has it under the request id"
    )]
    #[case::unavailable(
        BrokenTickets::Unavailable,
        "503 Service Unavailable unavailable: a part of the system cannot answer now, try again"
    )]
    #[case::corrupt(
        BrokenTickets::Corrupt,
        "500 Internal Server Error internal: something went wrong on our side; the log has it under the request id"
    )]
    #[tokio::test]
    async fn nothing_of_a_failure_goes_out(#[case] how: BrokenTickets, #[case] want: &str) {
        let world = World::broken(how).await;
        let answer = world.get("ann", "/api/v1/tickets/1").await;
        assert_eq!(answer.error(), want);
        assert_eq!(answer.header("retry-after") == "2", answer.status == 503);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }

    #[tokio::test]
    async fn requests_are_counted() {
        let world = World::new().await;
        world.get("", "/api/v1/tickets").await;
        let refused = Counter::HttpRequests {
            method: Method::Get,
            status_class: StatusClass::ClientError,
        };
        assert_eq!(world.metrics.counter_value(refused), 1);
    }
}
