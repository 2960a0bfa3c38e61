//! Incidents: once per brand, with everything attached.

use crate::world::{World, at};
use switchboard_domain::incident::{IncidentRule, RiskSignal, Trigger};
use switchboard_domain::{Label, MentionKey, OffsetMove, Slug, StoredOffset};
use switchboard_storage::{Incident, StorageError, WatchBatch};

fn signal(id: &str, author: &str, severity: u8, minute: i64) -> (Slug, RiskSignal, MentionKey) {
    let signal = RiskSignal {
        at: at(minute),
        author: author.into(),
        label: Label::PrRisk,
        severity,
        followers: 10,
        backfill: false,
    };
    let key = MentionKey {
        platform: Slug::from_any("x"),
        id_scope: String::new(),
        id: id.into(),
    };
    (Slug::from_any("acme"), signal, key)
}

async fn watch(
    world: &World,
    signals: &[(Slug, RiskSignal, MentionKey)],
    minute: i64,
) -> Vec<Incident> {
    let step = OffsetMove {
        consumer: "alert".into(),
        ..world.step()
    };
    try_watch(world, signals, minute, step).await.unwrap()
}

async fn try_watch(
    world: &World,
    signals: &[(Slug, RiskSignal, MentionKey)],
    minute: i64,
    offset: OffsetMove,
) -> Result<Vec<Incident>, StorageError> {
    let batch = WatchBatch {
        signals: signals.to_vec(),
        rule: IncidentRule::default(),
        offset,
        now: at(minute),
    };
    world.store.incidents.watch(batch).await
}

#[tokio::test]
async fn five_authors_over_two_batches_open_one() {
    let world = World::new();
    let first: Vec<_> = ["a", "b", "c", "d"]
        .map(|who| signal(who, who, 3, 0))
        .to_vec();
    assert!(watch(&world, &first, 1).await.is_empty());
    let world = world.restarted();
    let opened = watch(&world, &[signal("e", "e", 3, 5), signal("f", "f", 3, 5)], 5).await;
    assert_eq!(opened.len(), 1);
    assert_eq!(
        (opened[0].trigger, opened[0].mention.id.as_str()),
        (Trigger::Authors, "e")
    );
    let listed = world.store.incidents.list_incidents(10).await.unwrap();
    assert_eq!(
        (listed.len(), listed[0].signal_count),
        (1, 2),
        "f belongs to it"
    );
    let told = world.told().await;
    assert_eq!(told.len(), 1, "one notification");
    assert_eq!(
        (told[0].0.as_str(), &told[0].2["incident"]["id"]),
        ("notification.requested", &1.into())
    );
}

#[tokio::test]
async fn within_the_cool_down_a_graver_one_joins_and_past_it_opens_anew() {
    let world = World::new();
    assert_eq!(watch(&world, &[signal("1", "a", 9, 0)], 0).await.len(), 1);
    assert_eq!(
        watch(&world, &[signal("2", "b", 10, 60)], 60).await.len(),
        0
    );
    assert_eq!(
        watch(&world, &[signal("3", "c", 9, 121)], 121).await.len(),
        1
    );
    let listed = world.store.incidents.list_incidents(10).await.unwrap();
    assert_eq!(
        listed
            .iter()
            .map(|one| one.signal_count)
            .collect::<Vec<_>>(),
        [1, 2]
    );
}

#[tokio::test]
async fn the_same_post_again_counts_once() {
    let world = World::new();
    watch(&world, &[signal("1", "a", 9, 0)], 0).await;
    assert!(
        watch(&world, &[signal("1", "a", 9, 0)], 120)
            .await
            .is_empty()
    );
    assert_eq!(
        world.store.incidents.list_incidents(10).await.unwrap()[0].signal_count,
        1
    );
}

#[tokio::test]
async fn brands_are_apart_and_other_labels_passed_over() {
    let world = World::new();
    let mut other = signal("2", "b", 9, 0);
    other.0 = Slug::from_any("other");
    let mut complaint = signal("3", "c", 10, 0);
    complaint.1.label = Label::Complaint;
    complaint.0 = Slug::from_any("third");
    let opened = watch(&world, &[signal("1", "a", 9, 0), other, complaint], 0).await;
    assert_eq!(opened.len(), 2);
}

#[tokio::test]
async fn a_fenced_batch_opens_nothing() {
    let world = World::new();
    let offset = OffsetMove {
        consumer: "alert".into(),
        topic: "mention.signal".into(),
        partition: 0,
        expected: Some(7),
        to: StoredOffset {
            next: 8,
            incarnation: "log-1".into(),
            last_hash: None,
        },
    };
    let fenced = try_watch(&world, &[signal("1", "a", 9, 0)], 0, offset).await;
    assert!(matches!(
        fenced,
        Err(StorageError::Fenced { found: None, .. })
    ));
    assert!(
        world
            .store
            .incidents
            .list_incidents(10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(world.told().await.is_empty());
}
