//! The server goes away in the middle, and comes back.

use crate::place::open;
use crate::post::Post;
use crate::post::book;
use crate::world::{at, batch, change};
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::ticket::{Command, TicketId};
use switchboard_domain::{OffsetMove, StoredOffset};
use switchboard_storage::{StorageError, Store, TicketQuery};
use switchboard_tests::postgres::{Postgres, sql};
use tokio::task::JoinSet;

/// Deaths of the server, each while a writer is at work.
const DEATHS: u64 = 3;

fn step(expected: u64) -> OffsetMove {
    OffsetMove {
        consumer: "route".into(),
        topic: "mention.classified".into(),
        partition: 0,
        expected: (expected > 0).then_some(expected),
        to: StoredOffset {
            next: expected + 1,
            incarnation: "log-1".into(),
            last_hash: None,
        },
    }
}

/// Takes in one post after the other, each by somebody else, until the store is away.
async fn write_until_away(store: &Store, mut next: u64) -> (u64, StorageError) {
    loop {
        let post = Post {
            author: "",
            ..Post::complaint(next.to_string())
        };
        match store
            .intake
            .take_in(batch(&[post], step(next), at(0)))
            .await
        {
            Ok(_) => next += 1,
            Err(error) => return (next, error),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_half_done_when_the_server_dies_and_all_goes_on_when_it_is_back() {
    if crate::place::skipped() {
        return;
    }
    let mut server = Postgres::start(false).unwrap();
    let schema = server.schema().unwrap();
    let store = open(&schema.url, "test").unwrap().store();
    let mut stands = 0;
    for _ in 0..DEATHS {
        let writer = store.clone();
        let mut writing = JoinSet::new();
        writing.spawn(async move { write_until_away(&writer, stands).await });
        let (tx, server_back) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            server.stop_at_once().unwrap();
            let _ = tx.send(server);
        });
        let (acknowledged, error) = writing.join_next().await.unwrap().unwrap();
        server = server_back.await.unwrap();
        assert!(error.is_transient(), "{error:?}");
        everything_is_transient(&store).await;
        server.start_again().unwrap();
        let offset = store
            .offsets
            .load_offset("route", "mention.classified", 0)
            .await;
        stands = offset.unwrap().map_or(0, |offset| offset.next);
        // The last one may have been committed without a word of it.
        assert!(stands == acknowledged || stands == acknowledged + 1);
        half_effects(&schema.url, stands);
    }
    let told = store.outbox.unpublished(10_000).await.unwrap();
    let numbers: Vec<u64> = told.iter().filter_map(|row| row.number).collect();
    assert!(numbers.iter().copied().eq(1..=stands), "{numbers:?}");
    while store.audit.seal(at(1)).await.unwrap() > 0 {}
    let report = store.audit.verify().await.unwrap();
    assert_eq!((report.sealed, report.fault), (stands, None));
}

async fn everything_is_transient(store: &Store) {
    let scope = DepartmentScope::All;
    let note = change(TicketId(1), "bob", Command::Claim);
    let errors = [
        store.tickets.apply(note, &scope).await.err(),
        store
            .tickets
            .list(&TicketQuery::default(), &scope)
            .await
            .err(),
        store.timers.fire_due(at(61), 10, &book()).await.err(),
        store.outbox.unpublished(10).await.err(),
        store.audit.seal(at(0)).await.err(),
    ];
    for error in errors {
        assert!(
            error.as_ref().is_some_and(StorageError::is_transient),
            "{error:?}"
        );
    }
}

/// Each post left a ticket, an event, an identity, a mention, an audit row and two to tell.
fn half_effects(url: &str, posts: u64) {
    for (table, per_post) in [
        ("ticket", 1),
        ("ticket_event", 1),
        ("identity", 1),
        ("mention", 1),
        ("audit", 1),
        ("outbox", 2),
    ] {
        let count = sql(url, &format!("SELECT count(*) FROM {table}")).unwrap();
        assert_eq!(count, (posts * per_post).to_string(), "{table}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_transient_and_a_wrong_address_is_said_without_the_password()
{
    let nobody = open("postgres://me:hush@127.0.0.1:1/x?connect_timeout=1", "test");
    let error = nobody.err().unwrap();
    assert!(error.is_transient(), "{error:?}");
    assert!(!error.to_string().contains("hush"), "{error}");
    let broken = open("postgres://me:hush@host:port/x", "test")
        .err()
        .unwrap();
    assert!(
        !broken.is_transient() && !broken.to_string().contains("hush"),
        "{broken}"
    );
}
