//! Whatever happens: the events rebuild the stored ticket, and every copy agrees with it.

use crate::post::Post;
use crate::world::{World, at};
use proptest::prelude::*;
use std::collections::BTreeMap;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::routing::Priority;
use switchboard_domain::ticket::{Actor, Command, Ticket, TicketId};
use switchboard_domain::{Label, NoAnswer, Op, Slug};
use switchboard_storage::Change;

#[derive(Clone, Debug)]
enum Step {
    Arrive(Post),
    Do(i64, Command),
    Fire,
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
        Just(Command::Reply { text: "r".into() }),
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

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => post().prop_map(Step::Arrive),
        3 => (1..4_i64, command()).prop_map(|(id, command)| Step::Do(id, command)),
        1 => Just(Step::Fire),
    ];
    prop::collection::vec(step, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn events_rebuild_tickets_and_copies_agree(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
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
                ticket: id,
                command,
                expected_version: None,
                actor,
                now: at(minute),
            };
            world.apply(change).await;
        }
        Step::Fire => {
            world.store.timers.fire_due(at(minute), 100).await.unwrap();
        }
    }
}

async fn check(world: &World) {
    let raw = world.raw();
    let ids: Vec<i64> = column(&raw, "SELECT id FROM ticket ORDER BY id");
    let mut tally: BTreeMap<String, i64> = BTreeMap::new();
    for id in &ids {
        let ticket = world.ticket(TicketId(*id)).await;
        let events = world
            .store
            .tickets
            .events(TicketId(*id), &DepartmentScope::All)
            .await
            .unwrap();
        assert_eq!(Ticket::rebuild(&events).unwrap().as_ref(), Some(&ticket));
        check_columns(&raw, &ticket);
        let place = format!(
            "{}/{}/{}/{}",
            ticket.department,
            ticket.status.as_str(),
            ticket.label,
            ticket.priority
        );
        *tally.entry(place).or_default() += 1;
    }
    let stored: Vec<String> = column(
        &raw,
        "SELECT department || '/' || status || '/' || label || '/' || priority || '=' || count
         FROM ticket_tally WHERE count <> 0 ORDER BY department, status, label, priority",
    );
    let want: Vec<String> = tally
        .into_iter()
        .map(|(place, count)| format!("{place}={count}"))
        .collect();
    assert_eq!(
        stored
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>(),
        want.into_iter().collect()
    );
    let astray: Vec<i64> = column(
        &raw,
        "SELECT ticket_id FROM open_thread
         WHERE ticket_id NOT IN (SELECT id FROM ticket WHERE status = 'open')",
    );
    assert!(
        astray.is_empty(),
        "threads of tickets that are not open: {astray:?}"
    );
    let numbers: Vec<i64> = column(&raw, "SELECT id FROM ticket_event ORDER BY id");
    assert!(
        (1..).zip(&numbers).all(|(want, number)| want == *number),
        "{numbers:?}"
    );
}

fn check_columns(raw: &rusqlite::Connection, ticket: &Ticket) {
    let sql = "SELECT json_array(version, department, label, status, priority, assignee,
                   sla_status, deadline_at, next_due_at, default_view, needs_review, updated_at)
               FROM ticket WHERE id = ?1";
    let stored: String = raw.query_row(sql, [ticket.id.0], |row| row.get(0)).unwrap();
    let want = serde_json::json!([
        ticket.version,
        ticket.department,
        ticket.label,
        ticket.status,
        ticket.priority,
        ticket.assignee,
        ticket.sla_status(),
        ticket.deadline_at().map(jiff::Timestamp::as_microsecond),
        ticket.next_due_at().map(jiff::Timestamp::as_microsecond),
        i32::from(ticket.is_in_default_views()),
        i32::from(ticket.needs_review),
        ticket.updated_at.as_microsecond(),
    ]);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&stored).unwrap(),
        want
    );
}

fn column<T: rusqlite::types::FromSql>(raw: &rusqlite::Connection, sql: &str) -> Vec<T> {
    let mut statement = raw.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}
