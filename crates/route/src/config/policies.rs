//! `[[sla.policies]]`: the promises.

use std::collections::BTreeMap;
use std::time::Duration;
use switchboard_config::Section;
use switchboard_domain::Label;
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::SlaPolicy;

/// Above this a promise is none; it also keeps every deadline within the calendar.
const TARGET_MAX: Duration = Duration::from_hours(24 * 366);

/// More warnings than this are noise, and each is one more transaction per ticket.
const WARNINGS_MAX: usize = 5;

pub(super) fn read(sla: &mut Section<'_>) -> Vec<SlaPolicy> {
    let policies: Vec<SlaPolicy> = sla
        .array("policies", read_policy)
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

fn read_policy(section: &mut Section<'_>) -> Option<SlaPolicy> {
    let name: Option<String> = section.required("name");
    let labels = section.choices("label", &Label::ALL.map(|label| (label.as_str(), label)));
    let (promises_something, first_response_seconds) = section
        .section("first_response", |targets| {
            (names_a_priority(targets), read_targets(targets))
        });
    if !promises_something {
        section.problem_here("`first_response` has no target: give at least one priority a time");
    }
    let warn_at_percent = read_warnings(section);
    Some(SlaPolicy {
        name: name?,
        labels: labels.unwrap_or_default(),
        first_response_seconds,
        warn_at_percent,
    })
}

/// A target that is wrong has its own problem, and needs no second one.
fn names_a_priority(section: &Section<'_>) -> bool {
    Priority::ALL
        .iter()
        .any(|priority| section.has(priority.as_str()))
}

fn read_targets(section: &mut Section<'_>) -> BTreeMap<Priority, i64> {
    let mut targets = BTreeMap::new();
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
