//! `[alert]`: when to call people, and through which channels.

use crate::notify::settings::{NotifierConfig, read_notifiers};
use jiff::SignedDuration;
use std::time::Duration;
use switchboard_config::Section;
use switchboard_domain::incident::IncidentRule;

/// A longer window would make a week of grumbling a crisis, and is what baselines are for.
const WINDOW_MAX: Duration = Duration::from_hours(24);

/// What the alert stage is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertConfig {
    /// When to call people.
    pub rule: IncidentRule,
    /// Through which channels, in the order of the file.
    pub notifiers: Vec<NotifierConfig>,
}

impl AlertConfig {
    /// Reads the section; what it leaves out keeps its default.
    pub fn read(section: &mut Section<'_>) -> Self {
        Self {
            rule: read_rule(section),
            notifiers: read_notifiers(section),
        }
    }
}

fn read_rule(section: &mut Section<'_>) -> IncidentRule {
    let default = IncidentRule::default();
    let window = section
        .duration("window")
        .unwrap_or(default.window.unsigned_abs());
    if window.is_zero() || window > WINDOW_MAX {
        section.problem(&section.place("window"), "must be from 1s to 24h");
    }
    IncidentRule {
        severity_min: section
            .in_range("severity_min", 1..=10)
            .unwrap_or(default.severity_min),
        followers_min: section.value_or("followers_min", default.followers_min),
        authors_min: section
            .in_range("authors_min", 2..=1_000)
            .unwrap_or(default.authors_min),
        window: SignedDuration::try_from(window).unwrap_or(default.window),
    }
}
