//! Several processes on one store: each effect once, whoever is faster.

use crate::place::Place;
use crate::post::Post;
use crate::post::book;
use crate::world::{World, at, batch, change};
use jiff::SignedDuration;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::ticket::{Command, Ticket, TicketId};
use switchboard_domain::{OffsetMove, StoredOffset};
use switchboard_storage::{Applied, StorageError, Store};
use tokio::task::JoinSet;

/// Processes that race in each case.
const PROCESSES: u32 = 3;

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test)
}

fn stores(place: &Place) -> Vec<Store> {
    (0..PROCESSES)
        .map(|number| place.open(&format!("process-{number}")).unwrap())
        .collect()
}

fn step(partition: u32, expected: Option<u64>) -> OffsetMove {
    OffsetMove {
        consumer: "route".into(),
        topic: "mention.classified".into(),
        partition,
        expected,
        to: StoredOffset {
            next: expected.unwrap_or_default() + 1,
            incarnation: "log-1".into(),
            last_hash: None,
        },
    }
}

/// Posts of three authors to one account; the same post may come to several routers.
fn posts() -> impl Strategy<Value = Vec<Vec<Post>>> {
    let post = (0..8_u8, 0..3_i64).prop_map(|(id, version)| Post {
        author: ["ann", "bob", "eve"][usize::from(id) % 3],
        version,
        ..Post::complaint(id.to_string())
    });
    let batch = prop::collection::vec(post, 1..5);
    prop::collection::vec(batch, 2..10)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn of_routers_that_meet_the_later_one_joins(batches in posts()) {
        run(routers_meet(batches));
    }
}

async fn routers_meet(batches: Vec<Vec<Post>>) {
    let world = World::new();
    let mut routers = JoinSet::new();
    for (partition, store) in (0_u32..).zip(stores(&world.place)) {
        // Every router sees every post, in its own order: duplicates meet all the time.
        let mut mine = batches.clone();
        let shift = partition as usize % mine.len();
        mine.rotate_left(shift);
        routers.spawn(async move {
            for (expected, posts) in (0_u64..).zip(mine) {
                let step = step(partition, (expected > 0).then_some(expected));
                store
                    .intake
                    .take_in(batch(&posts, step, at(0)))
                    .await
                    .unwrap();
            }
        });
    }
    while let Some(done) = routers.join_next().await {
        done.unwrap();
    }
    let posts: Vec<&Post> = batches.iter().flatten().collect();
    let authors: BTreeSet<_> = posts.iter().map(|post| post.author).collect();
    let mut newest: BTreeMap<&str, i64> = BTreeMap::new();
    for post in &posts {
        let version = newest.entry(&post.id).or_default();
        *version = (*version).max(post.version);
    }
    assert_eq!(
        world.number("SELECT count(*) AS value FROM ticket"),
        i64::try_from(authors.len()).unwrap()
    );
    assert_eq!(
        world.number("SELECT count(*) AS value FROM identity"),
        i64::try_from(newest.len()).unwrap()
    );
    assert_eq!(
        world.number("SELECT count(*) AS value FROM mention"),
        i64::try_from(newest.len()).unwrap()
    );
    assert_eq!(
        world.number("SELECT sum(count) AS value FROM ticket_tally"),
        i64::try_from(authors.len()).unwrap()
    );
    for id in world.place.column("SELECT id AS value FROM ticket") {
        check(&world, TicketId(id.parse().unwrap()), &newest).await;
    }
}

/// The events rebuild it, and every post has its newest words.
async fn check(world: &World, id: TicketId, newest: &BTreeMap<&str, i64>) {
    let tickets = &world.store.tickets;
    let events = tickets.events(id, &DepartmentScope::All).await.unwrap();
    let ticket = world.ticket(id).await;
    assert_eq!(Ticket::rebuild(&events).unwrap().as_ref(), Some(&ticket));
    let mentions = tickets.mentions(id, &DepartmentScope::All).await.unwrap();
    assert_eq!(mentions.len() as u64, u64::from(ticket.mention_count));
    for mention in mentions {
        let content = mention.content.unwrap().mention;
        assert_eq!(Some(&content.version), newest.get(content.id.as_str()));
    }
}

#[test]
fn of_two_owners_of_a_partition_one_is_fenced() {
    run(async {
        let world = World::new();
        let stores = stores(&world.place);
        let mut expected = None;
        for round in 0..20 {
            let mut owners = JoinSet::new();
            for store in stores.clone() {
                let post = Post {
                    author: "",
                    ..Post::complaint(format!("{round}"))
                };
                let step = step(0, expected);
                owners
                    .spawn(async move { store.intake.take_in(batch(&[post], step, at(0))).await });
            }
            let done = owners.join_all().await;
            let (won, lost): (Vec<_>, Vec<_>) = done.into_iter().partition(Result::is_ok);
            assert_eq!(won.len(), 1);
            for fenced in lost {
                assert!(
                    matches!(fenced, Err(StorageError::Fenced { found: Some(found), .. })
                        if found == expected.unwrap_or_default() + 1),
                    "{fenced:?}"
                );
            }
            expected = Some(expected.unwrap_or_default() + 1);
        }
        assert_eq!(world.number("SELECT count(*) AS value FROM ticket"), 20);
    });
}

#[test]
fn timers_share_what_is_due_and_fire_it_once() {
    run(async {
        let world = World::new();
        let posts: Vec<Post> = (0..40)
            .map(|id| Post {
                author: "",
                ..Post::complaint(id.to_string())
            })
            .collect();
        world.take_in(&posts, at(0)).await;
        let mut timers = JoinSet::new();
        for store in stores(&world.place) {
            timers.spawn(async move {
                let mut fired = vec![];
                while store.timers.next_due_at().await.unwrap().is_some() {
                    fired.extend(store.timers.fire_due(at(61), 3, &book()).await.unwrap());
                }
                fired
            });
        }
        let fired: Vec<_> = timers.join_all().await.into_iter().flatten().collect();
        let each: BTreeSet<_> = fired
            .iter()
            .map(|one| (one.ticket, one.milestone.milestone.to_string()))
            .collect();
        assert_eq!(
            (fired.len(), each.len()),
            (80, 80),
            "a warning and a breach each"
        );
        assert_eq!(
            world.number("SELECT count(*) AS value FROM sla_milestone"),
            80
        );
    });
}

#[test]
fn one_process_relays_and_the_next_goes_on_with_the_same_numbers() {
    run(async {
        let world = World::new();
        world.arrives(&Post::complaint("1")).await;
        let mut processes = stores(&world.place).into_iter();
        let (first, second) = (processes.next().unwrap(), processes.next().unwrap());
        let told = first.outbox.unpublished(10).await.unwrap();
        assert_eq!(told.len(), 2);
        assert_eq!(second.outbox.unpublished(10).await.unwrap(), []);
        first.outbox.mark_published(&[told[1].seq]).await.unwrap();
        world.arrives(&Post::complaint("2")).await;
        drop(first);
        world.place.settle();
        let rest = second.outbox.unpublished(10).await.unwrap();
        assert_eq!(rest[0], told[0], "what was in hand comes first, as it was");
        assert_eq!((rest.len(), rest[1].number), (2, Some(2)));
        assert_eq!(second.outbox.unpublished(1).await.unwrap(), rest[..1]);
    });
}

#[test]
fn a_row_that_commits_late_is_told_later_under_the_next_number() {
    run(async {
        let world = World::new();
        world.arrives(&Post::complaint("1")).await;
        world
            .place
            .execute("CREATE TABLE aside AS SELECT * FROM outbox WHERE seq = 1");
        world.place.execute("DELETE FROM outbox WHERE seq = 1");
        let early = world.store.outbox.unpublished(10).await.unwrap();
        assert!(
            early.iter().all(|row| row.number.is_none()),
            "only the queue"
        );
        world.does(TicketId(1), "bob", Command::Claim).await;
        let told = world.store.outbox.unpublished(10).await.unwrap();
        world
            .place
            .execute("INSERT INTO outbox OVERRIDING SYSTEM VALUE SELECT * FROM aside");
        let after = world.store.outbox.unpublished(10).await.unwrap();
        assert_eq!(after[..told.len()], told, "the order that was told stays");
        assert_eq!(after.last().unwrap().number, Some(2));
    });
}

#[test]
fn words_that_are_gone_before_they_are_told_are_not_told() {
    run(async {
        let world = World::new();
        world.arrives(&Post::complaint("1")).await;
        let told = world.told().await;
        assert!(told[1].2.to_string().contains("classification"));
        world.place.execute("UPDATE mention SET content = NULL");
        let told = world.told().await;
        assert_eq!(told[1].0, "queue.support");
        assert_eq!(told[1].2.get("mention"), None);
        assert_eq!(told[1].2["ticket"]["id"], "1");
    });
}

#[test]
fn people_posts_and_timers_meet_on_one_ticket() {
    run(async {
        let world = World::new();
        let ticket = world.ticket_of(&Post::complaint("0")).await;
        let mut all = JoinSet::new();
        for (partition, store) in (1_u32..).zip(stores(&world.place)) {
            let other = store.clone();
            all.spawn(async move {
                for round in 0..10_u64 {
                    let post = Post {
                        minute: 1,
                        ..Post::complaint(format!("{partition}-{round}"))
                    };
                    let step = step(partition, (round > 0).then_some(round));
                    other
                        .intake
                        .take_in(batch(&[post], step, at(1)))
                        .await
                        .unwrap();
                }
            });
            all.spawn(async move {
                for round in 0..10 {
                    let text = format!("{partition}-{round}");
                    let note = change(TicketId(1), "bob", Command::Note { text });
                    let scope = DepartmentScope::All;
                    let applied = store.tickets.apply(note, &scope).await.unwrap();
                    assert!(matches!(applied, Applied::Done { .. }));
                    store.timers.fire_due(at(61), 3, &book()).await.unwrap();
                }
            });
        }
        while let Some(done) = all.join_next().await {
            done.unwrap();
        }
        let after = world.ticket(ticket.id).await;
        assert_eq!(after.mention_count, 31);
        // Thirty posts, thirty notes, and the timers.
        assert!(after.version > 61, "{}", after.version);
        check(&world, ticket.id, &newest_of(&world).await).await;
    });
}

async fn newest_of(world: &World) -> BTreeMap<&'static str, i64> {
    let mentions = world
        .store
        .tickets
        .mentions(TicketId(1), &DepartmentScope::All)
        .await
        .unwrap();
    mentions
        .into_iter()
        .map(|mention| (&*mention.key.id.leak(), 0))
        .collect()
}

#[test]
fn writers_and_sealers_leave_one_chain() {
    run(async {
        let world = World::new();
        let mut all = JoinSet::new();
        for (partition, store) in (1_u32..).zip(stores(&world.place)) {
            all.spawn(async move {
                for round in 0..10_u64 {
                    let post = Post {
                        author: "",
                        ..Post::complaint(format!("{partition}-{round}"))
                    };
                    let step = step(partition, (round > 0).then_some(round));
                    store
                        .intake
                        .take_in(batch(&[post], step, at(1)))
                        .await
                        .unwrap();
                    store.audit.seal(at(1)).await.unwrap();
                }
            });
        }
        while let Some(done) = all.join_next().await {
            done.unwrap();
        }
        world.store.audit.seal(at(2)).await.unwrap();
        let report = world.store.audit.verify().await.unwrap();
        assert_eq!(
            (report.sealed, report.unsealed, report.fault),
            (30, 0, None)
        );
    });
}

#[test]
fn a_lease_has_one_holder() {
    run(async {
        let world = World::new();
        for round in 0..10 {
            let mut asking = JoinSet::new();
            for (number, store) in (0..).zip(stores(&world.place)) {
                asking.spawn(async move {
                    let holder = format!("{round}-{number}");
                    let ttl = SignedDuration::from_mins(1);
                    let now = at(round * 10);
                    store
                        .cursors
                        .acquire_lease("s", &holder, ttl, now)
                        .await
                        .unwrap()
                });
            }
            let got: Vec<_> = asking.join_all().await.into_iter().flatten().collect();
            assert_eq!(got, [round.unsigned_abs() + 1]);
        }
    });
}

#[test]
fn folded_tallies_count_the_same() {
    run(async {
        let world = World::new();
        world.arrives(&Post::complaint("1")).await;
        let steps = "INSERT INTO ticket_tally SELECT department, status, label, priority, n
            FROM ticket_tally, (VALUES (1), (-1)) AS step (n), generate_series(1, 2000)";
        world.place.execute(steps);
        let before = world.store.tickets.open_counts().await.unwrap();
        assert_eq!(
            world.number("SELECT count(*) AS value FROM ticket_tally"),
            1
        );
        assert_eq!(world.store.tickets.open_counts().await.unwrap(), before);
        assert_eq!(before[0].2, 1);
    });
}
