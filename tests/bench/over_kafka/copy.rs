//! librdkafka without us: every mention is read, and the same records are written.

use anyhow::{Context, Result, ensure};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::metadata::MetadataTopic;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::time::{Duration, Instant};
use switchboard_stream::topic::{
    MENTION_CLASSIFIED, MENTION_CLASSIFIED_URGENT, MENTION_RECEIVED, MENTION_SIGNAL,
};

const PARTITIONS: i32 = 8;

/// A broker that has nothing for so long has nothing more.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the producer may take to see its last records acknowledged.
const FLUSH_LIMIT: Duration = Duration::from_mins(1);

type RawProducer = ThreadedProducer<DefaultProducerContext>;

/// A record that the stage has written: its key and its payload.
struct Written {
    key: Vec<u8>,
    payload: Vec<u8>,
}

/// A client's rates.
pub(crate) struct Copied {
    /// Mentions a second, each written again as it came.
    pub(crate) as_they_came: f64,
    /// Mentions a second, with what the stage writes for each instead.
    pub(crate) as_classified: f64,
}

/// Reads `count` records of `mention.received`, which the stage is done with, and writes as
/// many, with the guarantees the product asks for; then what the stage has written for them.
pub(crate) fn all(bootstrap: &str, prefix: &str, count: usize) -> Result<Copied> {
    let target = format!("{prefix}copy");
    tokio::runtime::Handle::current().block_on(make(bootstrap, &target))?;
    let mut results = Vec::with_capacity(count * 2);
    for topic in [
        MENTION_CLASSIFIED,
        MENTION_CLASSIFIED_URGENT,
        MENTION_SIGNAL,
    ] {
        results.append(&mut written(
            bootstrap,
            &format!("{prefix}{}", topic.as_str()),
        )?);
    }
    ensure!(
        results.len() == count * 2,
        "{} results of {count} mentions",
        results.len()
    );
    let place = Place {
        bootstrap,
        prefix,
        target: &target,
    };
    Ok(Copied {
        as_they_came: copied(&place, count, "copy", &[])?,
        as_classified: copied(&place, count, "copy-results", &results)?,
    })
}

/// Where a copy reads and writes.
struct Place<'a> {
    bootstrap: &'a str,
    prefix: &'a str,
    target: &'a str,
}

/// Mentions a second: each is read, and itself or its share of `results` is written.
fn copied(place: &Place<'_>, count: usize, group: &str, results: &[Written]) -> Result<f64> {
    let consumer = reader(place.bootstrap, &format!("{}{group}", place.prefix))?;
    consumer.subscribe(&[&format!("{}{}", place.prefix, MENTION_RECEIVED.as_str())])?;
    let producer = writer(place.bootstrap)?;
    let mut shares = results.chunks(results.len().div_ceil(count).max(1));
    let begun = Instant::now();
    for number in 0..count {
        let message = next(&consumer)?.with_context(|| format!("{number} of {count} came"))?;
        match shares.next() {
            None => {
                let (key, payload) = (message.key().unwrap_or_default(), message.payload());
                write(&producer, place.target, key, payload.unwrap_or_default())?;
            }
            Some(share) => {
                for one in share {
                    write(&producer, place.target, &one.key, &one.payload)?;
                }
            }
        }
    }
    producer.flush(FLUSH_LIMIT)?;
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    Ok(count as f64 / begun.elapsed().as_secs_f64())
}

/// All records of a topic.
fn written(bootstrap: &str, topic: &str) -> Result<Vec<Written>> {
    let consumer = reader(bootstrap, "switchboard.bench")?;
    let (mut places, mut records, mut left) = (TopicPartitionList::new(), vec![], 0);
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE)?;
    let partitions = metadata.topics().iter().flat_map(MetadataTopic::partitions);
    for partition in partitions {
        let (low, high) = consumer.fetch_watermarks(topic, partition.id(), PATIENCE)?;
        places.add_partition_offset(topic, partition.id(), Offset::Offset(low))?;
        left += high - low;
    }
    consumer.assign(&places)?;
    while left > 0 {
        let message = next(&consumer)?.with_context(|| format!("{left} of {topic} are missing"))?;
        records.push(Written {
            key: message.key().unwrap_or_default().to_vec(),
            payload: message.payload().unwrap_or_default().to_vec(),
        });
        left -= 1;
    }
    Ok(records)
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

fn reader(bootstrap: &str, group: &str) -> Result<BaseConsumer> {
    Ok(ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", group)
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .create()?)
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
