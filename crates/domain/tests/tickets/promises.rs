//! Promises counted in opening hours, and the chains of calls behind them.

use crate::contract::{at_minute, hourly, reply, standing, story};
use crate::story::{Post, Story, at};
use jiff::civil::{Weekday, date};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::sync::Arc;
use switchboard_domain::Slug;
use switchboard_domain::calendar::{Calendar, Week};
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::ClockKind::{FirstResponse, Ownership, Triage};
use switchboard_domain::sla::ClockStatus::Running;
use switchboard_domain::sla::{
    Escalation, EscalationAction, EscalationPoint, Milestone, SlaBook, SlaPolicy,
};
use switchboard_domain::ticket::{Command, Fact};

/// Closed at the weekend; the story begins on a Thursday (1970-01-01).
fn office() -> Calendar {
    let mut week = Week::default();
    for day in [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
    ] {
        week.open(day, "09:00-17:00".parse().unwrap());
    }
    let holiday = BTreeMap::from([(date(1970, 1, 5), vec![])]);
    Calendar::new("office", TimeZone::UTC, week, holiday).unwrap()
}

#[test]
fn targets_count_in_the_calendar_and_triage_does_not() {
    let policy = SlaPolicy {
        calendar: Some("office".into()),
        ..hourly("hourly")
    };
    let book = SlaBook::new(vec![policy], [office()], BTreeMap::new());
    let mut story = Story {
        book: Arc::new(book),
        ..Story::default()
    };
    // Friday 16:30: half an hour, then the weekend and a holiday.
    let friday = 24 * 60 + 16 * 60 + 30;
    story.now = at(friday);
    story.arrives(&Post {
        minute: friday,
        ..Post::complaint("1")
    });
    let tuesday = 5 * 24 * 60 + 9 * 60 + 30;
    assert_eq!(
        standing(&story, FirstResponse),
        Some((1, Running, Some(tuesday)))
    );
    assert_eq!(
        standing(&story, Triage),
        Some((1, Running, Some(friday + 60)))
    );
}

#[test]
fn a_department_is_measured_in_its_own_hours() {
    let departments = BTreeMap::from([(Slug::from_any("support"), "office".to_owned())]);
    let book = SlaBook::new(
        vec![SlaPolicy {
            calendar: Some("always".into()),
            ..hourly("hourly")
        }],
        [office()],
        departments,
    );
    let mut story = Story {
        book: Arc::new(book),
        ..Story::default()
    };
    story.arrives(&Post::complaint("1"));
    assert_eq!(
        standing(&story, FirstResponse),
        Some((1, Running, Some(60)))
    );
    assert_eq!(
        standing(&story, Ownership),
        Some((1, Running, Some(10 * 60)))
    );
}

#[test]
fn an_escalation_chain_calls_raises_and_hands_over_each_once() {
    let step = |at, actions| Escalation {
        clock: FirstResponse,
        at,
        actions,
    };
    let mut story = story(SlaPolicy {
        escalations: vec![
            step(
                EscalationPoint::Percent(50),
                vec![EscalationAction::Notify("lead".into())],
            ),
            step(
                EscalationPoint::AfterBreach(600),
                vec![
                    EscalationAction::Raise(Priority::Urgent),
                    EscalationAction::Move(Slug::from_any("pr")),
                ],
            ),
        ],
        ..hourly("hourly")
    });
    story.arrives(&Post::complaint("1"));
    at_minute(&mut story, 30, &Command::Tick);
    let told = story
        .events
        .iter()
        .flat_map(|event| &event.change.facts)
        .find_map(|fact| match fact {
            Fact::Escalated { notify, .. } => Some(notify.clone()),
            _ => None,
        });
    assert_eq!(told, Some(vec!["lead".to_owned()]));
    at_minute(&mut story, 70, &Command::Tick);
    at_minute(&mut story, 71, &Command::Tick);
    let ticket = story.ticket();
    assert_eq!(
        (ticket.priority, ticket.department.as_str()),
        (Priority::Urgent, "pr")
    );
    let fired = &ticket.clock(FirstResponse).unwrap().fired;
    assert_eq!(
        fired,
        &[
            Milestone::Warning(50),
            Milestone::Escalation(1),
            Milestone::Breach,
            Milestone::Escalation(2)
        ]
    );
}

#[test]
fn a_reply_in_time_calls_nobody() {
    let mut story = story(SlaPolicy {
        escalations: vec![Escalation {
            clock: FirstResponse,
            at: EscalationPoint::AfterStart(7_200),
            actions: vec![EscalationAction::Notify("lead".into())],
        }],
        ..hourly("hourly")
    });
    story.arrives(&Post::complaint("1"));
    at_minute(&mut story, 30, &reply(false));
    at_minute(&mut story, 500, &Command::Tick);
    let escalated = story
        .events
        .iter()
        .flat_map(|event| &event.change.facts)
        .any(|fact| matches!(fact, Fact::Escalated { .. }));
    assert!(!escalated);
}
