//! What arrives, and what it does to the tickets there are: the identity and thread rules of
//! the contract, case by case, without a store.

use crate::story::{Post, Story, at};
use rstest::rstest;
use switchboard_domain::intake::IntakeOutcome as Outcome;
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::{ClockKind, ClockStatus};
use switchboard_domain::ticket::{CloseReason, Command, Status};
use switchboard_domain::{Label, NoAnswer};

#[test]
fn a_first_post_opens_a_ticket_with_its_owner_and_its_clock() {
    let mut story = Story::default();
    assert_eq!(story.arrives(&Post::complaint("1")), Outcome::Opened);
    let ticket = story.ticket();
    assert_eq!(
        (ticket.department.as_str(), ticket.label),
        ("support", Label::Complaint)
    );
    assert_eq!(
        ticket.clock(ClockKind::FirstResponse).unwrap().status(),
        ClockStatus::Running
    );
    assert_eq!(ticket.version, 1);
}

#[rstest]
#[case::same_again(0, 1, Outcome::Duplicate)]
#[case::older_version(-1, 1, Outcome::Superseded)]
#[case::newer_version(1, 1, Outcome::Changed)]
#[case::same_version_judged_anew(0, 2, Outcome::Changed)]
#[case::older_version_judged_anew(-1, 2, Outcome::Superseded)]
fn the_pair_of_version_and_revision_decides(
    #[case] version: i64,
    #[case] revision: u32,
    #[case] want: Outcome,
) {
    let mut story = Story::default();
    story.arrives(&Post::complaint("1"));
    let again = Post {
        version,
        revision,
        ..Post::complaint("1")
    };
    assert_eq!(story.arrives(&again), want);
    assert_eq!(story.ticket().mention_count, 1, "one post stays one post");
}

fn doubtful(id: &'static str, revision: u32) -> Post {
    Post {
        needs_review: true,
        revision,
        ..Post::complaint(id)
    }
}

fn judged_anew(id: &'static str, needs_review: bool) -> Post {
    Post {
        needs_review,
        ..doubtful(id, 2)
    }
}

#[rstest]
#[case::doubt_is_lifted(doubtful("1", 1), judged_anew("1", false), false)]
#[case::doubt_arises(Post::complaint("1"), judged_anew("1", true), true)]
#[case::doubt_stays(doubtful("1", 1), judged_anew("1", true), true)]
#[case::an_old_verdict_lifts_nothing(doubtful("1", 2), Post::complaint("1"), true)]
fn a_newer_verdict_says_whether_a_person_should_look(
    #[case] first: Post,
    #[case] second: Post,
    #[case] want: bool,
) {
    let mut story = Story::default();
    story.arrives(&first);
    story.arrives(&second);
    assert_eq!(story.ticket().needs_review, want);
}

#[test]
fn beside_other_posts_a_newer_verdict_lifts_no_doubt() {
    let mut story = Story::default();
    story.arrives(&doubtful("1", 1));
    story.arrives(&Post::complaint("2"));
    story.arrives(&judged_anew("1", false));
    assert!(story.ticket().needs_review);
}

#[test]
fn chatter_has_no_clock_until_a_complaint_joins_it() {
    let mut story = Story::default();
    story.arrives(&Post::chatter("1"));
    assert_eq!(story.ticket().department.as_str(), "community");
    assert_eq!(story.ticket().clocks, vec![]);
    assert!(!story.ticket().is_in_default_views());

    story.arrives(&Post::complaint("2"));
    assert_eq!(story.ticket().department.as_str(), "support");
    assert_eq!(story.ticket().label, Label::Complaint);
    assert_eq!(story.ticket().clocks.len(), 1);
}

#[test]
fn a_joining_post_never_makes_a_ticket_lighter() {
    let mut story = Story::default();
    story.arrives(&Post::risk("1"));
    let before = story.ticket().clone();
    story.arrives(&Post::chatter("2"));
    let after = story.ticket();
    assert_eq!(
        (
            after.label,
            after.priority,
            after.severity,
            &after.department
        ),
        (
            before.label,
            before.priority,
            before.severity,
            &before.department
        ),
    );
    assert_eq!(after.mention_count, 2);
}

#[test]
fn a_heavier_post_takes_the_ticket_along_and_shortens_the_deadline() {
    let mut story = Story::default();
    story.arrives(&Post::complaint("1"));
    let before = story.ticket().deadline_at().unwrap();
    story.arrives(&Post::risk("2"));
    let ticket = story.ticket();
    assert_eq!(
        (ticket.label, ticket.department.as_str()),
        (Label::PrRisk, "pr")
    );
    assert_eq!(ticket.priority, Priority::Urgent);
    assert!(ticket.deadline_at().unwrap() < before);
    assert_eq!(
        ticket.clocks.len(),
        1,
        "the same clock, from its original start"
    );
}

#[rstest]
#[case::claimed(Command::Claim)]
#[case::relabelled(Command::Relabel { label: Label::Lead })]
fn what_people_did_stays(#[case] command: Command) {
    let mut story = Story::default();
    story.arrives(&Post::complaint("1"));
    story.does("ann", &command).unwrap();
    let before = story.ticket().clone();
    story.arrives(&Post::risk("2"));
    let after = story.ticket();
    assert_eq!(after.department, before.department);
    assert_eq!(after.assignee, before.assignee);
    if before.edited.label {
        assert_eq!(after.label, before.label);
    }
    assert_eq!(after.severity, 8, "what is known of the danger still grows");
}

#[test]
fn a_priority_set_by_a_person_is_not_raised() {
    let mut story = Story::default();
    story.arrives(&Post::complaint("1"));
    story
        .does(
            "ann",
            &Command::SetPriority {
                priority: Priority::Low,
            },
        )
        .unwrap();
    story.arrives(&Post::risk("2"));
    assert_eq!(story.ticket().priority, Priority::Low);
}

#[rstest]
#[case::spam(NoAnswer::Spam, CloseReason::Spam)]
#[case::thanks(NoAnswer::Thanks, CloseReason::Thanks)]
fn what_needs_nobody_is_closed_at_birth(#[case] why: NoAnswer, #[case] want: CloseReason) {
    let mut story = Story::default();
    let post = Post {
        no_answer: Some(why),
        ..Post::chatter("1")
    };
    assert_eq!(story.arrives(&post), Outcome::Opened);
    let ticket = story.ticket();
    assert_eq!(
        (ticket.status, ticket.close_reason),
        (Status::Closed, Some(want))
    );
    assert_eq!(ticket.clocks, vec![]);
}

#[test]
fn history_starts_no_clock() {
    let mut story = Story::default();
    story.arrives(&Post {
        backfill: true,
        ..Post::complaint("1")
    });
    assert_eq!(story.ticket().clocks, vec![]);
    assert_eq!(story.ticket().department.as_str(), "support");
}

#[test]
fn a_deletion_that_came_first_wins() {
    let mut story = Story::default();
    assert_eq!(story.arrives(&Post::deletion("1")), Outcome::Tombstoned);
    assert_eq!(
        story.arrives(&Post {
            version: 7,
            ..Post::complaint("1")
        }),
        Outcome::Tombstoned
    );
    assert!(story.tickets.is_empty());
}

#[test]
fn the_last_deletion_closes_an_untouched_ticket_without_a_breach() {
    let mut story = Story::default();
    story.arrives(&Post::complaint("1"));
    story.arrives(&Post::complaint("2"));
    assert_eq!(story.arrives(&Post::deletion("1")), Outcome::Changed);
    assert_eq!(story.ticket().status, Status::Open);
    assert_eq!(story.arrives(&Post::deletion("2")), Outcome::Changed);
    assert_eq!(story.ticket().close_reason, Some(CloseReason::PostDeleted));
    assert_eq!(story.ticket().sla_status(), Some(ClockStatus::Cancelled));
    assert_eq!(story.arrives(&Post::deletion("2")), Outcome::Duplicate);
}

#[test]
fn a_deletion_leaves_a_claimed_ticket_with_its_person() {
    let mut story = Story::default();
    story.arrives(&Post::complaint("1"));
    story.does("ann", &Command::Claim).unwrap();
    story.arrives(&Post::deletion("1"));
    assert_eq!(story.ticket().status, Status::Open);
}

#[test]
fn one_post_found_for_two_accounts_is_one_mention() {
    let mut story = Story::default();
    story.arrives(&Post::complaint("1"));
    let other = Post {
        account: "Other",
        ..Post::complaint("1")
    };
    assert_eq!(story.arrives(&other), Outcome::Duplicate);
    assert_eq!(story.identity("1").accounts.len(), 2);
    assert_eq!(story.tickets.len(), 1);
}

#[test]
fn an_edit_of_the_only_post_relabels_but_never_calms() {
    let mut story = Story::default();
    story.arrives(&Post {
        severity: 6,
        ..Post::complaint("1")
    });
    story.arrives(&Post {
        version: 1,
        ..Post::chatter("1")
    });
    let ticket = story.ticket();
    assert_eq!(
        (ticket.label, ticket.department.as_str()),
        (Label::General, "community")
    );
    assert_eq!(ticket.severity, 6);
}

#[test]
fn a_late_post_starts_its_clock_at_receipt() {
    let mut story = Story {
        now: at(600),
        ..Story::default()
    };
    story.arrives(&Post {
        minute: 0,
        ..Post::complaint("1")
    });
    let clock = story
        .ticket()
        .clock(ClockKind::FirstResponse)
        .unwrap()
        .clone();
    assert_eq!(clock.started_at, at(600));
}
