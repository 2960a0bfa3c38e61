//! Posts as the XRPC interface shows them: with author, counts and labels around the record.

use super::embed::add_embed;
use super::identity::{POST, REPOST, RecordName, is_did, named};
use super::json::{code_of_absent, list, start_of, text, text_at, words};
use super::post::{Found, add_labels, bare, map_post, map_repost, reply_capability};
use super::time::{instant, written_at};
use crate::mention::ItemErrorCode;
use crate::sample::Unmapped;
use serde_json::{Value, json};
use switchboard_domain::mention::Metrics;
use switchboard_domain::{Author, Form, Mention, Op, Slug, Visibility};

/// Bytes of a name shown; the platform allows 64 characters.
const NAME_BYTES_MAX: usize = 640;

/// The mention of an item, or nothing: what is no post and no repost is passed over.
pub(super) type Mapped = Option<Result<Mention, Unmapped>>;

/// A post view, a quoted record's view, a notification, or a repository's record: all name a
/// record with `uri` and hold it in `record` or `value`.
pub(super) fn map_view(view: &Value) -> Mapped {
    let name = match named(view, "") {
        Ok(name) => name,
        Err(unmapped) => return Some(Err(unmapped)),
    };
    let (path, record) = match (view.get("record"), view.get("value")) {
        (None, Some(record)) => (".value", record),
        (record, _) => (".record", record.unwrap_or(&Value::Null)),
    };
    let found = Found {
        name,
        hash: text(view, "cid"),
        record,
        seen: text(view, "indexedAt").and_then(instant),
        path,
    };
    let mapped = match name.collection {
        POST => map_post(&found),
        REPOST => map_repost(&found),
        _ => return None,
    };
    Some(mapped.map(|mention| with_surroundings(mention, view)))
}

/// An entry of a feed: a post, or somebody's repost of it.
pub(super) fn map_feed_item(item: &Value) -> Mapped {
    let post = item.get("post").unwrap_or(&Value::Null);
    if !post.is_object() {
        let code = code_of_absent(item.get("post"), ItemErrorCode::MissingId);
        return Some(Err(Unmapped::new(".post", code, "a post's view")));
    }
    let within = |unmapped: Unmapped| Unmapped {
        path: format!(".post{}", unmapped.path),
        ..unmapped
    };
    let mapped = map_view(post)?.map_err(within);
    let Some(reason) = item.get("reason").filter(|reason| is_repost(reason)) else {
        return Some(mapped);
    };
    Some(mapped.and_then(|original| repost_of(&original, post, reason)))
}

/// A post that was asked for by its address and is not there.
pub(super) fn map_not_found(item: &Value) -> Result<Mention, Unmapped> {
    let name = named(item, "")?;
    Ok(Mention {
        op: Op::Delete,
        ..bare(&name)
    })
}

/// A direct message; its id is unique by itself. What the platform itself says in a
/// conversation ("… left") is passed over.
pub(super) fn map_message(message: &Value) -> Mapped {
    let is_person = text(message, "$type").is_none_or(|kind| !kind.contains("#systemMessage"));
    is_person.then(|| read_message(message))
}

fn read_message(message: &Value) -> Result<Mention, Unmapped> {
    let missing = |field: &str, missing, reason| {
        let code = code_of_absent(message.get(field), missing);
        Unmapped::new(format!(".{field}"), code, reason)
    };
    let id = words(message, "id")
        .ok_or_else(|| missing("id", ItemErrorCode::MissingId, "the message's id"))?;
    let mut mention = Mention::new(Slug::from_any("bluesky"), id, "");
    mention.form = Form::Dm;
    mention.visibility = Visibility::Private;
    mention.author = author_of(message.get("sender").unwrap_or(&Value::Null));
    // The answer to a removal does not say what it is; it has no words at all.
    let is_gone = match text(message, "$type") {
        Some(kind) => kind.ends_with("#deletedMessageView"),
        None => message.get("text").is_none() && message.get("rev").is_some(),
    };
    if is_gone {
        mention.op = Op::Delete;
        return Ok(mention);
    }
    let reason = "the message's text";
    let words =
        text(message, "text").ok_or_else(|| missing("text", ItemErrorCode::MissingText, reason))?;
    words.clone_into(&mut mention.text);
    mention.created_at = text(message, "sentAt").and_then(instant);
    Ok(mention)
}

fn with_surroundings(mut mention: Mention, view: &Value) -> Mention {
    if let Some(author) = view.get("author") {
        let author = author_of(author);
        // The name says who owns the record; a view that disagrees is not believed.
        if author.id == mention.author.id {
            mention.author = author;
        }
    }
    mention.metrics = metrics_of(view);
    if let Some(quotes) = view.get("quoteCount").and_then(Value::as_u64) {
        mention.extra.insert("quotes".to_owned(), json!(quotes));
    }
    if let Some(reason) = text(view, "reason") {
        let reason = json!(start_of(reason, NAME_BYTES_MAX));
        mention.extra.insert("reason".to_owned(), reason);
    }
    if let Some(embed) = view.get("embed").filter(|embed| embed.is_object()) {
        let did = mention.author.id.clone();
        mention.media.clear();
        add_embed(&mut mention, embed, &did);
    }
    add_labels(&mut mention, list(view, "labels"));
    let closed = view.pointer("/viewer/replyDisabled") == Some(&Value::Bool(true));
    if closed && mention.reply.is_some() {
        mention.reply = Some(reply_capability(false));
    }
    mention
}

/// Numbers that are missing are not known, and none of them known is no metrics at all.
fn metrics_of(view: &Value) -> Option<Metrics> {
    let count = |key: &str| view.get(key).and_then(Value::as_u64);
    let (likes, reposts, replies) = (
        count("likeCount"),
        count("repostCount"),
        count("replyCount"),
    );
    likes.or(reposts).or(replies)?;
    Some(Metrics {
        likes: likes.unwrap_or_default(),
        reposts: reposts.unwrap_or_default(),
        replies: replies.unwrap_or_default(),
        views: 0,
    })
}

fn author_of(author: &Value) -> Author {
    /// What the platform writes when a handle no longer points at its owner.
    const INVALID_HANDLE: &str = "handle.invalid";
    let shown = |key| words(author, key).map(|name| start_of(name, NAME_BYTES_MAX).to_owned());
    let is_valid = |pointer| text_at(author, pointer) == Some("valid");
    Author {
        id: text(author, "did")
            .filter(|did| is_did(did))
            .unwrap_or_default()
            .to_owned(),
        handle: shown("handle").filter(|handle| handle != INVALID_HANDLE),
        name: shown("displayName"),
        followers: author.get("followersCount").and_then(Value::as_u64),
        verified: is_valid("/verification/verifiedStatus")
            || is_valid("/verification/trustedVerifierStatus"),
    }
}

fn is_repost(reason: &Value) -> bool {
    reason.get("by").is_some_and(Value::is_object)
}

/// The repost as a mention of its own: its words are the original's, its author is who
/// repeated them.
fn repost_of(original: &Mention, post: &Value, reason: &Value) -> Result<Mention, Unmapped> {
    let author = author_of(reason.get("by").unwrap_or(&Value::Null));
    if author.id.is_empty() {
        let reason = "the DID of who repeated the post";
        let code = ItemErrorCode::MissingId;
        return Err(Unmapped::new(".reason.by.did", code, reason));
    }
    let mut mention = Mention::new(
        Slug::from_any("bluesky"),
        repost_id(&author.id, original, post, reason),
        original.text.clone(),
    );
    mention.created_at = written_at(None, text(reason, "indexedAt").and_then(instant));
    mention.repost_of = Some(original.id.clone());
    mention.lang.clone_from(&original.lang);
    mention.url.clone_from(&original.url);
    mention.media.clone_from(&original.media);
    mention.author = author;
    Ok(mention)
}

/// The repost's own record, where the response names it. Older servers do not: then the two
/// names that make a repost make its id, which is at least the same every time.
fn repost_id(by: &str, original: &Mention, post: &Value, reason: &Value) -> String {
    let own = [text(reason, "uri"), text_at(post, "/viewer/repost")];
    let is_theirs = |name: &RecordName<'_>| name.did == by && name.collection == REPOST;
    let mut names = own.into_iter().flatten().filter_map(RecordName::parse);
    names.find(is_theirs).map_or_else(
        || format!("at://{by}/{REPOST}?subject={}", original.id),
        |name| name.to_string(),
    )
}
