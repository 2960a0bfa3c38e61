//! A store in a fresh place, and the short words that the cases are told in.

use crate::place::Place;
use crate::post::Post;
use crate::post::book;
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::{AtomicU64, Ordering};
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::intake::IntakeOutcome;
use switchboard_domain::ticket::{Actor, Command, Ticket, TicketId};
use switchboard_domain::{OffsetMove, StoredOffset};
use switchboard_storage::{Applied, Change, IntakeBatch, StorageError, Store, TakenIn, TicketRow};

pub(crate) const JOIN_WINDOW: SignedDuration = SignedDuration::from_hours(24);

pub(crate) fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + minute * 60).unwrap()
}

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) place: Place,
    offset: AtomicU64,
}

impl World {
    pub(crate) fn new() -> Self {
        let place = Place::new();
        Self {
            store: place.open("test").unwrap(),
            place,
            offset: AtomicU64::new(0),
        }
    }

    /// The process ends and another one starts on the same data.
    pub(crate) fn restarted(self) -> Self {
        let Self {
            store,
            place,
            offset,
        } = self;
        drop(store);
        place.settle();
        let store = place.open("test").unwrap();
        Self {
            store,
            place,
            offset,
        }
    }

    /// The store as another process has it.
    pub(crate) fn beside(&self, writer: &str) -> Result<Store, StorageError> {
        self.place.open(writer)
    }

    /// The one number that a query calls `value`.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.place.column(sql)[0].parse().unwrap()
    }

    /// The next step of a consumer that stands where this world left it.
    pub(crate) fn step(&self) -> OffsetMove {
        let from = self.offset.fetch_add(1, Ordering::Relaxed);
        step((from > 0).then_some(from), from + 1)
    }

    pub(crate) async fn take_in(&self, posts: &[Post], now: Timestamp) -> Vec<TakenIn> {
        let batch = batch(posts, self.step(), now);
        self.store.intake.take_in(batch).await.unwrap()
    }

    /// One post arrives in the minute in which it was written.
    pub(crate) async fn arrives(&self, post: &Post) -> TakenIn {
        let now = at(post.minute);
        self.take_in(std::slice::from_ref(post), now)
            .await
            .remove(0)
    }

    pub(crate) async fn outcome(&self, post: &Post) -> IntakeOutcome {
        self.arrives(post).await.outcome
    }

    /// The ticket that the post opens or joins.
    pub(crate) async fn ticket_of(&self, post: &Post) -> Ticket {
        let id = self.arrives(post).await.ticket.unwrap();
        self.ticket(id).await
    }

    pub(crate) async fn row(&self, id: TicketId) -> TicketRow {
        self.store
            .tickets
            .get(id, &DepartmentScope::All)
            .await
            .unwrap()
            .unwrap()
    }

    pub(crate) async fn ticket(&self, id: TicketId) -> Ticket {
        self.row(id).await.ticket
    }

    pub(crate) async fn apply(&self, change: Change) -> Applied {
        self.store
            .tickets
            .apply(change, &DepartmentScope::All)
            .await
            .unwrap()
    }

    /// Somebody does something, and it works.
    pub(crate) async fn does(&self, id: TicketId, who: &str, command: Command) -> Ticket {
        match self.apply(change(id, who, command)).await {
            Applied::Done { ticket, .. } => *ticket,
            other => panic!("not done: {other:?}"),
        }
    }

    /// Everything that waits in the outbox, as (topic, key, record).
    pub(crate) async fn told(&self) -> Vec<(String, String, serde_json::Value)> {
        let rows = self.store.outbox.unpublished(10_000).await.unwrap();
        rows.into_iter()
            .map(|row| {
                (
                    row.topic,
                    row.key,
                    serde_json::from_slice(&row.payload).unwrap(),
                )
            })
            .collect()
    }
}

pub(crate) fn change(id: TicketId, who: &str, command: Command) -> Change {
    let actor = Actor::Person(who.to_owned());
    Change {
        ticket: id,
        command,
        expected_version: None,
        actor,
        book: book(),
        now: at(5),
    }
}

pub(crate) fn batch(posts: &[Post], offset: OffsetMove, now: Timestamp) -> IntakeBatch {
    IntakeBatch {
        items: posts.iter().map(Post::incoming).collect(),
        offset,
        join_window: JOIN_WINDOW,
        book: book(),
        now,
        actor: Actor::System("route".into()),
    }
}

pub(crate) fn step(expected: Option<u64>, next: u64) -> OffsetMove {
    OffsetMove {
        consumer: "route".into(),
        topic: "mention.classified".into(),
        partition: 0,
        expected,
        to: StoredOffset {
            next,
            incarnation: "log-1".into(),
            last_hash: Some("ab".into()),
        },
    }
}
