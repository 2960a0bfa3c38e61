//! What only the log in a file promises.

use bytes::Bytes;
use jiff::Timestamp;
use std::time::Duration;
use switchboard_stream::backend::embedded::{EmbeddedLog, EmbeddedOptions};
use switchboard_stream::topic::{MENTION_RECEIVED, standard_topics};
use switchboard_stream::{Log as _, LogError, NewRecord, OffsetHome, Subscription};

fn record(key: &str, text: &str) -> NewRecord {
    NewRecord {
        topic: MENTION_RECEIVED,
        key: key.to_owned(),
        payload: Bytes::from(text.to_owned()),
        timestamp: Timestamp::UNIX_EPOCH,
    }
}

async fn open(dir: &std::path::Path, seed: u8) -> Result<EmbeddedLog, LogError> {
    let log = EmbeddedLog::open(&EmbeddedOptions::new(dir, [seed; 16]))?;
    log.ensure_topics(&standard_topics(2)).await?;
    Ok(log)
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path(), 1).await.unwrap();
    let incarnation = log.incarnation();
    log.append(vec![record("a", "one"), record("a", "two")])
        .await
        .unwrap();
    log.close().await.unwrap();
    assert_eq!(
        log.append(vec![record("a", "late")]).await,
        Err(LogError::Closed)
    );

    let log = open(dir.path(), 2).await.unwrap();
    assert_eq!(
        log.incarnation(),
        incarnation,
        "the seed only names a new file"
    );
    let subscription = Subscription {
        group: "classify".into(),
        topics: vec![MENTION_RECEIVED],
        offsets: OffsetHome::Log,
    };
    let mut consumer = log.subscribe(subscription).await.unwrap();
    let batch = consumer
        .poll(10, Duration::from_secs(5))
        .await
        .unwrap()
        .unwrap();
    let texts: Vec<_> = batch
        .records
        .iter()
        .map(|record| record.payload.clone())
        .collect();
    assert_eq!(
        texts,
        [Bytes::from_static(b"one"), Bytes::from_static(b"two")]
    );
    consumer.commit(&batch).await.unwrap();
    assert_eq!(consumer.poll(10, Duration::ZERO).await.unwrap(), None);
    assert_eq!(log.backlog("classify", &MENTION_RECEIVED).await.unwrap(), 0);
}
