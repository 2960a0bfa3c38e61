//! The SLA contract: one named case for each event and each clock it touches.
//!
//! Every policy here promises an hour to each clock, so that what differs is the event.

use crate::story::{Post, Story, at};
use rstest::rstest;
use std::collections::BTreeMap;
use std::sync::Arc;
use switchboard_domain::mention::StartReason;
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::{
    ClockKind, ClockStatus, HoldKind, PolicyScope, SegmentCause, SlaBook, SlaPolicy,
};
use switchboard_domain::ticket::{Command, Fact, Refusal};
use switchboard_domain::{Label, NoAnswer, Slug};

const HOUR: i64 = 3_600;

pub(crate) fn hourly(name: &str) -> SlaPolicy {
    let targets = Priority::ALL.map(|priority| {
        let seconds = if priority == Priority::Urgent {
            HOUR / 2
        } else {
            HOUR
        };
        (priority, seconds)
    });
    SlaPolicy {
        name: name.into(),
        scope: PolicyScope {
            labels: [Label::Complaint, Label::PrRisk].into(),
            ..PolicyScope::default()
        },
        targets: ClockKind::ALL.map(|kind| (kind, targets.into())).into(),
        warn_at_percent: vec![50],
        pauses_on: [HoldKind::WaitingCustomer, HoldKind::WaitingExternal].into(),
        ..SlaPolicy::default()
    }
}

pub(crate) fn story(policy: SlaPolicy) -> Story {
    Story {
        book: SlaBook::of(policy),
        ..Story::default()
    }
}

/// A complaint that came in at minute 0.
fn open() -> Story {
    let mut story = story(hourly("hourly"));
    story.arrives(&Post::complaint("1"));
    story
}

pub(crate) fn reply(automatic: bool) -> Command {
    Command::Reply {
        text: "we are on it".into(),
        automatic,
    }
}

fn wait(kind: HoldKind) -> Command {
    Command::Hold {
        state: None,
        kind,
        until: None,
        approver: (kind == HoldKind::Approval).then(|| Slug::from_any("legal")),
    }
}

pub(crate) fn at_minute(story: &mut Story, minute: i64, command: &Command) {
    story.now = at(minute);
    story.does("ann", command).unwrap();
}

/// `kind`'s latest cycle, how it stands, and its deadline in minutes.
pub(crate) fn standing(story: &Story, kind: ClockKind) -> Option<(u32, ClockStatus, Option<i64>)> {
    let clock = story.ticket().clock(kind)?;
    let due = clock.due_at().map(|due| due.as_second() / 60);
    Some((clock.cycle, clock.status(), due))
}

use ClockKind::{FirstResponse, NextResponse, Ownership, PeriodicUpdate, Resolution, Triage};
use ClockStatus::{Breached, Cancelled, Met, Paused, Running};

#[rstest]
#[case::first_response(FirstResponse, Some((1, Running, Some(60))))]
#[case::next_response(NextResponse, None)]
#[case::resolution(Resolution, Some((1, Running, Some(60))))]
#[case::ownership(Ownership, Some((1, Running, Some(60))))]
#[case::periodic_update(PeriodicUpdate, None)]
#[case::triage(Triage, Some((1, Running, Some(60))))]
fn a_post_arrives(#[case] kind: ClockKind, #[case] want: Option<(u32, ClockStatus, Option<i64>)>) {
    assert_eq!(standing(&open(), kind), want);
}

#[test]
fn the_author_is_promised_from_the_post_and_the_department_from_the_queue() {
    let mut story = story(hourly("hourly"));
    story.now = at(5);
    story.arrives(&Post::complaint("1"));
    assert_eq!(
        standing(&story, FirstResponse),
        Some((1, Running, Some(60)))
    );
    assert_eq!(standing(&story, Ownership), Some((1, Running, Some(65))));
}

#[rstest]
#[case::first_response(FirstResponse, Some((1, Met, Some(60))))]
#[case::resolution(Resolution, Some((1, Running, Some(60))))]
#[case::ownership(Ownership, Some((1, Running, Some(60))))]
#[case::periodic_update(PeriodicUpdate, Some((1, Running, Some(90))))]
#[case::triage(Triage, Some((1, Met, Some(60))))]
fn a_person_answers(
    #[case] kind: ClockKind,
    #[case] want: Option<(u32, ClockStatus, Option<i64>)>,
) {
    let mut story = open();
    at_minute(&mut story, 30, &reply(false));
    assert_eq!(standing(&story, kind), want);
}

#[rstest]
#[case::not_as_an_answer(false, Running)]
#[case::as_an_answer_where_the_policy_says_so(true, Met)]
fn a_machine_answers(#[case] counts: bool, #[case] want: ClockStatus) {
    let mut story = story(SlaPolicy {
        automatic_reply_counts: counts,
        ..hourly("hourly")
    });
    story.arrives(&Post::complaint("1"));
    at_minute(&mut story, 30, &reply(true));
    assert_eq!(standing(&story, FirstResponse), Some((1, want, Some(60))));
}

#[test]
fn the_author_writes_again_while_the_first_answer_is_due() {
    let mut story = open();
    story.now = at(10);
    story.arrives(&Post {
        minute: 10,
        ..Post::complaint("2")
    });
    assert_eq!(
        standing(&story, FirstResponse),
        Some((1, Running, Some(60)))
    );
    assert_eq!(standing(&story, NextResponse), None);
}

#[test]
fn the_author_writes_again_after_an_answer_and_the_oldest_unanswered_post_counts() {
    let mut story = open();
    at_minute(&mut story, 10, &reply(false));
    for (id, minute) in [("2", 20), ("3", 40)] {
        story.now = at(minute);
        story.arrives(&Post {
            minute,
            ..Post::complaint(id)
        });
    }
    assert_eq!(standing(&story, NextResponse), Some((1, Running, Some(80))));
    at_minute(&mut story, 50, &reply(false));
    assert_eq!(standing(&story, NextResponse), Some((1, Met, Some(80))));
    story.now = at(60);
    story.arrives(&Post {
        minute: 60,
        ..Post::complaint("4")
    });
    assert_eq!(
        standing(&story, NextResponse),
        Some((2, Running, Some(120)))
    );
}

#[rstest]
#[case::thanks(Some(NoAnswer::Thanks), false)]
#[case::history(None, true)]
fn what_needs_no_answer_starts_nothing(
    #[case] no_answer: Option<NoAnswer>,
    #[case] backfill: bool,
) {
    let mut story = open();
    at_minute(&mut story, 10, &reply(false));
    story.now = at(20);
    story.arrives(&Post {
        minute: 20,
        no_answer,
        backfill,
        ..Post::complaint("2")
    });
    assert_eq!(standing(&story, NextResponse), None);
}

#[rstest]
#[case::first_response(FirstResponse)]
#[case::resolution(Resolution)]
#[case::ownership(Ownership)]
fn waiting_for_the_author_pauses_and_the_time_left_stays(#[case] kind: ClockKind) {
    let mut story = open();
    at_minute(&mut story, 20, &wait(HoldKind::WaitingCustomer));
    assert_eq!(standing(&story, kind), Some((1, Paused, None)));
    at_minute(&mut story, 500, &Command::Release);
    assert_eq!(standing(&story, kind), Some((1, Running, Some(540))));
}

#[test]
fn triage_runs_until_a_person_has_it_in_hand() {
    let mut story = open();
    at_minute(&mut story, 20, &Command::Claim);
    assert_eq!(standing(&story, Triage), Some((1, Met, Some(60))));
}

#[test]
fn the_author_s_word_ends_the_wait() {
    let mut story = open();
    at_minute(&mut story, 10, &reply(false));
    at_minute(&mut story, 10, &wait(HoldKind::WaitingCustomer));
    story.now = at(100);
    story.arrives(&Post {
        minute: 100,
        ..Post::complaint("2")
    });
    assert_eq!(story.ticket().hold, None);
    assert_eq!(standing(&story, Resolution), Some((1, Running, Some(150))));
    assert_eq!(
        standing(&story, NextResponse),
        Some((1, Running, Some(160)))
    );
}

#[test]
fn a_hold_the_policy_does_not_name_lets_the_clocks_run_with_its_cause() {
    let mut story = story(SlaPolicy {
        pauses_on: [].into(),
        ..hourly("hourly")
    });
    story.arrives(&Post::complaint("1"));
    at_minute(&mut story, 20, &wait(HoldKind::WaitingExternal));
    assert_eq!(
        standing(&story, FirstResponse),
        Some((1, Running, Some(60)))
    );
    let last = *story
        .ticket()
        .clock(FirstResponse)
        .unwrap()
        .segments
        .last()
        .unwrap();
    assert_eq!(
        (last.cause, last.runs),
        (SegmentCause::Hold(HoldKind::WaitingExternal), true)
    );
}

#[test]
fn an_approval_is_our_own_time_on_the_approver_s_clock() {
    let mut story = story(SlaPolicy {
        // Even a policy that asks for it cannot stop the author's clock for it.
        pauses_on: HoldKind::ALL.into(),
        ..hourly("hourly")
    });
    story.arrives(&Post::complaint("1"));
    at_minute(&mut story, 20, &wait(HoldKind::Approval));
    assert_eq!(
        standing(&story, FirstResponse),
        Some((1, Running, Some(60)))
    );
    assert_eq!(standing(&story, Ownership), Some((2, Running, Some(80))));
    let approver = &story.ticket().clock(Ownership).unwrap().terms.department;
    assert_eq!(approver.as_str(), "legal");
    at_minute(&mut story, 30, &Command::Release);
    assert_eq!(standing(&story, Ownership), Some((3, Running, Some(90))));
    let owner = &story.ticket().clock(Ownership).unwrap().terms.department;
    assert_eq!(owner.as_str(), "support");
}

#[test]
fn put_off_it_comes_back_by_itself_and_its_clocks_ran_on() {
    let mut story = open();
    let snooze = Command::Hold {
        state: None,
        kind: HoldKind::Snoozed,
        until: Some(at(40)),
        approver: None,
    };
    at_minute(&mut story, 20, &snooze);
    assert_eq!(
        standing(&story, FirstResponse),
        Some((1, Running, Some(60)))
    );
    at_minute(&mut story, 40, &Command::Tick);
    assert_eq!(story.ticket().hold, None);
    at_minute(&mut story, 60, &Command::Tick);
    assert_eq!(
        standing(&story, FirstResponse),
        Some((1, Breached, Some(60)))
    );
}

#[rstest]
#[case::no_end(HoldKind::Snoozed, None, None, Refusal::NoWakeUp)]
#[case::in_the_past(HoldKind::Snoozed, Some(-1), None, Refusal::NoWakeUp)]
#[case::nobody_asked(HoldKind::Approval, None, None, Refusal::NoApprover)]
fn a_hold_that_makes_no_sense(
    #[case] kind: HoldKind,
    #[case] until: Option<i64>,
    #[case] approver: Option<&str>,
    #[case] want: Refusal,
) {
    let command = Command::Hold {
        state: None,
        kind,
        until: until.map(at),
        approver: approver.map(Slug::from_any),
    };
    assert_eq!(open().does("ann", &command), Err(want));
}

#[rstest]
#[case::first_response(FirstResponse, Some((1, Running, Some(60))))]
#[case::resolution(Resolution, Some((1, Running, Some(60))))]
#[case::ownership(Ownership, Some((2, Running, Some(80))))]
fn another_department(
    #[case] kind: ClockKind,
    #[case] want: Option<(u32, ClockStatus, Option<i64>)>,
) {
    let mut story = open();
    at_minute(
        &mut story,
        20,
        &Command::Move {
            department: Slug::from_any("legal"),
        },
    );
    assert_eq!(standing(&story, kind), want);
    let first = &story
        .ticket()
        .clocks
        .iter()
        .find(|clock| clock.kind == Ownership)
        .unwrap();
    assert_eq!((first.cycle, first.status()), (1, Met));
}

#[test]
fn another_priority_counts_from_the_original_start_without_the_pauses() {
    let mut story = open();
    at_minute(&mut story, 10, &wait(HoldKind::WaitingCustomer));
    at_minute(&mut story, 100, &Command::Release);
    at_minute(
        &mut story,
        105,
        &Command::SetPriority {
            priority: Priority::Urgent,
        },
    );
    assert_eq!(
        standing(&story, FirstResponse),
        Some((1, Running, Some(120)))
    );
}

#[test]
fn another_policy_keeps_what_is_used_and_both_versions() {
    let slow = SlaPolicy {
        scope: PolicyScope {
            labels: [Label::Lead].into(),
            ..PolicyScope::default()
        },
        targets: [(FirstResponse, [(Priority::Normal, 2 * HOUR)].into())].into(),
        ..hourly("slow")
    };
    let book = SlaBook::new(vec![hourly("hourly"), slow], [], BTreeMap::new());
    let mut story = Story {
        book: Arc::new(book),
        ..Story::default()
    };
    story.arrives(&Post::complaint("1"));
    at_minute(&mut story, 20, &Command::Relabel { label: Label::Lead });
    assert_eq!(
        standing(&story, FirstResponse),
        Some((1, Running, Some(120)))
    );
    let policies: Vec<&str> = story
        .events
        .iter()
        .flat_map(|event| &event.change.facts)
        .filter_map(|fact| match fact {
            Fact::ClockStarted { clock } if clock.kind == FirstResponse => {
                Some(clock.terms.policy.as_str())
            }
            Fact::ClockRetargeted {
                clock: FirstResponse,
                terms,
                ..
            } => Some(terms.policy.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(policies, ["hourly", "slow"]);
}

#[test]
fn a_breach_is_never_taken_back() {
    let mut story = open();
    at_minute(&mut story, 61, &Command::Tick);
    at_minute(
        &mut story,
        62,
        &Command::SetPriority {
            priority: Priority::Low,
        },
    );
    at_minute(&mut story, 63, &reply(false));
    assert_eq!(
        standing(&story, FirstResponse),
        Some((1, Breached, Some(60)))
    );
}

#[rstest]
#[case::first_response(FirstResponse, Some((1, Cancelled, Some(60))))]
#[case::next_response(NextResponse, Some((1, Running, Some(560))))]
#[case::resolution_without_the_time_closed(Resolution, Some((1, Running, Some(540))))]
#[case::ownership(Ownership, Some((2, Running, Some(560))))]
fn reopened(#[case] kind: ClockKind, #[case] want: Option<(u32, ClockStatus, Option<i64>)>) {
    let mut story = open();
    at_minute(&mut story, 20, &Command::Resolve);
    assert_eq!(
        standing(&story, Resolution).map(|(_, status, _)| status),
        Some(Met)
    );
    at_minute(&mut story, 500, &Command::Reopen);
    assert_eq!(standing(&story, kind), want);
}

#[rstest]
#[case::first_response(FirstResponse)]
#[case::resolution(Resolution)]
#[case::ownership(Ownership)]
fn a_resolution_taken_back_at_once_leaves_the_promise_as_it_was(#[case] kind: ClockKind) {
    let mut story = open();
    let before = standing(&story, kind);
    at_minute(&mut story, 20, &Command::Resolve);
    assert_ne!(standing(&story, kind), before);
    at_minute(&mut story, 20, &Command::Reopen);
    assert_eq!(standing(&story, kind), before);
}

#[test]
fn a_late_post_counts_from_its_receipt_and_says_so() {
    let mut story = story(hourly("hourly"));
    story.now = at(600);
    story.arrives(&Post {
        minute: 0,
        ..Post::complaint("1")
    });
    let clock = story.ticket().clock(FirstResponse).unwrap();
    assert_eq!(
        (clock.started_at, clock.start_reason),
        (at(600), StartReason::LateArrival)
    );
}

#[rstest]
#[case::first_response(FirstResponse)]
#[case::resolution(Resolution)]
#[case::ownership(Ownership)]
#[case::triage(Triage)]
fn its_author_deletes_it(#[case] kind: ClockKind) {
    let mut story = open();
    story.now = at(20);
    story.arrives(&Post::deletion("1"));
    assert_eq!(standing(&story, kind), Some((1, Cancelled, Some(60))));
}
