//! `[classify.opinion]`: when advisers are asked, and what they may cost. Who is asked stands
//! in its tables; the server reads where they are.

use super::desk::DeskLimits;
use jiff::SignedDuration;
use std::time::Duration;
use switchboard_config::Section;

/// A third of a rule's share of evidence: on labelled posts such a score of `pr_risk` stands
/// before one post in ten, most of which are none.
const RISK_SCORE_MIN: f32 = 0.1;

/// One a second: what a person would let a paid model cost without looking.
const BUDGET_PER_MINUTE: u32 = 60;

/// A busy day of a brand has some thousand doubtful posts.
const BUDGET_PER_DAY: u32 = 5_000;

/// Above this a budget is none.
const BUDGET_MOST: u32 = 1_000_000;

/// The same words come back within hours, in reposts and campaigns; a model is exchanged
/// within days.
const CACHE_FOR: Duration = Duration::from_hours(24);

/// Two days' budget, at about a hundred bytes each.
const CACHE_SIZE: usize = 10_000;

/// A hundred megabytes.
const CACHE_SIZE_MOST: usize = 1_000_000;

/// A model's endpoint mostly works on several questions as fast as on one.
const QUESTIONS_AT_ONCE: usize = 4;

/// More would be a load test.
const QUESTIONS_AT_ONCE_MOST: usize = 64;

/// What holds for all advisers.
#[derive(Clone, Debug, PartialEq)]
pub struct OpinionConfig {
    /// From this score of `pr_risk` on a post may be a risk.
    pub risk_score_min: f32,
    /// Questions of a minute, to each adviser.
    pub budget_per_minute: u32,
    /// Questions of a day, to each adviser.
    pub budget_per_day: u32,
    /// How long an advice counts for the same words.
    pub cache_for: Duration,
    /// How many are remembered.
    pub cache_size: usize,
    /// Questions under way at a time.
    pub questions_at_once: usize,
}

impl OpinionConfig {
    /// Reads its keys of the section; what it leaves out keeps its default.
    pub fn read(section: &mut Section<'_>) -> Self {
        let risk_score_min = section.in_range("risk_score_min", 0.0..=1.0);
        let budget_per_minute = section.in_range("budget_per_minute", 0..=BUDGET_MOST);
        let budget_per_day = section.in_range("budget_per_day", 0..=BUDGET_MOST);
        let cache_for = section.duration_or("cache_for", CACHE_FOR);
        let cache_size = section.in_range("cache_size", 0..=CACHE_SIZE_MOST);
        let at_once = section.in_range("questions_at_once", 1..=QUESTIONS_AT_ONCE_MOST);
        Self {
            risk_score_min: risk_score_min.unwrap_or(RISK_SCORE_MIN),
            budget_per_minute: budget_per_minute.unwrap_or(BUDGET_PER_MINUTE),
            budget_per_day: budget_per_day.unwrap_or(BUDGET_PER_DAY),
            cache_for,
            cache_size: cache_size.unwrap_or(CACHE_SIZE),
            questions_at_once: at_once.unwrap_or(QUESTIONS_AT_ONCE),
        }
    }

    /// What one adviser may cost that is given `timeout` for a question.
    pub fn limits(&self, timeout: Duration) -> DeskLimits {
        DeskLimits {
            timeout,
            budget_per_minute: self.budget_per_minute,
            budget_per_day: self.budget_per_day,
            cache_for: SignedDuration::try_from(self.cache_for).unwrap_or(SignedDuration::MAX),
            cache_size: self.cache_size,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use switchboard_config::Document;

    fn read(text: &str) -> (OpinionConfig, Vec<String>) {
        let environment = BTreeMap::new();
        let document = Document::parse("a.toml", text, &environment, &[]);
        let config = document.read(|root| {
            root.section("classify", |classify| {
                classify.section("opinion", OpinionConfig::read)
            })
        });
        let problems = document.into_problems();
        (config, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_is_left_out_keeps_its_default() {
        let (config, problems) = read("[classify.opinion]\nbudget_per_minute = 5\n");
        assert_eq!(problems, Vec::<String>::new());
        let (default, _) = read("");
        let want = OpinionConfig {
            budget_per_minute: 5,
            ..default
        };
        assert_eq!(config, want);
        assert_eq!(config.limits(CACHE_FOR).budget_per_minute, 5);
    }

    #[test]
    fn every_problem_has_its_place() {
        let (_, problems) = read(
            "[classify.opinion]\nrisk_score_min = 1.5\nbudget_per_minut = 3\nquestions_at_once = 0\ncache_for = 'long'\n",
        );
        insta::assert_snapshot!(problems.join("\n"), @r"
        a.toml:2:18: `risk_score_min` is 1.5; it must be from 0 to 1
        a.toml:3:1: unknown key `budget_per_minut` in `[classify.opinion]` (did you mean `budget_per_minute`? known: risk_score_min, budget_per_minute, budget_per_day, cache_for, cache_size, questions_at_once)
        a.toml:4:21: `questions_at_once` is 0; it must be from 1 to 64
        a.toml:5:13: `cache_for`: `long` is no duration; write a whole number and ms, s, m, h or d, as in `15m`
        ");
    }
}
