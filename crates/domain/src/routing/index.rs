//! Which rows a value lets through: one set of rows per column and value, built once, so
//! that routing one post is a handful of set intersections however long the table is.

use super::Facts;
use super::row::{Column, Row};
use crate::Label;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A set of row numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RowSet(Vec<u64>);

impl RowSet {
    fn empty(rows: usize) -> Self {
        Self(vec![0; rows.div_ceil(64)])
    }

    pub(super) fn insert(&mut self, row: usize) {
        if let Some(word) = self.0.get_mut(row / 64) {
            *word |= 1 << (row % 64);
        }
    }

    pub(super) fn contains(&self, row: usize) -> bool {
        self.0
            .get(row / 64)
            .is_some_and(|word| word & (1 << (row % 64)) != 0)
    }

    fn add(&mut self, other: &Self) {
        for (word, &more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }

    fn keep(&mut self, other: &Self) {
        for (word, &kept) in self.0.iter_mut().zip(&other.0) {
            *word &= kept;
        }
    }

    /// The numbers in it, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, &word)| {
            (0..64)
                .filter(move |bit| word & (1 << bit) != 0)
                .map(move |bit| at * 64 + bit)
        })
    }
}

/// For every column, the rows each value lets through.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    rows: usize,
    columns: Vec<(Column, ColumnIndex)>,
}

#[derive(Clone, Debug)]
struct ColumnIndex {
    /// Rows without this column.
    any: RowSet,
    /// Rows that name the value, and those of `any`.
    by_name: BTreeMap<String, RowSet>,
}

/// The rows that each column lets through for one post.
pub(super) struct Screen<'a>(Vec<(Column, Cow<'a, RowSet>)>);

impl Index {
    pub(super) fn new(rows: &[Row]) -> Self {
        let columns = Column::ALL.map(|column| (column, ColumnIndex::new(rows, column)));
        Self {
            rows: rows.len(),
            columns: columns.into(),
        }
    }

    /// What every column says about `facts`, were its label `label`.
    pub(super) fn screen(&self, facts: &Facts, label: Label) -> Screen<'_> {
        let screened = self.columns.iter().map(|(column, index)| {
            let rows = match column {
                Column::Label => index.of(label.as_str()),
                Column::Topic => index.of_topics(&facts.topics),
                Column::Platform => index.of(facts.platform.as_str()),
                Column::Brand => index.of(facts.brand.as_str()),
                Column::Language => index.of(&facts.language),
                Column::Form => index.of(facts.form.as_str()),
                Column::AuthorTier => index.of(facts.author_tier.as_str()),
            };
            (*column, rows)
        });
        Screen(screened.collect())
    }

    /// The rows that every column lets through.
    pub(super) fn fitting(&self, screen: &Screen<'_>) -> RowSet {
        let mut fitting = RowSet::empty(self.rows);
        for (at, (_, rows)) in screen.0.iter().enumerate() {
            if at == 0 {
                fitting.add(rows);
            } else {
                fitting.keep(rows);
            }
        }
        fitting
    }
}

impl Screen<'_> {
    /// The first column that keeps `row` out.
    pub(super) fn rejecting(&self, row: usize) -> Option<Column> {
        self.0
            .iter()
            .find(|(_, rows)| !rows.contains(row))
            .map(|(column, _)| *column)
    }
}

impl ColumnIndex {
    fn new(rows: &[Row], column: Column) -> Self {
        let mut any = RowSet::empty(rows.len());
        let mut by_name: BTreeMap<String, RowSet> = BTreeMap::new();
        for (number, row) in rows.iter().enumerate() {
            let Some(names) = row.names(column) else {
                any.insert(number);
                continue;
            };
            for name in names {
                let set = by_name.entry(name.to_owned());
                set.or_insert_with(|| RowSet::empty(rows.len()))
                    .insert(number);
            }
        }
        for set in by_name.values_mut() {
            set.add(&any);
        }
        Self { any, by_name }
    }

    fn of(&self, name: &str) -> Cow<'_, RowSet> {
        Cow::Borrowed(self.by_name.get(name).unwrap_or(&self.any))
    }

    fn of_topics(&self, topics: &[String]) -> Cow<'_, RowSet> {
        if self.by_name.is_empty() {
            return Cow::Borrowed(&self.any);
        }
        let mut rows = self.any.clone();
        let known = topics.iter().flat_map(|topic| ancestors(topic));
        for set in known.filter_map(|topic| self.by_name.get(topic)) {
            rows.add(set);
        }
        Cow::Owned(rows)
    }
}

/// The topic itself and all above it: `baggage/lost`, `baggage`.
fn ancestors(topic: &str) -> impl Iterator<Item = &str> {
    let parents = topic
        .match_indices('/')
        .filter_map(|(at, _)| topic.get(..at));
    std::iter::once(topic).chain(parents)
}
