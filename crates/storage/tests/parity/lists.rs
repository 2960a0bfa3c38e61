//! Lists: filters, both orders, whole walks.

use crate::post::Post;
use crate::post::book;
use crate::world::{World, at};
use rstest::rstest;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::ClockStatus;
use switchboard_domain::ticket::{Command, Status, TicketId};
use switchboard_domain::{Label, NoAnswer, Slug};
use switchboard_storage::{Assignee, Cursor, Pressure, Sort, TicketQuery};

/// 1 complaint (claimed), 2 risk, 3 chatter, 4 spam, 5 lead (to check), 6 complaint (resolved),
/// 7 complaint (answered).
async fn world() -> World {
    let world = World::new();
    let posts = [
        Post::complaint("1"),
        Post::risk("2"),
        Post::chatter("3"),
        Post {
            no_answer: Some(NoAnswer::Spam),
            ..Post::chatter("4")
        },
        Post {
            needs_review: true,
            ..Post::labelled("5", Label::Lead, 1)
        },
        Post::complaint("6"),
        Post::complaint("7"),
    ];
    for (minute, post) in (0..).zip(posts) {
        world
            .arrives(&Post {
                minute,
                author: "",
                ..post
            })
            .await;
    }
    world.does(TicketId(1), "bob", Command::Claim).await;
    world.does(TicketId(6), "bob", Command::Resolve).await;
    world
        .does(
            TicketId(7),
            "bob",
            Command::Reply {
                text: "hello".into(),
                automatic: false,
            },
        )
        .await;
    world
        .store
        .timers
        .fire_due(at(17), 100, &book())
        .await
        .unwrap();
    world
}

async fn walk(world: &World, query: &TicketQuery, scope: &DepartmentScope) -> Vec<i64> {
    let mut query = query.clone();
    let mut ids = vec![];
    loop {
        let page = world.store.tickets.list(&query, scope).await.unwrap();
        assert!(page.items.len() <= query.limit);
        ids.extend(page.items.iter().map(|row| row.ticket.id.0));
        let Some(next) = page.next else { return ids };
        query.after = Some(Cursor::decode(&next.encode()).unwrap());
    }
}

type Query = TicketQuery;

#[rstest]
#[case::all(Query::default(), &[1, 2, 3, 4, 5, 6, 7])]
#[case::department(Query { department: Some(Slug::from_any("support")), ..Query::default() }, &[1, 6, 7])]
#[case::label(Query { label: Some(Label::PrRisk), ..Query::default() }, &[2])]
#[case::status(Query { status: Some(Status::Open), ..Query::default() }, &[1, 2, 3, 5, 7])]
#[case::breached(Query { sla: Some(ClockStatus::Breached), ..Query::default() }, &[2])]
#[case::running(Query { sla: Some(ClockStatus::Running), ..Query::default() }, &[1, 5])]
#[case::met(Query { sla: Some(ClockStatus::Met), ..Query::default() }, &[7])]
#[case::cancelled(Query { sla: Some(ClockStatus::Cancelled), ..Query::default() }, &[6])]
#[case::assignee(Query { assignee: Some(Assignee::Person("bob".into())), ..Query::default() }, &[1])]
#[case::held_by_nobody(
    Query { assignee: Some(Assignee::Nobody), status: Some(Status::Open), ..Query::default() },
    &[2, 3, 5, 7]
)]
#[case::to_check(Query { needs_review: Some(true), ..Query::default() }, &[5])]
#[case::without_chatter(Query { default_view: Some(true), ..Query::default() }, &[1, 2, 5, 6, 7])]
#[case::only_chatter(Query { default_view: Some(false), ..Query::default() }, &[3, 4])]
#[case::deadline(Query { sort: Sort::Deadline, ..Query::default() }, &[2, 1, 5, 3, 4, 6, 7])]
#[case::newest(Query { sort: Sort::Newest, ..Query::default() }, &[7, 6, 5, 4, 3, 2, 1])]
#[case::deadline_of_open(
    Query { sort: Sort::Deadline, status: Some(Status::Open), ..Query::default() }, &[2, 1, 5, 3, 7]
)]
#[case::nothing(Query { department: Some(Slug::from_any("nobody")), ..Query::default() }, &[])]
#[tokio::test]
async fn a_walk_visits_what_fits_in_order_at_any_page_size(
    #[case] query: Query,
    #[case] want: &[i64],
) {
    let world = world().await;
    for limit in [1, 2, 3, 200] {
        let query = TicketQuery {
            limit,
            ..query.clone()
        };
        assert_eq!(
            walk(&world, &query, &DepartmentScope::All).await,
            want,
            "pages of {limit}"
        );
    }
}

#[rstest]
#[case::of_all(DepartmentScope::All, &["community", "pr", "sales", "support"])]
#[case::of_the_scope(DepartmentScope::Only([Slug::from_any("support")].into()), &["support"])]
#[tokio::test]
async fn what_presses_is_counted(#[case] scope: DepartmentScope, #[case] want: &[&str]) {
    let world = world().await;
    let tickets = &world.store.tickets;
    let mut found = tickets.pressure(&scope, at(17), at(61)).await.unwrap();
    found.sort_by(|one, other| one.department.cmp(&other.department));
    let names: Vec<&str> = found.iter().map(|one| one.department.as_str()).collect();
    assert_eq!(names, want);
    let of = |name: &str| found.iter().find(|one| one.department.as_str() == name);
    let support = of("support").unwrap();
    let (overdue, soon) = (support.overdue, support.soon);
    // 7 was answered, so that nothing ticks, and still nobody has it.
    assert_eq!((overdue, soon, support.unassigned), (0, 1, 1));
    let first = world.ticket(TicketId(1)).await;
    assert_eq!(support.next_deadline, first.deadline_at());
    if let Some(risk) = of("pr") {
        let chatter = of("community").unwrap();
        assert_eq!((risk.overdue, risk.soon, risk.unassigned), (1, 1, 1));
        assert_eq!((chatter.unassigned, chatter.next_deadline), (0, None));
    }
    assert!(found.iter().all(|one: &Pressure| !one.more));
}

#[tokio::test]
async fn rows_carry_their_post_and_their_explanation() {
    let world = world().await;
    let page = world
        .store
        .tickets
        .list(&Query::default(), &DepartmentScope::All)
        .await
        .unwrap();
    assert_eq!((page.items.len(), page.next), (7, None));
    for row in page.items {
        let post = row.mention.unwrap().content.unwrap().mention.id;
        assert_eq!(post, row.ticket.id.to_string());
        assert_eq!(row.explanation.unwrap().ticket_version, 1);
    }
}

#[rstest]
#[case::empty("")]
#[case::kind("x.1.1")]
#[case::no_time("c..1")]
#[case::no_number("c.1.x")]
#[case::more("c.1.1.1")]
#[case::far("c.9223372036854775807.1")]
fn other_text_is_no_cursor(#[case] text: &str) {
    assert_eq!(Cursor::decode(text), None);
}

#[tokio::test]
async fn counts_say_what_lists_show() {
    let world = world().await;
    let counts = world
        .store
        .tickets
        .counts(&DepartmentScope::All)
        .await
        .unwrap();
    assert_eq!(counts.iter().map(|count| count.count).sum::<u64>(), 7);
    for count in counts {
        let query = Query {
            department: Some(count.department.clone()),
            status: Some(count.status),
            label: Some(count.label),
            limit: 200,
            ..Query::default()
        };
        let listed = walk(&world, &query, &DepartmentScope::All).await.len();
        assert_eq!(listed as u64, count.count, "{query:?}");
    }
    let open = world.store.tickets.open_counts().await.unwrap();
    let pr = (Slug::from_any("pr"), Priority::Urgent, 1);
    assert!(open.contains(&pr), "{open:?}");
    assert_eq!(open.iter().map(|(_, _, count)| count).sum::<u64>(), 5);
}
