//! `[[sla.policies.escalations]]`: whom to call when.

use super::Calls;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use switchboard_config::{Located, Section};
use switchboard_domain::Slug;
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::{
    ClockKind, Escalation, EscalationAction, EscalationPoint, ON_CALL, PolicyScope, Targets,
};

/// More steps than this nobody keeps in mind, and each is one more transaction per ticket.
const STEPS_MAX: usize = 8;

/// Later than ten times the target nobody is helped by a call.
const PERCENT_MAX: u16 = 1_000;

pub(super) fn read(
    policy: &mut Section<'_>,
    calls: &Calls<'_>,
    scope: &PolicyScope,
    targets: &BTreeMap<ClockKind, Targets>,
) -> Vec<Escalation> {
    let steps = policy.array("escalations", |section| {
        read_step(section, calls, scope, targets)
    });
    let place = policy.place("escalations");
    if steps.len() > STEPS_MAX {
        let count = steps.len();
        policy.problem(
            &place,
            format!("at most {STEPS_MAX} steps, here are {count}"),
        );
    }
    let steps: Vec<Escalation> = steps.into_iter().flatten().collect();
    if let Some(message) = round_trip(&steps) {
        policy.problem(&place, message);
    }
    steps
}

/// Every move starts the ownership clock anew, and with it its chain: two steps that move to
/// different departments would pass the ticket to and fro for ever.
fn round_trip(steps: &[Escalation]) -> Option<String> {
    let of_ownership = steps
        .iter()
        .filter(|step| step.clock == ClockKind::Ownership);
    let moves = of_ownership.flat_map(|step| &step.actions);
    let targets: BTreeSet<&Slug> = moves
        .filter_map(|action| match action {
            EscalationAction::Move(to) => Some(to),
            _ => None,
        })
        .collect();
    let names: Vec<String> = targets.iter().map(|to| format!("`{to}`")).collect();
    (names.len() > 1).then(|| {
        format!(
            "the chain of `ownership` would pass a ticket between {} for ever, since each move \
             starts that clock anew: move it to one of them",
            names.join(" and ")
        )
    })
}

fn read_step(
    section: &mut Section<'_>,
    calls: &Calls<'_>,
    scope: &PolicyScope,
    targets: &BTreeMap<ClockKind, Targets>,
) -> Option<Escalation> {
    let clock = read_clock(section, targets);
    let at = read_point(section);
    let actions = read_actions(section, calls);
    if actions.is_empty() {
        section.problem_here("the step calls nobody: add `notify`, `raise`, `assign` or `move`");
        return None;
    }
    check_on_call(section, calls, scope, &actions);
    Some(Escalation {
        clock: clock?,
        at: at?,
        actions,
    })
}

/// Whoever may hold the ticket then must be able to call somebody.
fn check_on_call(
    section: &Section<'_>,
    calls: &Calls<'_>,
    scope: &PolicyScope,
    actions: &[EscalationAction],
) {
    let moved_to = actions.iter().find_map(|action| match action {
        EscalationAction::Move(to) => Some(to),
        _ => None,
    });
    let holders: Vec<&Slug> = match moved_to {
        Some(to) => vec![to],
        None if scope.departments.is_empty() => calls.names.0.iter().collect(),
        None => scope.departments.iter().collect(),
    };
    let lacking = |able: &[&Slug]| {
        let lacking = holders.iter().filter(|holder| !able.contains(holder));
        let names: Vec<String> = lacking.map(|holder| format!("`{holder}`")).collect();
        names.join(", ")
    };
    let notified = actions.contains(&EscalationAction::Notify(ON_CALL.to_owned()));
    let nobody = lacking(&calls.reachable);
    if notified && !nobody.is_empty() {
        let message = format!(
            "`{ON_CALL}` would reach nobody while {nobody} holds the ticket: give the department \
             a `notify`, or name the policy's `department`"
        );
        section.problem(&section.place("notify"), message);
    }
    let assigned = actions.contains(&EscalationAction::Assign(ON_CALL.to_owned()));
    let nobody = lacking(&calls.with_rota);
    if assigned && !nobody.is_empty() {
        let message = format!(
            "nobody is on call for {nobody}: give the department an `on_call`, or name the \
             policy's `department`"
        );
        section.problem(&section.place("assign"), message);
    }
}

fn read_clock(
    section: &mut Section<'_>,
    targets: &BTreeMap<ClockKind, Targets>,
) -> Option<ClockKind> {
    section.required::<String>("clock")?;
    let kinds = ClockKind::ALL.map(|kind| (kind.as_str(), kind));
    let clock = section.choice("clock", &kinds)?;
    if !targets.contains_key(&clock) {
        let place = section.place("clock");
        let message = format!(
            "the policy promises no `{}`, so this step never comes",
            clock.as_str()
        );
        section.problem(&place, message);
    }
    Some(clock)
}

fn read_point(section: &mut Section<'_>) -> Option<EscalationPoint> {
    let percent = section
        .in_range("at_percent", 1..=PERCENT_MAX)
        .map(EscalationPoint::Percent);
    let after = seconds(section.duration("after")).map(EscalationPoint::AfterStart);
    let late = seconds(section.duration("after_breach")).map(EscalationPoint::AfterBreach);
    let given = ["at_percent", "after", "after_breach"]
        .into_iter()
        .filter(|key| section.has(key))
        .count();
    if given != 1 {
        section.problem_here("say when, with one of `at_percent`, `after`, `after_breach`");
    }
    percent.or(after).or(late)
}

fn seconds(duration: Option<Duration>) -> Option<i64> {
    i64::try_from(duration?.as_secs()).ok()
}

fn read_actions(section: &mut Section<'_>, calls: &Calls<'_>) -> Vec<EscalationAction> {
    let mut actions = vec![];
    for recipient in section.located_list("notify").unwrap_or_default() {
        let known = calls.context.recipient(section, &recipient, &[ON_CALL]);
        actions.extend(known.map(EscalationAction::Notify));
    }
    let priorities = Priority::ALL.map(|priority| (priority.as_str(), priority));
    actions.extend(
        section
            .choice("raise", &priorities)
            .map(EscalationAction::Raise),
    );
    let to: Option<Located<String>> = section.located("move");
    let to = to.and_then(|name| calls.names.find(section, &name));
    actions.extend(to.map(EscalationAction::Move));
    // Last: a move takes the ticket away from whoever has it.
    actions.extend(section.value("assign").map(EscalationAction::Assign));
    actions
}
