//! Topics created, or found to be as they must be.

use super::Shared;
use super::catalog::Topic;
use super::client::{Context, MESSAGE_BYTES_MAX, REQUEST_TIMEOUT};
use super::config::REPLICATION_DEFAULT;
use super::failure::{joined, unavailable};
use super::native;
use crate::log::LogError;
use crate::topic::TopicSpec;
use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, NewPartitions, NewTopic, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A cluster spreads the news of a topic within a second; this is for a slow one.
pub(super) const SETTLE_LIMIT: Duration = Duration::from_secs(30);
pub(super) const SETTLE_PAUSE: Duration = Duration::from_millis(50);

/// How a topic stands in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Found {
    partitions: u32,
    /// Copies of the partition that has fewest.
    replication: u16,
    /// Whether every partition has a leader.
    is_led: bool,
}

/// A topic as it must be, under its full name.
struct Named {
    name: String,
    spec: TopicSpec,
}

/// What every topic must promise beside its retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Promise {
    replication: u16,
    min_insync_replicas: u16,
}

impl Shared {
    /// Creates what is missing, adds partitions, and checks the rest. Processes that start
    /// together, or beside a broker that does, meet topics whose leader nobody knows yet.
    pub(super) async fn ensure_topics(
        self: &Arc<Self>,
        specs: &[TopicSpec],
    ) -> Result<(), LogError> {
        if specs.is_empty() {
            return Ok(());
        }
        let deadline = Instant::now() + SETTLE_LIMIT;
        loop {
            match self.try_ensure_topics(specs).await {
                Err(LogError::Unavailable { reason }) if Instant::now() < deadline => {
                    tracing::debug!(reason, "the log topics are looked at again");
                    tokio::time::sleep(SETTLE_PAUSE).await;
                }
                ensured => return ensured,
            }
        }
    }

    async fn try_ensure_topics(self: &Arc<Self>, specs: &[TopicSpec]) -> Result<(), LogError> {
        // Whatever is asked of Kafka or told to people bears the full name.
        let named: Vec<Named> = specs
            .iter()
            .map(|spec| Named {
                name: self.full_name(spec.name.as_str()),
                spec: spec.clone(),
            })
            .collect();
        let specs = &named;
        let admin = self.clients.admin()?;
        let (brokers, found) = self.look().await?;
        let promise = self.promise(brokers);
        create_missing(&admin, specs, &found, promise).await?;
        add_partitions(&admin, specs, &found).await?;
        let settled = self.settle(specs).await?;
        verify(&admin, specs, &settled, promise).await?;
        self.refresh_producer().await?;
        self.learn(specs, &settled).await
    }

    /// The producer refuses partitions it has not heard of.
    async fn refresh_producer(self: &Arc<Self>) -> Result<(), LogError> {
        let shared = Arc::clone(self);
        let refresh = move || shared.appender.refresh_metadata();
        joined(tokio::task::spawn_blocking(refresh).await)
    }

    fn promise(&self, brokers: u16) -> Promise {
        let config = &self.config;
        let default = REPLICATION_DEFAULT.min(brokers.max(1));
        let replication = config.replication.unwrap_or(default);
        let default = replication.saturating_sub(1).max(1);
        Promise {
            replication,
            min_insync_replicas: config.min_insync_replicas.unwrap_or(default),
        }
    }

    /// How many brokers there are, and every topic.
    async fn look(self: &Arc<Self>) -> Result<(u16, HashMap<String, Found>), LogError> {
        let shared = Arc::clone(self);
        let look = move || {
            let metadata = shared.meta().fetch_metadata(None, REQUEST_TIMEOUT);
            let metadata = metadata.map_err(unavailable)?;
            let brokers = u16::try_from(metadata.brokers().len()).unwrap_or(u16::MAX);
            let topics = metadata.topics().iter();
            let found = topics.map(|topic| (topic.name().to_owned(), stands(topic)));
            Ok((brokers, found.collect()))
        };
        joined(tokio::task::spawn_blocking(look).await)
    }

    /// Waits until every topic has its partitions and every partition a leader.
    async fn settle(self: &Arc<Self>, specs: &[Named]) -> Result<HashMap<String, Found>, LogError> {
        let waiting = async {
            loop {
                let (_, found) = self.look().await?;
                let is_there = |spec: &Named| {
                    found.get(spec.name.as_str()).is_some_and(|topic| {
                        topic.is_led && topic.partitions >= spec.spec.partitions
                    })
                };
                if specs.iter().all(is_there) {
                    return Ok(found);
                }
                tokio::time::sleep(SETTLE_PAUSE).await;
            }
        };
        let late = || unavailable("log topics that were asked for have no leader yet");
        tokio::time::timeout(SETTLE_LIMIT, waiting)
            .await
            .unwrap_or_else(|_| Err(late()))
    }

    /// Remembers partitions and ids.
    async fn learn(
        self: &Arc<Self>,
        specs: &[Named],
        found: &HashMap<String, Found>,
    ) -> Result<(), LogError> {
        let ids = self.settled_ids(specs).await?;
        for spec in specs {
            let (Some(id), Some(topic)) =
                (ids.get(spec.name.as_str()), found.get(spec.name.as_str()))
            else {
                return Err(unavailable(format!(
                    "the log topic `{}` is gone",
                    spec.name
                )));
            };
            let topic = Topic {
                partitions: topic.partitions,
                full_name: spec.name.as_str().into(),
                incarnation: format!("{}/{id}", self.incarnation).into(),
            };
            self.catalog.put(spec.spec.name.clone(), topic);
        }
        Ok(())
    }

    /// Not every broker has heard of a topic as soon as the first one has.
    async fn settled_ids(
        self: &Arc<Self>,
        specs: &[Named],
    ) -> Result<HashMap<String, String>, LogError> {
        let names: Vec<String> = specs.iter().map(|spec| spec.name.clone()).collect();
        let deadline = Instant::now() + SETTLE_LIMIT;
        loop {
            let ids = self.topic_ids(names.clone()).await?;
            if names.iter().all(|name| ids.contains_key(name)) || Instant::now() > deadline {
                return Ok(ids);
            }
            tokio::time::sleep(SETTLE_PAUSE).await;
        }
    }

    /// The ids of those topics that exist.
    pub(super) async fn topic_ids(
        self: &Arc<Self>,
        names: Vec<String>,
    ) -> Result<HashMap<String, String>, LogError> {
        let shared = Arc::clone(self);
        let ask = move || {
            let client = shared.meta().client().native_ptr();
            native::topic_ids(client, &names, REQUEST_TIMEOUT)
        };
        joined(tokio::task::spawn_blocking(ask).await)
    }
}

fn stands(topic: &rdkafka::metadata::MetadataTopic) -> Found {
    let partitions = topic.partitions();
    let copies = partitions.iter().map(|one| one.replicas().len()).min();
    Found {
        partitions: u32::try_from(partitions.len()).unwrap_or(u32::MAX),
        replication: u16::try_from(copies.unwrap_or(0)).unwrap_or(u16::MAX),
        is_led: !partitions.is_empty() && partitions.iter().all(|one| one.leader() >= 0),
    }
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(REQUEST_TIMEOUT))
        .operation_timeout(Some(REQUEST_TIMEOUT))
}

/// The settings of a topic, as Kafka names them.
fn settings(spec: &Named, promise: Promise) -> Vec<(&'static str, String)> {
    let age = spec.spec.retention.age.as_millis().to_string();
    let partitions = u64::from(spec.spec.partitions.max(1));
    // Kafka counts per partition, before replication.
    let bytes = spec.spec.retention.bytes.map(|bytes| bytes / partitions);
    let bytes = bytes.map_or_else(|| "-1".to_owned(), |bytes| bytes.to_string());
    vec![
        ("cleanup.policy", "delete".to_owned()),
        ("retention.ms", age),
        ("retention.bytes", bytes),
        (
            "min.insync.replicas",
            promise.min_insync_replicas.to_string(),
        ),
        ("max.message.bytes", MESSAGE_BYTES_MAX.to_string()),
        ("message.timestamp.type", "CreateTime".to_owned()),
        ("message.timestamp.after.max.ms", i64::MAX.to_string()),
        ("unclean.leader.election.enable", "false".to_owned()),
    ]
}

async fn create_missing(
    admin: &AdminClient<Context>,
    specs: &[Named],
    found: &HashMap<String, Found>,
    promise: Promise,
) -> Result<(), LogError> {
    let missing: Vec<_> = specs
        .iter()
        .filter(|spec| !found.contains_key(spec.name.as_str()))
        .map(|spec| (spec, settings(spec, promise)))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let replication = i32::from(promise.replication);
    let topics: Vec<NewTopic<'_>> = missing
        .iter()
        .map(|(spec, settings)| {
            let partitions = i32::try_from(spec.spec.partitions).unwrap_or(i32::MAX);
            let replication = TopicReplication::Fixed(replication);
            let topic = NewTopic::new(spec.name.as_str(), partitions, replication);
            settings
                .iter()
                .fold(topic, |topic, (key, value)| topic.set(key, value))
        })
        .collect();
    let answers = admin.create_topics(&topics, &options()).await;
    for answer in answers.map_err(unavailable)? {
        match answer {
            // Another process was quicker; what it made is checked like any other.
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => return Err(not_created(&topic, code, promise)),
        }
    }
    Ok(())
}

fn not_created(topic: &str, code: RDKafkaErrorCode, promise: Promise) -> LogError {
    let reason = KafkaError::AdminOp(code);
    match code {
        RDKafkaErrorCode::InvalidReplicationFactor => LogError::Unfit {
            reason: format!(
                "the log topic `{topic}` needs {} brokers ({reason}); start more, or set \
                 `log.kafka.replication`",
                promise.replication
            ),
        },
        RDKafkaErrorCode::TopicAuthorizationFailed
        | RDKafkaErrorCode::ClusterAuthorizationFailed => LogError::Unfit {
            reason: format!(
                "the log topic `{topic}` does not exist and may not be created by us \
                     ({reason}); create it, or allow CREATE"
            ),
        },
        _ => unavailable(format!("cannot create the log topic `{topic}`: {reason}")),
    }
}

async fn add_partitions(
    admin: &AdminClient<Context>,
    specs: &[Named],
    found: &HashMap<String, Found>,
) -> Result<(), LogError> {
    let too_few = |spec: &&Named| {
        found
            .get(spec.name.as_str())
            .is_some_and(|topic| topic.partitions < spec.spec.partitions)
    };
    let wanted: Vec<NewPartitions<'_>> = specs
        .iter()
        .filter(too_few)
        .map(|spec| NewPartitions::new(spec.name.as_str(), spec.spec.partitions as usize))
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let answers = admin.create_partitions(&wanted, &options()).await;
    for answer in answers.map_err(unavailable)? {
        match answer {
            // Another process was quicker.
            Ok(_) | Err((_, RDKafkaErrorCode::InvalidPartitions)) => {}
            Err((topic, code)) => {
                let reason = KafkaError::AdminOp(code);
                let reason = format!("cannot add partitions to `{topic}`: {reason}");
                return Err(unavailable(reason));
            }
        }
    }
    Ok(())
}

/// Checks every topic, and tells all that is wrong at once.
async fn verify(
    admin: &AdminClient<Context>,
    specs: &[Named],
    found: &HashMap<String, Found>,
    promise: Promise,
) -> Result<(), LogError> {
    let names = specs.iter().map(|spec| spec.name.as_str());
    let resources: Vec<_> = names.map(ResourceSpecifier::Topic).collect();
    let answers = admin.describe_configs(&resources, &options()).await;
    let answers = answers.map_err(unavailable)?;
    let mut problems = Vec::new();
    for (spec, answer) in specs.iter().zip(answers) {
        let config = answer.map_err(|code| unavailable(KafkaError::AdminOp(code)))?;
        if let Some(topic) = found.get(spec.name.as_str()) {
            problems.extend(copies_missing(spec, *topic, promise));
        }
        problems.extend(settings_wrong(spec, &config, promise));
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(LogError::Unfit {
        reason: problems.join("; "),
    })
}

fn copies_missing(spec: &Named, found: Found, promise: Promise) -> Option<String> {
    (found.replication < promise.replication).then(|| {
        format!(
            "the log topic `{}` has {} copies and {} are asked for: move it with \
             `kafka-reassign-partitions.sh`, or set `log.kafka.replication = {}`",
            spec.name, found.replication, promise.replication, found.replication
        )
    })
}

fn settings_wrong(spec: &Named, config: &ConfigResource, promise: Promise) -> Vec<String> {
    let has = |key: &str| config.get(key).and_then(|entry| entry.value.clone());
    let wrong = settings(spec, promise)
        .into_iter()
        .filter_map(|(key, wanted)| {
            let found = has(key)?;
            (!suffices(key, &found, &wanted)).then(|| {
                format!(
                    "the log topic `{name}` has `{key}={found}` and `{wanted}` is asked for: run \
                 `kafka-configs.sh --alter --entity-type topics --entity-name {name} \
                 --add-config {key}={wanted}`, or change `[log]`",
                    name = spec.name
                )
            })
        });
    wrong.collect()
}

/// More copies, larger records and later dates than we need are no mistake, nor is a size
/// that was reckoned with another number of partitions.
fn suffices(key: &str, found: &str, wanted: &str) -> bool {
    match key {
        "retention.bytes" | "message.timestamp.after.max.ms" => true,
        "min.insync.replicas" | "max.message.bytes" => {
            match (found.parse::<u64>(), wanted.parse::<u64>()) {
                (Ok(found), Ok(wanted)) => found >= wanted,
                _ => false,
            }
        }
        _ => found == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::as_asked("retention.ms", "1", "1", true)]
    #[case::forgets_too_early("retention.ms", "1", "2", false)]
    #[case::keeps_too_long("retention.ms", "3", "2", false)]
    #[case::more_copies("min.insync.replicas", "2", "1", true)]
    #[case::too_few_copies("min.insync.replicas", "1", "2", false)]
    #[case::compacts("cleanup.policy", "compact", "delete", false)]
    fn only_what_breaks_a_promise_is_a_mistake(
        #[case] key: &str,
        #[case] found: &str,
        #[case] wanted: &str,
        #[case] ok: bool,
    ) {
        assert_eq!(suffices(key, found, wanted), ok);
    }
}
