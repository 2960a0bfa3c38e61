//! The producer with the thread that hears what became of its records.

use super::client::Context;
use rdkafka::ClientConfig;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::producer::BaseProducer;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// One wait for news. A wait ends in up to a millisecond of looking again and again, because
/// librdkafka counts in whole ones: rdkafka's own thread waits a tenth of a second each time
/// and so takes half a percent of a core for nothing. A producer that is dropped goes within it.
const WAIT: Duration = Duration::from_secs(1);

/// A producer that is polled as long as it lives.
pub(super) struct PolledProducer {
    producer: Arc<BaseProducer<Context>>,
    is_over: Arc<AtomicBool>,
}

impl FromClientConfigAndContext<Context> for PolledProducer {
    fn from_config_and_context(settings: &ClientConfig, context: Context) -> KafkaResult<Self> {
        let producer = BaseProducer::from_config_and_context(settings, context)?;
        let (producer, is_over) = (Arc::new(producer), Arc::new(AtomicBool::new(false)));
        let (polled, stop) = (Arc::clone(&producer), Arc::clone(&is_over));
        let polling = move || {
            while !stop.load(Ordering::Relaxed) {
                polled.poll(WAIT);
            }
        };
        let thread = std::thread::Builder::new().name("kafka-producer".into());
        match thread.spawn(polling) {
            Ok(_) => Ok(Self { producer, is_over }),
            Err(error) => Err(KafkaError::ClientCreation(error.to_string())),
        }
    }
}

impl Deref for PolledProducer {
    type Target = BaseProducer<Context>;

    fn deref(&self) -> &Self::Target {
        &self.producer
    }
}

impl Drop for PolledProducer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}
