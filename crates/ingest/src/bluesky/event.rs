//! One frame of Jetstream, in either protocol.
//!
//! | | `/subscribe` | `subscribeEvents` |
//! |---|---|---|
//! | around an event | nothing | `{"$type":"message","payload":{…}}` |
//! | its kind | `kind` (until 2024 `type`: `com`, `acc`, `id`) | the end of `$type` |
//! | the change | in `commit` | beside `did` |
//! | its time | `time_us` | `time` |
//! | its place | `time_us` | `seq` |

use super::identity::{POST, REPOST, RecordName};
use super::json::{code_of_absent, start_of, text};
use super::post::{Found, bare, map_post, map_repost};
use super::time::{instant, revision_micros};
use super::view::Mapped;
use crate::mention::ItemErrorCode;
use crate::sample::Unmapped;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use switchboard_domain::{Mention, Op};

/// A revision further ahead of its event is made up, and orders nothing.
const REVISION_AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24);

/// Bytes of a server's notice kept for the log.
const NOTICE_BYTES_MAX: usize = 300;

/// What a frame says.
pub(super) enum Frame<'a> {
    /// Something happened in a repository.
    Event(Event<'a>),
    /// The server tells something and goes on.
    Notice(String),
    /// The server tells why it ends the stream.
    End(String),
}

pub(super) struct Event<'a> {
    /// Place in the stream of this server; only `subscribeEvents` numbers its events.
    pub(super) seq: Option<u64>,
    /// When this server saw it.
    pub(super) seen: Option<Timestamp>,
    /// `None` for what is no change of a record: account, identity, sync.
    pub(super) change: Option<Change<'a>>,
}

/// One record made, replaced or removed.
pub(super) struct Change<'a> {
    did: &'a str,
    commit: &'a Value,
    seen: Option<Timestamp>,
    /// Where `commit` stands in the frame.
    path: &'static str,
}

/// Whether `value` looks like a frame, and not like something of the XRPC interface.
pub(super) fn is_frame(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some();
    let kind = text(value, "$type").unwrap_or_default();
    has("payload")
        || kind == "error"
        || kind.contains("subscribeEvents#")
        || (has("did") && (has("time_us") || has("commit")))
}

/// `None` for JSON that is no frame of Jetstream.
pub(super) fn read_frame(value: &Value) -> Option<Frame<'_>> {
    let (payload, path) = match value.get("payload") {
        Some(payload) => (payload, ".payload"),
        None => (value, ""),
    };
    let kind = text(payload, "$type").or_else(|| text(value, "$type"));
    if kind == Some("error") || text(value, "$type") == Some("error") {
        return Some(Frame::End(notice(payload, "error")));
    }
    match kind.and_then(|kind| kind.split_once('#')) {
        Some((_, "info")) => Some(Frame::Notice(notice(payload, "name"))),
        Some((_, kind)) => Some(Frame::Event(numbered(payload, kind, path))),
        None => timed(value).map(Frame::Event),
    }
}

fn numbered<'a>(payload: &'a Value, kind: &str, path: &'static str) -> Event<'a> {
    let seen = text(payload, "time").and_then(instant);
    let change = (kind == "commit").then(|| Change {
        did: text(payload, "did").unwrap_or_default(),
        commit: payload,
        seen,
        path,
    });
    Event {
        seq: payload.get("seq").and_then(Value::as_u64),
        seen,
        change,
    }
}

fn timed(value: &Value) -> Option<Event<'_>> {
    let did = text(value, "did")?;
    let micros = value.get("time_us").and_then(Value::as_i64);
    let seen = micros.and_then(|micros| Timestamp::from_microsecond(micros).ok());
    let change = value.get("commit").map(|commit| Change {
        did,
        commit,
        seen,
        path: ".commit",
    });
    Some(Event {
        seq: None,
        seen,
        change,
    })
}

fn notice(payload: &Value, name: &str) -> String {
    let part = |key| start_of(text(payload, key).unwrap_or_default(), NOTICE_BYTES_MAX);
    format!("`{}`: {}", part(name), part("message"))
}

impl<'a> Change<'a> {
    pub(super) fn collection(&self) -> &'a str {
        text(self.commit, "collection").unwrap_or_default()
    }

    pub(super) fn record(&self) -> Option<&'a Value> {
        self.commit.get("record")
    }

    pub(super) fn is_delete(&self) -> bool {
        self.operation() == Some(Op::Delete)
    }

    pub(super) fn name(&self) -> Option<RecordName<'a>> {
        let key = text(self.commit, "rkey").unwrap_or_default();
        RecordName::new(self.did, self.collection(), key)
    }

    /// The change as a mention; nothing when it is about something other than posts.
    pub(super) fn map(&self) -> Mapped {
        matches!(self.collection(), POST | REPOST).then(|| self.map_record())
    }

    fn map_record(&self) -> Result<Mention, Unmapped> {
        let Some(name) = self.name() else {
            return Err(self.bad_name());
        };
        let Some(op) = self.operation() else {
            let reason = "must be `create`, `update` or `delete`";
            let path = format!("{}.operation", self.path);
            let code = code_of_absent(self.commit.get("operation"), ItemErrorCode::InvalidValue);
            return Err(Unmapped::new(path, code, reason));
        };
        let mention = match op {
            Op::Delete => Mention { op, ..bare(&name) },
            Op::Upsert => self.map_upsert(name)?,
        };
        Ok(self.with_version(mention))
    }

    fn map_upsert(&self, name: RecordName<'_>) -> Result<Mention, Unmapped> {
        let path = format!("{}.record", self.path);
        let Some(record) = self.record().filter(|record| record.is_object()) else {
            let code = code_of_absent(self.record(), ItemErrorCode::MissingText);
            return Err(Unmapped::new(path, code, "the record that was made"));
        };
        let found = Found {
            name,
            hash: text(self.commit, "cid"),
            record,
            seen: self.seen,
            path: &path,
        };
        if name.collection == REPOST {
            map_repost(&found)
        } else {
            map_post(&found)
        }
    }

    /// A post as it was made is version 0, as everywhere it is shown; a change of it is
    /// ordered by the repository's revision.
    fn with_version(&self, mut mention: Mention) -> Mention {
        if matches!(self.word(), Some("create" | "c")) {
            return mention;
        }
        let revision = text(self.commit, "rev").and_then(revision_micros);
        let revised = revision.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        let is_plausible = |revised: &Timestamp| {
            self.seen
                .is_none_or(|seen| revised.duration_since(seen) <= REVISION_AHEAD_MAX)
        };
        let changed = revised.filter(is_plausible).or(self.seen);
        mention.edited_at = changed;
        mention.version = changed.map_or(0, Timestamp::as_microsecond);
        mention
    }

    fn word(&self) -> Option<&'a str> {
        text(self.commit, "operation").or_else(|| text(self.commit, "type"))
    }

    /// One letter was the word until 2024.
    fn operation(&self) -> Option<Op> {
        match self.word()? {
            "create" | "update" | "c" | "u" => Some(Op::Upsert),
            "delete" | "d" => Some(Op::Delete),
            _ => None,
        }
    }

    fn bad_name(&self) -> Unmapped {
        let (path, reason) = if super::identity::is_did(self.did) {
            (format!("{}.rkey", self.path), "must be a record's key")
        } else if self.path == ".commit" {
            (".did".to_owned(), "must be a DID")
        } else {
            (format!("{}.did", self.path), "must be a DID")
        };
        Unmapped::new(path, ItemErrorCode::MissingId, reason)
    }
}
