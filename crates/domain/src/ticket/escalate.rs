//! What the timers do: milestones that fell due, the chains behind them, holds that end.

use super::clocks::Clocks;
use super::command::{move_to, set_priority};
use super::draft::Draft;
use super::{Fact, Ticket};
use crate::sla::{DueMilestone, EscalationAction, Milestone, ON_CALL};

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
    let call = Call::of(&draft.clocks(), &actions);
    draft.add([Fact::Escalated {
        clock: due.clock,
        cycle: due.cycle,
        step,
        notify: call.recipients,
        on_call: call.on_call.clone(),
    }]);
    for action in &actions {
        let done = act(&draft.clocks(), action, call.on_call.as_deref());
        draft.add(done);
    }
}

/// Who is called by a step.
struct Call {
    /// Each once.
    recipients: Vec<String>,
    on_call: Option<String>,
}

impl Call {
    fn of(clocks: &Clocks<'_>, actions: &[EscalationAction]) -> Self {
        let moved_to = actions.iter().find_map(|action| match action {
            EscalationAction::Move(to) => Some(to),
            _ => None,
        });
        let department = moved_to.unwrap_or(&clocks.ticket.department);
        let duty = clocks.book.duty(department);
        let mut recipients: Vec<String> = vec![];
        let mut is_asked = false;
        for action in actions {
            let named = match action {
                EscalationAction::Notify(name) if name == ON_CALL => {
                    is_asked = true;
                    duty.map_or(&[][..], |duty| &duty.channels)
                }
                EscalationAction::Notify(name) => std::slice::from_ref(name),
                EscalationAction::Assign(name) => {
                    is_asked |= name == ON_CALL;
                    &[]
                }
                EscalationAction::Raise(_) | EscalationAction::Move(_) => &[],
            };
            for name in named {
                if !recipients.contains(name) {
                    recipients.push(name.clone());
                }
            }
        }
        let on_call = clocks.book.on_call(department, clocks.now);
        Self {
            recipients,
            on_call: on_call.filter(|_| is_asked).map(str::to_owned),
        }
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

fn act(context: &Clocks<'_>, action: &EscalationAction, on_call: Option<&str>) -> Vec<Fact> {
    let ticket = context.ticket;
    match action {
        EscalationAction::Raise(to) if *to > ticket.priority => set_priority(context, *to, false),
        EscalationAction::Notify(_) | EscalationAction::Raise(_) => vec![],
        EscalationAction::Assign(to) if to == ON_CALL => given(ticket, on_call),
        EscalationAction::Assign(to) => given(ticket, Some(to)),
        EscalationAction::Move(to) => move_to(context, to, false),
    }
}

/// Nobody on call takes it from nobody.
fn given(ticket: &Ticket, to: Option<&str>) -> Vec<Fact> {
    let to = to.filter(|to| ticket.assignee.as_deref() != Some(to));
    let assigned = to.map(|to| Fact::Assigned {
        from: ticket.assignee.clone(),
        to: Some(to.to_owned()),
    });
    assigned.into_iter().collect()
}
