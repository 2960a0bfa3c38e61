//! Timers: in order, once, never early.

use crate::post::Post;
use crate::post::book;
use crate::world::{World, at, batch};
use jiff::SignedDuration;
use switchboard_domain::sla::{
    ClockKind, ClockStatus, Escalation, EscalationAction, EscalationPoint, Milestone, SlaBook,
};
use switchboard_domain::ticket::{Command, TicketId};

fn by(author: &'static str, post: Post) -> Post {
    Post { author, ..post }
}

async fn fired(world: &World, minute: i64) -> Vec<(i64, Milestone)> {
    let fired = world
        .store
        .timers
        .fire_due(at(minute), 100, &book())
        .await
        .unwrap();
    assert!(fired.iter().all(|one| one.lateness >= SignedDuration::ZERO));
    fired
        .into_iter()
        .map(|one| (one.ticket.0, one.milestone.milestone))
        .collect()
}

#[tokio::test]
async fn each_milestone_fires_once_in_deadline_order_also_over_a_restart() {
    let world = World::new();
    assert_eq!(world.store.timers.next_due_at().await.unwrap(), None);
    world.arrives(&by("ann", Post::complaint("1"))).await; // warns at 45, due at 60
    world.arrives(&by("bob", Post::risk("2"))).await; // warns at 11:15, due at 15
    let eleven = at(11) + SignedDuration::from_secs(15);
    assert_eq!(
        world.store.timers.next_due_at().await.unwrap(),
        Some(eleven)
    );
    assert_eq!(fired(&world, 11).await, []);
    assert_eq!(fired(&world, 12).await, [(2, Milestone::Warning(75))]);
    assert_eq!(fired(&world, 12).await, []);
    let world = world.restarted();
    let want = [
        (2, Milestone::Breach),
        (1, Milestone::Warning(75)),
        (1, Milestone::Breach),
    ];
    assert_eq!(fired(&world, 61).await, want);
    assert_eq!(fired(&world, 9_999).await, []);
    assert_eq!(world.store.timers.next_due_at().await.unwrap(), None);
    let status = world.ticket(TicketId(1)).await.sla_status();
    assert_eq!(status, Some(ClockStatus::Breached));
}

#[tokio::test]
async fn a_batch_takes_the_earliest() {
    let world = World::new();
    world.arrives(&by("ann", Post::complaint("1"))).await;
    world.arrives(&by("bob", Post::risk("2"))).await;
    let first = world
        .store
        .timers
        .fire_due(at(50), 1, &book())
        .await
        .unwrap();
    assert!(
        first.iter().all(|one| one.ticket == TicketId(2)),
        "{first:?}"
    );
}

#[tokio::test]
async fn an_answer_between_deadline_and_look_leaves_one_breach() {
    let world = World::new();
    let post = Post {
        minute: -70,
        ..Post::complaint("1")
    };
    world.arrives(&post).await;
    world
        .does(
            TicketId(1),
            "bob",
            Command::Reply {
                text: "sorry".into(),
                automatic: false,
            },
        )
        .await;
    assert_eq!(fired(&world, 9_999).await, []);
    let rows = world.number("SELECT count(*) AS value FROM sla_milestone");
    assert_eq!(rows, 2);
}

#[tokio::test]
async fn an_answered_ticket_fires_nothing() {
    let world = World::new();
    world.arrives(&Post::complaint("1")).await;
    world
        .does(
            TicketId(1),
            "bob",
            Command::Reply {
                text: "sorry".into(),
                automatic: false,
            },
        )
        .await;
    assert_eq!(fired(&world, 9_999).await, []);
}

#[tokio::test]
async fn one_unreadable_ticket_does_not_hold_up_the_others() {
    let world = World::new();
    world.arrives(&by("ann", Post::risk("1"))).await;
    world.arrives(&by("bob", Post::complaint("2"))).await;
    world
        .place
        .execute("UPDATE ticket SET state = '{' WHERE id = 1");
    assert_eq!(fired(&world, 61).await.len(), 2, "those of ticket 2");
    assert_eq!(fired(&world, 61).await, []);
}

#[tokio::test]
async fn a_step_of_the_chain_asks_for_each_recipient_once() {
    let mut policy = book().policies()[0].clone();
    let notify = |name: &str| EscalationAction::Notify(name.to_owned());
    policy.escalations = vec![Escalation {
        clock: ClockKind::FirstResponse,
        at: EscalationPoint::AfterBreach(600),
        actions: vec![notify("ops"), notify("press-room"), notify("ops")],
    }];
    let book = SlaBook::of(policy);
    let world = World::new();
    let mut arrival = batch(&[Post::complaint("1")], world.step(), at(0));
    arrival.book = book.clone();
    world.store.intake.take_in(arrival).await.unwrap();
    for minute in [69, 70, 71] {
        let timers = &world.store.timers;
        timers.fire_due(at(minute), 100, &book).await.unwrap();
    }
    let told = world.told().await;
    let asked = told
        .iter()
        .filter(|(topic, ..)| topic == "notification.requested");
    let asked: Vec<_> = asked
        .map(|(_, key, record)| (key.as_str(), record["idempotency_key"].as_str().unwrap()))
        .collect();
    let want = [
        ("ops", "ticket-1-first_response-1-1-ops"),
        ("press-room", "ticket-1-first_response-1-1-press-room"),
    ];
    assert_eq!(asked, want);
    let mut calls = told.iter().map(|(_, _, record)| &record["ticket"]);
    let call = calls.find(|call| call["step"] == 1).unwrap();
    assert_eq!(call["due_at"], at(60).to_string());
    assert_eq!(call["at"], at(70).to_string());
}
