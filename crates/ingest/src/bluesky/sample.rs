//! One recorded response, whatever it is: a stream, an answer of the XRPC interface, one
//! record.

use super::event::{Frame, is_frame, read_frame};
use super::identity::RecordName;
use super::json::{list, start_of};
use super::view::{Mapped, map_feed_item, map_message, map_not_found, map_view};
use crate::mention::ItemErrorCode;
use crate::sample::{Sampled, Unmapped};
use serde_json::{Value, json};

/// How to read an entry of a list.
type Reader = fn(&Value) -> Mapped;

/// Where answers of the XRPC interface keep their entries.
const LISTS: [(&str, Reader); 8] = [
    ("feed", map_feed_item),
    ("posts", map_view),
    ("notifications", map_view),
    ("records", map_view),
    ("bookmarks", map_bookmark),
    ("messages", map_message),
    ("items", map_message),
    ("events", map_item),
];

pub(super) fn sample(bytes: &[u8], url: Option<&str>) -> Sampled {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value) => sample_value(&value, url),
        Err(_) if is_stream(bytes) => sample_lines(bytes),
        Err(error) => {
            let reason = format!("neither JSON nor a stream of one frame a line: {error}");
            Sampled::refuse_all(bytes, reason)
        }
    }
}

/// A stream is recorded as one frame a line, and most of its lines are whole. Half of a
/// document of many lines, or a text, is none.
fn is_stream(bytes: &[u8]) -> bool {
    let lines = bytes.split(|byte| *byte == b'\n');
    let (mut frames, mut others) = (0_usize, 0_usize);
    for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
        match serde_json::from_slice(line) {
            Ok(Value::Object(map)) if !map.is_empty() => frames += 1,
            _ => others += 1,
        }
    }
    frames > 0 && frames >= others
}

fn sample_lines(bytes: &[u8]) -> Sampled {
    let mut sampled = Sampled::default();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let path = format!("$[{index}]");
        match serde_json::from_slice(line) {
            Ok(item) => take(&mut sampled, &path, &item, map_item),
            Err(error) => {
                let reason = format!("no JSON: {error}");
                sampled.refuse(path, ItemErrorCode::InvalidJson, reason, line);
            }
        }
    }
    sampled
}

fn sample_value(value: &Value, url: Option<&str>) -> Sampled {
    let mut sampled = Sampled::default();
    if let Value::Array(items) = value {
        for (index, item) in items.iter().enumerate() {
            take(&mut sampled, &format!("$[{index}]"), item, map_item);
        }
        return sampled;
    }
    if let Some(thread) = value.get("thread") {
        take_thread(&mut sampled, thread);
        return sampled;
    }
    if let Some((key, items, read)) = entries(value) {
        for (index, item) in items.iter().enumerate() {
            take(&mut sampled, &format!("$.{key}[{index}]"), item, read);
        }
        return sampled;
    }
    match (value.get("message"), with_address(value, url)) {
        (Some(message @ Value::Object(_)), _) => {
            take(&mut sampled, "$.message", message, map_message);
        }
        (_, Some(addressed)) => take(&mut sampled, "$", &addressed, map_view),
        (_, None) => take(&mut sampled, "$", value, map_item),
    }
    sampled
}

fn entries(value: &Value) -> Option<(&'static str, &[Value], Reader)> {
    if is_frame(value) {
        return None;
    }
    LISTS.iter().find_map(|&(key, read)| {
        let items = value.get(key)?.as_array()?;
        // Lists of people have entries of this name too.
        let people = |item: &Value| key == "items" && item.get("sender").is_none();
        (!items.iter().any(people)).then_some((key, items.as_slice(), read))
    })
}

/// A post's bare record does not know its own name; the address given may.
fn with_address(value: &Value, url: Option<&str>) -> Option<Value> {
    let is_bare = value.get("$type").is_some() && value.get("createdAt").is_some();
    let name = RecordName::parse(url?)?;
    is_bare.then(|| json!({"uri": name.to_string(), "value": value}))
}

fn take(sampled: &mut Sampled, path: &str, item: &Value, read: Reader) {
    if let Some(mapped) = read(item) {
        sampled.take(path, item, mapped);
    }
}

/// Anything by itself.
fn map_item(item: &Value) -> Mapped {
    if is_frame(item) {
        return map_frame(item);
    }
    let has = |key: &str| item.get(key).is_some();
    if has("post") {
        map_feed_item(item)
    } else if has("uri") && (has("record") || has("value")) {
        map_view(item)
    } else if has("sender") && has("sentAt") {
        map_message(item)
    } else {
        Some(Err(unknown(item)))
    }
}

fn map_frame(item: &Value) -> Mapped {
    match read_frame(item) {
        Some(Frame::Event(event)) => event.change?.map(),
        // The server speaks about the stream, not about a post.
        Some(Frame::Notice(_) | Frame::End(_)) => None,
        None => Some(Err(unknown(item))),
    }
}

fn unknown(item: &Value) -> Unmapped {
    let reason = if let Some(name) = item.get("error").and_then(Value::as_str) {
        let name = start_of(name, 100);
        format!("the server refused with `{name}`")
    } else {
        "no post: neither a frame of Jetstream, nor a view or record with its `uri`".to_owned()
    };
    Unmapped::new("", ItemErrorCode::InvalidValue, reason)
}

fn map_bookmark(item: &Value) -> Mapped {
    map_view(item.get("item").unwrap_or(item))
}

/// A thread is a post with what it answers above it and its answers below. The newer form is
/// a plain list.
fn take_thread(sampled: &mut Sampled, thread: &Value) {
    if let Value::Array(items) = thread {
        for (index, item) in items.iter().enumerate() {
            let node = item.get("value").unwrap_or(item);
            if node.get("post").is_some() {
                let path = format!("$.thread[{index}].value");
                take(sampled, &path, node, map_feed_item);
            }
        }
        return;
    }
    if thread.get("notFound").is_some() {
        // It was asked for by its address: it is gone.
        sampled.take("$.thread", thread, map_not_found(thread));
        return;
    }
    take_ancestors(sampled, thread);
    take_with_replies(sampled, "$.thread", thread);
}

fn take_ancestors(sampled: &mut Sampled, thread: &Value) {
    let mut ancestors = Vec::new();
    let mut path = "$.thread".to_owned();
    let mut node = thread;
    while let Some(parent) = node.get("parent").filter(|parent| parent.is_object()) {
        path.push_str(".parent");
        ancestors.push((path.clone(), parent));
        node = parent;
    }
    for (path, ancestor) in ancestors.into_iter().rev() {
        take_node(sampled, &path, ancestor);
    }
}

/// As deep as the JSON reader lets a document nest.
fn take_with_replies(sampled: &mut Sampled, path: &str, node: &Value) {
    take_node(sampled, path, node);
    for (index, reply) in list(node, "replies").iter().enumerate() {
        take_with_replies(sampled, &format!("{path}.replies[{index}]"), reply);
    }
}

/// Of posts that are gone or blocked a thread shows the place only: nothing to map.
fn take_node(sampled: &mut Sampled, path: &str, node: &Value) {
    let is_gap = node.get("notFound").is_some() || node.get("blocked").is_some();
    if !is_gap {
        take(sampled, path, node, map_feed_item);
    }
}
