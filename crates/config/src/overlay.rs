//! The environment over the file: `SWITCHBOARD_SECTION__KEY=value`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::names::fold;
use crate::place::{Place, Places, Problem};

/// What every variable of ours starts with.
pub(crate) const PREFIX: &str = "SWITCHBOARD_";

/// Separates the levels of a name, because a single underscore is part of many keys.
const LEVEL_SEPARATOR: &str = "__";

/// The file itself has no deeper table.
const LEVELS_MAX: usize = 8;

/// Lays every variable over the table; a later one wins. Returns what could not be placed.
pub(crate) fn overlay<'t>(
    root: &mut DeTable<'t>,
    places: &mut Places,
    environment: &'t BTreeMap<String, String>,
    reserved: &[&str],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, value) in environment {
        let Some(path) = name.strip_prefix(PREFIX) else {
            continue;
        };
        if reserved.contains(&name.as_str()) {
            continue;
        }
        let offset = places.add_variable(name, value);
        if let Err(message) = set(root, &fold(path), value, offset..offset) {
            problems.push(Problem {
                place: Place::Variable(name.clone()),
                message,
            });
        }
    }
    problems
}

fn set<'t>(
    root: &mut DeTable<'t>,
    path: &str,
    value: &'t str,
    span: Range<usize>,
) -> Result<(), String> {
    let levels: Vec<&str> = path.split(LEVEL_SEPARATOR).collect();
    if levels.iter().any(|level| level.is_empty()) || levels.len() > LEVELS_MAX {
        return Err(format!("names no key; write {PREFIX}SECTION__KEY"));
    }
    let mut table = root;
    let Some((last, parents)) = levels.split_last() else {
        return Ok(());
    };
    for parent in parents {
        table = descend(table, parent, &span)?;
    }
    let key = existing_key(table, last).unwrap_or_else(|| new_key(last, &span));
    table.insert(key, Spanned::new(span.clone(), parse_value(value, &span)));
    Ok(())
}

fn descend<'a, 't>(
    table: &'a mut DeTable<'t>,
    name: &str,
    span: &Range<usize>,
) -> Result<&'a mut DeTable<'t>, String> {
    let key = existing_key(table, name).unwrap_or_else(|| new_key(name, span));
    let absent = || Spanned::new(span.clone(), DeValue::Table(DeTable::new()));
    let value = table.entry(key).or_insert_with(absent);
    match value.get_mut() {
        DeValue::Table(inner) => Ok(inner),
        _ => Err(format!("sets a key inside `{name}`, which is not a table")),
    }
}

type Key<'t> = Spanned<Cow<'t, str>>;

fn existing_key<'t>(table: &DeTable<'t>, folded: &str) -> Option<Key<'t>> {
    table
        .keys()
        .find(|key| fold(key.get_ref()) == folded)
        .cloned()
}

fn new_key<'t>(name: &str, span: &Range<usize>) -> Key<'t> {
    Spanned::new(span.clone(), Cow::Owned(name.to_owned()))
}

/// A TOML value if it reads as one, else the text as it is: nobody quotes in a shell.
fn parse_value<'t>(text: &'t str, span: &Range<usize>) -> DeValue<'t> {
    match DeValue::parse(text) {
        Ok(value) => respan(value.into_inner(), span),
        Err(_not_toml) => DeValue::String(Cow::Borrowed(text)),
    }
}

/// Moves a value and all inside it to the variable's offset.
fn respan<'t>(value: DeValue<'t>, span: &Range<usize>) -> DeValue<'t> {
    match value {
        DeValue::Array(items) => {
            let mut moved = DeArray::new();
            for item in items {
                moved.push(Spanned::new(span.clone(), respan(item.into_inner(), span)));
            }
            DeValue::Array(moved)
        }
        DeValue::Table(table) => {
            let entries = table.into_iter().map(|(key, value)| {
                let key = Spanned::new(span.clone(), key.into_inner());
                (
                    key,
                    Spanned::new(span.clone(), respan(value.into_inner(), span)),
                )
            });
            DeValue::Table(entries.collect())
        }
        plain => plain,
    }
}
