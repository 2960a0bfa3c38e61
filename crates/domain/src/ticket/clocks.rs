//! The SLA contract, event by event: what happens to which clock.
//!
//! | event | first response | next response | resolution | ownership | periodic update | triage |
//! |---|---|---|---|---|---|---|
//! | post arrives | start | | start | start | | start |
//! | answer by a person | stop | stop | run | run | start anew | stop |
//! | automatic answer | as an answer where the policy says so, else nothing | | | | | |
//! | the author writes again | unchanged | start if nothing waits | run | run | run | run |
//! | thanks, nothing to answer | unchanged | unchanged | run | run | run | run |
//! | waiting, where the policy pauses | pause | pause | pause | pause | pause | run |
//! | waiting for approval | run | run | run | approver's | run | run |
//! | moved | unchanged | unchanged | unchanged | stop, start there | unchanged | stop |
//! | priority or policy changed | recompute from the original start | | | | | |
//! | merged away | goes on in the survivor where it falls due first, else stop | same | same | stop | same | stop |
//! | resolved | cancel | cancel | stop | stop | cancel | stop |
//! | reopened | none | start | resume | start | none | none |
//! | reopened at once (an undo) | resume | resume | resume | resume | resume | resume |
//! | deleted by its author | cancel | cancel | cancel | cancel | cancel | cancel |
//!
//! A late post starts at its receipt, with the reason ([`crate::mention::StartReason`]).
//! What fell due before a stop is recorded first, so that an answer between the deadline and
//! the timer's next look does not hide a breach.

use super::{Fact, Hold, Ticket};
use crate::Slug;
use crate::mention::StartReason;
use crate::routing::Priority;
use crate::sla::{
    ClockKind, Holder, Milestone, PolicyFacts, SegmentCause, SlaBook, SlaClock, SlaPolicy, Stop,
    StopCause, Terms,
};
use jiff::{SignedDuration, Timestamp};

/// How soon a resolution can be taken back as if nobody had said it: some times what the page
/// leaves for an undo, so that a slow network does not cost an author the promise.
const TAKE_BACK_WITHIN: SignedDuration = SignedDuration::from_secs(30);

/// Clocks that wait for a word to the author.
const ANSWERED_BY_REPLY: [ClockKind; 4] = [
    ClockKind::FirstResponse,
    ClockKind::NextResponse,
    ClockKind::PeriodicUpdate,
    ClockKind::Triage,
];

/// The clocks a first post starts.
const STARTED_BY_POST: [ClockKind; 4] = [
    ClockKind::FirstResponse,
    ClockKind::Resolution,
    ClockKind::Ownership,
    ClockKind::Triage,
];

/// A ticket, the promises, and the time of the change.
#[derive(Clone, Copy)]
pub(crate) struct Clocks<'a> {
    pub(crate) ticket: &'a Ticket,
    pub(crate) book: &'a SlaBook,
    pub(crate) now: Timestamp,
}

/// The clocks of a ticket that is opened, or of chatter that turned into more.
pub(crate) fn post_arrived(
    book: &SlaBook,
    policy: &SlaPolicy,
    holder: Holder<'_>,
    start: (Timestamp, StartReason),
    queued_at: Timestamp,
) -> Vec<Fact> {
    let kinds = STARTED_BY_POST.into_iter();
    kinds
        .filter_map(|kind| {
            // A department can only answer for the time since it was given the ticket.
            let start = match kind {
                ClockKind::Ownership => (queued_at, StartReason::Change),
                _ => start,
            };
            started(book, policy, (kind, 1), holder, start)
        })
        .collect()
}

impl Clocks<'_> {
    /// The author wrote again, and it needs an answer.
    pub(crate) fn author_wrote(&self, start: (Timestamp, StartReason)) -> Vec<Fact> {
        let waits = [ClockKind::FirstResponse, ClockKind::NextResponse]
            .into_iter()
            .any(|kind| self.ticking(kind).is_some());
        let started = (!waits)
            .then(|| self.begin(ClockKind::NextResponse, self.holder(), start))
            .flatten();
        self.waited_for_author()
            .into_iter()
            .chain(started)
            .collect()
    }

    /// Somebody, or something, answered.
    pub(crate) fn replied(&self, automatic: bool) -> Vec<Fact> {
        let counts = !automatic
            || self
                .policy()
                .is_some_and(|policy| policy.automatic_reply_counts);
        if !counts {
            return vec![];
        }
        let stopped = self.stop_some(&ANSWERED_BY_REPLY, StopCause::Replied);
        let update = self.begin(ClockKind::PeriodicUpdate, self.holder(), self.at_our_time());
        stopped.into_iter().chain(update).collect()
    }

    /// A person took it in hand.
    pub(crate) fn acknowledged(&self) -> Vec<Fact> {
        self.stop_some(&[ClockKind::Triage], StopCause::Acknowledged)
    }

    /// Every clock stops.
    pub(crate) fn ended(&self, cause: StopCause) -> Vec<Fact> {
        self.stop_some(&ClockKind::ALL, cause)
    }

    /// It is not done after all.
    pub(crate) fn reopened(&self) -> Vec<Fact> {
        let taken_back = self.taken_back();
        if !taken_back.is_empty() {
            return taken_back;
        }
        let resumed = self.resolution().map(|clock| self.resume(clock));
        let started = [ClockKind::NextResponse, ClockKind::Ownership]
            .into_iter()
            .filter_map(|kind| self.begin(kind, self.holder(), self.at_our_time()));
        resumed.into_iter().chain(started).collect()
    }

    /// The clocks that a resolution of a moment ago stopped.
    fn taken_back(&self) -> Vec<Fact> {
        let just_now = |stop: &Stop| {
            stop.cause == StopCause::Resolved
                && self.now.duration_since(stop.at) <= TAKE_BACK_WITHIN
        };
        self.ticket
            .clocks
            .iter()
            .filter(|clock| clock.stopped.as_ref().is_some_and(just_now))
            .map(|clock| self.resume(clock))
            .collect()
    }

    /// Another department owns it; each owner answers for its own time.
    pub(crate) fn moved(&self, to: &Slug) -> Vec<Fact> {
        let holder = Holder {
            department: to,
            ..self.holder()
        };
        let stopped = self.stop_some(&[ClockKind::Ownership], StopCause::Moved);
        let begun = self
            .ticket
            .is_open()
            .then(|| self.begin(ClockKind::Ownership, holder, self.at_our_time()))
            .flatten();
        stopped.into_iter().chain(begun).collect()
    }

    /// Another priority: other targets, from the original start.
    pub(crate) fn prioritised(&self, priority: Priority) -> Vec<Fact> {
        self.retargetable()
            .filter_map(|clock| {
                let terms = clock.terms.for_priority(priority)?;
                Some(self.retarget(clock, terms))
            })
            .collect()
    }

    /// Another policy: its targets from the original start for what ticks, and what it
    /// promises beyond that from now on.
    pub(crate) fn under(&self, policy: &SlaPolicy) -> Vec<Fact> {
        let terms = |kind| Terms::of(self.book, policy, kind, self.holder());
        let retargeted = self.retargetable().filter_map(|clock| {
            let terms = terms(clock.kind).filter(|terms| *terms != clock.terms)?;
            Some(self.retarget(clock, terms))
        });
        let missing = STARTED_BY_POST
            .into_iter()
            .filter(|kind| self.ticket.clock(*kind).is_none())
            .filter_map(|kind| {
                let start = self.at_our_time();
                started(self.book, policy, (kind, 1), self.holder(), start)
            });
        retargeted.chain(missing).collect()
    }

    /// It waits for somebody.
    pub(crate) fn held(&self, hold: &Hold) -> Vec<Fact> {
        let mut facts: Vec<Fact> = self
            .ticking_clocks()
            .filter(|clock| clock.kind != ClockKind::Triage)
            .map(|clock| self.hold(clock, hold))
            .collect();
        if let Some(approver) = &hold.approver {
            // The approver's own time: it stands in for the owner until it has decided.
            facts.retain(|fact| !matches!(fact.clock(), Some((ClockKind::Ownership, _))));
            facts.extend(self.moved(approver));
        }
        facts
    }

    /// It waits no longer.
    pub(crate) fn released(&self) -> Vec<Fact> {
        let Some(hold) = &self.ticket.hold else {
            return vec![];
        };
        let waits = |clock: &&SlaClock| {
            let last = clock.segments.last();
            last.is_some_and(|last| matches!(last.cause, SegmentCause::Hold(_)))
        };
        let resumed = self
            .ticking_clocks()
            .filter(waits)
            .map(|clock| self.resume(clock));
        let mut facts = vec![Fact::Released { kind: hold.kind }];
        facts.extend(resumed);
        if hold.approver.is_some() {
            facts.extend(self.moved(&self.ticket.department));
        }
        facts
    }

    /// Nobody is waited for any more, and no clock is left that could resume.
    pub(crate) fn no_hold(&self) -> Option<Fact> {
        let hold = self.ticket.hold.as_ref()?;
        Some(Fact::Released { kind: hold.kind })
    }

    /// The policy its clocks run under; `None` where nobody has promised anything.
    pub(crate) fn policy(&self) -> Option<&SlaPolicy> {
        let latest = self.ticket.clocks.last()?;
        self.book.policy(&latest.terms.policy)
    }

    /// The policy that speaks for the ticket as it would be with that label: the present one
    /// as long as it does.
    pub(crate) fn policy_for(&self, label: crate::Label) -> Option<&SlaPolicy> {
        let facts = PolicyFacts {
            label,
            platform: &self.ticket.platform,
            department: &self.ticket.department,
            author_tier: self.ticket.author_tier,
            language: &self.ticket.language,
        };
        let present = self.policy().filter(|policy| policy.scope.contains(&facts));
        present.or_else(|| self.book.select(None, &facts))
    }

    /// The resolution clock that a reopened ticket goes on with; what a merge stopped lives
    /// on elsewhere.
    fn resolution(&self) -> Option<&SlaClock> {
        let merged = |stop: &Stop| stop.cause == StopCause::Merged;
        let mut clocks = self.ticket.clocks.iter().rev();
        let latest = clocks.find(|clock| {
            clock.kind == ClockKind::Resolution && !clock.stopped.as_ref().is_some_and(merged)
        });
        latest.filter(|clock| !clock.is_ticking())
    }

    fn waited_for_author(&self) -> Vec<Fact> {
        use crate::sla::HoldKind::{Snoozed, WaitingCustomer};
        let hold = self.ticket.hold.as_ref();
        let ends = hold.is_some_and(|hold| matches!(hold.kind, WaitingCustomer | Snoozed));
        if ends { self.released() } else { vec![] }
    }

    fn stop_some(&self, kinds: &[ClockKind], cause: StopCause) -> Vec<Fact> {
        self.ticking_clocks()
            .filter(|clock| kinds.contains(&clock.kind))
            .flat_map(|clock| self.stop(clock, cause))
            .collect()
    }

    pub(super) fn stop(&self, clock: &SlaClock, cause: StopCause) -> Vec<Fact> {
        let due = clock.due(self.now);
        let missed = due
            .iter()
            .any(|due| due.milestone == Milestone::Breach && due.due_at < self.now);
        let stopped = Fact::ClockStopped {
            clock: clock.kind,
            cycle: clock.cycle,
            stop: Stop {
                at: self.now,
                cause,
            },
        };
        let fired = due.into_iter().filter(|_| missed).map(Fact::ClockFired);
        fired.chain([stopped]).collect()
    }

    fn retarget(&self, clock: &SlaClock, terms: Terms) -> Fact {
        let calendar = self.book.calendar_of(&terms);
        Fact::ClockRetargeted {
            clock: clock.kind,
            cycle: clock.cycle,
            schedule: terms.schedule(&clock.segments, calendar),
            terms: Box::new(terms),
        }
    }

    pub(super) fn hold(&self, clock: &SlaClock, hold: &Hold) -> Fact {
        let pauses = hold.kind.may_pause()
            && self
                .book
                .policy(&clock.terms.policy)
                .is_some_and(|policy| policy.pauses_on.contains(&hold.kind));
        let cause = SegmentCause::Hold(hold.kind);
        Fact::ClockHeld {
            clock: clock.kind,
            cycle: clock.cycle,
            at: self.now,
            hold: hold.kind,
            runs: !pauses,
            schedule: self.schedule_with(clock, cause, !pauses),
        }
    }

    pub(super) fn resume(&self, clock: &SlaClock) -> Fact {
        Fact::ClockResumed {
            clock: clock.kind,
            cycle: clock.cycle,
            at: self.now,
            schedule: self.schedule_with(clock, SegmentCause::Ours, true),
        }
    }

    fn schedule_with(
        &self,
        clock: &SlaClock,
        cause: SegmentCause,
        runs: bool,
    ) -> Vec<crate::sla::Point> {
        let segments = clock.segments_with(self.now, cause, runs);
        let calendar = self.book.calendar_of(&clock.terms);
        clock.terms.schedule(&segments, calendar)
    }

    /// A new cycle under the present policy.
    pub(super) fn begin(
        &self,
        kind: ClockKind,
        holder: Holder<'_>,
        start: (Timestamp, StartReason),
    ) -> Option<Fact> {
        let cycle = self.ticket.last_cycle(kind) + 1;
        started(self.book, self.policy()?, (kind, cycle), holder, start)
    }

    fn ticking(&self, kind: ClockKind) -> Option<&SlaClock> {
        self.ticket.clock(kind).filter(|clock| clock.is_ticking())
    }

    fn ticking_clocks(&self) -> impl Iterator<Item = &SlaClock> {
        self.ticket.clocks.iter().filter(|clock| clock.is_ticking())
    }

    /// A recorded breach keeps the deadline that was missed.
    fn retargetable(&self) -> impl Iterator<Item = &SlaClock> {
        self.ticking_clocks()
            .filter(|clock| clock.breached_at.is_none())
    }

    /// Whose clocks a change starts.
    pub(crate) fn holder(&self) -> Holder<'_> {
        Holder {
            department: &self.ticket.department,
            priority: self.ticket.priority,
        }
    }

    pub(super) const fn at_our_time(&self) -> (Timestamp, StartReason) {
        (self.now, StartReason::Change)
    }
}

fn started(
    book: &SlaBook,
    policy: &SlaPolicy,
    (kind, cycle): (ClockKind, u32),
    holder: Holder<'_>,
    start: (Timestamp, StartReason),
) -> Option<Fact> {
    let terms = Terms::of(book, policy, kind, holder)?;
    let calendar = book.calendar_for(policy, kind, holder.department);
    let clock = SlaClock::start((kind, cycle), terms, calendar, start);
    Some(Fact::ClockStarted {
        clock: Box::new(clock),
    })
}
