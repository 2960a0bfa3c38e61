//! Looking into a stranger's JSON without believing its types.

use crate::mention::ItemErrorCode;
use serde_json::Value;

/// The field, if it is a text.
pub(super) fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

/// The field, if it is a text with something in it.
pub(super) fn words<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    text(value, key).filter(|text| !text.trim().is_empty())
}

/// The text at a path such as `/reply/parent/uri`.
pub(super) fn text_at<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer)?.as_str()
}

/// The entries of the field; none if it is no list.
pub(super) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The texts among the entries of the field.
pub(super) fn texts<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v str> {
    list(value, key).iter().filter_map(Value::as_str)
}

/// Whether a field is not there or is something else.
pub(super) fn code_of_absent(field: Option<&Value>, missing: ItemErrorCode) -> ItemErrorCode {
    match field {
        None | Some(Value::Null) => missing,
        Some(_) => ItemErrorCode::WrongType,
    }
}

/// The start of a text, at most `bytes_max` long and never half a character.
pub(super) fn start_of(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}
