//! What was tried and why it did or did not match: stored with every ticket, so it is kept
//! short and holds no word of the post.

use super::decide::Decision;
use super::facts::Facts;
use super::row::Column;
use crate::{Label, Slug};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Everything that led to a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// Which table decided; see [`super::RoutingTable::version`].
    #[serde(rename = "table")]
    pub table_version: String,
    /// What the table saw. What a rejected row found stands here once, not in every row.
    pub facts: Facts,
    /// One verdict per row, in the order of the table.
    pub rows: Vec<RowVerdict>,
    /// Rows that matched for another label of the post and so brought a helper.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub helpers: Vec<HelperRow>,
    /// The department that took the post because no row did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Slug>,
}

/// What one row said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowVerdict {
    /// The row's name.
    #[serde(rename = "row")]
    pub name: Arc<str>,
    /// What it said. Left out of the JSON where an earlier row had matched.
    #[serde(
        rename = "is",
        default,
        skip_serializing_if = "Verdict::is_after_match"
    )]
    pub verdict: Verdict,
}

/// What a row can say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It decided.
    Matched,
    /// A column does not fit: the first one, and what it takes (shortened when long). What
    /// was found instead is [`Explanation::found`].
    #[serde(rename = "not")]
    NotMatched {
        /// The first column that does not fit.
        #[serde(rename = "col")]
        column: Column,
        /// What the row takes there.
        #[serde(rename = "want")]
        wanted: Arc<str>,
    },
    /// Every column fits, the condition does not hold.
    #[serde(rename = "when_false")]
    ConditionFalse {
        /// The condition.
        when: Arc<str>,
    },
    /// Every column fits, the condition could not be evaluated, which counts as not holding.
    #[serde(rename = "when_failed")]
    ConditionFailed {
        /// The condition.
        when: Arc<str>,
        /// What went wrong.
        error: String,
    },
    /// Not tried: an earlier row had matched.
    #[default]
    #[serde(rename = "after")]
    AfterMatch,
}

/// A row that matched for a label which does not route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelperRow {
    /// The row's place in the table, counted from 0.
    pub row: usize,
    /// The label.
    pub label: Label,
    /// The department that helps.
    pub department: Slug,
}

impl Verdict {
    const fn is_after_match(&self) -> bool {
        matches!(self, Self::AfterMatch)
    }
}

impl Explanation {
    /// The row that decided, counted from 0; `None` where the fallback did.
    pub fn matched_row(&self) -> Option<usize> {
        self.rows
            .iter()
            .position(|row| row.verdict == Verdict::Matched)
    }

    /// What the post has in that column.
    pub fn found(&self, column: Column) -> String {
        let facts = &self.facts;
        match column {
            Column::Label => facts.label.to_string(),
            Column::Topic if facts.topics.is_empty() => "none".to_owned(),
            Column::Topic => facts.topics.join(", "),
            Column::Platform => facts.platform.to_string(),
            Column::Brand => facts.brand.to_string(),
            Column::Language => facts.language.clone(),
            Column::Form => facts.form.as_str().to_owned(),
            Column::AuthorTier => facts.author_tier.to_string(),
        }
    }
}

/// The decision in sentences an agent can read, one line each.
pub fn explain_lines(decision: &Decision) -> Vec<String> {
    let explanation = &decision.explanation;
    let mut lines = vec![owner(decision)];
    lines.extend(roles(decision));
    lines.push(priority(decision));
    lines.push(format!("table {}:", explanation.table_version));
    lines.extend(
        explanation
            .rows
            .iter()
            .enumerate()
            .map(|(at, row)| line(explanation, at, row)),
    );
    if let Some(department) = &explanation.fallback {
        lines.push(format!("  no row matched: `{department}` is the fallback"));
    }
    lines
}

fn owner(decision: &Decision) -> String {
    let matched = decision.explanation.matched_row();
    match matched.and_then(|at| decision.explanation.rows.get(at)) {
        Some(row) => format!("department {} by row `{}`", decision.department, row.name),
        None => format!("department {} by fallback", decision.department),
    }
}

fn roles(decision: &Decision) -> Vec<String> {
    let mut lines = vec![];
    if !decision.helpers.is_empty() {
        lines.push(format!("helpers {}", join(&decision.helpers)));
    }
    if !decision.informed.is_empty() {
        lines.push(format!("informed {}", join(&decision.informed)));
    }
    if let Some(approver) = &decision.approver {
        lines.push(format!("approver {approver}"));
    }
    if let Some(policy) = &decision.sla_policy {
        lines.push(format!("sla {policy}"));
    }
    lines
}

fn priority(decision: &Decision) -> String {
    let reasons = &decision.priority_reasons;
    let points: i32 = reasons.iter().map(|(_, points)| points).sum();
    let reasons: Vec<_> = reasons
        .iter()
        .map(|(reason, points)| format!("{reason} {points:+}"))
        .collect();
    format!(
        "priority {} ({points} points: {})",
        decision.priority,
        reasons.join(", ")
    )
}

fn line(explanation: &Explanation, at: usize, row: &RowVerdict) -> String {
    let verdict = match &row.verdict {
        Verdict::Matched => "matched".to_owned(),
        Verdict::NotMatched { column, wanted } => {
            format!(
                "{column} wants {wanted}, found {}",
                explanation.found(*column)
            )
        }
        Verdict::ConditionFalse { when } => format!("`{when}` does not hold"),
        Verdict::ConditionFailed { when, error } => format!("`{when}` failed: {error}"),
        Verdict::AfterMatch => "not tried, an earlier row matched".to_owned(),
    };
    let mut line = format!("  {}. {}: {verdict}", at + 1, row.name);
    for helper in explanation.helpers.iter().filter(|helper| helper.row == at) {
        line += "; for label ";
        line += helper.label.as_str();
        line += " it brings `";
        line += helper.department.as_str();
        line.push('`');
    }
    line
}

fn join(departments: &[Slug]) -> String {
    departments
        .iter()
        .map(Slug::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
