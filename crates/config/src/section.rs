//! A table being read, key by key; it remembers which keys were asked for.

mod lookup;

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::document::Document;
use crate::duration::parse_duration;
use crate::place::{Located, Place};
use crate::secret::SecretReference;

type Entry<'d> = (&'d Spanned<DeString<'d>>, &'d Spanned<DeValue<'d>>);

/// A table being read. Every method that takes a key marks it as known; a key of the file that
/// was never asked for is a problem when the section ends, which happens by itself.
///
/// No method stops at a problem: it is noted, the answer is `None` or the default, and reading
/// goes on, so that all problems come at once.
pub struct Section<'d> {
    document: &'d Document<'d>,
    /// Absent tables are read too: so defaults and missing keys have one home.
    table: Option<&'d DeTable<'d>>,
    head: Place,
    path: String,
    asked: Vec<String>,
    /// Stands for something that is not a table, which was told already.
    muted: bool,
}

impl Section<'_> {
    /// The value of `key`; `None` when it is absent, and when it has the wrong type.
    pub fn value<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        self.located(key).map(|located| located.value)
    }

    /// The value of `key`, or `default` when it is absent or wrong.
    pub fn value_or<T: DeserializeOwned>(&mut self, key: &str, default: T) -> T {
        self.value(key).unwrap_or(default)
    }

    /// The value of `key`; its absence is a problem at the table's head.
    pub fn required<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        if self.entry(key).is_none() {
            self.problem_here(format!("missing `{key}`{}", self.place_in_words()));
            return None;
        }
        self.value(key)
    }

    /// The value of `key` with its place, for checks across sections.
    pub fn located<T: DeserializeOwned>(&mut self, key: &str) -> Option<Located<T>> {
        let (_, value) = self.entry(key)?;
        let place = self.place_of(value);
        match self.deserialize(value) {
            Ok(value) => Some(Located { value, place }),
            Err(error) => {
                let offset = error.span().map_or(value.span().start, |span| span.start);
                let place = self.document.places().place(offset);
                self.problem(&place, format!("`{key}`: {}", error.message()));
                None
            }
        }
    }

    /// A number (or anything ordered) that must lie within `range`.
    pub fn in_range<T>(&mut self, key: &str, range: RangeInclusive<T>) -> Option<T>
    where
        T: DeserializeOwned + PartialOrd + Display,
    {
        let Located { value, place } = self.located::<T>(key)?;
        if range.contains(&value) {
            return Some(value);
        }
        let (least, most) = range.into_inner();
        self.problem(
            &place,
            format!("`{key}` is {value}; it must be from {least} to {most}"),
        );
        None
    }

    /// One of the known names, as the value that stands for it.
    pub fn choice<T: Copy>(&mut self, key: &str, known: &[(&str, T)]) -> Option<T> {
        let Located { value, place } = self.located::<String>(key)?;
        self.choose(key, &value, &place, known)
    }

    /// An array of known names; the unknown ones are problems and are left out.
    pub fn choices<T: Copy>(&mut self, key: &str, known: &[(&str, T)]) -> Option<Vec<T>> {
        let names = self.located_list(key)?;
        let chosen = names
            .iter()
            .filter_map(|name| self.choose(key, &name.value, &name.place, known));
        Some(chosen.collect())
    }

    /// An array of strings, each with its place.
    pub fn located_list(&mut self, key: &str) -> Option<Vec<Located<String>>> {
        let (_, value) = self.entry(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(value, key, "an array of strings");
            return None;
        };
        let mut names = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(name) => {
                    names.push(Located {
                        value: name.to_string(),
                        place: self.place_of(item),
                    });
                }
                _ => self.wrong_type(item, key, "a string"),
            }
        }
        Some(names)
    }

    /// A duration: a whole number and `ms`, `s`, `m`, `h` or `d`.
    pub fn duration(&mut self, key: &str) -> Option<Duration> {
        let Located { value, place } = self.located::<String>(key)?;
        let duration = parse_duration(&value);
        if duration.is_none() {
            let way_out = "write a whole number and ms, s, m, h or d, as in `15m`";
            self.problem(
                &place,
                format!("`{key}`: `{value}` is no duration; {way_out}"),
            );
        }
        duration
    }

    /// A duration, or `default` when it is absent or wrong.
    pub fn duration_or(&mut self, key: &str, default: Duration) -> Duration {
        self.duration(key).unwrap_or(default)
    }

    /// Where a secret is kept. A secret written out is a problem that does not repeat it.
    pub fn secret(&mut self, key: &str) -> Option<Located<SecretReference>> {
        let (_, value) = self.entry(key)?;
        let place = self.place_of(value);
        let text = value.get_ref().as_str().unwrap_or_default();
        match SecretReference::parse(text) {
            Ok(value) => Some(Located { value, place }),
            Err(message) => {
                self.problem(&place, format!("`{key}`: {message}"));
                None
            }
        }
    }

    /// Reads a table. An absent one is read as empty, so that its defaults hold and its
    /// required keys are missed.
    pub fn section<T>(&mut self, key: &str, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        let mut inner = match self.entry(key) {
            Some((name, value)) => self.inner(name, value),
            None => self.absent(key),
        };
        let value = read(&mut inner);
        inner.finish();
        value
    }

    /// Reads a table if it is there.
    pub fn optional_section<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Section<'_>) -> T,
    ) -> Option<T> {
        self.entry(key)?;
        Some(self.section(key, read))
    }

    /// Reads the tables `[key.<name>]` in the order of the file.
    pub fn sections<T>(
        &mut self,
        key: &str,
        mut read: impl FnMut(&Located<String>, &mut Section<'_>) -> T,
    ) -> Vec<T> {
        let Some((name, value)) = self.entry(key) else {
            return Vec::new();
        };
        let outer = self.inner(name, value);
        let mut entries: Vec<Entry<'_>> = outer.table.into_iter().flatten().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let mut values = Vec::new();
        for (name, value) in entries {
            let mut inner = outer.inner(name, value);
            let located = Located {
                value: name.get_ref().to_string(),
                place: self.place_of(name),
            };
            values.push(read(&located, &mut inner));
            inner.finish();
        }
        values
    }

    /// Reads the tables `[[key]]` in the order of the file.
    pub fn array<T>(&mut self, key: &str, mut read: impl FnMut(&mut Section<'_>) -> T) -> Vec<T> {
        let Some((name, value)) = self.entry(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(
                value,
                key,
                &format!("an array of tables: `[[{}]]`", self.join(key)),
            );
            return Vec::new();
        };
        let mut values = Vec::new();
        for item in items {
            let mut inner = self.inner(name, item);
            values.push(read(&mut inner));
            inner.finish();
        }
        values
    }

    /// Notes a problem at a place of this document.
    pub fn problem(&self, place: &Place, message: impl Into<String>) {
        if !self.muted {
            self.document.problem(place, message);
        }
    }

    /// Notes a problem at the table's head.
    pub fn problem_here(&self, message: impl Into<String>) {
        self.problem(&self.head, message);
    }

    /// Where the value of `key` stands; the table's head when it is absent.
    pub fn place(&self, key: &str) -> Place {
        self.find(key)
            .map_or_else(|| self.head.clone(), |(_, value)| self.place_of(value))
    }

    /// Where the table begins.
    pub fn head(&self) -> &Place {
        &self.head
    }

    /// The table's full name, `sources.brand`; empty for the whole document.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the key is there, right or wrong. Does not mark it as known.
    pub fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }
}
