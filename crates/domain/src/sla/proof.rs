//! A ticket's clocks counted again from its events, as evidence that its deadlines were kept.
//!
//! The recount shares nothing with the fold but the events: it lays out each clock's
//! intervals from the instants the events give, measures them in the calendar, and says where
//! the ticket tells another story.

use super::{ClockKind, ClockStatus, Milestone, Segment, SegmentCause, SlaBook, SlaClock, Stop};
use super::{Terms, segment};
use crate::ticket::{Fact, Ticket, TicketEvent};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// The recount of one clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClockProof {
    /// What it measures.
    pub clock: ClockKind,
    /// Which cycle.
    pub cycle: u32,
    /// The policy that promised.
    pub policy: String,
    /// The calendar it counts in.
    pub calendar: String,
    /// Seconds allowed.
    pub target_seconds: i64,
    /// Seconds used up to its end, or up to now.
    pub used_seconds: i64,
    /// Its life, with the open seconds of each stretch.
    pub intervals: Vec<Interval>,
    /// The deadline; `None` where it cannot be told.
    pub due_at: Option<Timestamp>,
    /// How it stands, by the recount.
    pub status: ClockStatus,
    /// Where the ticket tells another story; empty when they agree.
    pub differences: Vec<String>,
}

/// One stretch of a clock's life, measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Interval {
    /// From when until when, why, and whether it counts.
    #[serde(flatten)]
    pub segment: Segment,
    /// Seconds of open hours in it, up to now.
    pub open_seconds: i64,
}

/// Counts every clock of `ticket` again from its `events`, all of them and in order.
pub fn prove(
    events: &[TicketEvent],
    ticket: &Ticket,
    book: &SlaBook,
    now: Timestamp,
) -> Vec<ClockProof> {
    let mut recounts: Vec<Recount> = vec![];
    for fact in events.iter().flat_map(|event| &event.change.facts) {
        if let Fact::ClockStarted { clock } = fact {
            recounts.push(Recount::begin(clock));
        } else if let Some(key) = fact.clock()
            && let Some(recount) = recounts.iter_mut().find(|recount| recount.key == key)
        {
            recount.take(fact);
        }
    }
    let mut proofs: Vec<ClockProof> = recounts
        .into_iter()
        .map(|recount| recount.proof(ticket, book, now))
        .collect();
    for clock in &ticket.clocks {
        let key = (clock.kind, clock.cycle);
        if !proofs.iter().any(|proof| (proof.clock, proof.cycle) == key) {
            proofs.push(unproven(clock));
        }
    }
    proofs
}

/// What the events say of one clock.
struct Recount {
    key: (ClockKind, u32),
    terms: Terms,
    segments: Vec<Segment>,
    stopped: Option<Stop>,
    breached_at: Option<Timestamp>,
}

impl Recount {
    fn begin(clock: &SlaClock) -> Self {
        Self {
            key: (clock.kind, clock.cycle),
            terms: clock.terms.clone(),
            // One segment, unless the clock began in another ticket.
            segments: clock.segments.clone(),
            stopped: None,
            breached_at: clock.breached_at,
        }
    }

    fn take(&mut self, fact: &Fact) {
        match fact {
            Fact::ClockRetargeted { terms, .. } => self.terms = (**terms).clone(),
            Fact::ClockHeld { at, hold, runs, .. } => {
                self.turn(*at, SegmentCause::Hold(*hold), *runs);
            }
            Fact::ClockResumed { at, .. } => {
                if let Some(stop) = self.stopped.take().filter(|stop| stop.at < *at) {
                    self.turn(stop.at, SegmentCause::Resolved, false);
                }
                self.turn(*at, SegmentCause::Ours, true);
            }
            Fact::ClockFired(due) if due.milestone == Milestone::Breach => {
                self.breached_at = Some(due.due_at);
            }
            Fact::ClockStopped { stop, .. } => self.stopped = Some(*stop),
            _ => {}
        }
    }

    /// One stretch ends and the next begins.
    fn turn(&mut self, at: Timestamp, cause: SegmentCause, runs: bool) {
        let mut from = at;
        if let Some(last) = self.segments.last_mut() {
            from = at.max(last.from);
            last.until = Some(from);
        }
        self.segments.push(Segment {
            from,
            until: None,
            cause,
            runs,
        });
    }

    fn proof(mut self, ticket: &Ticket, book: &SlaBook, now: Timestamp) -> ClockProof {
        let end = self.stopped.map_or(now, |stop| stop.at);
        let calendar = book.calendar_of(&self.terms);
        let target = SignedDuration::from_secs(self.terms.target_seconds);
        // Before the last stretch is closed: the deadline of a clock that stopped in time is
        // where it would have been.
        let reached = segment::reach(&self.segments, calendar, target);
        if let (Some(last), Some(stop)) = (self.segments.last_mut(), self.stopped) {
            last.until = Some(stop.at.max(last.from));
        }
        let intervals = self.segments.iter().map(|segment| Interval {
            segment: *segment,
            open_seconds: calendar
                .open_between(segment.from, segment.until.unwrap_or(now))
                .as_secs(),
        });
        let mut proof = ClockProof {
            clock: self.key.0,
            cycle: self.key.1,
            policy: self.terms.policy.clone(),
            calendar: self.terms.calendar.clone(),
            target_seconds: self.terms.target_seconds,
            used_seconds: segment::used(&self.segments, calendar, end).as_secs(),
            intervals: intervals.collect(),
            due_at: self.breached_at.or(reached),
            status: self.status(reached, end),
            differences: vec![],
        };
        proof.differences = self.differences(&proof, ticket, calendar.version(), now);
        proof
    }

    fn status(&self, reached: Option<Timestamp>, end: Timestamp) -> ClockStatus {
        let late = self.breached_at.is_some() || reached.is_some_and(|due| due < end);
        match self.stopped {
            _ if late => ClockStatus::Breached,
            Some(stop) if self.key.0.is_kept_by(stop.cause) => ClockStatus::Met,
            Some(_) => ClockStatus::Cancelled,
            None if self.segments.last().is_some_and(|last| !last.runs) => ClockStatus::Paused,
            None => ClockStatus::Running,
        }
    }

    fn differences(
        &self,
        proof: &ClockProof,
        ticket: &Ticket,
        calendar_version: &str,
        now: Timestamp,
    ) -> Vec<String> {
        let (kind, cycle) = self.key;
        let mut clocks = ticket.clocks.iter();
        let Some(told) = clocks.find(|clock| (clock.kind, clock.cycle) == (kind, cycle)) else {
            return vec!["the ticket has no such clock".to_owned()];
        };
        let mut differences = vec![];
        if self.terms.calendar_version != calendar_version {
            differences.push(format!(
                "calendar `{}` has changed since and was not kept ({} then, {calendar_version} now)",
                self.terms.calendar, self.terms.calendar_version
            ));
        }
        if told.segments != self.segments {
            differences.push("the intervals differ".to_owned());
        }
        if told.due_at() != proof.due_at {
            let [told, counted] = [told.due_at(), proof.due_at].map(written);
            differences.push(format!(
                "due at {told} by the ticket, {counted} by the recount"
            ));
        }
        // A deadline that has just passed is the timer's to fire within two seconds.
        let pending = told
            .due(now)
            .iter()
            .any(|due| due.milestone == Milestone::Breach);
        if told.status() != proof.status && !pending {
            differences.push(format!(
                "`{:?}` by the ticket, `{:?}` by the recount",
                told.status(),
                proof.status
            ));
        }
        differences
    }
}

fn written(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "no time".to_owned(), |at| at.to_string())
}

fn unproven(clock: &SlaClock) -> ClockProof {
    ClockProof {
        clock: clock.kind,
        cycle: clock.cycle,
        policy: clock.terms.policy.clone(),
        calendar: clock.terms.calendar.clone(),
        target_seconds: clock.terms.target_seconds,
        used_seconds: 0,
        intervals: vec![],
        due_at: None,
        status: clock.status(),
        differences: vec!["no event tells of its start".to_owned()],
    }
}
