//! Which items a response holds: one of Firebase, a search or a tree of Algolia, or only ids.

use super::map::{map_hit, map_item};
use crate::fields::{id, kind, list};
use crate::mention::ItemErrorCode;
use crate::sample::{Sampled, Unmapped};
use serde_json::Value;
use switchboard_domain::Mention;

/// A tree of comments deeper than this is not followed: `serde_json` itself stops at 128.
const DEPTH_MAX: usize = 128;

/// See `Descriptor::sample`.
pub(super) fn sample(bytes: &[u8], _url: Option<&str>) -> Sampled {
    let mut sampled = Sampled::default();
    match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                read(&mut sampled, &format!("$[{index}]"), item, 0);
            }
        }
        Ok(value) => read(&mut sampled, "$", &value, 0),
        Err(error) => return lines(bytes, &error),
    }
    sampled
}

fn read(sampled: &mut Sampled, path: &str, value: &Value, depth: usize) {
    if value.get("hits").is_some() {
        for (index, hit) in list(value, "hits").iter().enumerate() {
            sampled.take(&format!("{path}.hits[{index}]"), hit, map_hit(hit));
        }
    } else if value.get("objectID").is_some() {
        sampled.take(path, value, map_hit(value));
    } else if !only_ids(value) {
        sampled.take(path, value, checked(value));
        if depth < DEPTH_MAX {
            for (index, child) in list(value, "children").iter().enumerate() {
                read(
                    sampled,
                    &format!("{path}.children[{index}]"),
                    child,
                    depth + 1,
                );
            }
        }
    }
}

/// `maxitem`, a list of stories, `updates`: where to look, and nothing to look at yet.
fn only_ids(value: &Value) -> bool {
    value.is_u64() || (value.get("items").is_some() && value.get("profiles").is_some())
}

fn checked(item: &Value) -> Result<Mention, Unmapped> {
    let wrong = |reason: String| Err(Unmapped::new("", ItemErrorCode::InvalidValue, reason));
    match item {
        Value::Null => wrong("no such item, or not there yet".to_owned()),
        Value::Object(_) if item.get("karma").is_some() => wrong("a person, not a post".to_owned()),
        Value::Object(_) => map_item(item),
        other => wrong(format!(
            "an item was expected, {} is there",
            kind(Some(other))
        )),
    }
}

/// A recording of items, one a line.
fn lines(bytes: &[u8], error: &serde_json::Error) -> Sampled {
    let mut sampled = Sampled::default();
    let lines = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty());
    for (index, line) in lines.enumerate() {
        match serde_json::from_slice::<Value>(line) {
            Ok(item) => read(&mut sampled, &format!("$[{index}]"), &item, 0),
            Err(_) if index == 0 => {
                return Sampled::refuse_all(bytes, format!("not JSON: {error}"));
            }
            Err(error) => {
                let reason = format!("not JSON: {error}");
                sampled.refuse(
                    format!("$[{index}]"),
                    ItemErrorCode::InvalidJson,
                    reason,
                    line,
                );
            }
        }
    }
    if sampled == Sampled::default() {
        return Sampled::refuse_all(bytes, format!("not JSON: {error}"));
    }
    sampled
}

/// The ids of `updates.json`.
pub(super) fn changed(bytes: &[u8]) -> Vec<String> {
    let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let items = list(&value, "items").iter();
    items
        .filter_map(|item| id(&serde_json::json!({ "id": item }), "id"))
        .collect()
}
