//! Which items a response or a stream holds: a list or a single status, notifications, a
//! search, a conversation, server-sent events, frames of the WebSocket.

use super::map::{map_delete, map_former, map_status};
use crate::fields::{id, kind, list, text};
use crate::mention::ItemErrorCode;
use crate::sample::{Sampled, Unmapped};
use jiff::Timestamp;
use reqwest::Url;
use serde_json::Value;

/// Notifications that tell of no post of somebody else's: they bring no mention and are no
/// mistake.
const WITHOUT_POST: [&str; 9] = [
    "favourite",
    "reblog",
    "follow",
    "follow_request",
    "poll",
    "admin.sign_up",
    "admin.report",
    "severed_relationships",
    "moderation_warning",
];

/// Events that tell of no post.
const EVENTS_WITHOUT_POST: [&str; 7] = [
    "notifications_merged",
    "filters_changed",
    "announcement",
    "announcement.reaction",
    "announcement.delete",
    "encrypted_message",
    "thump",
];

/// See `Descriptor::sample`.
pub(super) fn sample(bytes: &[u8], url: Option<&str>) -> Sampled {
    let url = url.and_then(|url| Url::parse(url).ok());
    let mut reader = Reader {
        instance: String::new(),
        history_of: url.as_ref().and_then(history_of),
        sampled: Sampled::default(),
    };
    // Streams may come from a host of their own, whose name is not the instance's.
    let is_streaming = url
        .as_ref()
        .is_some_and(|url| url.path().contains("/streaming"));
    if is_streaming {
        reader.guess_from_stream(bytes);
    }
    if reader.instance.is_empty() {
        reader.instance = url.as_ref().map(instance_of).unwrap_or_default();
    }
    let Ok(written) = std::str::from_utf8(bytes) else {
        return Sampled::refuse_all(bytes, "not UTF-8");
    };
    let written = written.trim_start_matches('\u{feff}');
    match serde_json::from_str::<Value>(written) {
        Ok(value) => {
            reader.guess_instance(&value);
            reader.document("$", &value);
        }
        Err(_) if is_stream(written) => reader.stream(written),
        Err(error) => {
            return reader.lines(written).unwrap_or_else(|| {
                Sampled::refuse_all(
                    bytes,
                    format!("neither JSON nor a stream of events: {error}"),
                )
            });
        }
    }
    reader.sampled
}

/// Host and, where it is not the usual one, port.
pub(super) fn instance_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// `…/statuses/:id/history` lists wordings without the id they belong to.
fn history_of(url: &Url) -> Option<String> {
    let parts: Vec<&str> = url.path_segments()?.collect();
    match parts.as_slice() {
        [.., "statuses", id, "history"] => Some((*id).to_owned()),
        _ => None,
    }
}

fn is_stream(written: &str) -> bool {
    let fields = [":", "event:", "data:", "id:", "retry:"];
    let first = written.lines().find(|line| !line.trim().is_empty());
    first.is_some_and(|line| fields.iter().any(|field| line.starts_with(field)))
}

struct Reader {
    /// The `id_scope` of everything that is found.
    instance: String,
    history_of: Option<String>,
    sampled: Sampled,
}

impl Reader {
    /// Without an address: an account without `@` is one of the instance's own.
    fn guess_instance(&mut self, value: &Value) {
        if !self.instance.is_empty() {
            return;
        }
        if let Some(url) = local_account(value, 0).and_then(|url| Url::parse(url).ok()) {
            self.instance = instance_of(&url);
        }
    }

    fn guess_from_stream(&mut self, bytes: &[u8]) {
        let lines = bytes.split(|byte| *byte == b'\n');
        for data in lines.filter_map(|line| line.strip_prefix(b"data:")) {
            if let Ok(value) = serde_json::from_slice::<Value>(data) {
                self.guess_instance(&value);
            }
        }
    }

    fn document(&mut self, path: &str, value: &Value) {
        let Value::Array(items) = value else {
            return self.item(path, value);
        };
        for (index, item) in items.iter().enumerate() {
            self.item(&format!("{path}[{index}]"), item);
        }
    }

    fn item(&mut self, path: &str, item: &Value) {
        let has = |key: &str| item.get(key).is_some();
        if has("event") {
            self.frame(path, item);
        } else if has("notification_groups") {
            self.groups(path, item);
        } else if has("last_status") {
            self.inner(path, item, "last_status");
        } else if has("ancestors") || has("descendants") {
            self.lists(path, item, &["ancestors", "descendants"]);
        } else if !list(item, "statuses").is_empty() && !has("id") {
            self.lists(path, item, &["statuses"]);
        } else if has("type") && has("account") && !has("content") {
            self.notification(path, item);
        } else {
            self.status(path, item);
        }
    }

    fn status(&mut self, path: &str, item: &Value) {
        let is_post = ["content", "text", "reblog", "visibility"]
            .iter()
            .any(|key| item.get(*key).is_some());
        let mapped = match (&self.history_of, item.get("id")) {
            _ if !is_post => Err(no_post(item)),
            (Some(id), None) => map_former(item, id, &self.instance),
            _ => map_status(item, &self.instance),
        };
        self.sampled.take(path, item, mapped);
    }

    fn inner(&mut self, path: &str, item: &Value, key: &str) {
        if let Some(status) = item.get(key).filter(|status| !status.is_null()) {
            self.status(&format!("{path}.{key}"), status);
        }
    }

    fn lists(&mut self, path: &str, item: &Value, keys: &[&str]) {
        for key in keys {
            for (index, status) in list(item, key).iter().enumerate() {
                self.status(&format!("{path}.{key}[{index}]"), status);
            }
        }
    }

    fn notification(&mut self, path: &str, item: &Value) {
        let of = text(item, "type").unwrap_or_default();
        if !WITHOUT_POST.contains(&of) {
            self.inner(path, item, "status");
        }
    }

    /// Grouped notifications: the statuses stand beside the groups.
    fn groups(&mut self, path: &str, item: &Value) {
        let wanted: Vec<String> = list(item, "notification_groups")
            .iter()
            .filter(|group| !WITHOUT_POST.contains(&text(group, "type").unwrap_or_default()))
            .filter_map(|group| id(group, "status_id"))
            .collect();
        for (index, status) in list(item, "statuses").iter().enumerate() {
            if id(status, "id").is_none_or(|id| wanted.contains(&id)) {
                self.status(&format!("{path}.statuses[{index}]"), status);
            }
        }
    }

    /// A message of the WebSocket; its payload is JSON in a text.
    fn frame(&mut self, path: &str, frame: &Value) {
        let event = text(frame, "event").unwrap_or_default();
        let path = format!("{path}.payload");
        match frame.get("payload") {
            Some(Value::String(payload)) => self.event(&path, event, payload),
            Some(payload) if !payload.is_null() => self.event(&path, event, &payload.to_string()),
            _ => self.event(&path, event, ""),
        }
    }

    fn stream(&mut self, written: &str) {
        let (mut name, mut data, mut number) = (String::new(), Vec::new(), 0_usize);
        for line in written.lines().chain([""]) {
            let line = line.trim_end_matches('\r');
            if let Some(value) = line.strip_prefix("event:") {
                value.trim().clone_into(&mut name);
            } else if let Some(value) = line.strip_prefix("data:") {
                data.push(value.strip_prefix(' ').unwrap_or(value));
            } else if line.is_empty() && (!name.is_empty() || !data.is_empty()) {
                self.event(&format!("$.events[{number}].data"), &name, &data.join("\n"));
                number += 1;
                name.clear();
                data.clear();
            }
        }
    }

    fn event(&mut self, path: &str, event: &str, data: &str) {
        if EVENTS_WITHOUT_POST.contains(&event) {
            return;
        }
        if event == "delete" {
            return self.deletion(path, data);
        }
        let parsed = match event {
            "update" | "status.update" | "notification" | "conversation" => {
                serde_json::from_str::<Value>(data)
            }
            _ => {
                let reason = "an event that is not known";
                return self.sampled.refuse(
                    path,
                    ItemErrorCode::InvalidValue,
                    reason,
                    data.as_bytes(),
                );
            }
        };
        match parsed {
            Ok(value) => {
                self.guess_instance(&value);
                match event {
                    "notification" => self.notification(path, &value),
                    "conversation" => self.inner(path, &value, "last_status"),
                    "status.update" => self.edit(path, &value),
                    _ => self.status(path, &value),
                }
            }
            Err(error) => {
                let reason = format!("not JSON: {error}");
                self.sampled
                    .refuse(path, ItemErrorCode::InvalidJson, reason, data.as_bytes());
            }
        }
    }

    /// Newer than the status as it was made, also where the server does not say since when.
    fn edit(&mut self, path: &str, item: &Value) {
        let before = self.sampled.mentions.len();
        self.status(path, item);
        if let Some(edit) = self.sampled.mentions.get_mut(before)
            && edit.version == 0
        {
            edit.version = edit.created_at.map_or(1, Timestamp::as_millisecond);
        }
    }

    fn deletion(&mut self, path: &str, data: &str) {
        let id = data.trim().trim_matches('"');
        if id.is_empty()
            || id.contains(|character: char| character.is_whitespace() || character == '{')
        {
            let reason = "the id of a post was expected";
            return self
                .sampled
                .refuse(path, ItemErrorCode::MissingId, reason, data.as_bytes());
        }
        let mention = map_delete(id.to_owned(), &self.instance);
        self.sampled
            .take(path, &Value::String(id.to_owned()), Ok(mention));
    }

    /// A recording of frames, one a line; `None` when the first is none.
    fn lines(mut self, written: &str) -> Option<Sampled> {
        let lines = || written.lines().filter(|line| !line.trim().is_empty());
        let first: Value = serde_json::from_str(lines().next()?).ok()?;
        self.guess_instance(&first);
        for (index, line) in lines().enumerate() {
            let path = format!("$[{index}]");
            match serde_json::from_str::<Value>(line) {
                Ok(value) => self.item(&path, &value),
                Err(error) => {
                    let reason = format!("not JSON: {error}");
                    self.sampled
                        .refuse(path, ItemErrorCode::InvalidJson, reason, line.as_bytes());
                }
            }
        }
        Some(self.sampled)
    }
}

fn no_post(item: &Value) -> Unmapped {
    let reason = match text(item, "error") {
        Some(_) => "an error of the server instead of a post".to_owned(),
        None if item.is_object() => "an object that is no post".to_owned(),
        None => format!("a post was expected, {} is there", kind(Some(item))),
    };
    Unmapped::new("", ItemErrorCode::InvalidValue, reason)
}

/// The address of an account that belongs to the instance itself.
fn local_account(value: &Value, depth: usize) -> Option<&str> {
    /// A status in a reblog in a notification in a list.
    const DEPTH_MAX: usize = 8;
    if depth > DEPTH_MAX {
        return None;
    }
    match value {
        Value::Array(items) => items.iter().find_map(|item| local_account(item, depth + 1)),
        Value::Object(fields) => {
            let is_local = text(value, "acct").is_some_and(|acct| !acct.contains('@'));
            let own = text(value, "url").filter(|_url| is_local);
            own.or_else(|| {
                fields
                    .values()
                    .find_map(|field| local_account(field, depth + 1))
            })
        }
        _ => None,
    }
}
