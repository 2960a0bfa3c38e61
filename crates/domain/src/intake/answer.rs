//! Our own answers that come back from their platform: linked to the ticket they belong to,
//! never a ticket themselves.

use super::change::Moment;
use super::{IdentityState, Incoming, Intake, IntakeOutcome};
use crate::Op;
use crate::author::Ours;
use crate::mention::SLA_START_WINDOW;
use crate::sla::ClockKind;
use crate::ticket::clocks::Clocks;
use crate::ticket::command::MAX_TEXT_BYTES;
use crate::ticket::{Fact, Ticket};
use jiff::Timestamp;

/// Links an answer of ours to the ticket of the post it answers, if there is one.
pub(super) fn link(
    incoming: &Incoming,
    who: Ours,
    known: Option<&IdentityState>,
    ticket: Option<&Ticket>,
    moment: Moment<'_>,
) -> Intake {
    let mention = &incoming.classified.mention;
    let (version, revision) = incoming.classified.pair();
    let mut identity = known.cloned().unwrap_or_default();
    let seen = known
        .is_some()
        .then_some((identity.version, identity.revision));
    identity.accounts.extend(mention.accounts.iter().cloned());
    if mention.op == Op::Delete {
        identity.deleted = true;
        return Intake::without_effect(IntakeOutcome::Tombstoned, identity);
    }
    if seen.is_some_and(|seen| seen >= (version, revision)) {
        return Intake::without_effect(IntakeOutcome::Duplicate, identity);
    }
    (identity.version, identity.revision) = (version, revision);
    let new_to = ticket.filter(|_| seen.is_none());
    let Some(ticket) = new_to else {
        return Intake::without_effect(IntakeOutcome::Ours, identity);
    };
    let mut intake = Intake::without_effect(IntakeOutcome::Answered, identity);
    intake.facts = facts(incoming, who, ticket, moment);
    intake
}

fn facts(incoming: &Incoming, who: Ours, ticket: &Ticket, moment: Moment<'_>) -> Vec<Fact> {
    let posted_at = incoming.classified.posted_at();
    let automatic = who == Ours::Machine;
    let mut facts = vec![Fact::AnswerSeen {
        mention: incoming.classified.mention.key(),
        posted_at,
        text: shortened(&incoming.classified.mention.text),
        automatic,
    }];
    // It was given when it was written, not when a source brought it.
    let clocks = Clocks {
        now: posted_at.max(ticket.created_at).min(moment.now),
        ..moment.clocks(ticket)
    };
    if !incoming.classified.mention.backfill && is_awaited(ticket, posted_at) {
        facts.extend(clocks.replied(automatic));
    }
    facts
}

/// An answer sent from here has stopped the clocks when it was asked for; its echo does not
/// start the next update anew.
fn is_awaited(ticket: &Ticket, posted_at: Timestamp) -> bool {
    let mut ticking = ticket.clocks.iter().filter(|clock| clock.is_ticking());
    ticking.any(|clock| match clock.kind {
        ClockKind::FirstResponse | ClockKind::NextResponse | ClockKind::Triage => true,
        ClockKind::PeriodicUpdate => posted_at.duration_since(clock.started_at) > SLA_START_WINDOW,
        ClockKind::Resolution | ClockKind::Ownership => false,
    })
}

/// As much of it as a reply may have.
fn shortened(text: &str) -> String {
    let mut end = text.len().min(MAX_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}
