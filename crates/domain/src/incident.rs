//! When several posts are a crisis: the first, simple rule.
//!
//! One `pr_risk` post of high severity or wide reach, or several by different authors within
//! a short window, opens an incident of the brand. The statistical detector of the next step
//! answers the same question with the same types.

use crate::Label;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the rule needs to know of one post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskSignal {
    /// The post's time, clamped to receipt.
    pub at: Timestamp,
    /// Hash of the author; empty when unknown, and then it counts as nobody.
    pub author: String,
    /// The verdict.
    pub label: Label,
    /// 0 to 10.
    pub severity: u8,
    /// Of the author.
    pub followers: u64,
    /// History raises no alarm.
    pub backfill: bool,
}

/// When to call people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentRule {
    /// One post of this severity is enough.
    pub severity_min: u8,
    /// One post by an author with this many followers is enough.
    pub followers_min: u64,
    /// So many different authors are enough ...
    pub authors_min: usize,
    /// ... within this time.
    pub window: SignedDuration,
}

impl Default for IncidentRule {
    fn default() -> Self {
        Self {
            severity_min: 9,
            followers_min: 100_000,
            authors_min: 5,
            window: SignedDuration::from_mins(10),
        }
    }
}

/// Why an incident was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// One post was grave enough.
    Severity,
    /// One author reaches enough people.
    Reach,
    /// Enough different authors.
    Authors,
}

impl IncidentRule {
    /// Whether `signal`, after the `earlier` ones of its brand, is a crisis.
    pub fn judge(&self, signal: &RiskSignal, earlier: &[RiskSignal]) -> Option<Trigger> {
        if signal.label != Label::PrRisk || signal.backfill {
            return None;
        }
        if signal.severity >= self.severity_min {
            return Some(Trigger::Severity);
        }
        if signal.followers >= self.followers_min {
            return Some(Trigger::Reach);
        }
        (self.authors(signal, earlier) >= self.authors_min).then_some(Trigger::Authors)
    }

    fn authors(&self, signal: &RiskSignal, earlier: &[RiskSignal]) -> usize {
        let in_window = earlier.iter().filter(|other| {
            other.label == Label::PrRisk
                && !other.backfill
                && signal.at.duration_since(other.at).abs() <= self.window
        });
        let authors: BTreeSet<&str> = in_window
            .chain([signal])
            .map(|signal| signal.author.as_str())
            .collect();
        authors
            .into_iter()
            .filter(|author| !author.is_empty())
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn risk(minute: i64, author: &str) -> RiskSignal {
        RiskSignal {
            at: Timestamp::from_second(minute * 60).unwrap(),
            author: author.into(),
            label: Label::PrRisk,
            severity: 5,
            followers: 10,
            backfill: false,
        }
    }

    #[rstest]
    #[case::five_in_ten_minutes(&[(0, "a"), (2, "b"), (4, "c"), (6, "d")], Some(Trigger::Authors))]
    #[case::four(&[(2, "b"), (4, "c"), (6, "d")], None)]
    #[case::one_person_five_times(&[(0, "e"), (2, "e"), (4, "e"), (6, "e")], None)]
    #[case::too_far_apart(&[(-5, "a"), (2, "b"), (4, "c"), (6, "d")], None)]
    fn several_authors(#[case] earlier: &[(i64, &str)], #[case] want: Option<Trigger>) {
        let earlier: Vec<_> = earlier
            .iter()
            .map(|(minute, who)| risk(*minute, who))
            .collect();
        assert_eq!(IncidentRule::default().judge(&risk(8, "e"), &earlier), want);
    }

    #[rstest]
    #[case::grave(9, 0, false, Some(Trigger::Severity))]
    #[case::wide(1, 100_000, false, Some(Trigger::Reach))]
    #[case::history(10, 1_000_000, true, None)]
    #[case::neither(8, 99_999, false, None)]
    fn one_post(
        #[case] severity: u8,
        #[case] followers: u64,
        #[case] backfill: bool,
        #[case] want: Option<Trigger>,
    ) {
        let signal = RiskSignal {
            severity,
            followers,
            backfill,
            ..risk(0, "a")
        };
        assert_eq!(IncidentRule::default().judge(&signal, &[]), want);
    }
}
