//! The log on Apache Kafka: as many processes as one wants on one log.
//!
//! | module | holds |
//! |---|---|
//! | `config` | `[log.kafka]`: brokers, copies, TLS, who we are |
//! | `client` | librdkafka's clients: their settings, and what they call back |
//! | `topics` | topics created, or found to be as they must be |
//! | `catalog` | the topics as they were found |
//! | `polled` | the producer with the thread that hears what became of its records |
//! | `producer` | appending: acknowledged by all replicas in sync, or an error in time |
//! | `reader` | reading without a group |
//! | `offsets` | both ends of partitions, and where groups stand |
//! | `consumer` | one member of a group |
//! | `group` | what the group decides, kept until the member looks |
//! | `home` | where a member begins, and whether its offset counts in this log |
//! | `place` | where a member is in one partition |
//! | `statistics` | what librdkafka tells of itself, as metrics |
//! | `native` | the three calls of the C library that the safe binding does not show |
//!
//! What differs from the log in a file: an append that fails may have left some of its
//! records in the log, so whoever tries again makes duplicates, which versions and unique
//! rows absorb. Records go by their age alone, read or not. Times are whole milliseconds.

mod catalog;
mod client;
pub(crate) mod config;
mod consumer;
mod failure;
mod group;
mod home;
mod native;
mod offsets;
mod place;
mod polled;
mod producer;
mod progress;
mod reader;
mod record;
mod secrets;
mod statistics;
mod topics;

pub use config::{Compression, KafkaConfig, Mechanism, Sasl, Tls};
pub use secrets::Secrets;

use crate::log::{
    Consumer, Lag, Log, LogError, LogRecord, NewRecord, Position, Subscription, Watermarks,
};
use crate::topic::{TopicName, TopicSpec};
use async_trait::async_trait;
use catalog::Catalog;
use client::{Clients, GroupClient, REQUEST_TIMEOUT, hear};
use consumer::KafkaConsumer;
use failure::{joined, unavailable};
use jiff::Timestamp;
use producer::Appender;
use progress::Progress;
use rdkafka::consumer::Consumer as _;
use reader::Readers;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use switchboard_domain::Clock;
use switchboard_telemetry::Metrics;
use tokio_util::sync::CancellationToken;

/// How to open the log.
#[derive(Clone)]
pub struct KafkaOptions {
    /// Where it is and what it must promise.
    pub config: KafkaConfig,
    /// Where the secrets that the configuration names are found.
    pub secrets: Secrets,
    /// Where librdkafka's statistics go.
    pub metrics: Metrics,
    /// Dates bearer tokens.
    pub clock: Arc<dyn Clock>,
}

/// The log on a Kafka cluster. Close it before the process ends, so that its partitions go to
/// others at once.
pub struct KafkaLog {
    shared: Arc<Shared>,
}

/// What the log and its consumers hold together.
pub(crate) struct Shared {
    /// The cluster's id.
    incarnation: Arc<str>,
    config: Arc<KafkaConfig>,
    clients: Clients,
    catalog: Catalog,
    appender: Appender,
    readers: Readers,
    /// Asks for metadata and offsets; it reads nothing.
    meta: GroupClient,
    /// Clients that bear a group's name to ask where it stands.
    observers: Mutex<HashMap<String, Arc<GroupClient>>>,
    progress: Progress,
    closing: Closing,
    closed: CancellationToken,
}

/// Clients that are leaving: that takes them a moment, on a thread of their own.
#[derive(Clone, Default)]
pub(crate) struct Closing(Arc<Mutex<Vec<JoinHandle<()>>>>);

impl Closing {
    fn close(&self, client: Arc<GroupClient>) {
        let mut threads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        threads.retain(|thread| !thread.is_finished());
        let leave = std::thread::Builder::new().name("kafka-leave".into());
        match leave.spawn(move || drop(client)) {
            Ok(thread) => threads.push(thread),
            Err(error) => tracing::debug!(%error, "a client leaves on its owner's thread"),
        }
    }

    fn wait(&self) {
        let threads: Vec<_> = {
            let mut threads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            threads.drain(..).collect()
        };
        for thread in threads {
            // A thread that panicked has left as well.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// A topic's or a group's name as Kafka knows it.
    fn full_name(&self, name: &str) -> String {
        format!("{}{name}", self.config.prefix)
    }

    /// The client for metadata and offsets.
    fn meta(&self) -> &GroupClient {
        hear(&self.meta);
        &self.meta
    }
}

impl KafkaLog {
    /// Connects. The topics are found by [`Log::ensure_topics`].
    ///
    /// # Errors
    /// [`LogError::Unavailable`] when no broker answers, [`LogError::Unfit`] when the
    /// settings cannot be used.
    pub async fn open(options: KafkaOptions) -> Result<Self, LogError> {
        let opening = move || {
            let KafkaOptions {
                config,
                secrets,
                metrics,
                clock,
            } = options;
            let config = Arc::new(config);
            let clients = Clients::new(Arc::clone(&config), secrets, metrics, clock);
            let meta = clients.observer("switchboard.reader")?;
            let cluster = meta
                .client()
                .fetch_cluster_id(REQUEST_TIMEOUT)
                .ok_or_else(|| nobody_answers(&meta, &config.brokers))?;
            let closing = Closing::default();
            Ok(Shared {
                incarnation: cluster.into(),
                appender: Appender::new(clients.clone())?,
                readers: Readers::new(clients.clone(), closing.clone()),
                config,
                clients,
                catalog: Catalog::default(),
                meta,
                observers: Mutex::default(),
                progress: Progress::default(),
                closing,
                closed: CancellationToken::new(),
            })
        };
        let shared = joined(tokio::task::spawn_blocking(opening).await)?;
        Ok(Self {
            shared: Arc::new(shared),
        })
    }
}

/// What the client was told in the meantime, so that a wrong password is not taken for a
/// broker that is away.
fn nobody_answers(client: &GroupClient, brokers: &str) -> LogError {
    hear(client);
    match client.context().trouble() {
        Some(reason) => unavailable(format!("no broker of `{brokers}` serves us: {reason}")),
        None => unavailable(format!(
            "no broker of `{brokers}` answers: is one running, and is it spoken to as it wants \
             (`[log.kafka.tls]`, `[log.kafka.sasl]`)?"
        )),
    }
}

#[async_trait]
impl Log for KafkaLog {
    fn incarnation(&self) -> Arc<str> {
        Arc::clone(&self.shared.incarnation)
    }

    async fn ensure_topics(&self, specs: &[TopicSpec]) -> Result<(), LogError> {
        self.shared.ensure_topics(specs).await
    }

    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Position>, LogError> {
        self.shared.append(records).await
    }

    async fn subscribe(&self, subscription: Subscription) -> Result<Box<dyn Consumer>, LogError> {
        for topic in &subscription.topics {
            self.shared.catalog.topic(topic)?;
        }
        let consumer = KafkaConsumer::join(Arc::clone(&self.shared), subscription)?;
        Ok(Box::new(consumer))
    }

    async fn read(
        &self,
        topic: &TopicName,
        partition: u32,
        from: u64,
        max_records: usize,
        wait: Duration,
    ) -> Result<Vec<LogRecord>, LogError> {
        self.shared
            .read(topic, partition, from, max_records, wait)
            .await
    }

    async fn offset_at(
        &self,
        topic: &TopicName,
        partition: u32,
        time: Timestamp,
    ) -> Result<u64, LogError> {
        self.shared.offset_at(topic, partition, time).await
    }

    async fn watermarks(&self, topic: &TopicName) -> Result<Vec<Watermarks>, LogError> {
        self.shared.watermarks(topic).await
    }

    async fn backlog(&self, group: &str, topic: &TopicName) -> Result<u64, LogError> {
        self.shared.backlog(group, topic).await
    }

    async fn lag(&self, group: &str, topic: &TopicName) -> Result<Lag, LogError> {
        Ok(Lag {
            records: self.shared.backlog(group, topic).await?,
            oldest: self.shared.oldest_unread(group, topic).await?,
        })
    }

    async fn close(&self) -> Result<(), LogError> {
        self.shared.closed.cancel();
        self.shared.appender.close();
        self.shared.readers.close();
        let closing = self.shared.closing.clone();
        let waiting = move || {
            closing.wait();
            Ok(())
        };
        joined(tokio::task::spawn_blocking(waiting).await)
    }
}
