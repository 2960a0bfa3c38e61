//! An item of Firebase, a hit of Algolia → a mention. Ids are global.

use crate::fields::{epoch, id, kind, owned, required_id, text};
use crate::markup::html_to_text;
use crate::mention::ItemErrorCode;
use crate::sample::Unmapped;
use serde_json::Value;
use switchboard_domain::mention::Metrics;
use switchboard_domain::{Author, Form, Mention, Op, Slug};

/// An item as Firebase gives it, or as Algolia's `items` does.
pub(super) fn map_item(item: &Value) -> Result<Mention, Unmapped> {
    let mut mention = bare(required_id(item, "", "id")?);
    if is_gone(item) {
        mention.op = Op::Delete;
        return Ok(mention);
    }
    mention.author = author(item, "by");
    if mention.author.id.is_empty() {
        mention.author = author(item, "author");
    }
    mention.text = words(item, &["title"], &["text"])?;
    mention.created_at = epoch(item, "time").or_else(|| epoch(item, "created_at_i"));
    let parents = ["parent", "parent_id", "poll"];
    mention.in_reply_to = parents.iter().find_map(|parent| id(item, parent));
    mention.form = form(&mention);
    let is_root = mention.in_reply_to.is_none();
    mention.conversation_id = id(item, "story_id").or_else(|| is_root.then(|| mention.id.clone()));
    mention.metrics = metrics(item, &["score", "points"], "descendants");
    keep_link(&mut mention, item);
    Ok(mention)
}

/// A hit of Algolia's search.
pub(super) fn map_hit(hit: &Value) -> Result<Mention, Unmapped> {
    let mut mention = bare(required_id(hit, "", "objectID")?);
    mention.author = author(hit, "author");
    mention.text = words(
        hit,
        &["title"],
        &["comment_text", "story_text", "job_text", "text"],
    )?;
    mention.created_at = epoch(hit, "created_at_i");
    mention.in_reply_to = id(hit, "parent_id");
    mention.form = form(&mention);
    mention.conversation_id = id(hit, "story_id").or_else(|| Some(mention.id.clone()));
    mention.metrics = metrics(hit, &["points"], "num_comments");
    keep_link(&mut mention, hit);
    Ok(mention)
}

fn bare(id: String) -> Mention {
    let url = format!("https://news.ycombinator.com/item?id={id}");
    let mut mention = Mention::new(Slug::from_any("hackernews"), id, "");
    mention.url = Some(url);
    mention
}

/// Taken back by its author, or killed by flags: nobody can read it there.
fn is_gone(item: &Value) -> bool {
    let is = |key: &str| item.get(key) == Some(&Value::Bool(true));
    // Algolia keeps a deleted comment's place in the tree, without words or author.
    let hollow = item.get("children").is_some()
        && owned(item, "author").is_none()
        && owned(item, "text").is_none();
    is("deleted") || is("dead") || hollow
}

fn author(item: &Value, key: &str) -> Author {
    Author {
        id: owned(item, key).unwrap_or_default(),
        handle: owned(item, key),
        ..Author::default()
    }
}

/// Comments have no counts: nothing told is no metrics, not none of anything.
fn metrics(item: &Value, likes: &[&str], replies: &str) -> Option<Metrics> {
    let told = |key: &&str| item.get(*key).and_then(Value::as_u64);
    let (likes, replies) = (likes.iter().find_map(told), told(&replies));
    likes.or(replies)?;
    Some(Metrics {
        likes: likes.unwrap_or_default(),
        replies: replies.unwrap_or_default(),
        ..Metrics::default()
    })
}

const fn form(mention: &Mention) -> Form {
    if mention.in_reply_to.is_some() {
        Form::Comment
    } else {
        Form::Post
    }
}

/// The title, and below it what was written.
fn words(item: &Value, titles: &[&str], bodies: &[&str]) -> Result<String, Unmapped> {
    let first = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| text(item, key))
            .map(html_to_text)
    };
    let parts: Vec<String> = [first(titles), first(bodies)]
        .into_iter()
        .flatten()
        .collect();
    if parts.is_empty() {
        let body = bodies.first().copied().unwrap_or_default();
        let reason = format!(
            "a title or words were expected, {} is there",
            kind(item.get(body))
        );
        return Err(Unmapped::new(
            format!(".{body}"),
            ItemErrorCode::MissingText,
            reason,
        ));
    }
    Ok(parts.join("\n\n"))
}

/// The mention's own address is the discussion; what a story points to is kept beside it.
fn keep_link(mention: &mut Mention, item: &Value) {
    if let Some(link) = text(item, "url") {
        mention.extra.insert("link".to_owned(), Value::from(link));
    }
}
