//! What the timers do: milestones that fell due, the chains behind them, holds that end.

use super::clocks::Clocks;
use super::command::{move_to, set_priority};
use super::draft::Draft;
use super::{Fact, Ticket};
use crate::sla::{DueMilestone, EscalationAction, Milestone};

/// How many milestones one look fires of one ticket: a chain that moves the ticket on may
/// start clocks that are due at once, and this keeps such a chain finite.
const FIRED_MAX: usize = 64;

/// Everything that is due at `now`, in order of time.
pub(super) fn tick(before: &Clocks<'_>) -> Vec<Fact> {
    let mut draft = Draft::of(before);
    draft.add(wake(before));
    for _ in 0..FIRED_MAX {
        let Some(due) = next_due(&draft.clocks()) else {
            break;
        };
        draft.add([Fact::ClockFired(due)]);
        if let Milestone::Escalation(step) = due.milestone {
            escalate(&mut draft, due, step);
        }
    }
    draft.into_facts()
}

fn wake(clocks: &Clocks<'_>) -> Vec<Fact> {
    let until = clocks.ticket.hold.as_ref().and_then(|hold| hold.until);
    if until.is_some_and(|until| until <= clocks.now) {
        clocks.released()
    } else {
        vec![]
    }
}

fn next_due(clocks: &Clocks<'_>) -> Option<DueMilestone> {
    let of_each = clocks.ticket.clocks.iter();
    let due = of_each.filter_map(|clock| clock.due(clocks.now).into_iter().next());
    due.min_by_key(|due| due.due_at)
}

fn escalate(draft: &mut Draft<'_>, due: DueMilestone, step: u8) {
    let actions = actions(draft.clocks().ticket, due, step);
    let recipients = actions.iter().filter_map(|action| match action {
        EscalationAction::Notify(recipient) => Some(recipient.clone()),
        _ => None,
    });
    draft.add([Fact::Escalated {
        clock: due.clock,
        cycle: due.cycle,
        step,
        notify: recipients.collect(),
    }]);
    for action in &actions {
        let done = act(&draft.clocks(), action);
        draft.add(done);
    }
}

fn actions(ticket: &Ticket, due: DueMilestone, step: u8) -> Vec<EscalationAction> {
    let mut clocks = ticket.clocks.iter();
    let clock = clocks.find(|clock| (clock.kind, clock.cycle) == (due.clock, due.cycle));
    let index = usize::from(step).checked_sub(1);
    let chain = clock.map(|clock| &clock.terms.escalations);
    let escalation = chain.zip(index).and_then(|(chain, index)| chain.get(index));
    escalation.map_or_else(Vec::new, |escalation| escalation.actions.clone())
}

fn act(context: &Clocks<'_>, action: &EscalationAction) -> Vec<Fact> {
    let ticket = context.ticket;
    match action {
        EscalationAction::Raise(to) if *to > ticket.priority => set_priority(context, *to, false),
        EscalationAction::Notify(_) | EscalationAction::Raise(_) => vec![],
        EscalationAction::Assign(to) if ticket.assignee.as_ref() == Some(to) => vec![],
        EscalationAction::Assign(to) => vec![Fact::Assigned {
            from: ticket.assignee.clone(),
            to: Some(to.clone()),
        }],
        EscalationAction::Move(to) => move_to(context, to, false),
    }
}
