//! Clocks that change tickets: they keep their start, their intervals and what has fired, so
//! that neither a merge nor its undo gives anybody more time.

use super::{Absorbed, Taken};
use crate::sla::{ClockKind, SegmentCause, SlaClock, Stop, StopCause};
use crate::ticket::draft::Draft;
use crate::ticket::{Fact, Ticket};
use jiff::Timestamp;

/// The promises to an author. Ownership stays with the survivor's owner, and whoever merges
/// has taken the ticket in hand, which is all that triage asks for.
const TO_THE_AUTHOR: [ClockKind; 4] = [
    ClockKind::FirstResponse,
    ClockKind::NextResponse,
    ClockKind::Resolution,
    ClockKind::PeriodicUpdate,
];

/// Of two open clocks of a kind the one that falls due first goes on in the survivor.
pub(super) fn take_over(staying: &mut Draft<'_>, merged: &Ticket) -> Vec<Taken> {
    let mut taken = vec![];
    for kind in TO_THE_AUTHOR {
        let Some(theirs) = ticking(merged, kind) else {
            continue;
        };
        let own = ticking(staying.clocks().ticket, kind).cloned();
        if own
            .as_ref()
            .is_some_and(|own| urgency(own) <= urgency(theirs))
        {
            continue;
        }
        if let Some(own) = &own {
            let stopped = staying.clocks().stop(own, StopCause::Merged);
            staying.add(stopped);
        }
        taken.push(Taken {
            clock: kind,
            cycle: carry_on(staying, theirs),
            instead_of: own.map(|own| own.cycle),
        });
    }
    taken
}

/// The survivor's own clocks go on where those that stood for them still tick.
pub(super) fn hand_back(giving: &mut Draft<'_>, absorbed: &Absorbed) {
    for taken in &absorbed.taken {
        let key = (taken.clock, taken.cycle);
        let clock = of_cycle(giving.clocks().ticket, key).cloned();
        let Some(clock) = clock.filter(SlaClock::is_ticking) else {
            continue;
        };
        let stopped = giving.clocks().stop(&clock, StopCause::Merged);
        giving.add(stopped);
        let own = taken.instead_of.map(|cycle| (taken.clock, cycle));
        let own = own.and_then(|key| of_cycle(giving.clocks().ticket, key).cloned());
        if let Some(own) = own {
            carry_on(giving, &own);
        }
    }
}

/// The merged ticket's clocks go on as if they had never stopped: its author has waited all
/// the while. Its owner answers for the time from now on.
pub(super) fn resume(returning: &mut Draft<'_>, merged_at: Timestamp) {
    let ticket = returning.clocks().ticket.clone();
    let by_merge = Stop {
        at: merged_at,
        cause: StopCause::Merged,
    };
    let stopped = ticket.clocks.iter();
    let stopped = stopped.filter(|clock| clock.stopped == Some(by_merge));
    for clock in stopped.filter(|clock| TO_THE_AUTHOR.contains(&clock.kind)) {
        carry_on(returning, clock);
    }
    let clocks = returning.clocks();
    let owned = clocks.begin(ClockKind::Ownership, clocks.holder(), clocks.at_our_time());
    returning.add(owned);
}

/// A further cycle with the life of that clock; it waits where the ticket does.
fn carry_on(draft: &mut Draft<'_>, clock: &SlaClock) -> u32 {
    let clocks = draft.clocks();
    let cycle = clocks.ticket.last_cycle(clock.kind) + 1;
    let hold = clocks.ticket.hold.clone();
    let mut clock = SlaClock {
        cycle,
        stopped: None,
        ..clock.clone()
    };
    if let Some(last) = clock.segments.last_mut() {
        last.until = None;
    }
    draft.add([Fact::ClockStarted {
        clock: Box::new(clock.clone()),
    }]);
    let waited = clock.segments.last();
    let waited = waited.is_some_and(|last| matches!(last.cause, SegmentCause::Hold(_)));
    let turned = match hold {
        Some(hold) => Some(draft.clocks().hold(&clock, &hold)),
        None => waited.then(|| draft.clocks().resume(&clock)),
    };
    draft.add(turned);
    cycle
}

/// What falls due first; where that cannot be told, what began first.
fn urgency(clock: &SlaClock) -> (Timestamp, Timestamp) {
    let due_at = clock.due_at().unwrap_or(Timestamp::MAX);
    (due_at, clock.started_at)
}

fn ticking(ticket: &Ticket, kind: ClockKind) -> Option<&SlaClock> {
    let mut clocks = ticket.clocks.iter();
    clocks.find(|clock| clock.kind == kind && clock.is_ticking())
}

fn of_cycle(ticket: &Ticket, key: (ClockKind, u32)) -> Option<&SlaClock> {
    let mut clocks = ticket.clocks.iter();
    clocks.find(|clock| (clock.kind, clock.cycle) == key)
}
