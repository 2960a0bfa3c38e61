//! Finding a key, opening a table, wording what is wrong with it.

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue, ValueDeserializer};

use super::{Entry, Section};
use crate::document::Document;
use crate::names::{fold, hints, unknown_name};
use crate::place::Place;

impl<'d> Section<'d> {
    pub(crate) fn root(document: &'d Document<'d>, table: &'d DeTable<'d>) -> Self {
        let head = document.places().place(0);
        Self {
            document,
            table: Some(table),
            head,
            path: String::new(),
            asked: Vec::new(),
            muted: false,
        }
    }

    /// Every key nobody asked for is a problem at its place.
    pub(crate) fn finish(self) {
        let known: Vec<&str> = self.asked.iter().map(String::as_str).collect();
        let found = known.iter().filter_map(|key| self.find(key));
        let claimed: Vec<&Spanned<_>> = found.map(|(name, _)| name).collect();
        for (name, _) in self.table.into_iter().flatten() {
            if claimed.contains(&name) {
                continue;
            }
            let variable = self.document.places().variable(name.span().start);
            let message = match variable {
                Some(variable) if self.path.is_empty() => {
                    self.document.unknown_variable(&variable.name, &known)
                }
                _ => self.unknown_key(name.get_ref(), &known),
            };
            self.problem(&self.place_of(name), message);
        }
    }

    pub(super) fn entry(&mut self, key: &str) -> Option<Entry<'d>> {
        if !self.asked.iter().any(|asked| asked == key) {
            self.asked.push(key.to_owned());
        }
        self.find(key)
    }

    /// A key from the environment has lost its case and its hyphens, so it is found folded.
    pub(super) fn find(&self, key: &str) -> Option<Entry<'d>> {
        let table = self.table?;
        table.get_key_value(key).or_else(|| {
            let folded = fold(key);
            let places = self.document.places();
            let from_variable = |name: &Spanned<_>| places.variable(name.span().start).is_some();
            table
                .iter()
                .find(|(name, _)| from_variable(name) && *name.get_ref() == folded)
        })
    }

    pub(super) fn deserialize<T: DeserializeOwned>(
        &self,
        value: &Spanned<DeValue<'d>>,
    ) -> Result<T, toml::de::Error> {
        T::deserialize(ValueDeserializer::from(value.clone())).or_else(|error| {
            // `12345` in a variable may well be meant as a text.
            let Some(variable) = self.document.places().variable(value.span().start) else {
                return Err(error);
            };
            let text = DeValue::String(variable.value.as_str().into());
            let text = Spanned::new(value.span(), text);
            T::deserialize(ValueDeserializer::from(text)).map_err(|_as_text| error)
        })
    }

    pub(super) fn choose<T: Copy>(
        &self,
        key: &str,
        name: &str,
        place: &Place,
        known: &[(&str, T)],
    ) -> Option<T> {
        let chosen = known
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value);
        if chosen.is_none() {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            self.problem(
                place,
                format!("`{key}`: {}", unknown_name("name", name, &names)),
            );
        }
        chosen
    }

    pub(super) fn inner(
        &self,
        name: &Spanned<DeString<'d>>,
        value: &'d Spanned<DeValue<'d>>,
    ) -> Self {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(value, name.get_ref(), "a table");
        }
        Self {
            document: self.document,
            table,
            head: self.place_of(value),
            path: self.join(name.get_ref()),
            asked: Vec::new(),
            muted: self.muted || table.is_none(),
        }
    }

    pub(super) fn absent(&self, key: &str) -> Self {
        Self {
            document: self.document,
            table: None,
            head: self.head.clone(),
            path: self.join(key),
            asked: Vec::new(),
            muted: self.muted,
        }
    }

    pub(super) fn wrong_type(&self, value: &Spanned<DeValue<'d>>, key: &str, wanted: &str) {
        let found = value.get_ref().type_str();
        self.problem(
            &self.place_of(value),
            format!("`{key}` must be {wanted}, not {found}"),
        );
    }

    pub(super) fn place_of<T>(&self, spanned: &Spanned<T>) -> Place {
        self.document.places().place(spanned.span().start)
    }

    fn unknown_key(&self, name: &str, known: &[&str]) -> String {
        format!(
            "unknown key `{name}`{}{}",
            self.place_in_words(),
            hints(name, known)
        )
    }

    pub(super) fn place_in_words(&self) -> String {
        if self.path.is_empty() {
            String::new()
        } else {
            format!(" in `[{}]`", self.path)
        }
    }

    pub(super) fn join(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }
}
