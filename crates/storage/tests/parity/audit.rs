//! The audit chain.

use crate::place::tampering;
use crate::post::{Post, WORDS};
use crate::world::{World, at};
use rstest::rstest;
use switchboard_domain::ticket::{Actor, Command, TicketId};
use switchboard_storage::AuditEntry;

/// Five sealed rows and one that is not.
async fn world() -> World {
    let world = World::new();
    world.arrives(&Post::complaint("1")).await;
    world.does(TicketId(1), "bob", Command::Claim).await;
    world
        .does(
            TicketId(1),
            "bob",
            Command::Note {
                text: "a note".into(),
            },
        )
        .await;
    world.does(TicketId(1), "bob", Command::Resolve).await;
    let entry = AuditEntry {
        at: at(1),
        actor: Actor::Person("bob".into()),
        action: "topic.read".into(),
        subject: "topic:mention.received".into(),
        detail: String::new(),
    };
    world.store.audit.append(entry).await.unwrap();
    assert_eq!(world.store.audit.seal(at(2)).await.unwrap(), 5);
    world.does(TicketId(1), "bob", Command::Reopen).await;
    world
}

#[tokio::test]
async fn an_untouched_chain_fits() {
    let world = world().await.restarted();
    let report = world.store.audit.verify().await.unwrap();
    assert_eq!((report.sealed, report.unsealed, report.fault), (5, 1, None));
    assert_eq!(world.store.audit.seal(at(3)).await.unwrap(), 1);
    assert_eq!(world.store.audit.seal(at(3)).await.unwrap(), 0);
    assert_eq!(world.store.audit.verify().await.unwrap().sealed, 6);
}

#[tokio::test]
async fn it_holds_no_words_of_posts() {
    let world = world().await;
    let count = world.number(&format!(
        "SELECT count(*) AS value FROM audit
         WHERE actor || action || subject || detail LIKE '%{WORDS}%'"
    ));
    assert_eq!(count, 0);
}

#[rstest]
#[case::writer("writer", 3)]
#[case::sequence("sequence", 3)]
#[case::time("time", 3)]
#[case::actor("actor", 3)]
#[case::action("action", 3)]
#[case::subject("subject", 3)]
#[case::detail("detail", 3)]
#[case::hash("hash", 3)]
#[case::number("number", 3)]
#[case::first_removed("first removed", 1)]
#[case::removed("removed", 3)]
#[case::link_removed("link removed", 3)]
#[case::both_removed("both removed", 5)]
#[case::unsealed_removed("unsealed removed", 6)]
#[case::exchanged("exchanged", 3)]
#[case::slipped_in("slipped in", 6)]
#[tokio::test]
async fn what_was_tampered_with_is_named(#[case] how: &str, #[case] position: u64) {
    let world = world().await;
    world.place.execute(tampering(how));
    let fault = world.store.audit.verify().await.unwrap().fault;
    assert_eq!(
        fault.clone().map(|fault| fault.position),
        Some(position),
        "{fault:?}"
    );
}
