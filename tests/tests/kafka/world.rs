//! Logs on one cluster that know nothing of each other: each test has its own prefix.

use crate::store::CountingStore;
use async_trait::async_trait;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use switchboard_domain::ManualClock;
use switchboard_stream::backend::kafka::{KafkaConfig, KafkaLog, KafkaOptions, Secrets};
use switchboard_stream::parity::Backend;
use switchboard_stream::topic::MENTION_RECEIVED;
use switchboard_stream::{
    Consumer, Log, NewRecord, OffsetHome, OffsetStore, Subscription, TopicSpec,
};
use switchboard_telemetry::Metrics;

/// A place on a cluster with nothing in it.
pub(crate) struct World {
    pub(crate) config: KafkaConfig,
    pub(crate) metrics: Metrics,
}

impl World {
    /// On the cluster all tests of this binary share.
    pub(crate) fn shared() -> Self {
        Self::on(&switchboard_tests::kafka::bootstrap())
    }

    /// On that cluster.
    pub(crate) fn on(bootstrap: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut config = KafkaConfig::new(bootstrap);
        // Of this run of the tests: a cluster that exists already may have seen others.
        config.prefix = format!("test-{:x}-{number}.", rand::random::<u32>());
        Self {
            config,
            metrics: Metrics::new("test").unwrap(),
        }
    }

    /// A log with `mention.received` in it.
    pub(crate) async fn log_with(&self, partitions: u32) -> KafkaLog {
        let log = self.log().await;
        let spec = TopicSpec::new(MENTION_RECEIVED, partitions);
        log.ensure_topics(&[spec]).await.unwrap();
        log
    }

    /// As an operator does, behind everybody's back.
    pub(crate) async fn delete_topic(&self, name: &str) {
        let full_name = format!("{}{name}", self.config.prefix);
        let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
            .set("bootstrap.servers", &self.config.brokers)
            .create()
            .unwrap();
        let deleted = admin
            .delete_topics(&[&full_name], &AdminOptions::new())
            .await;
        deleted.unwrap()[0].as_ref().unwrap();
        let gone = || {
            let found = admin.inner().fetch_metadata(None, Duration::from_secs(10));
            let found = found.unwrap();
            !found.topics().iter().any(|topic| topic.name() == full_name)
        };
        while !gone() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn log(&self) -> KafkaLog {
        let options = KafkaOptions {
            config: self.config.clone(),
            secrets: Secrets::default(),
            metrics: self.metrics.clone(),
            clock: Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH)),
        };
        KafkaLog::open(options).await.unwrap()
    }
}

/// Records of many authors, each with its number as text.
pub(crate) fn records(numbers: Range<usize>) -> Vec<NewRecord> {
    let record = |number: usize| NewRecord {
        topic: MENTION_RECEIVED,
        key: format!("author-{}", number % 97),
        payload: number.to_string().into(),
        timestamp: jiff::Timestamp::UNIX_EPOCH,
    };
    numbers.map(record).collect()
}

/// A member whose offsets the store keeps.
pub(crate) async fn with_store(log: &dyn Log, store: &Arc<CountingStore>) -> Box<dyn Consumer> {
    let subscription = Subscription {
        group: "group".into(),
        topics: vec![MENTION_RECEIVED],
        offsets: OffsetHome::Store(Arc::clone(store) as Arc<dyn OffsetStore>),
    };
    log.subscribe(subscription).await.unwrap()
}

#[async_trait]
impl Backend for World {
    async fn open(&self) -> Arc<dyn Log> {
        Arc::new(self.log().await)
    }

    async fn close(&self, log: Arc<dyn Log>) {
        log.close().await.unwrap();
    }

    fn records_on_the_way(&self) -> usize {
        150
    }
}
