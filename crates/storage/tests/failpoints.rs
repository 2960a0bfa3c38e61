//! A transaction that breaks before its commit leaves nothing; after it, everything, and the
//! caller who tries again meets the offset.
#![cfg(feature = "failpoints")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use jiff::{SignedDuration, Timestamp};
use switchboard_domain::ticket::Actor;
use switchboard_domain::{OffsetMove, StoredOffset};
use switchboard_storage::{IntakeBatch, SqliteOptions, SqliteStore, StorageError, Store};
use switchboard_telemetry::Metrics;

fn batch() -> IntakeBatch {
    IntakeBatch {
        items: vec![],
        offset: OffsetMove {
            consumer: "route".into(),
            topic: "mention.classified".into(),
            partition: 0,
            expected: None,
            to: StoredOffset {
                next: 1,
                incarnation: "log".into(),
                last_hash: None,
            },
        },
        join_window: SignedDuration::from_hours(24),
        book: std::sync::Arc::default(),
        now: Timestamp::UNIX_EPOCH,
        actor: Actor::System("route".into()),
    }
}

async fn next(store: &Store) -> Option<u64> {
    let offset = store
        .offsets
        .load_offset("route", "mention.classified", 0)
        .await
        .unwrap();
    offset.map(|offset| offset.next)
}

#[tokio::test]
async fn a_break_before_the_commit_leaves_nothing_and_one_after_it_everything() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(SqliteOptions {
        dir: dir.path().to_owned(),
        writer: "test".into(),
        metrics: Metrics::new("test").unwrap(),
    })
    .unwrap()
    .store();
    for (point, want) in [
        ("store.transaction.begin", None),
        ("store.intake.before_commit", None),
        ("store.intake.after_commit", Some(1)),
    ] {
        fail::cfg(point, "return").unwrap();
        let broken = store.intake.take_in(batch()).await;
        fail::remove(point);
        assert!(
            matches!(broken, Err(StorageError::Unavailable { .. })),
            "{point}"
        );
        assert_eq!(next(&store).await, want, "{point}");
    }
    let again = store.intake.take_in(batch()).await;
    assert!(matches!(
        again,
        Err(StorageError::Fenced { found: Some(1), .. })
    ));
}
