//! librdkafka without us: every record is read and written again.

use anyhow::{Context, Result, ensure};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use std::time::{Duration, Instant};
use switchboard_stream::topic::MENTION_RECEIVED;

const PARTITIONS: i32 = 8;

/// A broker that has nothing for so long has nothing more.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the producer may take to see its last records acknowledged.
const FLUSH_LIMIT: Duration = Duration::from_mins(1);

type RawProducer = ThreadedProducer<DefaultProducerContext>;

/// Copies `count` records of `mention.received` to a topic of their own, with the guarantees
/// the product asks for, and says how many a second that were.
pub(crate) fn all(bootstrap: &str, prefix: &str, count: usize) -> Result<f64> {
    let target = format!("{prefix}copy");
    tokio::runtime::Handle::current().block_on(make(bootstrap, &target))?;
    let consumer = reader(bootstrap, prefix)?;
    let producer = writer(bootstrap)?;
    let begun = Instant::now();
    for number in 0..count {
        let message = next(&consumer)?.with_context(|| format!("{number} of {count} came"))?;
        let (key, payload) = (message.key().unwrap_or_default(), message.payload());
        write(&producer, &target, key, payload.unwrap_or_default())?;
    }
    producer.flush(FLUSH_LIMIT)?;
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    Ok(count as f64 / begun.elapsed().as_secs_f64())
}

/// The next record; a poll also ends for what the client tells of itself.
fn next(consumer: &BaseConsumer) -> Result<Option<BorrowedMessage<'_>>> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(message) = consumer.poll(Duration::from_secs(1)) {
            return Ok(Some(message?));
        }
    }
    Ok(None)
}

async fn make(bootstrap: &str, name: &str) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .create()?;
    let topic = NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1));
    let made = admin.create_topics(&[topic], &AdminOptions::new()).await?;
    ensure!(
        made.iter().all(std::result::Result::is_ok),
        "no topic: {made:?}"
    );
    Ok(())
}

fn reader(bootstrap: &str, prefix: &str) -> Result<BaseConsumer> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", format!("{prefix}copy"))
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .create()?;
    consumer.subscribe(&[&format!("{prefix}{}", MENTION_RECEIVED.as_str())])?;
    Ok(consumer)
}

/// Idempotent, acknowledged by all, lz4, a linger of two milliseconds: as the product's.
fn writer(bootstrap: &str) -> Result<RawProducer> {
    Ok(ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("linger.ms", "2")
        .set("batch.size", "1000000")
        .set("compression.type", "lz4")
        .create()?)
}

fn write(producer: &RawProducer, topic: &str, key: &[u8], payload: &[u8]) -> Result<()> {
    let mut record = BaseRecord::to(topic).key(key).payload(payload);
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), again)) => {
                record = again;
                producer.poll(Duration::from_millis(1));
            }
            Err((error, _)) => return Err(error.into()),
        }
    }
}
