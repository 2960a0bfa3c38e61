//! The closed sets of values that a table can tell apart.
//!
//! Labels, forms and tiers are closed by nature. Topics, platforms, brands and languages are
//! the names that the table or the configuration mentions, and one value more that stands for
//! every name nobody mentions: the table treats all of those alike. A topic's value means the
//! topic and what lies below it, except what lies below a longer mentioned name.

use super::region::{Region, SIDES};
use super::value_set::ValueSet;
use crate::routing::{AuthorTier, Column, Row};
use crate::{Form, Label};
use std::collections::BTreeSet;

/// Names that configuration knows beside those of the table, so that holes name them.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each is the names of the column of its name")]
pub struct KnownNames {
    pub topics: BTreeSet<String>,
    pub platforms: BTreeSet<String>,
    pub brands: BTreeSet<String>,
    pub languages: BTreeSet<String>,
}

pub(super) struct Universe {
    columns: [Values; SIDES],
}

/// The values of one column.
pub(super) struct Values {
    pub(super) column: Column,
    /// Sorted; a value's number is its place here.
    pub(super) names: Vec<String>,
    /// Whether one value more stands for every other name.
    pub(super) open: bool,
}

impl Universe {
    pub(super) fn new(rows: &[Row], known: &KnownNames) -> Self {
        let columns = Column::ALL.map(|column| {
            let mut names: BTreeSet<String> = names_by_nature(column, known);
            let open = names_are_open(column);
            let mentioned = rows.iter().filter_map(|row| row.names(column)).flatten();
            names.extend(mentioned.map(str::to_owned));
            Values {
                column,
                names: names.into_iter().collect(),
                open,
            }
        });
        Self { columns }
    }

    pub(super) fn everything(&self) -> Region {
        Region(
            self.columns
                .each_ref()
                .map(|values| ValueSet::full(values.size())),
        )
    }

    /// The posts that the columns of `row` let through.
    pub(super) fn region(&self, row: &Row) -> Region {
        Region(
            self.columns
                .each_ref()
                .map(|values| match row.names(values.column) {
                    None => ValueSet::full(values.size()),
                    Some(taken) => values.covered_by(&taken),
                }),
        )
    }

    /// The columns, beside the sides of `region`.
    pub(super) fn sides<'a>(
        &'a self,
        region: &'a Region,
    ) -> impl Iterator<Item = (&'a Values, &'a ValueSet)> {
        self.columns.iter().zip(&region.0)
    }
}

impl Values {
    pub(super) fn size(&self) -> usize {
        self.names.len() + usize::from(self.open)
    }

    /// The number of the value that stands for every name nobody mentions.
    pub(super) fn other(&self) -> Option<usize> {
        self.open.then_some(self.names.len())
    }

    fn covered_by(&self, taken: &[&str]) -> ValueSet {
        let covered = self.names.iter().enumerate().filter(|(_, name)| {
            taken.iter().any(|taken| match self.column {
                Column::Topic => is_under(name, taken),
                _ => name == taken,
            })
        });
        ValueSet::of(self.size(), covered.map(|(number, _)| number))
    }
}

/// Whether `topic` is `above` or lies below it.
pub(super) fn is_under(topic: &str, above: &str) -> bool {
    topic
        .strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn names_by_nature(column: Column, known: &KnownNames) -> BTreeSet<String> {
    match column {
        Column::Label => owned(Label::ALL.map(Label::as_str)),
        Column::Form => owned(Form::ALL.map(Form::as_str)),
        Column::AuthorTier => owned(AuthorTier::ALL.map(AuthorTier::as_str)),
        Column::Topic => known.topics.clone(),
        Column::Platform => known.platforms.clone(),
        Column::Brand => known.brands.clone(),
        Column::Language => known.languages.clone(),
    }
}

const fn names_are_open(column: Column) -> bool {
    match column {
        Column::Label | Column::Form | Column::AuthorTier => false,
        Column::Topic | Column::Platform | Column::Brand | Column::Language => true,
    }
}

fn owned<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}
