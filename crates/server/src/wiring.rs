//! Parts → one running process, in the order in which data flows.

use crate::arguments::Role;
use crate::clock::SystemClock;
use crate::config::{Config, read_text};
use crate::exit::Failure;
use crate::lifecycle::Lifecycle;
use crate::ops::{self, Ops};
use crate::randomness;
use anyhow::{Context, Result};
use axum::Router;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use switchboard_alert::WatchStage;
use switchboard_classify::{Classifier, ClassifyStage, NoModel, Problem, RuleSet};
use switchboard_domain::{Clock, Slug};
use switchboard_ingest::receive::Receiver;
use switchboard_ingest::worker::{WorkerParts, start_sources};
use switchboard_route::outbox::OutboxRelay;
use switchboard_route::sla_timer::SlaTimer;
use switchboard_route::upkeep::Upkeep;
use switchboard_route::{RouteStage, StoreOffsets};
use switchboard_storage::sqlite::{SqliteOptions, SqliteStore};
use switchboard_storage::{Authenticator, MAX_INTAKE_BATCH, Store};
use switchboard_stream::backend::embedded::{EmbeddedLog, EmbeddedOptions};
use switchboard_stream::log::{Log, OffsetHome, Subscription};
use switchboard_stream::runner::{
    Progress, Runner, RunnerOptions, STALL_LIMIT, Stage, Watched, watch,
};
use switchboard_stream::topic::{self, TopicName};
use switchboard_telemetry::{Gauge, Metrics};
use tokio::net::TcpListener;

/// How often old records are looked for; retention counts days.
const RETENTION_INTERVAL: Duration = Duration::from_mins(1);

/// Everything the parts share.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) config: Arc<Config>,
    pub(crate) roles: BTreeSet<Role>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
    pub(crate) log: Arc<EmbeddedLog>,
    pub(crate) store: Store,
    pub(crate) authenticator: Authenticator,
    pub(crate) lifecycle: Lifecycle,
}

/// A stage as it is to be run: what it reads, and who keeps its offset.
struct Reading {
    stage: Arc<dyn Stage>,
    group: &'static str,
    topics: Vec<TopicName>,
    offsets: OffsetHome,
    batch_records_max: usize,
}

/// Opens log and store in `data_dir`.
pub(crate) async fn open(
    config: Config,
    data_dir: &Path,
    roles: BTreeSet<Role>,
    secret: &str,
) -> Result<Parts> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let metrics = open_metrics(&config)?;
    let log = open_log(&config, data_dir).await?;
    let store = open_store(data_dir, &metrics)?;
    let authenticator = Authenticator::new(Arc::clone(&store.access), Some(secret.to_owned()));
    let lifecycle = Lifecycle::default();
    let config = Arc::new(config);
    Ok(Parts {
        config,
        roles,
        clock,
        metrics,
        log,
        store,
        authenticator,
        lifecycle,
    })
}

/// The store alone, for commands that write beside a running server.
pub(crate) fn open_store(data_dir: &Path, metrics: &Metrics) -> Result<Store> {
    let options = SqliteOptions {
        dir: data_dir.to_owned(),
        // Several processes may write beside each other; each numbers its own audit rows.
        writer: format!(
            "{}-{}",
            std::process::id(),
            hex::encode(randomness::bytes::<4>())
        ),
        metrics: metrics.clone(),
    };
    Ok(SqliteStore::open(options)?.store())
}

impl Parts {
    /// Starts every part of the roles asked for. They end with the lifecycle.
    pub(crate) async fn start(&self, api: TcpListener, ops: TcpListener) -> Result<()> {
        let mut watched = Vec::new();
        for reading in self.readings()? {
            watched.push(self.start_stage(reading).await?);
        }
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

    /// The stages of the roles, in the order in which data flows.
    fn readings(&self) -> Result<Vec<Reading>> {
        let mut readings = Vec::new();
        if self.has(Role::Classify) {
            readings.push(self.classify()?);
        }
        if self.has(Role::Route) {
            readings.push(self.route());
        }
        if self.has(Role::Alert) {
            readings.push(self.alert());
        }
        Ok(readings)
    }

    fn classify(&self) -> Result<Reading> {
        let stage = ClassifyStage {
            classifier: Arc::new(classifier(&self.config)?),
            brands: Arc::clone(&self.config.brands),
            log: self.log(),
        };
        Ok(Reading {
            stage: Arc::new(stage),
            group: switchboard_classify::stage::CONSUMER,
            topics: vec![topic::MENTION_RECEIVED],
            offsets: OffsetHome::Log,
            batch_records_max: 1_000,
        })
    }

    fn route(&self) -> Reading {
        let stage = RouteStage {
            table: Arc::clone(&self.config.route.table),
            policies: Arc::clone(&self.config.route.policies),
            join_window: self.config.route.join_window,
            intake: Arc::clone(&self.store.intake),
            offsets: Arc::clone(&self.store.offsets),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
        };
        Reading {
            stage: Arc::new(stage),
            group: switchboard_route::stage::CONSUMER,
            // Urgent first: chatter waits for a crisis, never the other way round.
            topics: vec![topic::MENTION_CLASSIFIED_URGENT, topic::MENTION_CLASSIFIED],
            offsets: self.store_offsets(),
            batch_records_max: MAX_INTAKE_BATCH,
        }
    }

    fn alert(&self) -> Reading {
        let stage = WatchStage {
            rule: self.config.alert.rule,
            incidents: Arc::clone(&self.store.incidents),
            letters: Arc::clone(&self.store.intake),
            offsets: Arc::clone(&self.store.offsets),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
        };
        Reading {
            stage: Arc::new(stage),
            group: switchboard_alert::stage::CONSUMER,
            topics: vec![topic::MENTION_SIGNAL],
            offsets: self.store_offsets(),
            batch_records_max: MAX_INTAKE_BATCH,
        }
    }

    async fn start_stage(&self, reading: Reading) -> Result<Watched> {
        let Reading {
            stage,
            group,
            topics,
            offsets,
            batch_records_max,
        } = reading;
        let subscription = Subscription {
            group: group.to_owned(),
            topics: topics.clone(),
            offsets,
        };
        let consumer = self.log.subscribe(subscription).await?;
        let progress = Progress::default();
        let watched = Watched {
            stage: stage.name(),
            progress: progress.clone(),
            group: group.to_owned(),
            topics,
        };
        let runner = Runner {
            stage,
            consumer,
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
            progress,
            options: RunnerOptions {
                batch_records_max,
                ..RunnerOptions::new(crate::VERSION)
            },
            jitter_seed: u64::from_le_bytes(randomness::bytes()),
        };
        let stop = self.lifecycle.stop.clone();
        self.lifecycle
            .start(group, async move { Ok(runner.run(&stop).await?) });
        Ok(watched)
    }

    fn start_sources(&self) {
        let ingest = &self.config.ingest;
        let parts = WorkerParts {
            log: self.log(),
            cursors: Arc::clone(&self.store.cursors),
            metrics: self.metrics.clone(),
            clock: Arc::clone(&self.clock),
            holder: hex::encode(randomness::bytes::<8>()),
            backlog_group: switchboard_classify::stage::CONSUMER.to_owned(),
            backlog_max: ingest.limits.backlog,
            seed: u64::from_le_bytes(randomness::bytes()),
            build: crate::VERSION.to_owned(),
        };
        let stop = &self.lifecycle.stop.soft;
        start_sources(&ingest.sources, &parts, &self.lifecycle.tasks, stop);
    }

    fn start_timers(&self) {
        let timer = SlaTimer {
            timers: Arc::clone(&self.store.timers),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
        };
        let stop = self.lifecycle.stop.soft.clone();
        self.lifecycle.start("sla timers", async move {
            timer.run(stop).await;
            Ok(())
        });
    }

    /// The relay and the sealer end last: they carry what the others did before they ended.
    fn start_relay(&self) {
        let relay = Arc::new(OutboxRelay {
            outbox: Arc::clone(&self.store.outbox),
            log: self.log(),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
        });
        let upkeep = Upkeep {
            audit: Arc::clone(&self.store.audit),
            tickets: Arc::clone(&self.store.tickets),
            idempotency_keys: Arc::clone(&self.store.idempotency_keys),
            relay: Arc::clone(&relay),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
        };
        let stop = self.lifecycle.late_stop.clone();
        self.lifecycle.start_late("outbox relay", async move {
            relay.run(stop).await;
            Ok(())
        });
        let stop = self.lifecycle.late_stop.clone();
        self.lifecycle.start_late("upkeep", async move {
            upkeep.run(stop).await;
            Ok(())
        });
    }

    fn start_retention(&self) {
        let (log, clock) = (Arc::clone(&self.log), Arc::clone(&self.clock));
        let stop = self.lifecycle.stop.soft.clone();
        self.lifecycle.start("retention", async move {
            while stop
                .run_until_cancelled(tokio::time::sleep(RETENTION_INTERVAL))
                .await
                .is_some()
            {
                if let Err(error) = log.enforce_retention(clock.now()).await {
                    tracing::warn!(%error, "old records stay for now");
                }
            }
            Ok(())
        });
    }

    fn start_watchdog(&self, watched: Vec<Watched>) {
        let watching = watch(
            self.log(),
            watched,
            STALL_LIMIT,
            self.metrics.clone(),
            self.lifecycle.stop.soft.clone(),
        );
        self.lifecycle
            .start("watchdog", async move { Ok(watching.await?) });
    }

    fn serve(&self, name: &'static str, listener: TcpListener, router: Router) {
        let stop = self.lifecycle.stop.soft.clone();
        self.lifecycle.start(name, async move {
            let serving =
                axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
            Ok(serving.await?)
        });
    }

    fn serve_late(&self, name: &'static str, listener: TcpListener, router: Router) {
        let stop = self.lifecycle.late_stop.clone();
        self.lifecycle.start_late(name, async move {
            let serving =
                axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
            Ok(serving.await?)
        });
    }

    /// Ingest's and inbox's routes on one listener, by role.
    fn api(&self) -> Router {
        let mut router = Router::new();
        if self.has(Role::Ingest) {
            router = router.merge(switchboard_ingest::receive::router(self.receiver()));
        }
        if self.has(Role::Inbox) {
            router = router.merge(switchboard_inbox::router(self.inbox()));
        }
        router
    }

    fn receiver(&self) -> Receiver {
        Receiver {
            log: self.log(),
            authenticator: self.authenticator.clone(),
            idempotency_keys: Arc::clone(&self.store.idempotency_keys),
            metrics: self.metrics.clone(),
            clock: Arc::clone(&self.clock),
            limits: self.config.ingest.limits.clone(),
            backlog_group: switchboard_classify::stage::CONSUMER.to_owned(),
        }
    }

    fn inbox(&self) -> switchboard_inbox::Parts {
        let departments = self.config.route.departments.iter();
        switchboard_inbox::Parts {
            tickets: Arc::clone(&self.store.tickets),
            access: Arc::clone(&self.store.access),
            dead_letters: Arc::clone(&self.store.dead_letters),
            log: self.log(),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
            authenticator: self.authenticator.clone(),
            departments: departments
                .map(|department| department.slug.clone())
                .collect(),
            documents: if self.has(Role::Ingest) {
                vec![switchboard_ingest::receive::OPENAPI]
            } else {
                vec![]
            },
            run_id: hex::encode(randomness::bytes::<4>()),
        }
    }

    fn ops(&self) -> Router {
        ops::router(Ops {
            metrics: self.metrics.clone(),
            lifecycle: self.lifecycle.clone(),
            log: self.log(),
            tickets: Arc::clone(&self.store.tickets),
        })
    }

    fn log(&self) -> Arc<dyn Log> {
        Arc::clone(&self.log) as Arc<dyn Log>
    }

    fn store_offsets(&self) -> OffsetHome {
        OffsetHome::Store(Arc::new(StoreOffsets(Arc::clone(&self.store.offsets))))
    }

    fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// Listens, with an error that names the address and the way out.
pub(crate) async fn listen(address: SocketAddr, flag: &str) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}: choose another address with {flag}"))
}

/// The classifier the configuration asks for.
///
/// # Errors
/// A usage failure that lists every problem of the rule file.
pub(crate) fn classifier(config: &Config) -> Result<Classifier> {
    let (name, rules) = match &config.classify.rules {
        None => ("built-in rules".to_owned(), RuleSet::shipped()),
        Some(path) => {
            let text = read_text(Path::new(&path.value))?;
            (path.value.clone(), RuleSet::parse(&text))
        }
    };
    let rules = rules.map_err(|problems| {
        let lines = problems.iter().map(|problem| {
            let Problem {
                line,
                column,
                message,
            } = problem;
            format!("{name}:{line}:{column}: {message}")
        });
        let lines: Vec<String> = lines.collect();
        Failure::Usage(format!("the rules are not usable\n{}", lines.join("\n")))
    })?;
    let thresholds = config.classify.thresholds;
    Ok(Classifier::new(rules, Box::new(NoModel)).with_thresholds(thresholds))
}

fn open_metrics(config: &Config) -> Result<Metrics> {
    let metrics = Metrics::new(crate::VERSION)?;
    let names: Vec<&str> = config
        .route
        .departments
        .iter()
        .map(|department| department.slug.as_str())
        .collect();
    metrics.register_departments(&names);
    metrics.set(Gauge::BuildInfo, 1.0);
    Ok(metrics)
}

async fn open_log(config: &Config, data_dir: &Path) -> Result<Arc<EmbeddedLog>> {
    let options = EmbeddedOptions::new(data_dir, randomness::bytes());
    let log = Arc::new(EmbeddedLog::open(&options)?);
    let departments: Vec<Slug> = config
        .route
        .departments
        .iter()
        .map(|department| department.slug.clone())
        .collect();
    let partitions = config.log.partitions;
    let mut specs = topic::standard_topics(partitions);
    specs.extend(topic::queue_topics(&departments, partitions));
    for spec in &mut specs {
        spec.retention = config.log.retention;
    }
    log.ensure_topics(&specs).await?;
    register_groups(&log).await?;
    Ok(log)
}

/// Retention waits for these also when the process runs without their role.
async fn register_groups(log: &EmbeddedLog) -> Result<()> {
    let classified = [topic::MENTION_CLASSIFIED_URGENT, topic::MENTION_CLASSIFIED];
    log.register_group(
        switchboard_classify::stage::CONSUMER,
        &[topic::MENTION_RECEIVED],
    )
    .await?;
    log.register_group(switchboard_route::stage::CONSUMER, &classified)
        .await?;
    log.register_group(switchboard_alert::stage::CONSUMER, &[topic::MENTION_SIGNAL])
        .await?;
    Ok(())
}
