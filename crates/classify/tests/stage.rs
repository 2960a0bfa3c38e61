//! The stage over a log that only remembers what was appended.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test"
)]

#[path = "support/memory_log.rs"]
mod memory_log;

use bytes::Bytes;
use jiff::Timestamp;
use memory_log::{MemoryLog, batch_of};
use rstest::rstest;
use std::sync::Arc;
use switchboard_classify::{Classifier, ClassifyStage, Drift, NoModel, RuleSet};
use switchboard_domain::{BrandTable, Current, Mention, ReceivedMention, Slug};
use switchboard_stream::record::{MentionSignal, decode_classified, encode_received};
use switchboard_stream::topic::{MENTION_RECEIVED, MENTION_SIGNAL};
use switchboard_stream::{Batch, LogError, Stage, StageError};
use switchboard_telemetry::Metrics;

fn stage(log: &Arc<MemoryLog>) -> ClassifyStage {
    let brands = BrandTable::new([("acme help".to_owned(), Slug::from_any("acme"))]);
    ClassifyStage {
        classifier: Current::new(Classifier::new(
            RuleSet::shipped().unwrap(),
            Box::new(NoModel),
        )),
        brands: Arc::new(brands),
        log: Arc::<MemoryLog>::clone(log),
        threads: 3,
        drift: Arc::new(Drift::new(Metrics::new("test").unwrap())),
    }
}

fn batch(payloads: Vec<Bytes>) -> Batch {
    batch_of(MENTION_RECEIVED, Timestamp::UNIX_EPOCH, payloads)
}

fn received(text: &str) -> Bytes {
    let mut mention = Mention::new(Slug::from_any("x"), "1", text);
    mention.accounts.insert("Acme Help".to_owned());
    encode_received(&ReceivedMention {
        mention,
        received_at: "2026-03-01T12:00:00Z".parse().unwrap(),
    })
    .unwrap()
}

#[rstest]
#[case::chatter("what a lovely evening", "mention.classified")]
#[case::grievance("my parcel never arrived", "mention.classified")]
#[case::risk(
    "your toaster caught fire and my son was injured",
    "mention.classified.urgent"
)]
#[tokio::test]
async fn a_post_takes_exactly_one_lane_and_leaves_a_signal(#[case] text: &str, #[case] lane: &str) {
    let log = Arc::new(MemoryLog::default());
    let outcomes = stage(&log)
        .process(&batch(vec![received(text)]))
        .await
        .unwrap();
    assert_eq!(outcomes.len(), 1);
    let appends = log.appends.lock().unwrap();
    assert_eq!(appends.len(), 1, "all records of a batch go in one append");
    let records = &appends[0];
    let topics: Vec<&str> = records.iter().map(|record| record.topic.as_str()).collect();
    assert_eq!(topics, [lane, "mention.signal"]);
    let keys: Vec<&str> = records.iter().map(|record| record.key.as_str()).collect();
    assert_eq!(keys, ["key-0", "acme"]);
    let classified = decode_classified(&records[0].payload).unwrap();
    let signal = MentionSignal::decode(&records[1].payload).unwrap();
    assert_eq!(
        classified.classification.is_urgent(),
        lane.ends_with("urgent")
    );
    assert_eq!(signal.label, classified.classification.label);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_invalid_and_nothing_is_appended() {
    let log = Arc::new(MemoryLog::default());
    let poisoned = batch(vec![received("hello"), Bytes::from_static(b"{}")]);
    let error = stage(&log).process(&poisoned).await.unwrap_err();
    assert!(matches!(error, StageError::Invalid(_)), "{error}");
    assert!(log.appends.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_log_that_is_away_is_tried_again() {
    let log = Arc::new(MemoryLog {
        failure: Some(LogError::Unavailable {
            reason: "busy".to_owned(),
        }),
        ..MemoryLog::default()
    });
    let error = stage(&log)
        .process(&batch(vec![received("hello")]))
        .await
        .unwrap_err();
    assert!(matches!(error, StageError::Transient(_)), "{error}");
}

/// Several threads share a large batch; what they make of it stands in the order of the posts.
#[tokio::test]
async fn a_shared_batch_keeps_its_order() {
    let log = Arc::new(MemoryLog::default());
    let payloads = (0..1_001).map(|number| received(&format!("post number {number}")));
    let outcomes = stage(&log)
        .process(&batch(payloads.collect()))
        .await
        .unwrap();
    assert_eq!(outcomes.len(), 1_001);
    let appends = log.appends.lock().unwrap();
    let records = appends.iter().flatten();
    let posts = records.filter(|record| record.topic != MENTION_SIGNAL);
    let keys: Vec<&str> = posts.map(|record| record.key.as_str()).collect();
    let want: Vec<String> = (0..1_001).map(|number| format!("key-{number}")).collect();
    assert_eq!(keys, want);
}
