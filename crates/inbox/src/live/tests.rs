//! Streams over a small world: store, log and feed are real, the clock is ours.

use super::open::credentials;
use super::subscription::{Step, Subscription};
use crate::http::gate::{self, SignOfLife};
use crate::testing::World;
use axum::http::{HeaderMap, Method, header};
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rstest::rstest;
use serde_json::Value;
use switchboard_domain::access::{Principal, Role};
use switchboard_domain::ticket::{Actor, Command, TicketId};
use switchboard_domain::{Clock, Label, Slug};

/// One event of a stream, or what else was said.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    name: String,
    id: Option<u64>,
    data: Value,
}

fn parse(text: &str) -> Said {
    let field = |name: &str| {
        let prefix = format!("{name}: ");
        text.lines().find_map(|line| line.strip_prefix(&prefix))
    };
    Said {
        name: field("event").unwrap_or_default().to_owned(),
        id: field("id").map(|id| id.parse().unwrap()),
        data: field("data").map_or(Value::Null, |data| serde_json::from_str(data).unwrap()),
    }
}

/// A stream of somebody in [`crate::testing::PEOPLE`].
struct Listener<'w> {
    world: &'w World,
    stream: Subscription,
}

impl<'w> Listener<'w> {
    async fn new(world: &'w World, who: &str, after: Option<u64>) -> Self {
        let mut headers = HeaderMap::new();
        let bearer = format!("Bearer {who}");
        headers.insert(header::AUTHORIZATION, bearer.parse().unwrap());
        let inbox = world.inbox.clone();
        let visit = (&Method::GET, &headers);
        let found = gate::identify(&inbox, visit, SignOfLife::Given).await;
        let caller = found
            .unwrap_or_else(|_| panic!("{who} is let in"))
            .principal;
        let seat = inbox
            .live
            .seats
            .take(who)
            .unwrap_or_else(|_| panic!("a seat"));
        let caller = (caller, credentials(&headers));
        Self {
            world,
            stream: Subscription::new(inbox, caller, after, seat),
        }
    }

    async fn step(&mut self) -> Step {
        self.stream.step(self.world.clock.now()).await
    }

    /// Everything it says without time passing.
    async fn hears(&mut self) -> Vec<Said> {
        let mut heard = vec![];
        loop {
            match self.step().await {
                Step::Send(text) => heard.push(parse(&text)),
                Step::End(text) => {
                    heard.push(parse(&text));
                    return heard;
                }
                Step::Wait(_) => return heard,
            }
        }
    }

    /// The events of that name that it says now.
    async fn hears_of(&mut self, name: &str) -> Vec<Said> {
        let heard = self.hears().await.into_iter();
        heard.filter(|said| said.name == name).collect()
    }
}

/// Publishes what happened and waits until the feed has read it.
async fn tell(world: &World) {
    world.publish().await;
    let marks = world
        .inbox
        .log
        .watermarks(&switchboard_stream::topic::TICKET_EVENTS)
        .await
        .unwrap();
    let published: u64 = marks.iter().map(|mark| mark.high).sum();
    let mut newest = world.inbox.live.newest.subscribe();
    newest
        .wait_for(|newest| *newest == Some(published))
        .await
        .unwrap();
}

fn ids(said: &Said, field: &str) -> Vec<String> {
    let items = said.data[field].as_array().unwrap().iter();
    let id = |item: &Value| item.get("id").unwrap_or(item).as_str().unwrap().to_owned();
    items.map(id).collect()
}

fn pass(world: &World, milliseconds: i64) {
    world
        .clock
        .advance(SignedDuration::from_millis(milliseconds));
}

#[tokio::test]
async fn begins_with_the_number_it_goes_on_from() {
    let world = World::new().await;
    world.post("1", Label::Complaint).await;
    tell(&world).await;
    let mut ann = Listener::new(&world, "ann", None).await;
    assert_eq!(
        ann.step().await,
        Step::Send("retry: 2000\nid: 1\n\n".into())
    );
    assert!(ann.hears_of("changes").await.is_empty(), "nothing since");
}

#[tokio::test]
async fn changes_show_the_row_as_the_list_does() {
    let world = World::new().await;
    tell(&world).await;
    let mut ann = Listener::new(&world, "ann", None).await;
    ann.hears().await;
    world.post("1", Label::Complaint).await;
    tell(&world).await;
    let heard = ann.hears_of("changes").await;
    let list = world.get("ann", "/api/v1/tickets").await;
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].data["tickets"], list.json["tickets"]);
    assert_eq!(
        (heard[0].id, &heard[0].data["from"], &heard[0].data["to"]),
        (Some(1), &1.into(), &1.into())
    );
}

#[tokio::test]
async fn a_frame_holds_all_that_changed_and_the_next_waits_a_tenth_of_a_second() {
    let world = World::new().await;
    tell(&world).await;
    let mut ann = Listener::new(&world, "ann", None).await;
    let first = world.post("1", Label::Complaint).await;
    tell(&world).await;
    assert_eq!(ann.hears_of("changes").await.len(), 1);
    for _ in 0..3 {
        let text = "looked".to_owned();
        world.change(first, "ann", Command::Note { text }).await;
        tell(&world).await;
        assert!(ann.hears_of("changes").await.is_empty(), "too soon");
    }
    pass(&world, 99);
    assert!(ann.hears_of("changes").await.is_empty());
    pass(&world, 1);
    let heard = ann.hears_of("changes").await;
    assert_eq!(heard.len(), 1, "coalesced");
    assert_eq!(
        (&heard[0].data["from"], &heard[0].data["to"]),
        (&2.into(), &4.into())
    );
    assert_eq!(ids(&heard[0], "tickets"), ["1"], "each ticket once");
}

#[tokio::test]
async fn who_does_not_see_a_department_hears_nothing_of_it() {
    let world = World::new().await;
    tell(&world).await;
    let mut bob = Listener::new(&world, "bob", None).await;
    bob.hears().await;
    world.post("1", Label::Complaint).await;
    tell(&world).await;
    assert!(bob.hears_of("changes").await.is_empty());
    pass(&world, 15_000);
    let heard = bob.hears().await;
    assert_eq!(
        heard.last().unwrap().id,
        Some(1),
        "the heartbeat moves the number on"
    );
}

#[tokio::test]
async fn a_ticket_that_moves_is_gone_here_and_comes_there() {
    let world = World::new().await;
    let ticket = world.post("1", Label::Complaint).await;
    tell(&world).await;
    let mut ann = Listener::new(&world, "ann", None).await;
    let mut bob = Listener::new(&world, "bob", None).await;
    let department = Slug::from_any("sales");
    world
        .change(ticket, "sue", Command::Move { department })
        .await;
    tell(&world).await;
    let left = ann.hears_of("changes").await.remove(0);
    assert_eq!(
        (ids(&left, "tickets"), ids(&left, "gone")),
        (vec![], vec!["1".into()])
    );
    let came = bob.hears_of("changes").await.remove(0);
    assert_eq!(
        (ids(&came, "tickets"), ids(&came, "gone")),
        (vec!["1".to_owned()], vec![])
    );
}

#[rstest]
#[case::of_another_store(99)]
#[case::older_than_the_ring(0)]
#[tokio::test]
async fn starts_over_where_it_cannot_resume(#[case] after: u64) {
    let world = World::new().await;
    let ticket = world.post("1", Label::Complaint).await;
    tell(&world).await;
    pass(&world, 11 * 60_000);
    world.change(ticket, "ann", Command::Claim).await;
    tell(&world).await;
    let mut ann = Listener::new(&world, "ann", Some(after)).await;
    let heard = ann.hears_of("resync").await;
    assert_eq!((heard.len(), heard[0].id), (1, Some(2)));
    pass(&world, 100);
    world.change(ticket, "ann", Command::Resolve).await;
    tell(&world).await;
    assert_eq!(
        ann.hears_of("changes").await[0].data["from"],
        3,
        "and goes on from there"
    );
}

#[tokio::test]
async fn a_slow_client_starts_over_and_keeps_nothing() {
    let world = World::new().await;
    tell(&world).await;
    let mut ann = Listener::new(&world, "ann", None).await;
    ann.hears().await;
    for number in 0..=super::ring::FRAME_TICKETS_MAX {
        world.post(&number.to_string(), Label::Complaint).await;
    }
    tell(&world).await;
    let heard = ann.hears().await;
    let names: Vec<_> = heard.iter().map(|said| said.name.as_str()).collect();
    assert_eq!(
        names.iter().filter(|name| **name == "resync").count(),
        1,
        "{names:?}"
    );
    assert!(!names.contains(&"changes"));
}

#[tokio::test]
async fn a_revoked_token_hears_half_a_minute_more_at_the_most() {
    let world = World::new().await;
    tell(&world).await;
    let mut ann = Listener::new(&world, "ann", None).await;
    ann.hears().await;
    let by = Actor::Person("root".into());
    let now = world.clock.now();
    assert!(
        world
            .store
            .access
            .revoke_token("ann", &by, now)
            .await
            .unwrap()
    );
    pass(&world, 29_999);
    assert!(ann.hears_of("signed-out").await.is_empty());
    world.post("1", Label::Complaint).await;
    tell(&world).await;
    pass(&world, 1);
    let heard = ann.hears().await;
    assert_eq!(heard.len(), 1, "nothing before it: {heard:?}");
    assert_eq!(heard[0].name, "signed-out");
}

#[tokio::test]
async fn a_stop_ends_it_at_once() {
    let world = World::new().await;
    tell(&world).await;
    let mut ann = Listener::new(&world, "ann", None).await;
    world.post("1", Label::Complaint).await;
    tell(&world).await;
    world.stop.cancel();
    assert_eq!(ann.step().await, Step::End("retry: 2000\n\n".into()));
    assert_eq!(ann.stream.next().await.as_deref(), Some("retry: 2000\n\n"));
    assert_eq!(ann.stream.next().await, None);
}

#[tokio::test]
async fn a_heartbeat_every_quarter_of_a_minute() {
    let world = World::new().await;
    tell(&world).await;
    let mut ann = Listener::new(&world, "ann", None).await;
    ann.hears().await;
    pass(&world, 14_999);
    assert!(ann.hears().await.is_empty());
    pass(&world, 1);
    assert_eq!(
        ann.step().await,
        Step::Send(": still here\nid: 0\n\n".into())
    );
}

#[tokio::test]
async fn queue_counts_once_a_second_and_only_when_they_changed() {
    let world = World::new().await;
    tell(&world).await;
    let mut ann = Listener::new(&world, "ann", None).await;
    ann.hears().await;
    super::board::look(&world.inbox).await.unwrap();
    let heard = ann.hears_of("queues").await;
    let queues = world.get("ann", "/api/v1/queues").await;
    assert_eq!(
        heard[0].data, queues.json,
        "own departments, as the API tells them"
    );
    world.post("1", Label::Complaint).await;
    super::board::look(&world.inbox).await.unwrap();
    assert!(ann.hears_of("queues").await.is_empty(), "too soon");
    pass(&world, 1_000);
    assert_eq!(ann.hears_of("queues").await.len(), 1);
    pass(&world, 1_000);
    super::board::look(&world.inbox).await.unwrap();
    assert!(ann.hears_of("queues").await.is_empty(), "nothing changed");
}

#[tokio::test]
async fn who_has_another_scope_now_starts_over() {
    let world = World::new().await;
    tell(&world).await;
    let mut ann = Listener::new(&world, "ann", None).await;
    ann.hears().await;
    let departments = [Slug::from_any("sales")].into();
    ann.stream.set_caller(Principal {
        name: "ann".into(),
        role: Role::Agent,
        departments,
    });
    pass(&world, 30_000);
    assert_eq!(
        ann.hears_of("resync").await.len(),
        1,
        "support is hers again"
    );
}

/// A random life of a page: what happens, and when it listens, leaves and comes back.
#[derive(Clone, Copy, Debug)]
enum Moment {
    Change,
    Listen,
    Leave,
}

#[test]
fn whenever_a_page_comes_and_goes_every_number_is_told_exactly_once() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (world, ticket) = runtime.block_on(async {
        let world = World::new().await;
        let ticket = world.post("1", Label::Complaint).await;
        tell(&world).await;
        (world, ticket)
    });
    let moment = prop_oneof![
        3 => Just(Moment::Change),
        3 => Just(Moment::Listen),
        1 => Just(Moment::Leave),
    ];
    let config = ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&proptest::collection::vec(moment, 1..25), |moments| {
            let told = runtime.block_on(live_through(&world, ticket, &moments));
            let first = told.first().copied().unwrap_or_default();
            let want: Vec<u64> = (first..).take(told.len()).collect();
            prop_assert_eq!(told, want);
            Ok(())
        })
        .unwrap();
}

/// The numbers that the frames covered, in order, from the first change on.
async fn live_through(world: &World, ticket: TicketId, moments: &[Moment]) -> Vec<u64> {
    let mut page = Listener::new(world, "sue", None).await;
    let (mut last, mut told) = (None, vec![]);
    for moment in moments.iter().chain([&Moment::Change, &Moment::Listen]) {
        pass(world, 100);
        match moment {
            Moment::Change => {
                let text = "looked".to_owned();
                world.change(ticket, "ann", Command::Note { text }).await;
                tell(world).await;
            }
            Moment::Listen => {
                for said in page.hears().await {
                    assert_ne!(said.name, "resync");
                    last = said.id.or(last);
                    if said.name == "changes" {
                        let number = |field: &str| said.data[field].as_u64().unwrap();
                        told.extend(number("from")..=number("to"));
                    }
                }
            }
            // Who never heard a number has nothing to resume after.
            Moment::Leave if last.is_some() => page = Listener::new(world, "sue", last).await,
            Moment::Leave => {}
        }
    }
    let newest = world.inbox.live.ring().newest();
    assert_eq!(told.last(), Some(&newest), "the last change was told");
    told
}
