//! Log, store, metrics and rules, opened.

use super::classifier::starting_classifier;
use super::{Ownership, Parts, with_past};
use crate::arguments::Role;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::exit::Failure;
use crate::lifecycle::Lifecycle;
use crate::randomness;
use anyhow::Result;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use switchboard_alert::notify::Notifier;
use switchboard_domain::{Clock, Current, Slug};
use switchboard_route::RouteConfig;
use switchboard_storage::{
    Authenticator, PostgresOptions, PostgresStore, SqliteOptions, SqliteStore, Store,
};
use switchboard_stream::backend::BackendConfig;
use switchboard_stream::backend::embedded::{EmbeddedLog, EmbeddedOptions};
use switchboard_stream::backend::kafka::{KafkaLog, KafkaOptions};
use switchboard_stream::log::{Log, LogError};
use switchboard_stream::topic;
use switchboard_telemetry::{Gauge, Metrics};

/// Opens log and store in `data_dir`.
pub(crate) async fn open(
    config: Config,
    data_dir: &Path,
    roles: BTreeSet<Role>,
    secret: &str,
) -> Result<Parts> {
    super::classifier::check_topics(&config)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let metrics = open_metrics(&config)?;
    let log = open_log(&config, data_dir, &metrics, &clock).await?;
    let store = open_store(&config, data_dir, &metrics).await?;
    let authenticator = Authenticator::new(Arc::clone(&store.access), Some(secret.to_owned()));
    let lifecycle = Lifecycle::default();
    let classifier = Current::new(starting_classifier(&config, data_dir)?);
    let config = Arc::new(config);
    let route = with_past(&config.route, &store).await?;
    Ok(Parts {
        classifier,
        ownership: Ownership::new(&route),
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
///
/// # Errors
/// When it cannot be had; what would help is said.
pub(crate) async fn open_store(
    config: &Config,
    data_dir: &Path,
    metrics: &Metrics,
) -> Result<Store> {
    // Several processes may write beside each other; each numbers its own audit rows.
    let writer = format!(
        "{}-{}",
        std::process::id(),
        hex::encode(randomness::bytes::<4>())
    );
    let metrics = metrics.clone();
    let secrets = config.secrets.environment();
    let address = config
        .store
        .address(secrets, crate::secrets::read_file)
        .map_err(|error| Failure::Usage(format!("`[store] url`: {error}")))?;
    let Some(url) = address else {
        let dir = data_dir.to_owned();
        return Ok(SqliteStore::open(SqliteOptions {
            dir,
            writer,
            metrics,
        })?
        .store());
    };
    let authorities = config.store.authorities.clone();
    let store = PostgresStore::open(PostgresOptions {
        url,
        authorities,
        writer,
        metrics,
    });
    match store.await {
        Ok(store) => Ok(store.store()),
        Err(error) if error.is_transient() => Err(Failure::Unreachable(error.to_string()).into()),
        Err(error) => Err(error.into()),
    }
}

/// The log topics of the house and of the departments' queues, made or verified.
pub(super) async fn ensure_topics(
    log: &dyn Log,
    config: &Config,
    route: &RouteConfig,
) -> Result<()> {
    let departments: Vec<Slug> = route.slugs().cloned().collect();
    let partitions = config.log.partitions;
    let mut specs = topic::standard_topics(partitions);
    specs.extend(topic::queue_topics(&departments, partitions));
    for spec in &mut specs {
        spec.retention = config.log.retention;
    }
    log.ensure_topics(&specs).await.map_err(unreachable)
}

fn open_metrics(config: &Config) -> Result<Metrics> {
    let metrics = Metrics::new(crate::VERSION)?;
    metrics.watch_process()?;
    let names: Vec<&str> = config.route.slugs().map(Slug::as_str).collect();
    metrics.register_departments(&names);
    metrics.set(Gauge::ConfigLastReloadSuccessful, 1.0);
    metrics.set(Gauge::BuildInfo, 1.0);
    Ok(metrics)
}

async fn open_log(
    config: &Config,
    data_dir: &Path,
    metrics: &Metrics,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn Log>> {
    let log: Arc<dyn Log> = match &config.log.backend {
        BackendConfig::Embedded => {
            let options = EmbeddedOptions::new(data_dir, randomness::bytes());
            Arc::new(EmbeddedLog::open(&options)?)
        }
        BackendConfig::Kafka(kafka) => {
            let options = KafkaOptions {
                config: (**kafka).clone(),
                secrets: config.log.secrets.clone(),
                metrics: metrics.clone(),
                clock: Arc::clone(clock),
            };
            Arc::new(KafkaLog::open(options).await.map_err(unreachable)?)
        }
    };
    ensure_topics(&*log, config, &config.route).await?;
    register_groups(&*log).await?;
    super::opinion::register_group(&*log, config.opinion.as_ref()).await?;
    for notifier in &config.alert.notifiers {
        let group = Notifier::group(&notifier.name);
        log.register_group(&group, &[topic::NOTIFICATION_REQUESTED])
            .await?;
    }
    let kept = config.alert.notifiers.iter();
    let kept: Vec<String> = kept.map(|one| Notifier::group(&one.name)).collect();
    log.keep_groups(Notifier::GROUP_PREFIX, &kept).await?;
    Ok(log)
}

/// A log that may be there later has an exit code of its own.
fn unreachable(error: LogError) -> anyhow::Error {
    match error {
        LogError::Unavailable { .. } => Failure::Unreachable(error.to_string()).into(),
        error => error.into(),
    }
}

/// Retention waits for these also when the process runs without their role.
async fn register_groups(log: &dyn Log) -> Result<()> {
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
