//! Parts → one running process, in the order in which data flows.
//!
//! | module | holds |
//! |---|---|
//! | [`open`] | log, store and metrics, opened |
//! | [`classifier`] | rules, model and thresholds |
//! | [`stages`] | classify, route, alert, each with what it reads |
//! | [`opinion`] | who is asked for a second opinion |
//! | [`notifiers`] | one stage per channel that people are told through |
//! | [`enrichment`] | the company's records of its customers |
//! | [`duties`] | sources, timers, the relay, gauges, retention, the watchdog |
//! | [`http`] | the API and the ops listener |
//! | [`reload`] | SIGHUP: departments, table, promises and the classifier are read again |

mod classifier;
mod duties;
mod enrichment;
mod http;
mod notifiers;
mod open;
mod opinion;
mod reload;
mod stages;

pub(crate) use classifier::{
    base_model, classifier, classifier_of, classifier_with, rules, starting_classifier,
    unknown_topics,
};
pub(crate) use http::listen;
pub(crate) use notifiers::{open_notifier, page_base};
pub(crate) use open::{open, open_store};
pub(crate) use reload::Again;

use crate::arguments::Role;
use crate::config::Config;
use crate::lifecycle::Lifecycle;
use anyhow::Result;
use std::collections::BTreeSet;
use std::sync::Arc;
use switchboard_classify::Classifier;
use switchboard_domain::{Clock, Current};
use switchboard_route::RouteConfig;
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
    pub(crate) ownership: Ownership,
    /// Who labels, as every part sees it at the moment.
    pub(crate) classifier: Arc<Current<Classifier>>,
}

/// Who owns what and by when, as every part sees it at the moment.
#[derive(Clone)]
pub(crate) struct Ownership {
    pub(crate) route: Arc<Current<RouteConfig>>,
    pub(crate) inbox: Arc<Current<switchboard_inbox::Ownership>>,
}

impl Ownership {
    pub(crate) fn new(route: &Arc<RouteConfig>) -> Self {
        Self {
            route: Current::new(Arc::clone(route)),
            inbox: Current::new(as_inbox_sees_it(route)),
        }
    }

    /// From now on this holds. The inbox first: what is routed to a new department is seen
    /// in its queue.
    pub(crate) fn set(&self, route: &Arc<RouteConfig>) {
        self.inbox.set(as_inbox_sees_it(route));
        self.route.set(Arc::clone(route));
    }
}

fn as_inbox_sees_it(route: &RouteConfig) -> switchboard_inbox::Ownership {
    switchboard_inbox::Ownership {
        book: Arc::clone(&route.book),
        departments: route.slugs().cloned().collect(),
    }
}

/// The same, with the calendars as they were when running promises were made; the present
/// ones are kept for those to come.
pub(super) async fn with_past(route: &RouteConfig, store: &Store) -> Result<Arc<RouteConfig>> {
    let now: Vec<_> = route.book.calendars().cloned().collect();
    store.calendars.keep(now).await?;
    let past = store.calendars.kept().await?;
    let book = route.book.as_ref().clone().with_past(past);
    Ok(Arc::new(RouteConfig {
        book: Arc::new(book),
        ..route.clone()
    }))
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
        self.start_waiting();
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
