//! Parts → one running process, in the order in which data flows.
//!
//! | module | holds |
//! |---|---|
//! | [`open`] | log, store and metrics, opened |
//! | [`classifier`] | rules, model and thresholds |
//! | [`stages`] | classify, route, alert, each with what it reads |
//! | [`notifiers`] | one stage per channel that people are told through |
//! | [`duties`] | sources, timers, the relay, retention, the watchdog |
//! | [`http`] | the API and the ops listener |

mod classifier;
mod duties;
mod http;
mod notifiers;
mod open;
mod stages;

pub(crate) use classifier::{classifier, classifier_with, rules};
pub(crate) use http::listen;
pub(crate) use notifiers::{open_notifier, page_base};
pub(crate) use open::{open, open_store};

use crate::arguments::Role;
use crate::config::Config;
use crate::lifecycle::Lifecycle;
use anyhow::Result;
use std::collections::BTreeSet;
use std::sync::Arc;
use switchboard_domain::Clock;
use switchboard_storage::{Authenticator, Store};
use switchboard_stream::log::Log;
use switchboard_telemetry::Metrics;
use tokio::net::TcpListener;

/// Everything the parts share.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) config: Arc<Config>,
    pub(crate) roles: BTreeSet<Role>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) store: Store,
    pub(crate) authenticator: Authenticator,
    pub(crate) lifecycle: Lifecycle,
}

impl Parts {
    /// Starts every part of the roles asked for. They end with the lifecycle.
    pub(crate) async fn start(&self, api: TcpListener, ops: TcpListener) -> Result<()> {
        let subscribed = self.subscribe_stages().await?;
        let watched = subscribed
            .into_iter()
            .map(|(reading, consumer)| self.start_stage(reading, consumer))
            .collect();
        if self.has(Role::Ingest) {
            self.start_sources();
        }
        if self.has(Role::Route) {
            self.start_timers();
        }
        self.start_relay();
        self.start_retention();
        self.start_watchdog(watched);
        self.serve("api", api, self.api());
        self.serve_late("ops", ops, self.ops());
        Ok(())
    }

    fn log(&self) -> Arc<dyn Log> {
        Arc::clone(&self.log)
    }

    fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}
