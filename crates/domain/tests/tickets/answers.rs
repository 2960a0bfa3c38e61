//! Our own answers, as they come back from their platforms.

use crate::story::{Post, Story, at};
use rstest::rstest;
use switchboard_domain::author::Ours;
use switchboard_domain::intake::IntakeOutcome;
use switchboard_domain::sla::{ClockKind, ClockStatus};
use switchboard_domain::ticket::{Command, Fact};

fn answer(id: &'static str, who: Ours, minute: i64) -> Post {
    Post {
        ours: Some(who),
        minute,
        ..Post::complaint(id)
    }
}

fn complained() -> Story {
    let mut story = Story::default();
    story.arrives(&Post::complaint("1"));
    story.now = at(70);
    story
}

#[rstest]
#[case::a_colleagues(Ours::Person, 30, ClockStatus::Met)]
#[case::a_colleagues_late(Ours::Person, 65, ClockStatus::Breached)]
#[case::a_machines(Ours::Machine, 30, ClockStatus::Running)]
fn an_answer_counts_from_when_it_was_given(
    #[case] who: Ours,
    #[case] minute: i64,
    #[case] want: ClockStatus,
) {
    let mut story = complained();
    let outcome = story.arrives(&answer("2", who, minute));
    assert_eq!(outcome, IntakeOutcome::Answered);
    let ticket = story.ticket();
    assert_eq!((story.tickets.len(), ticket.mention_count), (1, 1));
    let clock = ticket.clock(ClockKind::FirstResponse).unwrap();
    assert_eq!(clock.status(), want);
}

#[test]
fn its_words_stand_in_the_event() {
    let mut story = complained();
    story.arrives(&answer("2", Ours::Person, 30));
    let facts = &story.events.last().unwrap().change.facts;
    let told = facts.iter().find_map(|fact| match fact {
        Fact::AnswerSeen { text, .. } => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(told, Some("words"));
}

#[test]
fn the_echo_of_an_answer_from_here_changes_no_clock() {
    let mut story = complained();
    let reply = Command::Reply {
        text: "words".into(),
        automatic: false,
    };
    story.does("bob", &reply).unwrap();
    let clocks = story.ticket().clocks.clone();
    story.arrives(&answer("2", Ours::Person, 70));
    assert_eq!(story.ticket().clocks, clocks);
}

#[test]
fn a_post_of_ours_needs_no_ticket() {
    let mut story = Story::default();
    let outcome = story.arrives(&answer("1", Ours::Person, 0));
    assert_eq!(outcome, IntakeOutcome::Ours);
    assert_eq!(story.tickets, []);
}

#[rstest]
#[case::again(answer("2", Ours::Person, 30), IntakeOutcome::Duplicate)]
#[case::edited(Post { version: 1, ..answer("2", Ours::Person, 30) }, IntakeOutcome::Ours)]
#[case::deleted_by_us(
    Post { ours: Some(Ours::Person), ..Post::deletion("2") },
    IntakeOutcome::Tombstoned
)]
#[case::deleted_by_nobody_in_particular(Post::deletion("2"), IntakeOutcome::Tombstoned)]
fn what_comes_of_it_later_changes_nothing(#[case] later: Post, #[case] want: IntakeOutcome) {
    let mut story = complained();
    story.arrives(&answer("2", Ours::Person, 30));
    let before = story.ticket().clone();
    assert_eq!(story.arrives(&later), want);
    assert_eq!(story.ticket(), &before);
}

#[test]
fn a_post_with_a_ticket_keeps_it_when_its_author_turns_out_to_be_us() {
    let mut story = complained();
    let edited = Post {
        version: 1,
        ..answer("1", Ours::Person, 0)
    };
    assert_eq!(story.arrives(&edited), IntakeOutcome::Changed);
    assert_eq!(story.ticket().mention_count, 1);
}
