//! What every backend must do, as one suite: run it against each.
//!
//! ```text
//! for (name, case) in parity::CASES {
//!     case(&MyBackend::fresh(name)).await;
//! }
//! ```

#![expect(clippy::unwrap_used, reason = "a suite of tests: a failure is a panic")]

mod groups;
mod offsets;
mod records;

pub use offsets::MemoryOffsets;

use crate::log::{Batch, Consumer, Log, LogRecord, NewRecord, OffsetHome, Subscription};
use crate::topic::{MENTION_CLASSIFIED, MENTION_CLASSIFIED_URGENT, MENTION_RECEIVED};
use crate::topic::{TopicName, TopicSpec};
use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// A backend under test, with nothing in it.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Opens the log; after [`Backend::close`] the same one again.
    async fn open(&self) -> Arc<dyn Log>;

    /// Ends it as a process that stops does.
    async fn close(&self, log: Arc<dyn Log>);

    /// How many records a member may be handed after a more urgent one was appended: none
    /// where both see the same file, some where records travel.
    fn records_on_the_way(&self) -> usize {
        0
    }
}

/// One promise, checked against a fresh backend.
pub type Case = for<'a> fn(&'a dyn Backend) -> BoxFuture<'a, ()>;

/// Every case and its name.
pub const CASES: &[(&str, Case)] = &[
    ("records of one key keep their order", |b| {
        Box::pin(records::order_within_key(b))
    }),
    ("an append is all or nothing", |b| {
        Box::pin(records::all_or_nothing(b))
    }),
    ("what was acknowledged survives a restart", |b| {
        Box::pin(records::durable(b))
    }),
    ("a read begins at an offset", |b| {
        Box::pin(records::read_from_offset(b))
    }),
    ("a read finds a time", |b| {
        Box::pin(records::read_from_time(b))
    }),
    ("an append wakes a waiting read", |b| {
        Box::pin(records::wakes_reader(b))
    }),
    ("large records come back whole", |b| {
        Box::pin(records::large(b))
    }),
    ("many topics in one append", |b| {
        Box::pin(records::many_topics(b))
    }),
    ("a topic may grow and never shrinks", |b| {
        Box::pin(records::topic_grows(b))
    }),
    ("the log keeps a group's offset", |b| {
        Box::pin(offsets::kept_in_log(b))
    }),
    ("a commit is guarded", |b| Box::pin(offsets::guarded(b))),
    ("uncommitted records come again", |b| {
        Box::pin(offsets::read_again(b))
    }),
    ("the store keeps a group's offset", |b| {
        Box::pin(offsets::kept_in_store(b))
    }),
    ("another log is refused", |b| {
        Box::pin(offsets::other_incarnation(b))
    }),
    ("another record is refused", |b| {
        Box::pin(offsets::other_record(b))
    }),
    ("an offset that is not there is refused", |b| {
        Box::pin(offsets::out_of_range(b))
    }),
    ("the urgent topic comes first", |b| {
        Box::pin(groups::urgent_first(b))
    }),
    ("an append wakes a waiting consumer", |b| {
        Box::pin(groups::wakes_consumer(b))
    }),
    ("a new partition finds its reader", |b| {
        Box::pin(groups::new_partition(b))
    }),
    ("members share the partitions", |b| {
        Box::pin(groups::members_share(b))
    }),
    ("a member that leaves hands over", |b| {
        Box::pin(groups::member_leaves(b))
    }),
    ("the backlog counts what is unread", |b| {
        Box::pin(groups::backlog(b))
    }),
    ("the lag tells the age of what is unread", |b| {
        Box::pin(groups::lag(b))
    }),
];

/// Long enough for any answer on a busy machine; no case waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(40);

async fn open(backend: &dyn Backend, partitions: u32) -> Arc<dyn Log> {
    let log = backend.open().await;
    let topics = [
        MENTION_RECEIVED,
        MENTION_CLASSIFIED,
        MENTION_CLASSIFIED_URGENT,
    ];
    let specs = topics.map(|topic| TopicSpec::new(topic, partitions));
    log.ensure_topics(&specs).await.unwrap();
    log
}

fn record(topic: TopicName, key: &str, text: &str) -> NewRecord {
    NewRecord {
        topic,
        key: key.to_owned(),
        payload: Bytes::from(text.to_owned()),
        timestamp: Timestamp::UNIX_EPOCH,
    }
}

fn received(key: &str, text: &str) -> NewRecord {
    record(MENTION_RECEIVED, key, text)
}

/// `count` records, numbered from 0.
fn numbered(key: &str, count: usize) -> Vec<NewRecord> {
    (0..count)
        .map(|number| received(key, &number.to_string()))
        .collect()
}

fn texts(records: &[LogRecord]) -> Vec<String> {
    let text = |record: &LogRecord| String::from_utf8(record.payload.to_vec()).unwrap();
    records.iter().map(text).collect()
}

fn subscription(topics: &[TopicName], offsets: OffsetHome) -> Subscription {
    Subscription {
        group: "group".into(),
        topics: topics.to_vec(),
        offsets,
    }
}

async fn consumer(log: &Arc<dyn Log>) -> Box<dyn Consumer> {
    log.subscribe(subscription(&[MENTION_RECEIVED], OffsetHome::Log))
        .await
        .unwrap()
}

async fn next(consumer: &mut Box<dyn Consumer>, max_records: usize) -> Batch {
    consumer.poll(max_records, PATIENCE).await.unwrap().unwrap()
}
