//! Takes typed fields out of an object and keeps what nobody asked for.

use super::error::{Fault, ItemErrorCode, shown};
use super::json::kind_of;
use super::limits::{ID_BYTES_MAX, URL_BYTES_MAX};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// Enough of a wrong value to recognise it.
const SHOWN_VALUE_CHARACTERS: usize = 60;

/// An object whose fields are taken one by one. `null` is the same as absent everywhere.
pub(super) struct Fields {
    path: String,
    map: Map<String, Value>,
}

impl Fields {
    pub(super) const fn root(map: Map<String, Value>) -> Self {
        Self {
            path: String::new(),
            map,
        }
    }

    /// The fields of an object that is an entry of a list.
    pub(super) fn entry(path: String, value: Value) -> Result<Self, Fault> {
        match value {
            Value::Object(map) => Ok(Self { path, map }),
            other => Err(wrong_type(path, "an object", &other)),
        }
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.map.remove(name).filter(|value| !value.is_null())
    }

    /// Undoes [`Fields::take`].
    pub(super) fn put_back(&mut self, name: &str, value: Value) {
        self.map.insert(name.to_owned(), value);
    }

    pub(super) fn into_map(self) -> Map<String, Value> {
        self.map
    }

    /// Where a field stands, as messages and `extra` call it.
    pub(super) fn path_to(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// What nobody took, by its whole path.
    pub(super) fn rest(self) -> impl Iterator<Item = (String, Value)> {
        let Self { path, map } = self;
        map.into_iter().map(move |(name, value)| {
            (
                if path.is_empty() {
                    name
                } else {
                    format!("{path}.{name}")
                },
                value,
            )
        })
    }

    pub(super) fn text(&mut self, name: &str, bytes_max: usize) -> Result<Option<String>, Fault> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        text_of(self.path_to(name), value, bytes_max).map(Some)
    }

    /// An id: a text, or a whole number, which becomes its digits (platforms send both).
    pub(super) fn id(&mut self, name: &str) -> Result<Option<String>, Fault> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        id_of(self.path_to(name), value).map(Some)
    }

    /// An address for people. What is no web address can never become a link: it goes aside.
    pub(super) fn url(&mut self, name: &str) -> Result<Option<String>, Fault> {
        let Some(url) = self.text(name, URL_BYTES_MAX)? else {
            return Ok(None);
        };
        if is_web_address(&url) {
            return Ok(Some(url));
        }
        self.put_back(name, Value::String(url));
        Ok(None)
    }

    pub(super) fn integer(&mut self, name: &str) -> Result<Option<i64>, Fault> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let Value::Number(number) = &value else {
            return Err(wrong_type(self.path_to(name), "a whole number", &value));
        };
        let limits = "a whole number of at most 63 bits";
        number
            .as_i64()
            .map(Some)
            .ok_or_else(|| not_a_value(self.path_to(name), &value, limits))
    }

    pub(super) fn count(&mut self, name: &str) -> Result<Option<u64>, Fault> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let Value::Number(number) = &value else {
            return Err(wrong_type(self.path_to(name), "a whole number", &value));
        };
        let limits = "a whole number from 0";
        number
            .as_u64()
            .map(Some)
            .ok_or_else(|| not_a_value(self.path_to(name), &value, limits))
    }

    pub(super) fn number(&mut self, name: &str) -> Result<Option<f64>, Fault> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        value
            .as_f64()
            .map(Some)
            .ok_or_else(|| wrong_type(self.path_to(name), "a number", &value))
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<bool, Fault> {
        let Some(value) = self.take(name) else {
            return Ok(false);
        };
        let path = || self.path_to(name);
        value
            .as_bool()
            .ok_or_else(|| wrong_type(path(), "true or false", &value))
    }

    pub(super) fn object(&mut self, name: &str) -> Result<Option<Self>, Fault> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        Self::entry(self.path_to(name), value).map(Some)
    }

    pub(super) fn list(&mut self, name: &str, max: usize) -> Result<Vec<Value>, Fault> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(values)) if values.len() <= max => Ok(values),
            Some(Value::Array(values)) => Err(too_large(
                self.path_to(name),
                &format!("has {} entries; send at most {max}", values.len()),
            )),
            Some(other) => Err(wrong_type(self.path_to(name), "a list", &other)),
        }
    }

    /// One of a closed set of words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &str,
        known: &[(&str, T)],
    ) -> Result<Option<T>, Fault> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let Value::String(word) = &value else {
            return Err(wrong_type(self.path_to(name), "a text", &value));
        };
        let found = known.iter().find(|(known, _)| known == word);
        found.map(|(_, choice)| Some(*choice)).ok_or_else(|| {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            not_a_value(
                self.path_to(name),
                &value,
                &format!("one of {}", words.join(", ")),
            )
        })
    }

    /// An instant. The years 1 to 9999 are all survived; what lies past the last instant this
    /// program can hold (the evening of 9999-12-30) becomes that instant.
    pub(super) fn time(&mut self, name: &str) -> Result<Option<Timestamp>, Fault> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let Value::String(text) = &value else {
            let wanted = "a text such as `2026-11-22T08:00:00Z`";
            return Err(wrong_type(self.path_to(name), wanted, &value));
        };
        instant(text).map(Some).ok_or_else(|| {
            let wanted = "a time with its offset, such as `2026-11-22T08:00:00Z`";
            not_a_value(self.path_to(name), &value, wanted)
        })
    }
}

/// A text within its limit. A NUL, which no database of ours can store, becomes U+FFFD.
pub(super) fn text_of(path: String, value: Value, bytes_max: usize) -> Result<String, Fault> {
    match value {
        Value::String(text) if text.len() <= bytes_max => Ok(without_nul(text)),
        Value::String(text) => Err(too_large(
            path,
            &format!("is {} bytes; send at most {bytes_max}", text.len()),
        )),
        other => Err(wrong_type(path, "a text", &other)),
    }
}

pub(super) fn id_of(path: String, value: Value) -> Result<String, Fault> {
    let text = match value {
        Value::String(text) => text,
        Value::Number(number) if !number.is_f64() => return Ok(number.to_string()),
        Value::Number(number) => {
            let wanted = "a text, or a whole number of at most 64 bits";
            return Err(not_a_value(path, &Value::Number(number), wanted));
        }
        other => return Err(wrong_type(path, "a text or a whole number", &other)),
    };
    if text.len() > ID_BYTES_MAX {
        let message = format!("is {} bytes; an id has at most {ID_BYTES_MAX}", text.len());
        return Err(too_large(path, &message));
    }
    if text.chars().any(char::is_control) {
        return Err(not_a_value(
            path,
            &Value::String(text),
            "a text without control characters",
        ));
    }
    Ok(text)
}

pub(super) fn wrong_type(path: String, wanted: &str, found: &Value) -> Fault {
    let message = format!("`{path}` must be {wanted}, not {}", kind_of(found));
    Fault::field(ItemErrorCode::WrongType, path, message)
}

pub(super) fn not_a_value(path: String, found: &Value, wanted: &str) -> Fault {
    let text = found
        .as_str()
        .map_or_else(|| found.to_string(), str::to_owned);
    let shown = shown(&text, SHOWN_VALUE_CHARACTERS);
    let message = format!("`{path}` is `{shown}`; it must be {wanted}");
    Fault::field(ItemErrorCode::InvalidValue, path, message)
}

pub(super) fn too_large(path: String, fact: &str) -> Fault {
    let message = format!("`{path}` {fact}");
    Fault::field(ItemErrorCode::TooLarge, path, message)
}

/// Every NUL of every text and key in `value`, replaced.
pub(super) fn without_nul_inside(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(without_nul(text)),
        Value::Array(values) => values.into_iter().map(without_nul_inside).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (without_nul(key), without_nul_inside(value)))
            .collect(),
        other => other,
    }
}

pub(super) fn without_nul(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "\u{fffd}")
    } else {
        text
    }
}

fn is_web_address(url: &str) -> bool {
    let has_scheme = |scheme: &str| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    has_scheme("https://") || has_scheme("http://")
}

fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| past_the_end(text))
}

/// Year 9999 ends 26 hours after the last instant `jiff` holds, so that every time zone can
/// still show it.
fn past_the_end(text: &str) -> Option<Timestamp> {
    let pieces = jiff::fmt::temporal::Pieces::parse(text).ok()?;
    let at_the_end = pieces.date() >= jiff::civil::date(9999, 12, 30);
    (at_the_end && pieces.offset().is_some()).then_some(Timestamp::MAX)
}
