//! [`route`]: facts and table in, decision out.

use super::explanation::{Explanation, HelperRow, RowVerdict, Verdict};
use super::facts::Facts;
use super::index::Screen;
use super::priority::{self, Priority};
use super::row::Row;
use super::table::RoutingTable;
use crate::{Label, Slug};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Who owns a post and how much it presses, with every reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The accountable owner.
    pub department: Slug,
    /// Departments that help: those of the row, then those of rows for the other labels.
    /// Never the owner, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub helpers: Vec<Slug>,
    /// Departments that are told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub informed: Vec<Slug>,
    /// The department that must agree to an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<Slug>,
    /// How much it presses.
    pub priority: Priority,
    /// What the priority is made of, in points; the sum decides.
    pub priority_reasons: Vec<(String, i32)>,
    /// The SLA policy the row names; `None` for the first that fits the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla_policy: Option<String>,
    /// What was tried.
    pub explanation: Explanation,
}

/// Decides who owns the post. The first row that fits wins; where none does, the fallback
/// department does. Deterministic: the same table and facts give the same decision.
pub fn route(table: &RoutingTable, facts: &Facts) -> Decision {
    let screen = table.index.screen(facts, facts.label);
    let (matched, rows) = verdicts(table, facts, &screen);
    let row = matched.and_then(|at| table.rows.get(at));
    let department = row
        .map_or(&table.fallback_department, |row| &row.department)
        .clone();
    let helper_rows = helper_rows(table, facts, &department);
    let reasons = priority::reasons(
        facts,
        row.and_then(|row| Some((row.name.as_str(), row.priority?))),
    );
    Decision {
        helpers: helpers(row, &helper_rows, &department),
        informed: row.map(|row| row.informed.clone()).unwrap_or_default(),
        approver: row.and_then(|row| row.approver.clone()),
        priority: Priority::of_points(priority::sum(&reasons)),
        priority_reasons: reasons,
        sla_policy: row.and_then(|row| row.sla.clone()),
        explanation: Explanation {
            table_version: table.version.clone(),
            facts: facts.clone(),
            rows,
            helpers: helper_rows,
            fallback: row.is_none().then(|| department.clone()),
        },
        department,
    }
}

fn verdicts(
    table: &RoutingTable,
    facts: &Facts,
    screen: &Screen<'_>,
) -> (Option<usize>, Vec<RowVerdict>) {
    let mut matched = None;
    let mut verdicts = Vec::with_capacity(table.compiled.len());
    for (at, row) in table.compiled.iter().enumerate() {
        let verdict = if matched.is_some() {
            Verdict::AfterMatch
        } else if let Some(column) = screen.rejecting(at) {
            Verdict::NotMatched {
                column,
                wanted: row.wanted(column),
            }
        } else {
            row.judge_condition(facts, facts.label)
        };
        if verdict == Verdict::Matched {
            matched = Some(at);
        }
        verdicts.push(RowVerdict {
            name: Arc::clone(&row.name),
            verdict,
        });
    }
    (matched, verdicts)
}

/// For each other label of the post, the first row that names the label and matches for it.
/// Chatter needs no help, so `general` brings nobody.
fn helper_rows(table: &RoutingTable, facts: &Facts, owner: &Slug) -> Vec<HelperRow> {
    let others = facts
        .labels
        .iter()
        .filter(|&&label| label != facts.label && label != Label::General);
    let rows = others.filter_map(|&label| {
        let screen = table.index.screen(facts, label);
        let row = table
            .index
            .fitting(&screen)
            .iter()
            .find(|&at| helps(table, facts, label, at))?;
        let department = table.rows.get(row)?.department.clone();
        (department != *owner).then_some(HelperRow {
            row,
            label,
            department,
        })
    });
    rows.collect()
}

fn helps(table: &RoutingTable, facts: &Facts, label: Label, at: usize) -> bool {
    let names_label = table.rows.get(at).is_some_and(|row| row.label.is_some());
    names_label
        && table
            .compiled
            .get(at)
            .is_some_and(|row| row.judge_condition(facts, label) == Verdict::Matched)
}

fn helpers(row: Option<&Row>, helper_rows: &[HelperRow], owner: &Slug) -> Vec<Slug> {
    let mut helpers: Vec<Slug> = vec![];
    let named = row.into_iter().flat_map(|row| &row.helpers);
    for helper in named.chain(helper_rows.iter().map(|helper| &helper.department)) {
        if helper != owner && !helpers.contains(helper) {
            helpers.push(helper.clone());
        }
    }
    helpers
}

#[cfg(test)]
mod tests;
