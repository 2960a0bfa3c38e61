//! Logs on one cluster that know nothing of each other: each test has its own prefix.

use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use switchboard_domain::ManualClock;
use switchboard_stream::Log;
use switchboard_stream::backend::kafka::{KafkaConfig, KafkaLog, KafkaOptions, Secrets};
use switchboard_stream::parity::Backend;
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
