//! The audit chain.

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
    let count: i64 = world
        .raw()
        .query_row(
            "SELECT count(*) FROM audit WHERE actor || action || subject || detail LIKE ?1",
            [format!("%{WORDS}%")],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(count, 0);
}

#[rstest]
#[case::writer("UPDATE audit SET writer = 'x' WHERE id = 3", 3)]
#[case::sequence("UPDATE audit SET writer_sequence = 9 WHERE id = 3", 3)]
#[case::time("UPDATE audit SET at = at + 1 WHERE id = 3", 3)]
#[case::actor("UPDATE audit SET actor = 'person:eve' WHERE id = 3", 3)]
#[case::action("UPDATE audit SET action = 'x' WHERE id = 3", 3)]
#[case::subject("UPDATE audit SET subject = 'ticket:2' WHERE id = 3", 3)]
#[case::detail("UPDATE audit SET detail = '' WHERE id = 3", 3)]
#[case::hash("UPDATE audit_chain SET hash = zeroblob(32) WHERE position = 3", 3)]
#[case::number("UPDATE audit SET id = 99 WHERE id = 3", 3)]
#[case::first_removed("DELETE FROM audit WHERE id = 1", 1)]
#[case::removed("DELETE FROM audit WHERE id = 3", 3)]
#[case::link_removed("DELETE FROM audit_chain WHERE position = 3", 3)]
#[case::both_removed(
    "DELETE FROM audit WHERE id = 5; DELETE FROM audit_chain WHERE position = 5",
    5
)]
#[case::unsealed_removed("DELETE FROM audit WHERE id = 6", 6)]
#[case::exchanged(
    "UPDATE audit SET id = -3 WHERE id = 3; UPDATE audit SET id = 3 WHERE id = 4;
     UPDATE audit SET id = 4 WHERE id = -3",
    3
)]
#[case::slipped_in(
    "INSERT INTO audit (writer, writer_sequence, at, actor, action, subject, detail)
     VALUES ('test', 6, 0, 'person:eve', 'x', 'y', '')",
    6
)]
#[tokio::test]
async fn what_was_tampered_with_is_named(#[case] tampering: &str, #[case] position: u64) {
    let world = world().await;
    world.raw().execute_batch(tampering).unwrap();
    let fault = world.store.audit.verify().await.unwrap().fault;
    assert_eq!(
        fault.clone().map(|fault| fault.position),
        Some(position),
        "{fault:?}"
    );
}
