//! Merge, its undo, and split, as the contract's row and people expect them.

use crate::story::{Post, Story, at, policy};
use rstest::rstest;
use std::collections::BTreeMap;
use switchboard_domain::Label;
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::{ClockKind, ClockStatus, HoldKind, SlaBook, SlaPolicy, StopCause};
use switchboard_domain::ticket::{
    CloseReason, Command, Fact, Refusal, RegroupRefusal, Status, Ticket, TicketId,
};

const FIRST: usize = 0;
const SECOND: usize = 1;

/// Two complaints, the second half an hour after the first; an hour to answer each.
fn two() -> Story {
    let mut story = Story::default();
    story.opens(&Post::complaint("1"));
    story.now = at(30);
    story.opens(&Post {
        minute: 30,
        ..Post::complaint("2")
    });
    story.now = at(40);
    story
}

fn first_response(ticket: &Ticket) -> BTreeMap<u32, (ClockStatus, bool)> {
    let clocks = ticket.clocks.iter();
    let clocks = clocks.filter(|clock| clock.kind == ClockKind::FirstResponse);
    clocks
        .map(|clock| (clock.cycle, (clock.status(), clock.is_ticking())))
        .collect()
}

fn reply() -> Command {
    Command::Reply {
        text: "we look".into(),
        automatic: false,
    }
}

#[rstest]
#[case::later_into_earlier(SECOND, FIRST, 60)]
#[case::earlier_into_later(FIRST, SECOND, 60)]
fn merged_the_earliest_open_clock_survives(
    #[case] merged: usize,
    #[case] survivor: usize,
    #[case] due: i64,
) {
    let mut story = two();
    story.merge(merged, survivor).unwrap();
    assert_eq!(story.tickets[survivor].deadline_at(), Some(at(due)));
    assert_eq!(story.tickets[survivor].mention_count, 2);
    let gone = &story.tickets[merged];
    assert_eq!((gone.status, gone.mention_count), (Status::Closed, 0));
    assert_eq!(gone.close_reason, Some(CloseReason::Merged));
    assert_eq!(gone.next_due_at(), None);
    let stop = gone.clock(ClockKind::FirstResponse).unwrap().stopped;
    assert_eq!(stop.unwrap().cause, StopCause::Merged);
}

#[test]
fn a_promise_that_is_kept_does_not_hide_one_that_is_open() {
    let mut story = two();
    story.does_to(FIRST, "bob", &reply()).unwrap();
    story.merge(SECOND, FIRST).unwrap();
    let told = first_response(&story.tickets[FIRST]);
    let want = [
        (1, (ClockStatus::Met, false)),
        (2, (ClockStatus::Running, true)),
    ];
    assert_eq!(told, want.into());
    assert_eq!(story.tickets[FIRST].deadline_at(), Some(at(90)));
}

#[test]
fn a_survivor_that_waited_for_its_author_is_our_turn_again() {
    let mut story = two();
    let hold = Command::Hold {
        state: None,
        kind: HoldKind::WaitingCustomer,
        until: None,
        approver: None,
    };
    story.does_to(FIRST, "bob", &hold).unwrap();
    story.merge(SECOND, FIRST).unwrap();
    assert_eq!(story.tickets[FIRST].hold, None);
}

#[test]
fn what_comes_makes_it_worse_and_the_undo_better() {
    let mut story = two();
    story.opens(&Post::risk("3"));
    let before = story.tickets[FIRST].clone();
    story.merge(2, FIRST).unwrap();
    let told = |ticket: &Ticket| (ticket.label, ticket.severity, ticket.priority);
    let raised = &story.tickets[FIRST];
    assert_eq!(told(raised), (Label::PrRisk, 8, Priority::Urgent));
    assert_eq!(raised.department, before.department, "the owner survives");
    story.part(2).unwrap();
    assert_eq!(told(&story.tickets[FIRST]), told(&before));
    assert_eq!(story.tickets[FIRST].labels, before.labels);
}

#[rstest]
#[case::survivors_clock_was_earlier(SECOND, FIRST)]
#[case::survivors_clock_was_later(FIRST, SECOND)]
fn undone_both_are_as_they_would_have_been(#[case] merged: usize, #[case] survivor: usize) {
    let mut story = two();
    let want = story.tickets.clone();
    story.merge(merged, survivor).unwrap();
    story.now = at(50);
    story.part(merged).unwrap();
    for (ticket, want) in story.tickets.iter().zip(&want) {
        assert_eq!(ticket.deadline_at(), want.deadline_at(), "no time was won");
        assert_eq!(
            (ticket.status, ticket.mention_count, &ticket.merged_into),
            (want.status, want.mention_count, &None)
        );
        assert_eq!(ticket.absorbed, []);
    }
}

#[test]
fn an_answer_in_the_survivor_stands_after_the_undo() {
    let mut story = two();
    story.merge(FIRST, SECOND).unwrap();
    story.does_to(SECOND, "bob", &reply()).unwrap();
    story.part(FIRST).unwrap();
    assert_eq!(story.tickets[SECOND].deadline_at(), None, "answered");
    let waits = story.tickets[FIRST].deadline_at();
    assert_eq!(waits, Some(at(60)), "nobody answered that author");
}

#[test]
fn a_resolved_ticket_comes_back_resolved() {
    let mut story = two();
    story.does_to(SECOND, "bob", &Command::Resolve).unwrap();
    story.merge(SECOND, FIRST).unwrap();
    story.part(SECOND).unwrap();
    assert_eq!(story.tickets[SECOND].status, Status::Resolved);
    assert_eq!(story.tickets[SECOND].deadline_at(), None);
}

#[test]
fn a_merged_ticket_is_worked_on_in_the_survivor_alone() {
    let mut story = two();
    story.merge(SECOND, FIRST).unwrap();
    for command in [Command::Claim, Command::Reopen, reply()] {
        let refused = story.does_to(SECOND, "bob", &command);
        assert_eq!(refused, Err(Refusal::Merged(TicketId(1))));
    }
    let note = Command::Note { text: "n".into() };
    assert_eq!(story.does_to(SECOND, "bob", &note), Ok(()));
}

#[rstest]
#[case::itself(FIRST, FIRST, RegroupRefusal::Itself)]
#[case::twice(2, FIRST, RegroupRefusal::Merged(TicketId(3), TicketId(2)))]
#[case::into_one_that_is_gone(FIRST, 2, RegroupRefusal::Merged(TicketId(3), TicketId(2)))]
#[case::into_one_that_is_done(FIRST, 3, RegroupRefusal::NotOpen(TicketId(4), Status::Resolved))]
fn does_not_merge(#[case] merged: usize, #[case] survivor: usize, #[case] want: RegroupRefusal) {
    let mut story = two();
    story.opens(&Post::complaint("3"));
    story.opens(&Post::complaint("4"));
    story.does("bob", &Command::Resolve).unwrap();
    story.merge(2, SECOND).unwrap();
    assert_eq!(story.merge(merged, survivor), Err(want));
}

#[test]
fn a_chain_is_undone_from_its_end() {
    let mut story = two();
    story.opens(&Post::complaint("3"));
    story.merge(FIRST, SECOND).unwrap();
    story.merge(SECOND, 2).unwrap();
    let further = RegroupRefusal::Merged(TicketId(2), TicketId(3));
    assert_eq!(story.part(FIRST), Err(further));
    story.part(SECOND).unwrap();
    story.part(FIRST).unwrap();
    assert!(story.tickets.iter().all(|ticket| ticket.mention_count == 1));
    let nothing = RegroupRefusal::NotMerged(TicketId(1));
    assert_eq!(story.part(FIRST), Err(nothing));
}

#[test]
fn a_split_post_has_waited_since_it_was_written() {
    let mut story = Story::default();
    story.arrives(&Post::complaint("1"));
    story.now = at(10);
    story.arrives(&Post {
        minute: 10,
        ..Post::risk("2")
    });
    story.now = at(20);
    story.split("2").unwrap();
    let [old, new] = [FIRST, SECOND].map(|index| &story.tickets[index]);
    assert_eq!((old.mention_count, new.mention_count), (1, 1));
    assert_eq!((new.label, new.split_from), (Label::PrRisk, Some(old.id)));
    assert_eq!(new.department, old.department, "a person moves it on");
    let clock = new.clock(ClockKind::FirstResponse).unwrap();
    assert_eq!(clock.started_at, at(10));
}

#[test]
fn a_split_post_that_was_answered_begins_anew() {
    let mut story = Story::default();
    story.arrives(&Post::complaint("1"));
    story.arrives(&Post::complaint("2"));
    story.does("bob", &reply()).unwrap();
    story.now = at(20);
    story.split("2").unwrap();
    let clock = story.ticket().clock(ClockKind::FirstResponse).unwrap();
    assert_eq!(clock.started_at, at(20));
}

#[test]
fn a_merge_undoes_a_split() {
    let mut story = Story::default();
    story.arrives(&Post::complaint("1"));
    story.arrives(&Post::complaint("2"));
    story.split("2").unwrap();
    story.merge(SECOND, FIRST).unwrap();
    assert_eq!(story.tickets[FIRST].mention_count, 2);
}

#[rstest]
#[case::opener(
    "1",
    "post x:1 opened the ticket and stays with it: split out the others"
)]
#[case::deleted("2", "the ticket has no post x:2 that could stand for itself")]
fn does_not_split(#[case] id: &'static str, #[case] want: &str) {
    let mut story = Story::default();
    story.arrives(&Post::complaint("1"));
    story.arrives(&Post::complaint("2"));
    story.arrives(&Post::deletion("2"));
    assert_eq!(story.split(id).unwrap_err().to_string(), want);
}

#[test]
fn a_resolution_stopped_by_a_merge_is_not_resumed_by_a_reopening() {
    let mut story = Story {
        book: SlaBook::of(SlaPolicy {
            targets: [(ClockKind::Resolution, [(Priority::Normal, 7_200)].into())].into(),
            ..policy()
        }),
        ..two()
    };
    story.opens(&Post::complaint("3"));
    story.merge(2, FIRST).unwrap();
    story.part(2).unwrap();
    story.does_to(FIRST, "bob", &Command::Resolve).unwrap();
    story.does_to(FIRST, "bob", &Command::Reopen).unwrap();
    let resumed = story.events.last().unwrap().change.facts.iter();
    let resolution = (ClockKind::Resolution, 1);
    let resumed = resumed.filter(|fact| {
        matches!(fact, Fact::ClockResumed { .. }) && fact.clock() == Some(resolution)
    });
    assert_eq!(
        resumed.count(),
        0,
        "the first ticket promised no resolution"
    );
}
