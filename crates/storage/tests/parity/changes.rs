//! Commands of people.

use crate::post::Post;
use crate::world::{World, change};
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::ticket::{Actor, Command, Refusal, Status, TicketId};
use switchboard_storage::{Applied, Change};

async fn world() -> World {
    let world = World::new();
    world.arrives(&Post::complaint("1")).await;
    world
}

const FIRST: TicketId = TicketId(1);

#[tokio::test]
async fn of_two_claims_one_meets_the_other() {
    let world = world().await;
    let claims = ["bob", "eve"].map(|who| world.apply(change(FIRST, who, Command::Claim)));
    let [bob, eve] = claims;
    let (bob, eve) = tokio::join!(bob, eve);
    let done = [&bob, &eve]
        .iter()
        .filter(|one| matches!(one, Applied::Done { .. }))
        .count();
    let Some(Applied::Conflict { current }) = [&bob, &eve]
        .into_iter()
        .find(|one| matches!(one, Applied::Conflict { .. }))
    else {
        panic!("{bob:?} {eve:?}");
    };
    assert_eq!(done, 1);
    assert_eq!(current.version, 2);
    assert_eq!(world.ticket(FIRST).await.assignee, current.assignee);
}

#[tokio::test]
async fn another_version_than_the_one_seen_is_a_conflict() {
    let world = world().await;
    world.does(FIRST, "bob", Command::Claim).await;
    let stale = Change {
        expected_version: Some(1),
        ..change(FIRST, "bob", Command::Resolve)
    };
    let Applied::Conflict { current } = world.apply(stale).await else {
        panic!()
    };
    assert_eq!((current.version, current.status), (2, Status::Open));
    let fresh = Change {
        expected_version: Some(2),
        ..change(FIRST, "bob", Command::Resolve)
    };
    assert!(matches!(
        world.apply(fresh).await,
        Applied::Done { changed: true, .. }
    ));
}

#[tokio::test]
async fn what_is_so_already_writes_nothing() {
    let world = world().await;
    world.does(FIRST, "bob", Command::Claim).await;
    let told = world.told().await.len();
    let again = world.apply(change(FIRST, "bob", Command::Claim)).await;
    assert!(matches!(again, Applied::Done { changed: false, .. }));
    assert_eq!(world.told().await.len(), told);
}

#[tokio::test]
async fn a_refusal_is_a_value() {
    let world = world().await;
    let empty = world
        .apply(change(FIRST, "bob", Command::Note { text: " ".into() }))
        .await;
    assert_eq!(empty, Applied::Refused(Refusal::EmptyText));
    let unknown = world
        .apply(change(TicketId(99), "bob", Command::Claim))
        .await;
    assert_eq!(unknown, Applied::NotFound);
}

#[tokio::test]
async fn a_reply_is_asked_for_with_its_number() {
    let world = world().await;
    world
        .does(
            FIRST,
            "bob",
            Command::Reply {
                text: "we look".into(),
                automatic: false,
            },
        )
        .await;
    let told = world.told().await;
    let (_, key, request) = told.iter().find(|row| row.0 == "reply.requested").unwrap();
    assert_eq!((key.as_str(), &request["ticket"]), ("1", &"1".into()));
    assert_eq!(
        (&request["reply"], &request["text"]),
        (&2.into(), &"we look".into())
    );
    assert_eq!(request["mention"]["id"], "1");
    assert_eq!(request["actor"]["name"], "bob");
}

#[tokio::test]
async fn a_move_queues_it_with_its_post_and_events_tell_it_all() {
    let world = world().await;
    let department = switchboard_domain::Slug::from_any("legal");
    world.does(FIRST, "bob", Command::Move { department }).await;
    let told = world.told().await;
    let (_, _, queued) = told.iter().find(|row| row.0 == "queue.legal").unwrap();
    assert_eq!(queued["mention"]["mention"]["id"], "1");
    let events = world
        .store
        .tickets
        .events(FIRST, &DepartmentScope::All)
        .await
        .unwrap();
    assert_eq!(
        events.iter().map(|event| event.version).collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(events[1].change.actor, Actor::Person("bob".into()));
    assert_eq!(
        world.row(FIRST).await.explanation.unwrap().ticket_version,
        1
    );
}
