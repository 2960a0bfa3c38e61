//! Commands of people and timers on a ticket, and the fold that rebuilds it.

use crate::story::{Post, Story, at};
use proptest::prelude::*;
use rstest::rstest;
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::{ClockKind, ClockStatus, Milestone};
use switchboard_domain::ticket::command::MAX_TEXT_BYTES;
use switchboard_domain::ticket::{Command, Fact, Refusal, Status, Ticket};
use switchboard_domain::{Label, Slug};

fn open_ticket() -> Story {
    let mut story = Story::default();
    story.arrives(&Post::complaint("1"));
    story
}

fn reply() -> Command {
    Command::Reply {
        text: "we are on it".into(),
        automatic: false,
    }
}

#[test]
fn of_two_claims_the_second_learns_who_has_it() {
    let mut story = open_ticket();
    story.does("ann", &Command::Claim).unwrap();
    assert_eq!(
        story.does("bob", &Command::Claim),
        Err(Refusal::AlreadyClaimed("ann".into()))
    );
    assert_eq!(
        story.does("ann", &Command::Claim),
        Ok(()),
        "the holder may ask again"
    );
    assert_eq!(story.ticket().version, 2);
}

#[rstest]
#[case::in_time(59, ClockStatus::Met)]
#[case::at_the_deadline(60, ClockStatus::Met)]
#[case::before_the_timer_looked(61, ClockStatus::Breached)]
fn an_answer_stops_the_clock(#[case] minute: i64, #[case] want: ClockStatus) {
    let mut story = open_ticket();
    story.now = at(minute);
    story.does("ann", &reply()).unwrap();
    assert_eq!(
        story
            .ticket()
            .clock(ClockKind::FirstResponse)
            .unwrap()
            .status(),
        want
    );
    assert_eq!(story.ticket().next_due_at(), None);
}

#[test]
fn the_timer_fires_each_milestone_once_and_a_miss_never_heals() {
    let mut story = open_ticket();
    story.now = at(100);
    story.does("timer", &Command::Tick).unwrap();
    let version = story.ticket().version;
    story.does("timer", &Command::Tick).unwrap();
    assert_eq!(story.ticket().version, version, "nothing is left to fire");
    let fired = &story
        .ticket()
        .clock(ClockKind::FirstResponse)
        .unwrap()
        .fired;
    assert_eq!(fired, &[Milestone::Warning(75), Milestone::Breach]);
    story.does("ann", &reply()).unwrap();
    assert_eq!(story.ticket().sla_status(), Some(ClockStatus::Breached));
}

#[rstest]
#[case::claim(Command::Claim)]
#[case::reply(reply())]
#[case::assign(Command::Assign { to: Some("bob".into()) })]
fn a_resolved_ticket_must_be_reopened_first(#[case] command: Command) {
    let mut story = open_ticket();
    story.does("ann", &Command::Resolve).unwrap();
    assert_eq!(
        story.does("ann", &command),
        Err(Refusal::NotOpen(Status::Resolved))
    );
    story.does("ann", &Command::Reopen).unwrap();
    assert_eq!(story.does("ann", &command), Ok(()));
}

#[rstest]
#[case::empty("", Refusal::EmptyText)]
#[case::blank(" \n\t", Refusal::EmptyText)]
fn a_note_needs_words(#[case] text: &str, #[case] want: Refusal) {
    let command = Command::Note { text: text.into() };
    assert_eq!(open_ticket().does("ann", &command), Err(want));
}

#[test]
fn a_note_has_a_limit() {
    let command = Command::Note {
        text: "x".repeat(MAX_TEXT_BYTES + 1),
    };
    let refused = Refusal::TextTooLong(MAX_TEXT_BYTES + 1);
    assert_eq!(open_ticket().does("ann", &command), Err(refused));
}

#[test]
fn another_department_gets_it_unassigned_with_its_clock_running_on() {
    let mut story = open_ticket();
    story.does("ann", &Command::Claim).unwrap();
    let deadline = story.ticket().deadline_at();
    story
        .does(
            "ann",
            &Command::Move {
                department: Slug::from_any("legal"),
            },
        )
        .unwrap();
    assert_eq!(story.ticket().department.as_str(), "legal");
    assert_eq!(story.ticket().assignee, None);
    assert_eq!(story.ticket().deadline_at(), deadline);
}

#[test]
fn a_corrected_label_replaces_the_wrong_one() {
    let mut story = open_ticket();
    story
        .does("ann", &Command::Relabel { label: Label::Lead })
        .unwrap();
    assert_eq!(story.ticket().label, Label::Lead);
    assert_eq!(story.ticket().labels, [Label::Lead].into());
}

#[test]
fn facts_hold_no_words_of_the_post() {
    let mut story = open_ticket();
    story.arrives(&Post {
        version: 2,
        ..Post::risk("1")
    });
    let json = serde_json::to_string(&story.events).unwrap();
    assert!(!json.contains("words"), "{json}");
}

fn commands() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Claim),
        Just(Command::Resolve),
        Just(Command::Reopen),
        Just(Command::Tick),
        Just(reply()),
        Just(Command::Note { text: "n".into() }),
        prop_oneof![Just(None), Just(Some("bob".to_owned()))].prop_map(|to| Command::Assign { to }),
        proptest::sample::select(Label::ALL.to_vec()).prop_map(|label| Command::Relabel { label }),
        proptest::sample::select(Priority::ALL.to_vec())
            .prop_map(|priority| Command::SetPriority { priority }),
        proptest::sample::select(vec!["support", "legal"]).prop_map(|name| Command::Move {
            department: Slug::from_any(name)
        }),
    ]
}

fn posts() -> impl Strategy<Value = Post> {
    let kinds = prop_oneof![
        Just(Post::complaint as fn(&'static str) -> Post),
        Just(Post::risk as fn(&'static str) -> Post),
        Just(Post::chatter as fn(&'static str) -> Post),
        Just(Post::deletion as fn(&'static str) -> Post),
    ];
    let ids = proptest::sample::select(vec!["1", "2", "3", "4"]);
    (kinds, ids, 0_i64..3).prop_map(|(kind, id, version)| Post {
        version,
        ..kind(id)
    })
}

#[derive(Clone)]
enum Step {
    Arrives(Post),
    Does(Command),
}

impl std::fmt::Debug for Step {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Arrives(post) => write!(formatter, "{:?} {} v{}", post.op, post.id, post.version),
            Self::Does(command) => write!(formatter, "{command:?}"),
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<(i64, Step)>> {
    let step = prop_oneof![
        posts().prop_map(Step::Arrives),
        commands().prop_map(Step::Does),
    ];
    proptest::collection::vec((0_i64..40, step), 1..40)
}

proptest! {
    #[test]
    fn events_alone_rebuild_every_ticket(steps in steps()) {
        let story = play(steps);
        for ticket in &story.tickets {
            let events: Vec<_> =
                story.events.iter().filter(|event| event.ticket == ticket.id).cloned().collect();
            let rebuilt = Ticket::rebuild(&events).unwrap();
            prop_assert_eq!(rebuilt.as_ref(), Some(ticket));
        }
    }

    #[test]
    fn milestones_are_never_early_and_fire_once(steps in steps()) {
        let story = play(steps);
        let mut seen = std::collections::BTreeSet::new();
        for event in &story.events {
            for fact in &event.change.facts {
                if let Fact::ClockFired(due) = fact {
                    prop_assert!(due.due_at <= event.change.at);
                    prop_assert!(seen.insert((event.ticket, due.cycle, due.milestone)));
                }
            }
        }
    }

    #[test]
    fn severity_never_falls(steps in steps()) {
        let story = play(steps);
        for event in &story.events {
            for fact in &event.change.facts {
                if let Fact::SeverityRaised { from, to } = fact {
                    prop_assert!(to > from);
                }
            }
        }
    }
}

fn play(steps: Vec<(i64, Step)>) -> Story {
    let mut story = Story::default();
    let mut minute = 0;
    for (wait, step) in steps {
        minute += wait;
        story.now = at(minute);
        match step {
            Step::Arrives(post) => {
                story.arrives(&Post { minute, ..post });
            }
            Step::Does(command) if !story.tickets.is_empty() => {
                // A refusal is a fine outcome here: the laws hold whatever was asked.
                let _refused = story.does("ann", &command);
            }
            Step::Does(_) => {}
        }
    }
    story
}
