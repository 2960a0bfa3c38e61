//! The rule file as it is written.

use super::problem::Problem;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// `[[rule]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleEntry {
    pub(super) name: Spanned<String>,
    pub(super) label: Option<Spanned<String>>,
    pub(super) weight: Option<Spanned<f32>>,
    pub(super) topic: Option<Spanned<String>>,
    pub(super) severity: Option<Spanned<i8>>,
    pub(super) answer: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) languages: Vec<Spanned<String>>,
    pub(super) any: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) with: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) not: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) unless: Vec<Spanned<String>>,
    #[serde(rename = "match")]
    pub(super) matching: Vec<Spanned<String>>,
    pub(super) no_match: Vec<Spanned<String>>,
}

/// `[[guard]]`: a named context that switches rules off.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GuardEntry {
    pub(super) name: Spanned<String>,
    pub(super) any: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) not: Vec<Spanned<String>>,
}

/// Everything that could be read, in file order.
#[derive(Debug, Default)]
pub(super) struct RuleFile {
    pub(super) version: String,
    pub(super) guards: Vec<GuardEntry>,
    pub(super) rules: Vec<RuleEntry>,
}

const KNOWN_KEYS: &str = "version, guard, rule";

/// Reads what can be read and says what cannot.
pub(super) fn read(text: &str, problems: &mut Vec<Problem>) -> RuleFile {
    let mut file = RuleFile::default();
    let root = match DeTable::parse(text) {
        Ok(root) => root.into_inner(),
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            problems.push(Problem::at(text, &span, error.message()));
            return file;
        }
    };
    for (key, value) in root {
        match key.get_ref().as_ref() {
            "version" => file.version = one(text, value, problems).unwrap_or_default(),
            "guard" => file.guards = many(text, value, problems),
            "rule" => file.rules = many(text, value, problems),
            other => problems.push(Problem::at(
                text,
                &key.span(),
                format!("unknown key `{other}` (known: {KNOWN_KEYS})"),
            )),
        }
    }
    file
}

fn many<T: DeserializeOwned>(
    text: &str,
    value: Spanned<DeValue<'_>>,
    problems: &mut Vec<Problem>,
) -> Vec<T> {
    let span = value.span();
    let DeValue::Array(items) = value.into_inner() else {
        let message = "write this as an array of tables, with double brackets";
        problems.push(Problem::at(text, &span, message));
        return Vec::new();
    };
    items
        .into_iter()
        .filter_map(|item| one(text, item, problems))
        .collect()
}

fn one<T: DeserializeOwned>(
    text: &str,
    value: Spanned<DeValue<'_>>,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let whole: Range<usize> = value.span();
    T::deserialize(ValueDeserializer::from(value))
        .map_err(|error| {
            let span = error.span().unwrap_or(whole);
            problems.push(Problem::at(text, &span, error.message()));
        })
        .ok()
}
