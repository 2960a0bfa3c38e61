//! Reads one item as JSON, more strictly than a usual reader: a key may stand only once.

use super::error::{Fault, ItemErrorCode, shown};
use super::limits::DEPTH_MAX;
use super::split::Item;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::RefCell;
use std::fmt;

/// The item as an object.
pub(super) fn read_object(item: Item<'_>) -> Result<Map<String, Value>, Fault> {
    if item.bytes.is_empty() {
        let message = "nothing stands here; remove the extra comma";
        return Err(Fault::item(ItemErrorCode::InvalidJson, message));
    }
    if item.depth > DEPTH_MAX {
        return Err(Fault::item(
            ItemErrorCode::TooDeep,
            format!(
                "nests {} levels deep; flatten it to at most {DEPTH_MAX}",
                item.depth
            ),
        ));
    }
    let text = str::from_utf8(item.bytes).map_err(|error| not_utf8(&error))?;
    match read_value(text)? {
        Value::Object(map) => Ok(map),
        other => Err(Fault::item(
            ItemErrorCode::NotAnObject,
            format!("a mention is an object, this is {}", kind_of(&other)),
        )),
    }
}

/// What a value is, for a message.
pub(super) const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn read_value(text: &str) -> Result<Value, Fault> {
    let duplicate = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = Strict {
        duplicate: &duplicate,
        parent: None,
    };
    let read = seed.deserialize(&mut deserializer).and_then(|value| {
        deserializer.end()?;
        Ok(value)
    });
    read.map_err(|error| match duplicate.take() {
        Some(path) => duplicate_key(path),
        None => Fault::item(
            ItemErrorCode::InvalidJson,
            // The reader's own words name a place and a token, never the text of the post.
            format!("not JSON: {error}"),
        ),
    })
}

fn not_utf8(error: &std::str::Utf8Error) -> Fault {
    let place = error.valid_up_to();
    let message = format!("byte {place} of the item is not UTF-8; encode the body as UTF-8");
    Fault::item(ItemErrorCode::InvalidUtf8, message)
}

fn duplicate_key(path: String) -> Fault {
    let message = format!("`{path}` stands twice; send it once");
    Fault::field(ItemErrorCode::DuplicateKey, path, message)
}

/// Builds a [`Value`] and notes the path of the first key that repeats.
#[derive(Clone, Copy)]
struct Strict<'a> {
    duplicate: &'a RefCell<Option<String>>,
    parent: Option<&'a Step<'a>>,
}

/// One step of the way from the root, kept on the stack.
struct Step<'a> {
    name: &'a str,
    parent: Option<&'a Step<'a>>,
}

/// Longest part of a path that is shown: keys are a stranger's text.
const SHOWN_KEY_CHARACTERS: usize = 60;

fn path_of(step: &Step<'_>) -> String {
    let name = shown(step.name, SHOWN_KEY_CHARACTERS);
    match step.parent {
        Some(parent) => format!("{}.{name}", path_of(parent)),
        None => name,
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            let step = Step {
                name: &key,
                parent: self.parent,
            };
            if map.contains_key(&key) {
                *self.duplicate.borrow_mut() = Some(path_of(&step));
                return Err(A::Error::custom("a key stands twice"));
            }
            let seed = Strict {
                duplicate: self.duplicate,
                parent: Some(&step),
            };
            let value = object.next_value_seed(seed)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}
