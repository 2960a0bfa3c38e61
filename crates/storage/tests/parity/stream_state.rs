//! Outbox, cursors, idempotency keys, dead letters, and the place itself.

use crate::place::{NEWER, Place};
use crate::post::Post;
use crate::world::{World, at};
use futures::FutureExt;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::time::Duration;
use switchboard_domain::ticket::{Command, Ticket, TicketId};
use switchboard_storage::dead_letters::{LetterId, Resolution, Resolved, Verdict};
use switchboard_storage::{RememberedResponse, StorageError, StoredCursor};
use tokio::time::timeout;

/// Far longer than waking takes, and not waited for where all is well.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn whoever_waits_for_the_outbox_is_woken_by_changes_and_not_by_its_own_work() {
    let world = World::new();
    let outbox = &world.store.outbox;
    world.arrives(&Post::complaint("1")).await;
    timeout(PATIENCE, outbox.stirred()).await.unwrap();
    let rows = outbox.unpublished(100).await.unwrap();
    let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
    outbox.mark_published(&seqs).await.unwrap();
    assert!(
        outbox.stirred().now_or_never().is_none(),
        "publishing leaves nothing"
    );
    let (woken, changed) = tokio::join!(
        timeout(PATIENCE, outbox.stirred()),
        world.does(TicketId(1), "bob", Command::Claim)
    );
    assert!(
        woken.is_ok(),
        "version {} was not heard of",
        changed.version
    );
    assert_eq!(outbox.unpublished(100).await.unwrap().len(), 1);
}

#[tokio::test]
async fn event_numbers_are_dense_and_the_same_after_a_crash() {
    let world = World::new();
    for id in ["1", "2", "3"] {
        world
            .arrives(&Post {
                author: "",
                ..Post::complaint(id)
            })
            .await;
    }
    world.does(TicketId(2), "bob", Command::Claim).await;
    let outbox = &world.store.outbox;
    assert_eq!(outbox.depth().await.unwrap(), 7);
    assert_eq!(outbox.oldest_at().await.unwrap(), Some(at(0)));
    let before = outbox.unpublished(4).await.unwrap();
    let world = world.restarted();
    let outbox = &world.store.outbox;
    assert_eq!(
        outbox.unpublished(4).await.unwrap(),
        before,
        "read and not published"
    );
    let seqs: Vec<i64> = before.iter().map(|row| row.seq).collect();
    outbox.mark_published(&seqs).await.unwrap();
    let after = outbox.unpublished(100).await.unwrap();
    let numbers: Vec<u64> = before
        .iter()
        .chain(&after)
        .filter_map(|row| row.number)
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert_eq!(outbox.depth().await.unwrap(), 3);
    outbox
        .mark_published(&after.iter().map(|row| row.seq).collect::<Vec<_>>())
        .await
        .unwrap();
    assert_eq!(
        (
            outbox.depth().await.unwrap(),
            outbox.oldest_at().await.unwrap()
        ),
        (0, None)
    );
    world.does(TicketId(2), "bob", Command::Resolve).await;
    let rows = outbox.unpublished(100).await.unwrap();
    assert_eq!(rows[0].number, Some(5));
    outbox.mark_published(&seqs).await.unwrap();
    assert_eq!(
        outbox.unpublished(100).await.unwrap(),
        rows,
        "a late removal hits nothing new"
    );
}

#[tokio::test]
async fn an_exchange_removes_what_was_told_and_gives_what_follows() {
    let world = World::new();
    for id in ["1", "2"] {
        let post = Post {
            author: "",
            ..Post::complaint(id)
        };
        world.arrives(&post).await;
    }
    let outbox = &world.store.outbox;
    let told = outbox.exchange(&[], 3).await.unwrap();
    assert_eq!(told, outbox.unpublished(3).await.unwrap(), "nothing was");
    let seqs: Vec<i64> = told.iter().map(|row| row.seq).collect();
    let rest = outbox.exchange(&seqs, 10).await.unwrap();
    assert_eq!((rest.len(), outbox.depth().await.unwrap()), (1, 1));
    assert_eq!(
        outbox.exchange(&seqs, 10).await.unwrap(),
        rest,
        "the answer was lost and the call repeated"
    );
    let numbers: Vec<u64> = told.iter().filter_map(|row| row.number).collect();
    assert_eq!(numbers, [1, 2]);
    let seqs: Vec<i64> = rest.iter().map(|row| row.seq).collect();
    assert_eq!(outbox.exchange(&seqs, 10).await.unwrap(), []);
    assert_eq!(outbox.depth().await.unwrap(), 0);
}

#[tokio::test]
async fn a_queue_hears_of_a_ticket_as_it_came_also_when_it_has_changed_since() {
    let world = World::new();
    let post = Post::complaint("1");
    let came = world.ticket_of(&post).await;
    let before = world.told().await;
    world.does(came.id, "bob", Command::Claim).await;
    let after = world.told().await;
    let queued = |told: &[(String, String, serde_json::Value)]| {
        let mut records = told.iter().filter(|(topic, _, _)| topic == "queue.support");
        let record = records.next().unwrap().2.clone();
        assert!(records.next().is_none(), "told once");
        record
    };
    let record = queued(&after);
    assert_eq!(record, queued(&before));
    let ticket: Ticket = serde_json::from_value(record["ticket"].clone()).unwrap();
    assert_eq!(ticket, came);
    assert_eq!(record["mention"]["mention"]["id"], "1");
}

#[tokio::test]
async fn of_two_workers_only_the_holder_of_the_lease_moves_the_cursor() {
    let world = World::new();
    let cursors = &world.store.cursors;
    let ttl = SignedDuration::from_mins(1);
    assert_eq!(cursors.load("s").await.unwrap(), None);
    assert_eq!(
        cursors.acquire_lease("s", "a", ttl, at(0)).await.unwrap(),
        Some(1)
    );
    assert_eq!(
        cursors.acquire_lease("s", "b", ttl, at(0)).await.unwrap(),
        None
    );
    assert_eq!(
        cursors.acquire_lease("s", "a", ttl, at(0)).await.unwrap(),
        Some(1),
        "renewed"
    );
    assert!(cursors.store("s", "one", 1).await.unwrap());
    assert_eq!(
        cursors.acquire_lease("s", "b", ttl, at(1)).await.unwrap(),
        Some(2)
    );
    assert!(
        !cursors.store("s", "two", 1).await.unwrap(),
        "the lease has passed"
    );
    let want = StoredCursor {
        cursor: Some("one".into()),
        epoch: 2,
    };
    assert_eq!(cursors.load("s").await.unwrap(), Some(want));
    assert!(cursors.store("s", "two", 2).await.unwrap());
}

#[tokio::test]
async fn a_lease_that_is_given_back_need_not_run_out() {
    let world = World::new();
    let cursors = &world.store.cursors;
    let ttl = SignedDuration::from_mins(1);
    let ask = async |holder| {
        cursors
            .acquire_lease("s", holder, ttl, at(0))
            .await
            .unwrap()
    };
    assert_eq!(ask("a").await, Some(1));
    cursors.release_lease("s", 7).await.unwrap();
    assert_eq!(ask("b").await, None, "nobody's word but the holder's");
    cursors.release_lease("s", 1).await.unwrap();
    assert_eq!(ask("b").await, Some(2));
    cursors.release_lease("s", 1).await.unwrap();
    assert_eq!(ask("a").await, None, "a late word changes nothing");
}

#[tokio::test]
async fn an_answer_is_remembered_for_a_day() {
    let world = World::new();
    let keys = &world.store.idempotency_keys;
    let answer = |hash: &str| RememberedResponse {
        request_hash: hash.into(),
        status: 202,
        body: b"{}".to_vec(),
    };
    let day = 24 * 60;
    assert!(keys.remember("p", "k", answer("1"), at(0)).await.unwrap());
    assert!(
        !keys.remember("p", "k", answer("2"), at(day)).await.unwrap(),
        "the first stays"
    );
    assert_eq!(
        keys.find("p", "k", at(day)).await.unwrap(),
        Some(answer("1"))
    );
    assert_eq!(
        keys.find("q", "k", at(1)).await.unwrap(),
        None,
        "another principal"
    );
    assert_eq!(keys.find("p", "k", at(day + 1)).await.unwrap(), None);
    assert!(
        keys.remember("p", "k", answer("2"), at(day + 1))
            .await
            .unwrap()
    );
    assert_eq!(keys.purge(at(day + 1)).await.unwrap(), 0);
    assert_eq!(keys.purge(at(3 * day)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_dead_letter_is_decided_once() {
    let world = World::new();
    let letters = &world.store.dead_letters;
    let id = LetterId {
        partition: 0,
        offset: 17,
    };
    let verdict = |verdict, by: &str| Resolution {
        verdict,
        by: by.into(),
        at: at(0),
    };
    let retried = verdict(Verdict::Retried, "ann");
    assert_eq!(
        letters.resolve("log", id, retried.clone()).await.unwrap(),
        Resolved::Recorded
    );
    let second = letters
        .resolve("log", id, verdict(Verdict::Dropped, "bob"))
        .await
        .unwrap();
    assert_eq!(second, Resolved::Already(retried.clone()));
    let other = LetterId {
        partition: 0,
        offset: 18,
    };
    let found = letters.resolutions("log", &[id, other]).await.unwrap();
    assert_eq!(found, BTreeMap::from([(id, retried)]));
    assert!(
        letters
            .resolutions("another log", &[id])
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(world.store.audit.seal(at(1)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_newer_schema_and_a_foreign_place_are_refused() {
    let world = World::new();
    world.place.execute(NEWER);
    let newer = world.beside("test").err();
    assert!(
        matches!(&newer, Some(StorageError::Incompatible { reason }) if reason.contains("29990101")),
        "{newer:?}"
    );
    let refused = Place::foreign().open("test").err();
    assert!(
        matches!(refused, Some(StorageError::Incompatible { .. })),
        "{refused:?}"
    );
}
