//! The table itself: rows checked, compiled and indexed once.

use super::condition::Condition;
use super::explanation::Verdict;
use super::facts::Facts;
use super::index::Index;
use super::row::{Column, Row};
use crate::version::version_of;
use crate::{Label, Slug};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Rows in one table: above this nobody oversees them, and an explanation names each.
pub const ROWS_MAX: usize = 1_000;

/// Values in one column of one row: a longer list belongs into the topic tree, or the row
/// wants no such column at all.
pub const VALUES_PER_COLUMN_MAX: usize = 200;

/// Bytes of a row's name: it stands in the explanation of every ticket.
pub const ROW_NAME_BYTES_MAX: usize = 60;

/// Characters of a column's values that an explanation repeats.
const WANTED_CHARS_MAX: usize = 60;

/// Rows ready to route by. Immutable: a changed table is a new one with another version.
#[derive(Debug)]
pub struct RoutingTable {
    pub(super) rows: Vec<Row>,
    pub(super) compiled: Vec<CompiledRow>,
    pub(super) index: Index,
    pub(super) fallback_department: Slug,
    pub(super) version: String,
}

/// What is wrong with one row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TableProblem {
    /// The row, counted from 0.
    pub row: usize,
    /// The field of the row, as configuration calls it; absent for the row as a whole.
    pub column: Option<&'static str>,
    /// What is wrong and how to mend it.
    pub message: String,
}

#[derive(Debug)]
pub(super) struct CompiledRow {
    pub(super) name: Arc<str>,
    wanted: Vec<(Column, Arc<str>)>,
    when: Option<(Arc<str>, Condition)>,
}

impl RoutingTable {
    /// Compiles the rows; no rows at all is a table in which the fallback takes everything.
    ///
    /// # Errors
    /// Returns every problem of every row, in the order of the rows.
    pub fn new(rows: Vec<Row>, fallback_department: Slug) -> Result<Self, Vec<TableProblem>> {
        let mut problems = Vec::new();
        let compiled = compile(&rows, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        let version = version(&rows, &fallback_department);
        Ok(Self {
            index: Index::new(&rows),
            rows,
            compiled,
            fallback_department,
            version,
        })
    }

    /// With the topics each brand sorts its posts by, which the rows refer to: another tree
    /// gives another version.
    #[must_use]
    pub fn with_topics(mut self, trees: &BTreeMap<String, BTreeSet<String>>) -> Self {
        if !trees.is_empty() {
            let canonical = serde_json::json!([self.version, trees]);
            self.version = version_of(&canonical.to_string());
        }
        self
    }

    /// Names exactly this table: the same rows in the same order, over the same topics, give
    /// the same version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The rows, in the order they are tried.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The department that takes what no row takes.
    pub const fn fallback_department(&self) -> &Slug {
        &self.fallback_department
    }
}

impl CompiledRow {
    /// What the row takes in that column, shortened when long.
    pub(super) fn wanted(&self, column: Column) -> Arc<str> {
        let found = self.wanted.iter().find(|(of, _)| *of == column);
        found.map_or_else(|| Arc::from("any"), |(_, wanted)| Arc::clone(wanted))
    }

    /// The verdict of a row all of whose columns fit.
    pub(super) fn judge_condition(&self, facts: &Facts, label: Label) -> Verdict {
        let Some((when, condition)) = &self.when else {
            return Verdict::Matched;
        };
        let when = Arc::clone(when);
        match condition.holds(facts, label) {
            Ok(true) => Verdict::Matched,
            Ok(false) => Verdict::ConditionFalse { when },
            Err(error) => Verdict::ConditionFailed { when, error },
        }
    }
}

fn compile(rows: &[Row], problems: &mut Vec<TableProblem>) -> Vec<CompiledRow> {
    if rows.len() > ROWS_MAX {
        problems.push(TableProblem {
            row: ROWS_MAX,
            column: None,
            message: format!(
                "the table has {} rows, at most {ROWS_MAX} are allowed",
                rows.len()
            ),
        });
        return Vec::new();
    }
    let mut names = BTreeMap::new();
    let mut compiled = Vec::with_capacity(rows.len());
    for (number, row) in rows.iter().enumerate() {
        let mut report = |column, message| {
            problems.push(TableProblem {
                row: number,
                column,
                message,
            });
        };
        check_name(row, number, &mut names, &mut report);
        check_columns(row, &mut report);
        let when = compile_when(row, &mut report);
        compiled.push(CompiledRow {
            name: Arc::from(row.name.as_str()),
            wanted: wanted(row),
            when,
        });
    }
    compiled
}

fn check_name<'a>(
    row: &'a Row,
    number: usize,
    names: &mut BTreeMap<&'a str, usize>,
    report: &mut impl FnMut(Option<&'static str>, String),
) {
    let name = row.name.as_str();
    if name.trim().is_empty() {
        report(
            Some("name"),
            "a row needs a name, explanations call it by it".to_owned(),
        );
    } else if name.len() > ROW_NAME_BYTES_MAX || name.chars().any(char::is_control) {
        let limit = format!("at most {ROW_NAME_BYTES_MAX} bytes in one line");
        report(
            Some("name"),
            format!("the row name `{name}` must be {limit}"),
        );
    }
    if let Some(first) = names.get(name) {
        let message = format!("row `{name}` has the name of row {}", first + 1);
        report(Some("name"), message);
    } else {
        names.insert(name, number);
    }
}

fn check_columns(row: &Row, report: &mut impl FnMut(Option<&'static str>, String)) {
    let name = &row.name;
    for column in Column::ALL {
        let Some(values) = row.names(column) else {
            continue;
        };
        if values.is_empty() {
            let message =
                format!("row `{name}` takes no {column} at all; leave it out to take every one");
            report(Some(column.as_str()), message);
        }
        if values.len() > VALUES_PER_COLUMN_MAX {
            let message = format!(
                "row `{name}` names {} values, at most {VALUES_PER_COLUMN_MAX} are allowed",
                values.len()
            );
            report(Some(column.as_str()), message);
        }
        for value in values {
            if let Some(expected) = malformed(column, value) {
                let message = format!("row `{name}`: `{value}` is not {expected}");
                report(Some(column.as_str()), message);
            }
        }
    }
}

/// What the value should look like, when it does not.
fn malformed(column: Column, value: &str) -> Option<&'static str> {
    match column {
        Column::Topic if !value.split('/').all(|part| Slug::new(part).is_ok()) => {
            Some("a topic: names of a-z, 0-9 and `-`, joined by `/`")
        }
        Column::Language if !is_language(value) => {
            Some("a language: an ISO 639 code in lower case, or `und`")
        }
        _ => None,
    }
}

fn is_language(value: &str) -> bool {
    (2..=3).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn compile_when(
    row: &Row,
    report: &mut impl FnMut(Option<&'static str>, String),
) -> Option<(Arc<str>, Condition)> {
    let when = row.when.as_deref()?;
    match Condition::compile(when) {
        Ok(condition) => Some((Arc::from(when), condition)),
        Err(message) => {
            report(Some("when"), format!("row `{}`: {message}", row.name));
            None
        }
    }
}

fn wanted(row: &Row) -> Vec<(Column, Arc<str>)> {
    let named = Column::ALL
        .into_iter()
        .filter_map(|column| Some((column, row.names(column)?)));
    named
        .map(|(column, names)| (column, Arc::from(shortened(&names.join(", ")))))
        .collect()
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= WANTED_CHARS_MAX {
        return text.to_owned();
    }
    text.chars()
        .take(WANTED_CHARS_MAX - 1)
        .chain(['…'])
        .collect()
}

/// Sets are ordered and absent fields left out, so the JSON of the rows is canonical.
fn version(rows: &[Row], fallback_department: &Slug) -> String {
    version_of(&serde_json::json!([fallback_department, rows]).to_string())
}

#[cfg(test)]
mod tests;
