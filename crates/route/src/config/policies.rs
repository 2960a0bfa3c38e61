//! `[[sla.policies]]`: the promises.

use super::calendars::Calendars;
use super::{Calls, columns, escalations};
use std::collections::BTreeMap;
use std::time::Duration;
use switchboard_config::Section;
use switchboard_domain::Label;
use switchboard_domain::routing::{AuthorTier, Priority};
use switchboard_domain::sla::{ClockKind, HoldKind, PolicyScope, SlaPolicy, Targets};

/// Above this a promise is none; it also keeps every deadline within the calendar.
const TARGET_MAX: Duration = Duration::from_hours(24 * 366);

/// More warnings than this are noise, and each is one more transaction per ticket.
const WARNINGS_MAX: usize = 5;

pub(super) fn read(
    sla: &mut Section<'_>,
    calls: &Calls<'_>,
    calendars: &Calendars,
) -> Vec<SlaPolicy> {
    let policies: Vec<SlaPolicy> = sla
        .array("policies", |section| read_policy(section, calls, calendars))
        .into_iter()
        .flatten()
        .collect();
    for (index, policy) in policies.iter().enumerate() {
        if policies[..index]
            .iter()
            .any(|earlier| earlier.name == policy.name)
        {
            let message = format!("two SLA policies are called `{}`: rename one", policy.name);
            sla.problem_here(message);
        }
    }
    policies
}

fn read_policy(
    section: &mut Section<'_>,
    calls: &Calls<'_>,
    calendars: &Calendars,
) -> Option<SlaPolicy> {
    let name: Option<String> = section.required("name");
    let scope = read_scope(section, calls);
    let targets = read_clocks(section);
    let kinds = HoldKind::ALL.map(|kind| (kind.as_str(), kind));
    let pauses_on = section.choices("pauses_on", &kinds).unwrap_or_default();
    if pauses_on.iter().any(|kind| !kind.may_pause()) {
        let place = section.place("pauses_on");
        section.problem(
            &place,
            "an approval is our own time: no clock pauses for it",
        );
    }
    let escalations = escalations::read(section, calls, &scope, &targets);
    Some(SlaPolicy {
        name: name?,
        scope,
        targets,
        calendar: calendars.find(section, "calendar"),
        warn_at_percent: read_warnings(section),
        pauses_on: pauses_on.into_iter().collect(),
        automatic_reply_counts: section.value_or("automatic_reply_counts", false),
        escalations,
    })
}

fn read_scope(section: &mut Section<'_>, calls: &Calls<'_>) -> PolicyScope {
    let labels = Label::ALL.map(|label| (label.as_str(), label));
    let tiers = AuthorTier::ALL.map(|tier| (tier.as_str(), tier));
    let labels = section.choices("label", &labels).unwrap_or_default();
    let tiers = section.choices("author_tier", &tiers).unwrap_or_default();
    let departments = section.located_list("department").unwrap_or_default();
    let departments = departments
        .iter()
        .filter_map(|name| calls.names.find(section, name))
        .collect();
    PolicyScope {
        labels: labels.into_iter().collect(),
        platforms: columns::platforms(section, calls.context).unwrap_or_default(),
        departments,
        author_tiers: tiers.into_iter().collect(),
        languages: columns::languages(section).unwrap_or_default(),
    }
}

fn read_clocks(section: &mut Section<'_>) -> BTreeMap<ClockKind, Targets> {
    let promises_something = ClockKind::ALL
        .into_iter()
        .any(|kind| section.has(kind.as_str()));
    if !promises_something {
        let known = ClockKind::ALL.map(ClockKind::as_str).join(", ");
        section.problem_here(format!(
            "the policy promises nothing: give one of {known} a time"
        ));
    }
    let mut clocks = BTreeMap::new();
    for kind in ClockKind::ALL {
        let targets = section.optional_section(kind.as_str(), |targets| {
            if !names_a_priority(targets) {
                let message = format!(
                    "`{}` has no target: give at least one priority a time",
                    kind.as_str()
                );
                targets.problem_here(message);
            }
            read_targets(targets)
        });
        if let Some(targets) = targets {
            clocks.insert(kind, targets);
        }
    }
    clocks
}

/// A target that is wrong has its own problem, and needs no second one.
fn names_a_priority(section: &Section<'_>) -> bool {
    Priority::ALL
        .iter()
        .any(|priority| section.has(priority.as_str()))
}

fn read_targets(section: &mut Section<'_>) -> Targets {
    let mut targets = Targets::new();
    for priority in Priority::ALL {
        let Some(target) = section.duration(priority.as_str()) else {
            continue;
        };
        if target < Duration::from_secs(1) || target > TARGET_MAX {
            let place = section.place(priority.as_str());
            section.problem(&place, "must be from 1s to 366d");
        } else {
            targets.insert(
                priority,
                i64::try_from(target.as_secs()).unwrap_or(i64::MAX),
            );
        }
    }
    targets
}

fn read_warnings(section: &mut Section<'_>) -> Vec<u8> {
    let warnings: Vec<u8> = section.value_or("warn_at_percent", vec![]);
    let ascending = warnings.windows(2).all(|pair| pair[0] < pair[1]);
    let in_range = warnings.iter().all(|percent| (1..=99).contains(percent));
    if !ascending || !in_range || warnings.len() > WARNINGS_MAX {
        let place = section.place("warn_at_percent");
        let message = format!("must be at most {WARNINGS_MAX} ascending numbers from 1 to 99");
        section.problem(&place, message);
        return vec![];
    }
    warnings
}
