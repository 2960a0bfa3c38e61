//! SLA clocks: deadlines and milestones, as pure arithmetic.
//!
//! A clock is started once per cycle, fires each milestone once, and never heals: a recorded
//! breach stays one whatever happens later. Targets are wall-clock seconds; calendars narrow
//! them in a later step without changing these types.

use crate::Label;
use crate::mention::StartReason;
use crate::routing::Priority;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a clock measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// From the first post to the first answer by a person.
    FirstResponse,
}

impl ClockKind {
    /// The contract's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstResponse => "first_response",
        }
    }
}

/// A point on the way to the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    /// This share of the target, in percent, is used up.
    Warning(u8),
    /// The deadline itself.
    Breach,
}

impl std::fmt::Display for Milestone {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Warning(percent) => write!(formatter, "warning_{percent}"),
            Self::Breach => formatter.write_str("breach"),
        }
    }
}

/// Why a clock stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopCause {
    /// A person answered.
    Replied,
    /// Resolved without an answer: counted as cancelled, not as kept.
    Resolved,
    /// The author deleted every post of the ticket.
    PostDeleted,
}

/// Where and why a clock stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The instant.
    pub at: Timestamp,
    /// The cause.
    pub cause: StopCause,
}

/// How a clock stands, as a report counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockStatus {
    /// Ticking, not late.
    Running,
    /// Stopped in time by an answer.
    Met,
    /// The deadline passed first.
    Breached,
    /// Stopped in time by something that is no answer.
    Cancelled,
}

/// The promise of one policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlaPolicy {
    /// Its name in the configuration.
    pub name: String,
    /// Labels it applies to; empty for all.
    pub labels: Vec<Label>,
    /// Seconds to the first answer, by priority. A priority without a target has no clock.
    pub first_response_seconds: BTreeMap<Priority, i64>,
    /// When to warn, in percent of the target, ascending, each below 100.
    pub warn_at_percent: Vec<u8>,
}

/// One clock of one ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlaClock {
    /// What it measures.
    pub kind: ClockKind,
    /// Counts from 1; a clock that starts anew is a new cycle.
    pub cycle: u32,
    /// The policy that set it.
    pub policy: String,
    /// Where it started.
    pub started_at: Timestamp,
    /// Why there.
    pub start_reason: StartReason,
    /// Seconds allowed, by priority, as the policy stood at the start.
    pub targets_seconds: BTreeMap<Priority, i64>,
    /// Seconds allowed now.
    pub target_seconds: i64,
    /// `started_at` plus the target.
    pub due_at: Timestamp,
    /// When to warn, in percent of the target.
    pub warn_at_percent: Vec<u8>,
    /// Milestones fired, in order.
    pub fired: Vec<Milestone>,
    /// The instant of the deadline that was missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breached_at: Option<Timestamp>,
    /// Set once it no longer ticks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stop>,
}

/// A milestone that is due, with the instant it fell due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueMilestone {
    /// Of which clock.
    pub clock: ClockKind,
    /// Of which cycle.
    pub cycle: u32,
    /// Which point.
    pub milestone: Milestone,
    /// When it fell due.
    pub due_at: Timestamp,
}

/// The first policy that speaks for `label`; `wanted` is the one the routing row names.
pub fn select_policy<'a>(
    policies: &'a [SlaPolicy],
    wanted: Option<&str>,
    label: Label,
) -> Option<&'a SlaPolicy> {
    if let Some(name) = wanted {
        return policies.iter().find(|policy| policy.name == name);
    }
    policies
        .iter()
        .find(|policy| policy.labels.is_empty() || policy.labels.contains(&label))
}

impl SlaPolicy {
    /// The first-response clock this policy gives a ticket; `None` where it sets no target.
    pub fn first_response(
        &self,
        priority: Priority,
        (started_at, start_reason): (Timestamp, StartReason),
    ) -> Option<SlaClock> {
        let target_seconds = *self.first_response_seconds.get(&priority)?;
        Some(SlaClock {
            kind: ClockKind::FirstResponse,
            cycle: 1,
            policy: self.name.clone(),
            started_at,
            start_reason,
            targets_seconds: self.first_response_seconds.clone(),
            target_seconds,
            due_at: after(started_at, target_seconds),
            warn_at_percent: self.warn_at_percent.clone(),
            fired: Vec::new(),
            breached_at: None,
            stopped: None,
        })
    }
}

impl SlaClock {
    /// How it stands.
    pub fn status(&self) -> ClockStatus {
        match (self.breached_at, self.stopped) {
            (Some(_), _) => ClockStatus::Breached,
            (
                None,
                Some(Stop {
                    cause: StopCause::Replied,
                    ..
                }),
            ) => ClockStatus::Met,
            (None, Some(_)) => ClockStatus::Cancelled,
            (None, None) => ClockStatus::Running,
        }
    }

    /// The next milestone that has not fired; `None` when there is nothing left to fire.
    pub fn next_milestone(&self) -> Option<DueMilestone> {
        if self.stopped.is_some() {
            return None;
        }
        self.milestones()
            .find(|due| !self.fired.contains(&due.milestone))
    }

    /// Every milestone that is due at `now` and has not fired, in order.
    pub fn due(&self, now: Timestamp) -> Vec<DueMilestone> {
        if self.stopped.is_some() {
            return Vec::new();
        }
        self.milestones()
            .filter(|due| due.due_at <= now && !self.fired.contains(&due.milestone))
            .collect()
    }

    /// The deadline another priority gives, counted from the original start; `None` where
    /// the policy has no target for it or the clock no longer ticks.
    pub fn retarget(&self, priority: Priority) -> Option<(i64, Timestamp)> {
        let target_seconds = *self.targets_seconds.get(&priority)?;
        let ticking = self.stopped.is_none() && self.breached_at.is_none();
        (ticking && target_seconds != self.target_seconds)
            .then(|| (target_seconds, after(self.started_at, target_seconds)))
    }

    fn milestones(&self) -> impl Iterator<Item = DueMilestone> + '_ {
        let warnings = self.warn_at_percent.iter().map(|&percent| {
            let seconds = self.target_seconds.saturating_mul(i64::from(percent)) / 100;
            (Milestone::Warning(percent), after(self.started_at, seconds))
        });
        warnings
            .chain([(Milestone::Breach, self.due_at)])
            .map(|(milestone, due_at)| DueMilestone {
                clock: self.kind,
                cycle: self.cycle,
                milestone,
                due_at,
            })
    }
}

fn after(start: Timestamp, seconds: i64) -> Timestamp {
    start
        .saturating_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn clock() -> SlaClock {
        let policy = SlaPolicy {
            name: "standard".into(),
            labels: vec![],
            first_response_seconds: [(Priority::Normal, 1800), (Priority::High, 600)].into(),
            warn_at_percent: vec![50, 75],
        };
        policy
            .first_response(Priority::Normal, (at(0), StartReason::PostTime))
            .unwrap()
    }

    #[rstest]
    #[case::nothing_yet(14, &[])]
    #[case::first_warning_this_instant(15, &[Milestone::Warning(50)])]
    #[case::both_warnings(23, &[Milestone::Warning(50), Milestone::Warning(75)])]
    #[case::due_this_instant(30, &[Milestone::Warning(50), Milestone::Warning(75), Milestone::Breach])]
    fn milestones_due(#[case] minute: i64, #[case] want: &[Milestone]) {
        let due: Vec<_> = clock()
            .due(at(minute))
            .into_iter()
            .map(|due| due.milestone)
            .collect();
        assert_eq!(due, want);
    }

    #[rstest]
    #[case::running(None, None, ClockStatus::Running)]
    #[case::answered_in_time(None, Some(StopCause::Replied), ClockStatus::Met)]
    #[case::answered_late(Some(30), Some(StopCause::Replied), ClockStatus::Breached)]
    #[case::resolved_without_answer(None, Some(StopCause::Resolved), ClockStatus::Cancelled)]
    #[case::deleted(None, Some(StopCause::PostDeleted), ClockStatus::Cancelled)]
    fn status(
        #[case] breached: Option<i64>,
        #[case] stopped: Option<StopCause>,
        #[case] want: ClockStatus,
    ) {
        let mut clock = clock();
        clock.breached_at = breached.map(at);
        clock.stopped = stopped.map(|cause| Stop { at: at(40), cause });
        assert_eq!(clock.status(), want);
    }

    #[test]
    fn a_stopped_clock_fires_nothing() {
        let mut clock = clock();
        clock.stopped = Some(Stop {
            at: at(1),
            cause: StopCause::Replied,
        });
        assert_eq!(clock.due(at(1_000)), vec![]);
        assert_eq!(clock.next_milestone(), None);
    }

    #[test]
    fn another_priority_counts_from_the_original_start() {
        assert_eq!(clock().retarget(Priority::High), Some((600, at(10))));
        assert_eq!(clock().retarget(Priority::Normal), None, "nothing changes");
        assert_eq!(
            clock().retarget(Priority::Low),
            None,
            "the policy has no target for it"
        );
    }

    proptest! {
        #[test]
        fn never_early_and_never_twice(minutes in proptest::collection::vec(0_i64..90, 1..20)) {
            let mut clock = clock();
            let mut fired = vec![];
            let mut minutes = minutes;
            minutes.sort_unstable();
            for minute in minutes {
                for due in clock.due(at(minute)) {
                    prop_assert!(due.due_at <= at(minute));
                    prop_assert!(!fired.contains(&due.milestone));
                    fired.push(due.milestone);
                    clock.fired.push(due.milestone);
                }
            }
        }
    }
}
