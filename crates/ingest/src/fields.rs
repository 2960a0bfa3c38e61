//! Fields of other people's JSON: a number where a text was, `null`, a field that went away.
//! What a mention cannot be without is an [`Unmapped`]; everything else is absent.

use crate::mention::ItemErrorCode;
use crate::sample::Unmapped;
use jiff::Timestamp;
use serde_json::Value;

/// A text that is there and not empty.
pub(crate) fn text<'json>(object: &'json Value, key: &str) -> Option<&'json str> {
    object.get(key)?.as_str().filter(|text| !text.is_empty())
}

pub(crate) fn owned(object: &Value, key: &str) -> Option<String> {
    text(object, key).map(str::to_owned)
}

/// An id: a text, or a whole number.
pub(crate) fn id(object: &Value, key: &str) -> Option<String> {
    match object.get(key)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if number.is_u64() || number.is_i64() => Some(number.to_string()),
        _ => None,
    }
}

/// As [`id`]; `path` is where `object` stands in the item.
pub(crate) fn required_id(object: &Value, path: &str, key: &str) -> Result<String, Unmapped> {
    id(object, key).ok_or_else(|| {
        let reason = format!("an id was expected, {} is there", kind(object.get(key)));
        Unmapped::new(format!("{path}.{key}"), ItemErrorCode::MissingId, reason)
    })
}

pub(crate) fn count(object: &Value, key: &str) -> u64 {
    object.get(key).and_then(Value::as_u64).unwrap_or_default()
}

/// An instant in RFC 3339.
pub(crate) fn instant(object: &Value, key: &str) -> Option<Timestamp> {
    text(object, key)?.parse().ok()
}

/// Seconds since 1970.
pub(crate) fn epoch(object: &Value, key: &str) -> Option<Timestamp> {
    Timestamp::from_second(object.get(key)?.as_i64()?).ok()
}

pub(crate) fn list<'json>(object: &'json Value, key: &str) -> &'json [Value] {
    object
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// What stands there, for a message.
pub(crate) const fn kind(value: Option<&Value>) -> &'static str {
    match value {
        None => "nothing",
        Some(Value::Null) => "`null`",
        Some(Value::Bool(_)) => "a truth value",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(_)) => "a text",
        Some(Value::Array(_)) => "a list",
        Some(Value::Object(_)) => "an object",
    }
}
