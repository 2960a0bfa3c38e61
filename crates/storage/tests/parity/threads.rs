//! Which ticket a post joins.

use crate::post::Post;
use crate::world::World;
use rstest::rstest;
use switchboard_domain::ticket::Command;

const DAY: i64 = 24 * 60;

fn second() -> Post {
    Post::complaint("2")
}

#[rstest]
#[case::within_the_window(Post { minute: DAY, ..second() }, true)]
#[case::past_the_window(Post { minute: DAY + 1, ..second() }, false)]
#[case::written_before_within(Post { minute: -DAY, ..second() }, true)]
#[case::reply_past_the_window(Post { in_reply_to: Some("1"), minute: 9 * DAY, ..second() }, true)]
#[case::reply_by_somebody_else(
    Post { author: "bob", in_reply_to: Some("1"), minute: 1, ..second() }, false
)]
#[case::another_author(Post { author: "bob", ..second() }, false)]
#[case::another_account(Post { account: "other", ..second() }, false)]
#[case::another_conversation(Post { conversation: Some("c"), ..second() }, false)]
#[case::no_author(Post { author: "", ..second() }, false)]
#[tokio::test]
async fn after_a_plain_post(#[case] second: Post, #[case] joins: bool) {
    let world = World::new();
    let first = world.ticket_of(&Post::complaint("1")).await;
    assert_eq!(world.ticket_of(&second).await.id == first.id, joins);
}

#[rstest]
#[case::same(Some("c"), true)]
#[case::another(Some("d"), false)]
#[case::none(None, false)]
#[tokio::test]
async fn a_conversation_joins_at_any_distance(
    #[case] conversation: Option<&'static str>,
    #[case] joins: bool,
) {
    let world = World::new();
    let first = world
        .ticket_of(&Post {
            conversation: Some("c"),
            ..Post::complaint("1")
        })
        .await;
    let second = Post {
        conversation,
        minute: 90 * DAY,
        ..second()
    };
    assert_eq!(world.ticket_of(&second).await.id == first.id, joins);
}

#[tokio::test]
async fn every_post_moves_the_window_on() {
    let world = World::new();
    let first = world.ticket_of(&Post::complaint("1")).await;
    for day in 1..5 {
        let post = Post {
            minute: day * DAY,
            ..Post::complaint(format!("later-{day}"))
        };
        assert_eq!(world.ticket_of(&post).await.id, first.id, "day {day}");
    }
}

#[tokio::test]
async fn past_the_window_the_thread_passes_to_the_new_ticket() {
    let world = World::new();
    let first = world.ticket_of(&Post::complaint("1")).await;
    let second = world
        .ticket_of(&Post {
            minute: 2 * DAY,
            ..second()
        })
        .await;
    let third = world
        .ticket_of(&Post {
            minute: 2 * DAY + 1,
            ..Post::complaint("3")
        })
        .await;
    assert_ne!(second.id, first.id);
    assert_eq!(third.id, second.id);
}

#[tokio::test]
async fn a_resolved_ticket_is_no_thread_and_takes_it_up_again_when_reopened() {
    let world = World::new();
    let first = world.ticket_of(&Post::complaint("1")).await;
    world.does(first.id, "bob", Command::Resolve).await;
    let second = world.ticket_of(&second()).await;
    assert_ne!(second.id, first.id);
    world.does(second.id, "bob", Command::Resolve).await;
    world.does(first.id, "bob", Command::Reopen).await;
    assert_eq!(world.ticket_of(&Post::complaint("3")).await.id, first.id);
}

#[tokio::test]
async fn a_reopened_ticket_leaves_a_thread_that_another_holds() {
    let world = World::new();
    let first = world.ticket_of(&Post::complaint("1")).await;
    world.does(first.id, "bob", Command::Resolve).await;
    let second = world.ticket_of(&second()).await;
    world.does(first.id, "bob", Command::Reopen).await;
    assert_eq!(world.ticket_of(&Post::complaint("3")).await.id, second.id);
}

#[tokio::test]
async fn two_answers_to_the_same_post_of_a_stranger_are_one_thread() {
    let world = World::new();
    let first = Post {
        in_reply_to: Some("news"),
        ..Post::complaint("1")
    };
    let second = Post {
        in_reply_to: Some("news"),
        minute: 9 * DAY,
        ..second()
    };
    let ticket = world.ticket_of(&first).await;
    assert_eq!(world.ticket_of(&second).await.id, ticket.id);
}
