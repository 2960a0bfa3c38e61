//! Random days of many tickets in a real store, with crashes in between, against the laws
//! every ticket keeps. Each failure names its seed.
//!
//! `SWITCHBOARD_SIMULATION=20x2000` runs so many seeds with so many tickets each.

use crate::laws::check_columns;
use crate::post::Post;
use crate::world::{World, at, batch, change};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::intake::IntakeOutcome;
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::proof::prove;
use switchboard_domain::sla::{
    ClockKind, Escalation, EscalationAction, EscalationPoint, HoldKind, SlaBook, SlaPolicy,
};
use switchboard_domain::ticket::{Command, Fact, Ticket, TicketId};
use switchboard_domain::{Label, Op, Slug};

/// Seeds and tickets where nobody asks for more: some seconds.
const SHORT: (u64, usize) = (2, 60);

/// Rows the outbox may hold before they are taken out, as the relay would.
const OUTBOX_ROWS: u64 = 5_000;

/// `SplitMix64` (Steele, Lea and Flood, 2014): a seed means the same for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }

    fn index(&mut self, below: usize) -> usize {
        usize::try_from(self.roll(below as u64)).unwrap()
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.index(of.len())]
    }
}

fn book(dice: &mut Dice) -> Arc<SlaBook> {
    let mut policy = SlaPolicy {
        name: "random".into(),
        warn_at_percent: vec![50, 90],
        pauses_on: [HoldKind::WaitingCustomer, HoldKind::Snoozed].into(),
        ..SlaPolicy::default()
    };
    for kind in ClockKind::ALL {
        let targets = Priority::ALL.map(|priority| {
            let minutes = 1 + i64::try_from(dice.roll(240)).unwrap();
            (priority, 60 * minutes)
        });
        policy.targets.insert(kind, targets.into());
    }
    for clock in [ClockKind::FirstResponse, ClockKind::Triage] {
        policy.escalations.push(Escalation {
            clock,
            at: EscalationPoint::AfterBreach(600),
            actions: vec![
                EscalationAction::Notify("ops".into()),
                EscalationAction::Move(Slug::from_any("pr")),
            ],
        });
    }
    SlaBook::of(policy)
}

fn command(dice: &mut Dice, minute: i64) -> Command {
    match dice.roll(9) {
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
            department: Slug::from_any(dice.one_of(&["support", "pr", "legal"])),
        },
        7 => Command::Hold {
            state: None,
            kind: dice.one_of(&[HoldKind::WaitingCustomer, HoldKind::Snoozed]),
            until: Some(at(minute + 30)),
            approver: None,
        },
        _ => Command::Reply {
            text: "we are on it".into(),
            automatic: dice.roll(3) == 0,
        },
    }
}

/// One seed's installation.
struct Days {
    dice: Dice,
    book: Arc<SlaBook>,
    world: World,
    minute: i64,
    posts: Vec<Post>,
    /// The number the next event must have.
    next_number: u64,
    asked: BTreeSet<String>,
}

impl Days {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        Self {
            book: book(&mut dice),
            dice,
            world: World::new(),
            minute: 0,
            posts: vec![],
            next_number: 1,
            asked: BTreeSet::new(),
        }
    }

    async fn live(mut self, tickets: usize) {
        while self.posts.len() < tickets {
            self.minute += i64::try_from(self.dice.roll(20)).unwrap();
            match self.dice.roll(40) {
                0..6 => self.new_post().await,
                6..9 => self.old_post().await,
                9..28 => self.command().await,
                28..39 => self.tick().await,
                _ => self = self.crash().await,
            }
            if self.world.store.outbox.depth().await.unwrap() > OUTBOX_ROWS {
                self.relay().await;
            }
        }
        self.tick().await;
        self.relay().await;
        self.check().await;
    }

    async fn take_in(&self, post: &Post) -> IntakeOutcome {
        let mut arrival = batch(
            std::slice::from_ref(post),
            self.world.step(),
            at(self.minute),
        );
        arrival.book = Arc::clone(&self.book);
        let taken = self.world.store.intake.take_in(arrival).await.unwrap();
        taken[0].outcome
    }

    /// Every author writes once, so that every post is a ticket.
    async fn new_post(&mut self) {
        let number = self.posts.len();
        let label = self
            .dice
            .one_of(&[Label::Complaint, Label::PrRisk, Label::Lead]);
        let severity = u8::try_from(self.dice.roll(11)).unwrap();
        let post = Post {
            author: Box::leak(format!("author-{number}").into_boxed_str()),
            minute: self.minute,
            ..Post::labelled(format!("post-{number}"), label, severity)
        };
        assert_eq!(self.take_in(&post).await, IntakeOutcome::Opened);
        self.posts.push(post);
    }

    /// A post comes again: as it was, in a newer version, or deleted.
    async fn old_post(&mut self) {
        if self.posts.is_empty() {
            return;
        }
        let index = self.dice.index(self.posts.len());
        let mut post = self.posts[index].clone();
        let is_deleted = post.op == Op::Delete;
        match self.dice.roll(6) {
            0 => post.op = Op::Delete,
            1 | 2 => post.version += 1,
            _ => {
                let outcome = self.take_in(&post).await;
                assert_ne!(outcome, IntakeOutcome::Opened);
                assert_ne!(outcome, IntakeOutcome::Changed, "nothing is new in it");
                return;
            }
        }
        let outcome = self.take_in(&post).await;
        assert_ne!(outcome, IntakeOutcome::Opened, "no second ticket");
        if !is_deleted {
            self.posts[index] = post;
        }
    }

    async fn command(&mut self) {
        if self.posts.is_empty() {
            return;
        }
        let number = i64::try_from(1 + self.dice.index(self.posts.len())).unwrap();
        let command = command(&mut self.dice, self.minute);
        let mut wish = change(TicketId(number), "ann", command);
        wish.book = Arc::clone(&self.book);
        wish.now = at(self.minute);
        self.world.apply(wish).await;
    }

    async fn tick(&self) {
        let timers = &self.world.store.timers;
        while !timers
            .fire_due(at(self.minute), 100, &self.book)
            .await
            .unwrap()
            .is_empty()
        {}
    }

    /// The process dies, another one starts, and what was not acknowledged comes again.
    async fn crash(self) -> Self {
        let next = Self {
            world: self.world.restarted(),
            ..self
        };
        let unsure = next.posts.len().saturating_sub(3);
        for index in unsure..next.posts.len() {
            let post = next.posts[index].clone();
            assert_ne!(next.take_in(&post).await, IntakeOutcome::Opened);
        }
        next.tick().await;
        next
    }

    async fn relay(&mut self) {
        loop {
            let rows = self.world.store.outbox.unpublished(1_000).await.unwrap();
            if rows.is_empty() {
                return;
            }
            for row in &rows {
                if row.topic == "ticket.events" {
                    assert_eq!(row.number, Some(self.next_number), "no gap, in order");
                    self.next_number += 1;
                } else if row.topic == "notification.requested" {
                    let record: serde_json::Value = serde_json::from_slice(&row.payload).unwrap();
                    let key = record["idempotency_key"].as_str().unwrap().to_owned();
                    assert!(self.asked.insert(key), "asked once");
                }
            }
            let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
            self.world.store.outbox.mark_published(&seqs).await.unwrap();
        }
    }

    async fn check(&self) {
        let mut escalated = 0;
        let mut fired: BTreeMap<String, i64> = BTreeMap::new();
        for number in 1..=i64::try_from(self.posts.len()).unwrap() {
            let ticket = self.world.ticket(TicketId(number)).await;
            let tickets = &self.world.store.tickets;
            let events = tickets.events(ticket.id, &DepartmentScope::All).await;
            let events = events.unwrap();
            assert_eq!(Ticket::rebuild(&events).unwrap().as_ref(), Some(&ticket));
            check_columns(&self.world, &ticket);
            for proof in prove(&events, &ticket, &self.book, at(self.minute)) {
                assert!(proof.differences.is_empty(), "ticket {number}: {proof:?}");
            }
            for fact in events.iter().flat_map(|event| &event.change.facts) {
                match fact {
                    Fact::Escalated { notify, .. } => escalated += notify.len(),
                    Fact::ClockFired(due) => {
                        *fired.entry(due.milestone.to_string()).or_default() += 1;
                    }
                    _ => {}
                }
            }
        }
        assert_eq!(self.asked.len(), escalated, "each call was asked for");
        let rows = self
            .world
            .number("SELECT count(*) AS value FROM sla_milestone");
        assert_eq!(rows, fired.values().sum::<i64>());
        assert!(rows > 0 && escalated > 0, "the days were eventful");
        let tickets = self.world.number("SELECT count(*) AS value FROM ticket");
        assert_eq!(tickets, i64::try_from(self.posts.len()).unwrap());
    }
}

fn size() -> (u64, usize) {
    let mut variables = std::env::vars_os();
    let asked = variables.find(|(name, _)| name == "SWITCHBOARD_SIMULATION");
    asked.map_or(SHORT, |(_, size)| {
        let size = size.into_string().unwrap();
        let (seeds, tickets) = size.split_once('x').unwrap();
        (seeds.parse().unwrap(), tickets.parse().unwrap())
    })
}

#[expect(clippy::print_stdout, reason = "shown when it fails: which seed")]
#[tokio::test]
async fn every_seed_keeps_the_laws_in_the_store_over_crashes() {
    let (seeds, tickets) = size();
    for seed in 0..seeds {
        println!("seed {seed}");
        Days::new(seed).live(tickets).await;
    }
}
