//! Promises: which clocks a ticket gets, how long each may take, and who is called when.

use super::{ClockKind, HoldKind};
use crate::routing::{AuthorTier, Priority};
use crate::{Label, Slug};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Seconds allowed, by priority. A priority that is missing has no clock.
pub type Targets = BTreeMap<Priority, i64>;

/// The promise of one policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlaPolicy {
    /// Its name in the configuration.
    pub name: String,
    /// Whom it is for.
    pub scope: PolicyScope,
    /// What each clock may take. A kind that is missing has no clock.
    pub targets: BTreeMap<ClockKind, Targets>,
    /// The calendar the targets count in; `None` for that of the department, and around the
    /// clock where it has none. [`ClockKind::Triage`] always counts around the clock.
    pub calendar: Option<String>,
    /// When to warn, in percent of the target, ascending, each below 100.
    pub warn_at_percent: Vec<u8>,
    /// The holds for which its clocks pause.
    pub pauses_on: BTreeSet<HoldKind>,
    /// Whether an automatic answer counts as one.
    pub automatic_reply_counts: bool,
    /// Whom to call when, in order.
    pub escalations: Vec<Escalation>,
}

/// Which tickets a policy speaks for; an empty set stands for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the ticket's field of that name")]
pub struct PolicyScope {
    pub labels: BTreeSet<Label>,
    pub platforms: BTreeSet<Slug>,
    pub departments: BTreeSet<Slug>,
    pub author_tiers: BTreeSet<AuthorTier>,
    pub languages: BTreeSet<String>,
}

/// What a policy may look at.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is the ticket's field of that name")]
pub struct PolicyFacts<'a> {
    pub label: Label,
    pub platform: &'a Slug,
    pub department: &'a Slug,
    pub author_tier: AuthorTier,
    pub language: &'a str,
}

/// One step of an escalation chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// Of which clock.
    pub clock: ClockKind,
    /// When.
    pub at: EscalationPoint,
    /// What is done, in order.
    pub actions: Vec<EscalationAction>,
}

/// When an escalation step is due, counted like the clock itself: in open hours, without its
/// pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EscalationPoint {
    /// When this share of the target is used up, in percent; may lie above 100.
    Percent(u16),
    /// So many seconds after the clock started.
    AfterStart(i64),
    /// So many seconds after the deadline.
    AfterBreach(i64),
}

/// Instead of a recipient or a person: whoever is on call for the department that holds the
/// ticket once the step is done.
pub const ON_CALL: &str = "on-call";

/// What an escalation step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EscalationAction {
    /// Tells this recipient, or [`ON_CALL`].
    Notify(String),
    /// Raises the priority to this at least.
    Raise(Priority),
    /// Gives the ticket to this person, or to [`ON_CALL`].
    Assign(String),
    /// Hands the ticket to this department.
    Move(Slug),
}

impl PolicyScope {
    /// Whether the policy speaks for such a ticket.
    pub fn contains(&self, facts: &PolicyFacts<'_>) -> bool {
        has(&self.labels, &facts.label)
            && has(&self.platforms, facts.platform)
            && has(&self.departments, facts.department)
            && has(&self.author_tiers, &facts.author_tier)
            && (self.languages.is_empty() || self.languages.contains(facts.language))
    }
}

impl SlaPolicy {
    /// Seconds allowed for that clock at that priority; `None` where nothing is promised.
    pub fn target_seconds(&self, kind: ClockKind, priority: Priority) -> Option<i64> {
        self.targets.get(&kind)?.get(&priority).copied()
    }
}

impl EscalationPoint {
    /// Seconds of running time from the start of a clock with that target.
    pub const fn seconds(self, target_seconds: i64) -> i64 {
        match self {
            // Widening first: targets are below a year, so this fits by far.
            Self::Percent(percent) => target_seconds.saturating_mul(percent as i64) / 100,
            Self::AfterStart(seconds) => seconds,
            Self::AfterBreach(seconds) => target_seconds.saturating_add(seconds),
        }
    }
}

fn has<T: Ord>(set: &BTreeSet<T>, value: &T) -> bool {
    set.is_empty() || set.contains(value)
}
