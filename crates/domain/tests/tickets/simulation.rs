//! Random days of many tickets under random promises, against the laws every ticket keeps.
//!
//! Each failure names its seed.

use crate::story::{Post, Story, at};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use switchboard_domain::author::Ours;
use switchboard_domain::calendar::{Calendar, OpenHours, Week};
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::proof::prove;
use switchboard_domain::sla::{
    ClockKind, Escalation, EscalationAction, EscalationPoint, HoldKind, SlaBook, SlaPolicy,
};
use switchboard_domain::ticket::{Command, Fact, Status, Ticket};
use switchboard_domain::{Label, NoAnswer, Slug};

/// Seeds of one run: with [`TICKETS`] a life of two hundred thousand tickets, in about ten
/// seconds.
const SEEDS: u64 = 1_000;

/// Tickets per seed, one after the other.
const TICKETS: usize = 200;

/// Events per ticket at most: enough to hold, release, resolve and reopen several times.
const EVENTS_MAX: usize = 12;

/// The timers look this often, in minutes; a deadline is at most so late.
const TICK_MINUTES: i64 = 5;

/// A small generator of our own choosing, so that a seed means the same for ever: `SplitMix64`
/// (Steele, Lea and Flood, 2014).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }

    fn minutes(&mut self, below: u64) -> i64 {
        i64::try_from(self.roll(below)).unwrap()
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }
}

fn calendar(dice: &mut Dice) -> Calendar {
    let zone = dice.one_of(&["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]);
    let mut week = Week::default();
    let days = [
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Monday,
    ];
    for _ in 0..=dice.roll(5) {
        let hours = dice.one_of(&["09:00-17:00", "08:00-12:00", "22:00-06:00", "00:00-24:00"]);
        let hours: OpenHours = hours.parse().unwrap();
        week.open(dice.one_of(&days), hours);
    }
    let zone = TimeZone::get(zone).unwrap();
    Calendar::new("hours", zone, week, BTreeMap::new()).unwrap()
}

fn book(dice: &mut Dice) -> SlaBook {
    let mut policy = SlaPolicy {
        name: "random".into(),
        calendar: dice.one_of(&[None, Some("hours")]).map(str::to_owned),
        warn_at_percent: vec![50, 90],
        automatic_reply_counts: dice.roll(2) == 0,
        ..SlaPolicy::default()
    };
    for kind in ClockKind::ALL {
        if dice.roll(4) > 0 {
            let targets = Priority::ALL.map(|priority| (priority, 60 * (1 + dice.minutes(600))));
            policy.targets.insert(kind, targets.into());
        }
    }
    policy.pauses_on = HoldKind::ALL
        .into_iter()
        .filter(|_| dice.roll(2) == 0)
        .collect();
    for _ in 0..dice.roll(3) {
        policy.escalations.push(Escalation {
            clock: dice.one_of(&ClockKind::ALL),
            at: dice.one_of(&[
                EscalationPoint::Percent(80),
                EscalationPoint::AfterBreach(600),
                EscalationPoint::AfterStart(1_200),
            ]),
            actions: vec![
                EscalationAction::Notify("lead".into()),
                EscalationAction::Raise(Priority::Urgent),
                EscalationAction::Move(Slug::from_any("pr")),
            ],
        });
    }
    let departments = BTreeMap::from([(Slug::from_any("support"), "hours".to_owned())]);
    SlaBook::new(vec![policy], [calendar(dice)], departments)
}

fn command(dice: &mut Dice, now: i64) -> Command {
    match dice.roll(11) {
        0 => Command::Claim,
        1 => Command::Resolve,
        2 => Command::Reopen,
        3 => Command::Release,
        4 => Command::Relabel {
            label: dice.one_of(&Label::ALL),
        },
        5 => Command::SetPriority {
            priority: dice.one_of(&Priority::ALL),
        },
        6 => Command::Move {
            department: Slug::from_any(dice.one_of(&["support", "legal", "pr"])),
        },
        7 | 8 => {
            let kind = dice.one_of(&HoldKind::ALL);
            let ends = kind == HoldKind::Snoozed || dice.roll(3) == 0;
            Command::Hold {
                state: None,
                kind,
                until: ends.then(|| at(now + 1 + dice.minutes(300))),
                approver: (kind == HoldKind::Approval).then(|| Slug::from_any("legal")),
            }
        }
        _ => Command::Reply {
            text: "words".into(),
            automatic: dice.roll(4) == 0,
        },
    }
}

fn post(dice: &mut Dice, minute: i64) -> Post {
    let kind = dice.one_of(&[Post::complaint, Post::risk, Post::chatter, Post::deletion]);
    Post {
        ours: dice.one_of(&[None, None, None, Some(Ours::Person), Some(Ours::Machine)]),
        minute: minute - dice.minutes(20),
        version: dice.minutes(2),
        no_answer: dice.one_of(&[None, None, None, Some(NoAnswer::Thanks)]),
        ..kind(dice.one_of(&["1", "2", "3", "4"]))
    }
}

/// One ticket's life; the timers look every [`TICK_MINUTES`].
fn live(dice: &mut Dice, book: &Arc<SlaBook>) -> Story {
    let mut minute = dice.minutes(3_000);
    let mut story = Story {
        book: Arc::clone(book),
        now: at(minute),
        ..Story::default()
    };
    story.arrives(&Post {
        minute,
        ..Post::complaint("1")
    });
    for _ in 0..dice.roll(EVENTS_MAX as u64) {
        let next = minute + dice.minutes(240);
        while minute + TICK_MINUTES <= next {
            minute += TICK_MINUTES;
            tick(&mut story, minute);
        }
        minute = next;
        story.now = at(minute);
        if dice.roll(4) == 0 {
            regroup(dice, &mut story, minute);
        } else if dice.roll(3) == 0 {
            story.arrives(&post(dice, minute));
        } else {
            // A refusal is a fine outcome here: the laws hold whatever was asked.
            let _refused = story.does("ann", &command(dice, minute));
        }
    }
    tick(&mut story, minute + TICK_MINUTES);
    story
}

/// People see that posts belong together, or do not.
fn regroup(dice: &mut Dice, story: &mut Story, minute: i64) {
    let any = |dice: &mut Dice, story: &Story| {
        usize::try_from(dice.roll(story.tickets.len() as u64)).unwrap()
    };
    // A refusal is a fine outcome here, too.
    let _refused = match dice.roll(5) {
        0 | 1 => {
            let merged = story.opens(&Post {
                minute,
                ..Post::risk(dice.one_of(&["5", "6", "7", "8"]))
            });
            story.merge(merged, any(dice, story))
        }
        2 => story.merge(any(dice, story), any(dice, story)),
        3 => story.part(any(dice, story)),
        _ => story.split(dice.one_of(&["1", "2", "3", "4", "5", "6"])),
    };
}

fn tick(story: &mut Story, minute: i64) {
    story.now = at(minute);
    for index in 0..story.tickets.len() {
        let due = story.tickets[index].next_due_at();
        if due.is_some_and(|due| due <= story.now) {
            story.does_to(index, "timer", &Command::Tick).unwrap();
        }
    }
}

fn laws(story: &Story) {
    for ticket in &story.tickets {
        let events: Vec<_> = story
            .events
            .iter()
            .filter(|event| event.ticket == ticket.id)
            .cloned()
            .collect();
        assert_eq!(
            Ticket::rebuild(&events).unwrap().as_ref(),
            Some(ticket),
            "the fold"
        );
        for proof in prove(&events, ticket, &story.book, story.now) {
            assert_eq!(proof.differences, Vec::<String>::new(), "{proof:#?}");
        }
        intervals_are_whole(ticket);
        assert!(
            ticket.hold.is_none() || ticket.is_open(),
            "a done ticket waits"
        );
    }
    milestones_fire_once_and_never_early(story);
    every_post_stands_in_one_ticket(story);
}

fn every_post_stands_in_one_ticket(story: &Story) {
    for ticket in &story.tickets {
        let posts = story.identities.values();
        let posts = posts.filter(|known| known.ticket == Some(ticket.id));
        let (count, deleted) = posts.fold((0, 0), |(count, deleted), known| {
            (count + 1, deleted + u32::from(known.deleted))
        });
        let told = (ticket.mention_count, ticket.deleted_count);
        assert_eq!(told, (count, deleted), "{ticket:#?}");
        if ticket.merged_into.is_some() {
            assert_eq!((ticket.status, count), (Status::Closed, 0));
            let ticks = ticket
                .clocks
                .iter()
                .any(switchboard_domain::sla::SlaClock::is_ticking);
            assert!(!ticks, "a clock of a merged ticket ticks");
        }
        for kind in ClockKind::ALL {
            let clocks = ticket.clocks.iter().filter(|clock| clock.kind == kind);
            let ticking = clocks.filter(|clock| clock.is_ticking()).count();
            assert!(ticking <= 1, "two {kind:?} clocks tick: {ticket:#?}");
        }
    }
}

fn intervals_are_whole(ticket: &Ticket) {
    for clock in &ticket.clocks {
        assert_eq!(clock.segments[0].from, clock.started_at);
        for pair in clock.segments.windows(2) {
            assert_eq!(pair[0].until, Some(pair[1].from), "a gap in {clock:#?}");
        }
        let last = clock.segments.last().unwrap();
        assert_eq!(last.until.is_none(), clock.is_ticking(), "{clock:#?}");
    }
}

fn milestones_fire_once_and_never_early(story: &Story) {
    let mut seen = BTreeSet::new();
    for event in &story.events {
        for fact in &event.change.facts {
            if let Fact::ClockFired(due) = fact {
                assert!(due.due_at <= event.change.at, "early: {due:?}");
                let key = (event.ticket, due.clock, due.cycle, due.milestone);
                assert!(seen.insert(key), "twice: {due:?}");
            }
        }
    }
}

#[test]
fn every_seed_keeps_the_laws() {
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let book = Arc::new(book(&mut dice));
        for ticket in 0..TICKETS {
            let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                laws(&live(&mut dice, &book));
            }));
            assert!(told.is_ok(), "seed {seed}, ticket {ticket}");
        }
    }
}
