//! Our own answers, as they come back from their platforms.

use crate::post::Post;
use crate::world::World;
use rstest::rstest;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::author::Ours;
use switchboard_domain::intake::IntakeOutcome;
use switchboard_domain::ticket::{Command, TicketId};

const DAY: i64 = 24 * 60;

fn ours(id: &str) -> Post {
    Post {
        author: "acme-help",
        ours: Some(Ours::Person),
        minute: 20,
        ..Post::chatter(id)
    }
}

fn to_the_post(id: &str) -> Post {
    Post {
        in_reply_to: Some("1"),
        ..ours(id)
    }
}

fn tickets(world: &World) -> i64 {
    world.number("SELECT count(*) AS value FROM ticket")
}

#[rstest]
#[case::to_the_post(to_the_post("2"), IntakeOutcome::Answered)]
#[case::in_its_conversation(
    Post { conversation: Some("1"), in_reply_to: Some("0"), ..ours("2") },
    IntakeOutcome::Answered
)]
#[case::to_nobody(ours("2"), IntakeOutcome::Ours)]
#[case::to_a_stranger(Post { in_reply_to: Some("news"), ..ours("2") }, IntakeOutcome::Ours)]
#[tokio::test]
async fn is_linked_and_opens_no_ticket(#[case] answer: Post, #[case] want: IntakeOutcome) {
    let world = World::new();
    let ticket = world.ticket_of(&Post::complaint("1")).await;
    let taken = world.arrives(&answer).await;
    assert_eq!(taken.outcome, want);
    assert_eq!(tickets(&world), 1);
    let answered = world.ticket(ticket.id).await;
    assert_eq!(
        answered.version,
        1 + u64::from(want == IntakeOutcome::Answered)
    );
    assert_eq!(
        answered.next_due_at().is_none(),
        want == IntakeOutcome::Answered
    );
    assert_eq!(answered.mention_count, 1);
    let posts = world
        .store
        .tickets
        .mentions(ticket.id, &DepartmentScope::All);
    assert_eq!(posts.await.unwrap().len(), 1, "it stands in the event");
}

#[tokio::test]
async fn comes_twice_and_counts_once() {
    let world = World::new();
    let ticket = world.ticket_of(&Post::complaint("1")).await;
    world.arrives(&to_the_post("2")).await;
    let again = world.outcome(&to_the_post("2")).await;
    assert_eq!(again, IntakeOutcome::Duplicate);
    assert_eq!(world.ticket(ticket.id).await.version, 2);
}

#[tokio::test]
async fn reaches_a_ticket_that_is_done_and_wakes_nothing() {
    let world = World::new();
    let ticket = world.ticket_of(&Post::complaint("1")).await;
    let done = world.does(ticket.id, "bob", Command::Resolve).await;
    let taken = world.arrives(&to_the_post("2")).await;
    assert_eq!(
        (taken.outcome, taken.ticket),
        (IntakeOutcome::Answered, Some(ticket.id))
    );
    let after = world.ticket(ticket.id).await;
    assert_eq!((after.status, after.clocks), (done.status, done.clocks));
}

#[tokio::test]
async fn what_the_author_answers_to_it_comes_to_the_same_ticket() {
    let world = World::new();
    let ticket = world.ticket_of(&Post::complaint("1")).await;
    world.arrives(&to_the_post("2")).await;
    let still = Post {
        in_reply_to: Some("2"),
        minute: 9 * DAY,
        ..Post::complaint("3")
    };
    assert_eq!(world.ticket_of(&still).await.id, ticket.id);
}

#[tokio::test]
async fn a_deletion_of_it_deletes_nobody_elses_post() {
    let world = World::new();
    world.ticket_of(&Post::complaint("1")).await;
    world.arrives(&to_the_post("2")).await;
    let outcome = world.outcome(&Post::deletion("2")).await;
    assert_eq!(outcome, IntakeOutcome::Tombstoned);
    assert_eq!(world.ticket(TicketId(1)).await.deleted_count, 0);
}
