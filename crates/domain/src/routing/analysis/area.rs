//! A box in words.

use super::region::Region;
use super::universe::{Universe, Values, is_under};
use super::value_set::ValueSet;
use crate::routing::Column;
use serde::Serialize;
use std::fmt;

/// Posts, described by the columns that tell them apart from all others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Area {
    /// The columns that narrow it; none for every post.
    pub columns: Vec<AreaColumn>,
}

/// What an area holds in one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AreaColumn {
    /// The column.
    pub column: Column,
    /// Names. A topic stands for all below it, except that `baggage/…` leaves out those
    /// topics below it that are mentioned elsewhere.
    pub names: Vec<String>,
    /// The area holds every value except the names.
    pub all_but: bool,
}

impl Area {
    pub(super) fn new(universe: &Universe, region: &Region) -> Self {
        let narrowed = universe
            .sides(region)
            .filter(|(values, side)| side.len() < values.size());
        Self {
            columns: narrowed
                .map(|(values, side)| AreaColumn::new(values, side))
                .collect(),
        }
    }
}

impl AreaColumn {
    fn new(values: &Values, side: &ValueSet) -> Self {
        let all_but = values.other().is_some_and(|other| side.contains(other));
        let listed = |number: usize| side.contains(number) != all_but;
        let numbers = 0..values.names.len();
        let names = match values.column {
            Column::Topic => topics(&values.names, listed),
            _ => numbers
                .filter(|&number| listed(number))
                .filter_map(|number| values.names.get(number).cloned())
                .collect(),
        };
        Self {
            column: values.column,
            names,
            all_but,
        }
    }
}

/// The listed topics, each subtree that is listed as a whole by its top alone.
fn topics(names: &[String], listed: impl Fn(usize) -> bool) -> Vec<String> {
    let whole = |top: &str| {
        names
            .iter()
            .enumerate()
            .all(|(at, name)| !is_under(name, top) || listed(at))
    };
    let mut words: Vec<String> = vec![];
    for (at, name) in names.iter().enumerate() {
        let is_below_another = words.iter().any(|above| is_under(name, above));
        if !listed(at) || is_below_another {
            continue;
        }
        words.push(if whole(name) {
            name.clone()
        } else {
            format!("{name}/…")
        });
    }
    words
}

impl fmt::Display for Area {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.columns.is_empty() {
            return formatter.write_str("every post");
        }
        let columns: Vec<_> = self.columns.iter().map(AreaColumn::to_string).collect();
        formatter.write_str(&columns.join("; "))
    }
}

impl fmt::Display for AreaColumn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let but = if self.all_but { "any but " } else { "" };
        write!(formatter, "{} {but}{}", self.column, self.names.join(", "))
    }
}
