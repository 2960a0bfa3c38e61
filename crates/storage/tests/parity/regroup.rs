//! Tickets merged, parted again, a post split out: posts, identities and threads go along.

use crate::post::{Post, book};
use crate::world::{World, at};
use rstest::rstest;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::intake::IntakeOutcome;
use switchboard_domain::ticket::{Actor, Command, RegroupRefusal, Status, Ticket, TicketId};
use switchboard_domain::{MentionKey, Slug};
use switchboard_storage::{Regroup, Regrouped, Regrouping};

const FIRST: TicketId = TicketId(1);
const SECOND: TicketId = TicketId(2);

fn wish(ticket: TicketId, how: Regrouping) -> Regroup {
    Regroup {
        ticket,
        how,
        expected_version: None,
        actor: Actor::Person("sue".into()),
        book: book(),
        now: at(10),
    }
}

async fn regroup(world: &World, ticket: TicketId, how: Regrouping) -> Regrouped {
    let tickets = &world.store.tickets;
    let regrouped = tickets.regroup(wish(ticket, how), &DepartmentScope::All);
    regrouped.await.unwrap()
}

async fn regroups(world: &World, ticket: TicketId, how: Regrouping) -> (Ticket, Ticket) {
    match regroup(world, ticket, how).await {
        Regrouped::Done { ticket, other } => (*ticket, *other),
        other => panic!("not done: {other:?}"),
    }
}

fn key(id: &str) -> MentionKey {
    MentionKey {
        platform: Slug::from_any("x"),
        id_scope: String::new(),
        id: id.to_owned(),
    }
}

async fn posts(world: &World, ticket: TicketId) -> Vec<String> {
    let tickets = &world.store.tickets;
    let posts = tickets.mentions(ticket, &DepartmentScope::All);
    let posts = posts.await.unwrap().into_iter();
    posts.map(|post| post.key.id).collect()
}

fn by_bob(id: &str) -> Post {
    Post {
        author: "bob",
        ..Post::complaint(id)
    }
}

/// Ann's ticket with the posts 1 and 3, and Bob's with 2 and 4.
async fn two() -> World {
    let world = World::new();
    for post in [
        Post::complaint("1"),
        by_bob("2"),
        Post::complaint("3"),
        by_bob("4"),
    ] {
        world.arrives(&post).await;
    }
    world
}

#[tokio::test]
async fn posts_and_their_identities_go_along() {
    let world = two().await;
    let (merged, survivor) = regroups(&world, FIRST, Regrouping::MergeInto(SECOND)).await;
    assert_eq!((merged.status, merged.mention_count), (Status::Closed, 0));
    assert_eq!(survivor.mention_count, 4);
    assert_eq!(posts(&world, SECOND).await, ["2", "4", "1", "3"]);
    assert_eq!(posts(&world, FIRST).await, [""; 0]);
    let edit = Post {
        version: 1,
        ..Post::risk("1")
    };
    let edited = world.arrives(&edit).await;
    assert_eq!(
        (edited.outcome, edited.ticket),
        (IntakeOutcome::Changed, Some(SECOND))
    );
    assert_eq!(world.ticket(SECOND).await.severity, 8);
}

#[rstest]
#[case::plain(Post::complaint("5"))]
#[case::reply_much_later(Post {
    in_reply_to: Some("1"),
    minute: 90 * 24 * 60,
    ..Post::complaint("5")
})]
#[case::by_the_survivors_author(by_bob("5"))]
#[tokio::test]
async fn later_posts_of_both_threads_reach_the_survivor(#[case] later: Post) {
    let world = two().await;
    regroups(&world, FIRST, Regrouping::MergeInto(SECOND)).await;
    assert_eq!(world.arrives(&later).await.ticket, Some(SECOND));
}

#[tokio::test]
async fn a_resolved_ticket_brings_its_threads_too() {
    let world = two().await;
    world.does(FIRST, "bob", Command::Resolve).await;
    regroups(&world, FIRST, Regrouping::MergeInto(SECOND)).await;
    let later = world.arrives(&Post::complaint("5")).await;
    assert_eq!(later.ticket, Some(SECOND));
}

#[tokio::test]
async fn the_undo_gives_posts_and_threads_back() {
    let world = two().await;
    regroups(&world, FIRST, Regrouping::MergeInto(SECOND)).await;
    let stays = world.arrives(&Post::complaint("5")).await.ticket;
    world.arrives(&Post::deletion("3")).await;
    let (parted, survivor) = regroups(&world, FIRST, Regrouping::Part).await;
    let told = (parted.status, parted.mention_count, parted.deleted_count);
    assert_eq!(told, (Status::Open, 2, 1));
    assert_eq!(stays, Some(SECOND));
    assert_eq!(survivor.mention_count, 3);
    assert_eq!(posts(&world, FIRST).await, ["1", "3"]);
    assert_eq!(posts(&world, SECOND).await, ["2", "4", "5"]);
    let bobs = world.arrives(&by_bob("6")).await;
    assert_eq!(bobs.ticket, Some(SECOND));
}

#[tokio::test]
async fn after_the_undo_a_thread_of_its_own_reaches_the_ticket_again() {
    let world = two().await;
    regroups(&world, FIRST, Regrouping::MergeInto(SECOND)).await;
    regroups(&world, FIRST, Regrouping::Part).await;
    let later = world.arrives(&Post::complaint("5")).await;
    assert_eq!(later.ticket, Some(FIRST));
}

#[tokio::test]
async fn a_post_that_was_split_out_is_not_given_back() {
    let world = two().await;
    regroups(&world, FIRST, Regrouping::MergeInto(SECOND)).await;
    let (left, opened) = regroups(&world, SECOND, Regrouping::SplitOut(key("3"))).await;
    assert_eq!((left.mention_count, opened.mention_count), (3, 1));
    assert_eq!((opened.id, opened.author_id.as_str()), (TicketId(3), "ann"));
    let (parted, _) = regroups(&world, FIRST, Regrouping::Part).await;
    assert_eq!(parted.mention_count, 1);
    assert_eq!(posts(&world, TicketId(3)).await, ["3"]);
}

#[tokio::test]
async fn a_split_post_is_queued_and_answers_to_it_follow() {
    let world = two().await;
    let (_, opened) = regroups(&world, FIRST, Regrouping::SplitOut(key("3"))).await;
    let told = world.told().await;
    let mut latest_first = told.iter().rev();
    let queued = latest_first.find(|row| row.0 == "queue.support");
    let (_, ticket, record) = queued.unwrap();
    assert_eq!(*ticket, opened.id.to_string());
    assert_eq!(record["mention"]["mention"]["id"], "3");
    let edit = Post {
        version: 1,
        ..Post::complaint("3")
    };
    assert_eq!(world.arrives(&edit).await.ticket, Some(opened.id));
    let row = world.row(opened.id).await;
    assert_eq!(row.mention.unwrap().key, key("3"));
    let answer = Post {
        in_reply_to: Some("3"),
        account: "other",
        ..Post::complaint("6")
    };
    assert_eq!(world.arrives(&answer).await.ticket, Some(opened.id));
}

#[tokio::test]
async fn a_queue_hears_of_no_post_that_has_gone_to_another_ticket() {
    let world = two().await;
    regroups(&world, FIRST, Regrouping::MergeInto(SECOND)).await;
    let told = world.told().await;
    let post_of = |ticket: TicketId| {
        let mut queued = told.iter().filter(|row| row.0 == "queue.support");
        let record = queued.find(|row| row.1 == ticket.to_string()).unwrap();
        record.2["mention"]["mention"]["id"].clone()
    };
    assert_eq!(post_of(FIRST), serde_json::Value::Null);
    assert_eq!(post_of(SECOND), "2");
}

#[rstest]
#[case::unknown(TicketId(9), Regrouping::Part, Regrouped::NotFound(TicketId(9)))]
#[case::unknown_survivor(
    FIRST,
    Regrouping::MergeInto(TicketId(9)),
    Regrouped::NotFound(TicketId(9))
)]
#[case::itself(
    FIRST,
    Regrouping::MergeInto(FIRST),
    Regrouped::Refused(RegroupRefusal::Itself)
)]
#[case::nothing_to_undo(
    FIRST,
    Regrouping::Part,
    Regrouped::Refused(RegroupRefusal::NotMerged(FIRST))
)]
#[case::anothers_post(
    FIRST,
    Regrouping::SplitOut(key("2")),
    Regrouped::Refused(RegroupRefusal::NoPost(key("2")))
)]
#[tokio::test]
async fn what_cannot_be_is_a_value(
    #[case] ticket: TicketId,
    #[case] how: Regrouping,
    #[case] want: Regrouped,
) {
    let world = two().await;
    let told = world.told().await.len();
    assert_eq!(regroup(&world, ticket, how).await, want);
    assert_eq!(world.told().await.len(), told, "nothing was written");
}

#[tokio::test]
async fn an_old_version_meets_the_present_ticket() {
    let world = two().await;
    let outdated = Regroup {
        expected_version: Some(1),
        ..wish(FIRST, Regrouping::MergeInto(SECOND))
    };
    let tickets = &world.store.tickets;
    let regrouped = tickets.regroup(outdated, &DepartmentScope::All).await;
    let current = Box::new(world.ticket(FIRST).await);
    assert_eq!(regrouped.unwrap(), Regrouped::Conflict { current });
}

#[tokio::test]
async fn both_tickets_must_lie_in_the_scope() {
    let world = two().await;
    let department = Slug::from_any("legal");
    world
        .does(SECOND, "bob", Command::Move { department })
        .await;
    let support = DepartmentScope::Only([Slug::from_any("support")].into());
    let tickets = &world.store.tickets;
    let into = wish(FIRST, Regrouping::MergeInto(SECOND));
    let regrouped = tickets.regroup(into, &support).await.unwrap();
    assert_eq!(regrouped, Regrouped::NotFound(SECOND));
    let from = wish(SECOND, Regrouping::MergeInto(FIRST));
    let regrouped = tickets.regroup(from, &support).await.unwrap();
    assert_eq!(regrouped, Regrouped::NotFound(SECOND));
}

#[tokio::test]
async fn more_posts_than_one_look_can_find_go_along() {
    let world = World::new();
    world.arrives(&by_bob("0")).await;
    for number in 1..=40_i64 {
        let conversation = ["c", "d", "e"][usize::try_from(number % 3).unwrap()];
        let post = Post {
            conversation: Some(conversation),
            ..Post::complaint(number.to_string())
        };
        world.arrives(&post).await;
    }
    for ticket in 2..=4 {
        regroups(&world, TicketId(ticket), Regrouping::MergeInto(FIRST)).await;
    }
    let survivor = world.ticket(FIRST).await;
    assert_eq!(survivor.mention_count, 41);
    assert_eq!(posts(&world, FIRST).await.len(), 41);
}
