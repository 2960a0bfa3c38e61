//! Whatever happens: the events rebuild the stored ticket, and every copy agrees with it.

use crate::post::Post;
use crate::post::book;
use crate::world::{World, at};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use switchboard_domain::MentionKey;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::routing::Priority;
use switchboard_domain::ticket::{Actor, Command, Ticket, TicketId};
use switchboard_domain::{Label, NoAnswer, Op, Slug};
use switchboard_storage::{Change, Regroup, Regrouping};

#[derive(Clone, Debug)]
enum Step {
    Arrive(Post),
    Do(i64, Command),
    Fire,
    Regroup(i64, Regrouping),
}

fn post() -> impl Strategy<Value = Post> {
    let label = prop::sample::select(Label::ALL.to_vec());
    let author = prop::sample::select(vec!["ann", "bob", ""]);
    let no_answer = prop::sample::select(vec![None, None, None, Some(NoAnswer::Thanks)]);
    let thread = prop::sample::select(vec![None, None, Some("c")]);
    let op = prop::sample::select(vec![Op::Upsert, Op::Upsert, Op::Upsert, Op::Delete]);
    let account = prop::sample::select(vec!["acme", "other"]);
    (
        (0..6_u8, label, 0..=10_u8, author),
        (no_answer, thread, 0..3_i64, op, account),
    )
        .prop_map(
            |((id, label, severity, author), (no_answer, conversation, version, op, account))| {
                Post {
                    op,
                    version,
                    no_answer,
                    author,
                    account,
                    conversation,
                    ..Post::labelled(id.to_string(), label, severity)
                }
            },
        )
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Claim),
        Just(Command::Assign { to: None }),
        Just(Command::Assign {
            to: Some("eve".into())
        }),
        Just(Command::Note { text: "n".into() }),
        Just(Command::Reply {
            text: "r".into(),
            automatic: false,
        }),
        Just(Command::Resolve),
        Just(Command::Reopen),
        prop::sample::select(Label::ALL.to_vec()).prop_map(|label| Command::Relabel { label }),
        Just(Command::Move {
            department: Slug::from_any("legal")
        }),
        prop::sample::select(Priority::ALL.to_vec())
            .prop_map(|priority| Command::SetPriority { priority }),
    ]
}

fn regrouping() -> impl Strategy<Value = Regrouping> {
    let key = |id: u8| MentionKey {
        platform: Slug::from_any("x"),
        id_scope: String::new(),
        id: id.to_string(),
    };
    prop_oneof![
        2 => (1..4_i64).prop_map(|id| Regrouping::MergeInto(TicketId(id))),
        1 => Just(Regrouping::Part),
        1 => (0..6_u8).prop_map(move |id| Regrouping::SplitOut(key(id))),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => post().prop_map(Step::Arrive),
        3 => (1..4_i64, command()).prop_map(|(id, command)| Step::Do(id, command)),
        1 => Just(Step::Fire),
        1 => (1..4_i64, regrouping()).prop_map(|(id, how)| Step::Regroup(id, how)),
    ];
    prop::collection::vec(step, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn events_rebuild_tickets_and_copies_agree(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new();
            for (minute, step) in (0..).step_by(7).zip(steps) {
                take(&world, step, minute).await;
            }
            check(&world).await;
        });
    }
}

async fn take(world: &World, step: Step, minute: i64) {
    match step {
        Step::Arrive(post) => {
            world.arrives(&Post { minute, ..post }).await;
        }
        Step::Do(id, command) => {
            let actor = Actor::Person("bob".into());
            let id = TicketId(id);
            let change = Change {
                book: book(),
                ticket: id,
                command,
                expected_version: None,
                actor,
                now: at(minute),
            };
            world.apply(change).await;
        }
        Step::Regroup(id, how) => {
            let wish = Regroup {
                ticket: TicketId(id),
                how,
                expected_version: None,
                actor: Actor::Person("sue".into()),
                book: book(),
                now: at(minute),
            };
            let tickets = &world.store.tickets;
            let _regrouped = tickets.regroup(wish, &DepartmentScope::All).await.unwrap();
        }
        Step::Fire => {
            world
                .store
                .timers
                .fire_due(at(minute), 100, &book())
                .await
                .unwrap();
        }
    }
}

async fn check(world: &World) {
    let ids = world
        .place
        .column("SELECT id AS value FROM ticket ORDER BY id");
    let mut tally: BTreeMap<String, i64> = BTreeMap::new();
    for id in ids {
        let ticket = world.ticket(TicketId(id.parse().unwrap())).await;
        let events = world
            .store
            .tickets
            .events(ticket.id, &DepartmentScope::All)
            .await
            .unwrap();
        assert_eq!(Ticket::rebuild(&events).unwrap().as_ref(), Some(&ticket));
        check_columns(world, &ticket);
        let place = format!(
            "{}/{}/{}/{}",
            ticket.department,
            ticket.status.as_str(),
            ticket.label,
            ticket.priority
        );
        *tally.entry(place).or_default() += 1;
    }
    check_tally(world, &tally);
    let astray = world.place.column(
        "SELECT ticket_id AS value FROM open_thread
         WHERE ticket_id NOT IN (SELECT id FROM ticket WHERE status = 'open')",
    );
    assert!(
        astray.is_empty(),
        "threads of tickets that are not open: {astray:?}"
    );
    let lost = world.place.column(
        "SELECT coalesce(CAST(identity.ticket_id AS TEXT), 'none') AS value FROM identity
         WHERE NOT EXISTS (SELECT 1 FROM mention WHERE mention.id = identity.mention_id
             AND mention.ticket_id = identity.ticket_id)
           AND identity.ticket_id IS NOT NULL",
    );
    assert!(lost.is_empty(), "posts that stand nowhere: {lost:?}");
    check_numbers(world).await;
}

fn check_tally(world: &World, tally: &BTreeMap<String, i64>) {
    let stored = world.place.column(
        "SELECT department || '/' || status || '/' || label || '/' || priority || '=' || sum(count)
             AS value
         FROM ticket_tally GROUP BY department, status, label, priority HAVING sum(count) <> 0",
    );
    let want = tally
        .iter()
        .map(|(place, count)| format!("{place}={count}"));
    assert_eq!(
        stored.into_iter().collect::<BTreeSet<_>>(),
        want.collect::<BTreeSet<_>>()
    );
}

/// Events are numbered without gaps, and those of a ticket in the order of its versions.
async fn check_numbers(world: &World) {
    let rows = world.store.outbox.unpublished(10_000).await.unwrap();
    let events = rows.iter().filter(|row| row.topic == "ticket.events");
    let mut versions: BTreeMap<&str, u64> = BTreeMap::new();
    for (want, row) in (1..).zip(events) {
        assert_eq!(row.number, Some(want));
        let record: serde_json::Value = serde_json::from_slice(&row.payload).unwrap();
        let version = versions.entry(&row.key).or_default();
        *version += 1;
        assert_eq!(record["version"], *version);
    }
}

pub(crate) fn check_columns(world: &World, ticket: &Ticket) {
    let stored = world.place.column(&format!(
        "SELECT version || '|' || department || '|' || label || '|' || status || '|' || priority
                || '|' || coalesce(assignee, '') || '|' || coalesce(sla_status, '')
                || '|' || coalesce(CAST(deadline_at AS TEXT), '')
                || '|' || coalesce(CAST(next_due_at AS TEXT), '')
                || '|' || CASE WHEN default_view THEN 'viewed' ELSE '' END
                || '|' || CASE WHEN needs_review THEN 'to check' ELSE '' END
                || '|' || updated_at AS value
         FROM ticket WHERE id = {}",
        ticket.id
    ));
    let instant = |at: Option<jiff::Timestamp>| at.map(|at| at.as_microsecond().to_string());
    let flag = |name: &str, set: bool| String::from(if set { name } else { "" });
    let sla_status = ticket.sla_status().map(|status| {
        let name = serde_json::to_value(status).unwrap();
        name.as_str().unwrap().to_owned()
    });
    let want = [
        ticket.version.to_string(),
        ticket.department.to_string(),
        ticket.label.to_string(),
        ticket.status.as_str().to_owned(),
        ticket.priority.to_string(),
        ticket.assignee.clone().unwrap_or_default(),
        sla_status.unwrap_or_default(),
        instant(ticket.deadline_at()).unwrap_or_default(),
        instant(ticket.next_due_at()).unwrap_or_default(),
        flag("viewed", ticket.is_in_default_views()),
        flag("to check", ticket.needs_review),
        ticket.updated_at.as_microsecond().to_string(),
    ];
    assert_eq!(stored, [want.join("|")]);
}
