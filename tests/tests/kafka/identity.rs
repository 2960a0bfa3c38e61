//! Which log is it? Another topic of the same name, another cluster: never gone on in.

use crate::store::CountingStore;
use crate::world::{World, records, with_store};
use rstest::rstest;
use std::sync::Arc;
use std::time::Duration;
use switchboard_stream::topic::MENTION_RECEIVED;
use switchboard_stream::{Log, LogError, TopicSpec};

const PATIENCE: Duration = Duration::from_secs(30);

/// Reads three of six records into the store.
async fn begin(log: &dyn Log, store: &Arc<CountingStore>) {
    log.append(records(0..6)).await.unwrap();
    let mut consumer = with_store(log, store).await;
    let batch = consumer.poll(3, PATIENCE).await.unwrap().unwrap();
    assert!(store.apply(&batch));
    consumer.commit(&batch).await.unwrap();
}

async fn refusals(log: &dyn Log, store: &Arc<CountingStore>) -> [LogError; 2] {
    let mut consumer = with_store(log, store).await;
    let checked = consumer.check_offsets().await.unwrap_err();
    let polled = consumer.poll(3, PATIENCE).await.unwrap_err();
    [checked, polled]
}

/// Even when the new topic holds the very same records at the same places.
#[rstest]
#[case::with_the_same_records(6)]
#[case::with_nothing_in_it(0)]
#[tokio::test(flavor = "multi_thread")]
async fn a_topic_made_anew_is_refused(#[case] again: usize) {
    if switchboard_tests::kafka::is_skipped() {
        return;
    }
    let world = World::shared();
    let store = Arc::new(CountingStore::default());
    let log = world.log_with(1).await;
    begin(&log, &store).await;
    world.delete_topic(MENTION_RECEIVED.as_str()).await;
    log.ensure_topics(&[TopicSpec::new(MENTION_RECEIVED, 1)])
        .await
        .unwrap();
    if again > 0 {
        log.append(records(0..again)).await.unwrap();
    }
    for refused in refusals(&log, &store).await {
        assert!(matches!(refused, LogError::Mismatch { .. }), "{refused}");
    }
    assert_eq!(store.count(), 3, "nothing was done in the new topic");
    log.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_cluster_is_refused() {
    if switchboard_tests::kafka::is_skipped() {
        return;
    }
    let store = Arc::new(CountingStore::default());
    let ours = World::shared();
    let log = ours.log_with(1).await;
    begin(&log, &store).await;
    log.close().await.unwrap();
    let other = switchboard_tests::kafka::Kafka::start(1).unwrap();
    let world = World::on(&other.bootstrap());
    let log = world.log_with(1).await;
    log.append(records(0..6)).await.unwrap();
    for refused in refusals(&log, &store).await {
        let LogError::Mismatch { reason, .. } = refused else {
            panic!("{refused}");
        };
        assert!(reason.contains(&*log.incarnation()), "{reason}");
    }
    log.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_breaks_a_promise_is_refused_with_the_way_out() {
    if switchboard_tests::kafka::is_skipped() {
        return;
    }
    let world = World::shared();
    let log = world.log().await;
    let mut spec = TopicSpec::new(MENTION_RECEIVED, 1);
    log.ensure_topics(std::slice::from_ref(&spec))
        .await
        .unwrap();
    spec.retention.age = Duration::from_hours(24);
    let refused = log.ensure_topics(&[spec]).await.unwrap_err().to_string();
    let way_out = format!(
        "--entity-name {}mention.received --add-config retention.ms=86400000",
        world.config.prefix
    );
    assert!(refused.contains(&way_out), "{refused}");
    log.close().await.unwrap();
}
