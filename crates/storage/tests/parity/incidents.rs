//! Incidents: once per brand, with everything attached.

use crate::post::Post;
use crate::world::{World, at, step};
use rstest::rstest;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::incident::{IncidentRule, RiskSignal, Trigger};
use switchboard_domain::ticket::Actor;
use switchboard_domain::{Label, MentionKey, OffsetMove, Slug, StoredOffset};
use switchboard_storage::incidents::{Closing, IncidentFigures};
use switchboard_storage::{
    Handled, Incident, IncidentAction, IncidentNotification, IncidentQuery, IncidentRow,
    IncidentStep, StorageError, WatchBatch,
};

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
        (1, 6),
        "the four before and f belong to it"
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

fn ann() -> Actor {
    Actor::Person("ann".into())
}

async fn does(world: &World, incident: i64, action: IncidentAction, minute: i64) -> Handled {
    let (by, now) = (ann(), at(minute));
    let wish = IncidentStep {
        incident,
        action,
        by,
        now,
    };
    world.store.incidents.handle_incident(wish).await.unwrap()
}

async fn row(world: &World, id: i64) -> IncidentRow {
    world.store.incidents.incident(id).await.unwrap().unwrap()
}

fn closed_by_ann(minute: i64, false_alarm: bool) -> Closing {
    let (at, by) = (at(minute), ann());
    Closing {
        at,
        by,
        false_alarm,
    }
}

#[tokio::test]
async fn the_first_acknowledgement_stands() {
    let world = World::new();
    watch(&world, &[signal("1", "a", 9, 0)], 0).await;
    let done = does(&world, 1, IncidentAction::Acknowledge, 2).await;
    assert!(matches!(done, Handled::Done { changed: true, .. }));
    let again = does(&world, 1, IncidentAction::Acknowledge, 3).await;
    assert!(matches!(again, Handled::Done { changed: false, .. }));
    assert_eq!(row(&world, 1).await.acknowledged, Some((ann(), at(2))));
}

#[rstest]
#[case::close(&[IncidentAction::Close], closed_by_ann(1, false))]
#[case::twice(&[IncidentAction::Close, IncidentAction::Close], closed_by_ann(1, false))]
#[case::false_alarm(&[IncidentAction::FalseAlarm], closed_by_ann(1, true))]
#[case::false_after_all(&[IncidentAction::Close, IncidentAction::FalseAlarm], closed_by_ann(1, true))]
#[case::false_stays(&[IncidentAction::FalseAlarm, IncidentAction::Close], closed_by_ann(1, true))]
#[tokio::test]
async fn people_end_an_incident(#[case] actions: &[IncidentAction], #[case] want: Closing) {
    let world = World::new();
    watch(&world, &[signal("1", "a", 9, 0)], 0).await;
    for (action, minute) in actions.iter().zip(1..) {
        does(&world, 1, *action, minute).await;
    }
    let ended = row(&world, 1).await;
    assert_eq!(ended.closed, Some(want));
    let late = does(&world, 1, IncidentAction::Acknowledge, 9).await;
    assert_eq!(late, Handled::Over(ended));
}

#[tokio::test]
async fn every_step_leaves_an_audit_row_once_and_nobody_handles_what_is_not_there() {
    let world = World::new();
    watch(&world, &[signal("1", "a", 9, 0)], 0).await;
    for action in [
        IncidentAction::Acknowledge,
        IncidentAction::Acknowledge,
        IncidentAction::Close,
        IncidentAction::FalseAlarm,
    ] {
        does(&world, 1, action, 1).await;
    }
    assert_eq!(
        does(&world, 9, IncidentAction::Close, 1).await,
        Handled::NotFound
    );
    let rows = world.place.column(
        "SELECT action || ' ' || subject || ' ' || actor AS value FROM audit
         ORDER BY writer_sequence",
    );
    insta::assert_snapshot!(rows.join("\n"), @"
    incident.opened incident:1 system:alert
    incident.acknowledged incident:1 person:ann
    incident.closed incident:1 person:ann
    incident.false_alarm incident:1 person:ann
    ");
}

#[tokio::test]
async fn after_a_person_ended_it_the_same_posts_do_not_ring_again() {
    let world = World::new();
    let five = ["a", "b", "c", "d", "e"].map(|who| signal(who, who, 3, 0));
    assert_eq!(watch(&world, &five, 0).await.len(), 1);
    does(&world, 1, IncidentAction::FalseAlarm, 1).await;
    assert!(watch(&world, &[signal("f", "f", 3, 2)], 2).await.is_empty());
    let four = ["g", "h", "i", "j"].map(|who| signal(who, who, 3, 3));
    assert_eq!(watch(&world, &four, 3).await.len(), 1, "five new ones do");
}

#[tokio::test]
async fn one_that_was_quiet_for_long_was_ended_by_the_system() {
    let world = World::new();
    watch(&world, &[signal("1", "a", 9, 0)], 0).await;
    watch(&world, &[signal("2", "b", 9, 90)], 90).await;
    let closed = row(&world, 1).await.closed.unwrap();
    assert_eq!(
        (closed.at, closed.by),
        (at(90), Actor::System("alert".into()))
    );
}

#[tokio::test]
async fn pages_show_every_incident_once_the_latest_first() {
    let world = World::new();
    for number in 0..5 {
        let minute = number * 100;
        watch(
            &world,
            &[signal(&number.to_string(), "a", 9, minute)],
            minute,
        )
        .await;
    }
    let (mut seen, mut after) = (vec![], None);
    loop {
        let page = IncidentQuery { after, limit: 2 };
        let page = world.store.incidents.incidents(page).await.unwrap();
        seen.extend(page.iter().map(|row| row.incident.id));
        after = page.last().map(IncidentRow::cursor);
        if page.len() < 2 {
            break;
        }
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn its_posts_keep_to_the_scope_and_the_gravest_comes_first() {
    let world = World::new();
    world
        .arrives(&Post {
            author: "a",
            ..Post::risk("1")
        })
        .await;
    let complaint = Post {
        author: "b",
        ..Post::complaint("2")
    };
    let elsewhere = world.arrives(&complaint).await.ticket;
    let signals = [
        signal("1", "a", 5, 0),
        signal("2", "b", 9, 0),
        signal("3", "c", 5, 1),
    ];
    let first = OffsetMove {
        consumer: "alert".into(),
        ..step(None, 1)
    };
    try_watch(&world, &signals, 1, first).await.unwrap();
    let posts = async |scope: &DepartmentScope| {
        let posts = world
            .store
            .incidents
            .incident_posts(1, scope, 10)
            .await
            .unwrap();
        posts
            .iter()
            .map(|post| {
                let key = post.post.as_ref().map(|post| post.key.id.clone());
                (post.severity, key, post.ticket)
            })
            .collect::<Vec<_>>()
    };
    let all = posts(&DepartmentScope::All).await;
    assert_eq!(all[0], (9, Some("2".to_owned()), elsewhere));
    assert_eq!(all[2], (5, None, None), "not routed yet");
    let pr = posts(&DepartmentScope::Only([Slug::from_any("pr")].into())).await;
    assert_eq!(pr.len(), 1);
    assert_eq!(pr[0].1.as_deref(), Some("1"));
    assert!(posts(&DepartmentScope::Only([].into())).await.is_empty());
}

#[tokio::test]
async fn its_numbers_count_authors_reach_and_minutes_also_when_signals_are_pruned() {
    let world = World::new();
    let signals = [
        signal("1", "a", 9, 0),
        signal("2", "a", 3, 0),
        signal("3", "b", 3, 2),
        signal("4", "", 3, 2),
    ];
    watch(&world, &signals, 2).await;
    watch(&world, &[], 2 * 24 * 60).await;
    let want = IncidentFigures {
        authors: 2,
        reach: 20,
        per_minute: vec![(minute_of(0), 2), (minute_of(2), 2)],
    };
    let figures = world.store.incidents.incident_figures(1).await.unwrap();
    assert_eq!(figures, want);
    let unknown = world.store.incidents.incident_figures(2).await.unwrap();
    assert_eq!(unknown, IncidentFigures::default());
}

/// The full minute in which [`at`] lies.
fn minute_of(minute: i64) -> jiff::Timestamp {
    let seconds = at(minute).as_second();
    jiff::Timestamp::from_second(seconds - seconds % 60).unwrap()
}

#[tokio::test]
async fn a_channel_is_told_once_an_instant() {
    let world = World::new();
    watch(&world, &[signal("1", "a", 9, 0)], 0).await;
    let told = |incident, minute, outcome: &str| IncidentNotification {
        incident,
        channel: "slack".into(),
        at: at(minute),
        outcome: outcome.into(),
    };
    let incidents = &world.store.incidents;
    for (minute, outcome) in [(2, "sent"), (1, "timed out"), (1, "refused")] {
        assert!(
            incidents
                .record_notification(told(1, minute, outcome))
                .await
                .unwrap()
        );
    }
    assert!(
        !incidents
            .record_notification(told(2, 1, "sent"))
            .await
            .unwrap()
    );
    let want = vec![told(1, 1, "refused"), told(1, 2, "sent")];
    assert_eq!(incidents.notifications(1).await.unwrap(), want);
    assert!(incidents.notifications(2).await.unwrap().is_empty());
}
