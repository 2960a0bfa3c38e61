//! `[[sla.policies.escalations]]`: whom to call when.

use super::Names;
use std::collections::BTreeMap;
use std::time::Duration;
use switchboard_config::{Located, Section};
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::{ClockKind, Escalation, EscalationAction, EscalationPoint, Targets};

/// More steps than this nobody keeps in mind, and each is one more transaction per ticket.
const STEPS_MAX: usize = 8;

/// Later than ten times the target nobody is helped by a call.
const PERCENT_MAX: u16 = 1_000;

pub(super) fn read(
    policy: &mut Section<'_>,
    names: &Names,
    targets: &BTreeMap<ClockKind, Targets>,
) -> Vec<Escalation> {
    let steps = policy.array("escalations", |section| read_step(section, names, targets));
    if steps.len() > STEPS_MAX {
        let place = policy.place("escalations");
        policy.problem(
            &place,
            format!("at most {STEPS_MAX} steps, here are {}", steps.len()),
        );
    }
    steps.into_iter().flatten().collect()
}

fn read_step(
    section: &mut Section<'_>,
    names: &Names,
    targets: &BTreeMap<ClockKind, Targets>,
) -> Option<Escalation> {
    let clock = read_clock(section, targets);
    let at = read_point(section);
    let actions = read_actions(section, names);
    if actions.is_empty() {
        section.problem_here("the step calls nobody: add `notify`, `raise`, `assign` or `move`");
        return None;
    }
    Some(Escalation {
        clock: clock?,
        at: at?,
        actions,
    })
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

fn read_actions(section: &mut Section<'_>, names: &Names) -> Vec<EscalationAction> {
    let mut actions = vec![];
    for recipient in section.located_list("notify").unwrap_or_default() {
        if recipient.value.trim().is_empty() {
            section.problem(&recipient.place, "a recipient without a name");
        } else {
            actions.push(EscalationAction::Notify(recipient.value));
        }
    }
    let priorities = Priority::ALL.map(|priority| (priority.as_str(), priority));
    actions.extend(
        section
            .choice("raise", &priorities)
            .map(EscalationAction::Raise),
    );
    let to: Option<Located<String>> = section.located("move");
    let to = to.and_then(|name| names.find(section, &name));
    actions.extend(to.map(EscalationAction::Move));
    // Last: a move takes the ticket away from whoever has it.
    actions.extend(section.value("assign").map(EscalationAction::Assign));
    actions
}
