//! `GET /api/v1/live`

use super::subscription::Subscription;
use crate::http::problem::Problem;
use crate::http::query::{Kind, Parameter, Query, shown};
use crate::openapi::describe::Description;
use crate::state::Inbox;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Query as Pairs, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use std::convert::Infallible;
use std::time::Duration;
use switchboard_domain::access::Principal;

const PARAMETERS: &[Parameter] = &[Parameter {
    name: "after",
    description: "The last number heard; `Last-Event-ID` goes before it. Without either: from now on.",
    kind: Kind::Text,
}];

/// After a start the feed reads ten minutes of changes; a second or two on a busy day.
const READY_WAIT: Duration = Duration::from_secs(5);

/// Browsers send the last `id:` by this name when they connect again.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub(crate) fn describe() -> Description {
    Description::new("openLive", "Changes as they happen, as server-sent events")
        .query(PARAMETERS)
        .streams(
            "`changes`: tickets that changed, as the list shows them, and the ids of those that \
             left the caller's departments, for the numbers `from` to `to`. `resync`: what lies \
             between cannot be told, read the lists again. `queues`: the body of \
             `/api/v1/queues`. `incidents`: those that are new or changed. `signed-out`: the \
             credentials are no longer good; the last word. The `id` is the number to resume \
             after.",
        )
        .problem(
            StatusCode::TOO_MANY_REQUESTS,
            "The caller has too many streams open.",
        )
        .problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many streams are open, or the log cannot be read.",
        )
}

#[tracing::instrument(name = "http.live.open", skip_all)]
pub(crate) async fn open(
    State(inbox): State<Inbox>,
    Extension(caller): Extension<Principal>,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Query::parse(pairs, PARAMETERS)?;
    let after = after(&headers, query.text("after"))?;
    let seat = inbox.live.seats.take(&caller.name)?;
    let mut newest = inbox.live.newest.subscribe();
    let ready = newest.wait_for(Option::is_some);
    let ready = tokio::time::timeout(READY_WAIT, ready).await;
    if !matches!(ready, Ok(Ok(_))) {
        return Err(Problem::unavailable());
    }
    let subscription = Subscription::new(inbox, (caller, credentials(&headers)), after, seat);
    let words = stream::unfold(subscription, |mut subscription| async move {
        let text = subscription.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(text)), subscription))
    });
    Ok((stream_headers(), Body::from_stream(words)).into_response())
}

/// A browser that reconnects knows better than the address it was first given.
fn after(headers: &HeaderMap, parameter: Option<&str>) -> Result<Option<u64>, Problem> {
    let header = headers
        .get(LAST_EVENT_ID)
        .map(|value| value.to_str().unwrap_or("?"));
    let Some(text) = header.filter(|text| !text.is_empty()).or(parameter) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        Problem::bad_request(format!(
            "`{}` is not the `id` of an event: connect without one",
            shown(text)
        ))
    })
}

/// All that is needed to ask again who this is.
pub(super) fn credentials(headers: &HeaderMap) -> HeaderMap {
    [header::AUTHORIZATION, header::COOKIE]
        .into_iter()
        .flat_map(|name| {
            let values = headers.get_all(&name).iter().cloned();
            values
                .map(move |value| (name.clone(), value))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn stream_headers() -> [(HeaderName, HeaderValue); 2] {
    [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream"),
        ),
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ]
}
