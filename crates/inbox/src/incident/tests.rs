//! Incidents through the routes.

use crate::testing::{Answer, World};
use jiff::SignedDuration;
use rstest::rstest;
use switchboard_domain::incident::{IncidentRule, RiskSignal};
use switchboard_domain::{Clock, Label, MentionKey, OffsetMove, Slug, StoredOffset};
use switchboard_storage::{IncidentNotification, WatchBatch};

/// Posts over the line, by authors of those names; the ids are theirs.
async fn crisis(world: &World, step: u64, authors: &[(&str, u8)]) {
    let now = world.clock.now();
    let signals = authors.iter().map(|(author, severity)| {
        let signal = RiskSignal {
            at: now,
            author: (*author).into(),
            label: Label::PrRisk,
            severity: *severity,
            followers: 10,
            backfill: false,
        };
        let key = MentionKey {
            platform: Slug::from_any("x"),
            id_scope: String::new(),
            id: (*author).into(),
        };
        (Slug::from_any("acme"), signal, key)
    });
    let batch = WatchBatch {
        signals: signals.collect(),
        rule: IncidentRule::default(),
        offset: OffsetMove {
            consumer: "alert".into(),
            topic: "mention.signal".into(),
            partition: 0,
            expected: (step > 0).then_some(step),
            to: StoredOffset {
                next: step + 1,
                incarnation: "log".into(),
                last_hash: None,
            },
        },
        now,
    };
    world.store.incidents.watch(batch).await.unwrap();
}

async fn with_one() -> World {
    let world = World::new().await;
    world.post("1", Label::PrRisk).await;
    world.post("2", Label::Complaint).await;
    crisis(&world, 0, &[("1", 9), ("2", 3)]).await;
    world
}

fn lines(answer: &Answer, list: &str, field: &str) -> String {
    let items = answer.json[list].as_array().unwrap().iter();
    let texts = items.map(|item| item[field].as_str().unwrap_or("-").to_owned());
    texts.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn shows_what_happened() {
    let world = with_one().await;
    let mut answer = world.get("sue", "/api/v1/incidents/1").await;
    let posts = answer.json["posts"].take();
    insta::assert_snapshot!(answer, @r#"
    200 OK
    {
      "authors": 2,
      "brand": "acme",
      "id": "1",
      "last_signal_at": "2026-03-01T12:00:00Z",
      "notifications": [],
      "opened_at": "2026-03-01T12:00:00Z",
      "posts": null,
      "rate": [
        {
          "minute": "2026-03-01T12:00:00Z",
          "posts": 2
        }
      ],
      "reach": 20,
      "signal_count": 2,
      "status": "open",
      "timeline": [
        {
          "at": "2026-03-01T12:00:00Z",
          "summary": "opened: a post that is grave enough by itself"
        }
      ],
      "trigger": "severity",
      "why": "a post that is grave enough by itself"
    }
    "#);
    assert_eq!(posts[0]["mention"]["text"], "my bag is lost");
    assert_eq!(
        (&posts[0]["ticket"], &posts[1]["ticket"]),
        (&"1".into(), &"2".into())
    );
}

#[tokio::test]
async fn the_timeline_tells_who_did_what() {
    let world = with_one().await;
    let told = IncidentNotification {
        incident: 1,
        channel: "press-room".into(),
        at: world.clock.now(),
        outcome: "sent".into(),
    };
    world
        .store
        .incidents
        .record_notification(told)
        .await
        .unwrap();
    for action in ["acknowledge", "false-alarm"] {
        world.clock.advance(SignedDuration::from_mins(1));
        let answer = world
            .act("sue", &format!("/api/v1/incidents/1/{action}"), "")
            .await;
        assert_eq!(answer.status, 200);
    }
    let answer = world.get("root", "/api/v1/incidents/1").await;
    insta::assert_snapshot!(lines(&answer, "timeline", "summary"), @"
    opened: a post that is grave enough by itself
    press-room: sent
    acknowledged by sue
    ended as a false alarm by sue
    ");
    assert_eq!(answer.at("/notifications/0/outcome"), "\"sent\"");
    assert_eq!(answer.at("/status"), "\"false_alarm\"");
}

#[rstest]
#[case::not_there("sue", "GET", "/api/v1/incidents/2")]
#[case::no_number("sue", "GET", "/api/v1/incidents/first")]
#[case::of_another_department("ann", "GET", "/api/v1/incidents/1")]
#[case::nor_to_be_handled_by_it("ann", "POST", "/api/v1/incidents/1/close")]
#[tokio::test]
async fn is_not_there(#[case] who: &str, #[case] method: &str, #[case] path: &str) {
    let world = with_one().await;
    let answer = world.call(who, method, path, &[], "").await;
    assert_eq!(answer.status, 404, "{answer}");
}

#[tokio::test]
async fn another_department_has_an_empty_list() {
    let world = with_one().await;
    let count = async |who: &str| {
        let answer = world.get(who, "/api/v1/incidents").await;
        answer.json["incidents"].as_array().unwrap().len()
    };
    assert_eq!((count("sue").await, count("ann").await), (1, 0));
}

#[tokio::test]
async fn pages_go_on_where_they_ended() {
    let world = World::new().await;
    for step in 0..3 {
        crisis(&world, step, &[(&step.to_string(), 9)]).await;
        world.clock.advance(SignedDuration::from_hours(2));
    }
    let first = world.get("sue", "/api/v1/incidents?limit=2").await;
    let next = first.json["next"].as_str().unwrap();
    let second = world
        .get("sue", &format!("/api/v1/incidents?limit=2&cursor={next}"))
        .await;
    assert_eq!(lines(&first, "incidents", "id"), "3\n2");
    assert_eq!(lines(&second, "incidents", "id"), "1");
    assert_eq!(second.at("/next"), "nothing");
    let wrong = world.get("sue", "/api/v1/incidents?cursor=x").await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn nobody_takes_up_what_is_over() {
    let world = with_one().await;
    world.act("sue", "/api/v1/incidents/1/close", "").await;
    let late = world
        .act("sue", "/api/v1/incidents/1/acknowledge", "")
        .await;
    assert_eq!(
        late.error(),
        "422 Unprocessable Entity refused: incident `1` is over: nobody needs to take it up"
    );
}
