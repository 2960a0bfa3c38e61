//! `/metrics`, `/livez`, `/readyz`: for machines, on a listener of their own.
//!
//! Liveness asks nothing outside the process: a database that is away must not get every
//! router killed. Readiness asks everything a request would need.

use crate::disk;
use crate::lifecycle::Lifecycle;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde_json::json;
use std::fmt::Display;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use switchboard_storage::Tickets;
use switchboard_stream::log::Log;
use switchboard_stream::topic::MENTION_RECEIVED;
use switchboard_telemetry::{Gauge, Metrics};

/// How long log and store may take to answer: probes give up after some seconds, and a broker
/// that is away is waited for much longer.
const CHECK_LIMIT: Duration = Duration::from_secs(2);

/// What the ops listener looks at.
#[derive(Clone)]
pub(crate) struct Ops {
    pub(crate) metrics: Metrics,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) tickets: Arc<dyn Tickets>,
    pub(crate) data_dir: PathBuf,
}

/// The router of the ops listener.
pub(crate) fn router(ops: Ops) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(ops)
}

async fn metrics(State(ops): State<Ops>) -> Response {
    let ready = ops
        .checks()
        .await
        .iter()
        .all(|(_, failure)| failure.is_none());
    ops.metrics.set(Gauge::Ready, if ready { 1.0 } else { 0.0 });
    disk::measure(&ops.data_dir, &ops.metrics);
    let format = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (format, ops.metrics.expose()).into_response()
}

async fn ready(State(ops): State<Ops>) -> Response {
    let checks = ops.checks().await;
    let ready = checks.iter().all(|(_, failure)| failure.is_none());
    let told: serde_json::Map<_, _> = checks
        .into_iter()
        .map(|(name, failure)| {
            (
                name.to_owned(),
                json!(failure.unwrap_or_else(|| "ok".into())),
            )
        })
        .collect();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(json!({ "ready": ready, "checks": told }))).into_response()
}

impl Ops {
    /// Each check with its failure, if it failed.
    async fn checks(&self) -> Vec<(&'static str, Option<String>)> {
        let lifecycle = self.lifecycle.is_draining().then(|| "stopping".to_owned());
        let topic = MENTION_RECEIVED;
        let (log, store) = tokio::join!(
            failure(self.log.watermarks(&topic)),
            failure(self.tickets.open_counts()),
        );
        vec![
            ("lifecycle", lifecycle),
            ("disk", disk::failure(&self.data_dir)),
            ("log", log),
            ("store", store),
        ]
    }
}

/// Why it failed, if it did.
async fn failure<T, E: Display>(check: impl Future<Output = Result<T, E>>) -> Option<String> {
    match tokio::time::timeout(CHECK_LIMIT, check).await {
        Ok(answer) => answer.err().map(|error| error.to_string()),
        Err(_elapsed) => Some(format!("no answer within {} s", CHECK_LIMIT.as_secs())),
    }
}
