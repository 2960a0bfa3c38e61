//! A status or a deletion → a mention. Ids are those of the instance that was asked.

use crate::fields::{count, id, instant, kind, list, owned, required_id, text};
use crate::markup::html_to_text;
use crate::mention::ItemErrorCode;
use crate::sample::Unmapped;
use jiff::Timestamp;
use serde_json::Value;
use switchboard_domain::mention::{Media, Metrics};
use switchboard_domain::{Author, Form, Mention, Op, Slug, Visibility};

/// A status, and of a boost the words of what it boosts.
pub(super) fn map_status(status: &Value, instance: &str) -> Result<Mention, Unmapped> {
    let mut mention = bare(required_id(status, "", "id")?, instance);
    mention.author = author(status)?;
    // Without a body and with its source: the answer to a deletion.
    if status.get("content").is_none() && status.get("text").is_some() {
        mention.op = Op::Delete;
        return Ok(mention);
    }
    let reblog = status.get("reblog").filter(|reblog| !reblog.is_null());
    let (shown, path) = reblog.map_or((status, ""), |reblog| (reblog, ".reblog"));
    mention.repost_of = match reblog {
        Some(reblog) => Some(required_id(reblog, path, "id")?),
        None => None,
    };
    mention.text = words(shown, path)?;
    mention.lang = owned(shown, "language");
    mention.media = media(shown);
    mention.created_at = instant(status, "created_at");
    mention.edited_at = instant(shown, "edited_at");
    mention.version = mention.edited_at.map_or(0, Timestamp::as_millisecond);
    mention.visibility = visibility(status);
    mention.in_reply_to = id(status, "in_reply_to_id");
    mention.form = form(&mention);
    mention.url = owned(status, "url").or_else(|| owned(status, "uri"));
    mention.metrics = metrics(shown);
    keep(&mut mention, status);
    Ok(mention)
}

/// A former wording from a status's history; the list does not repeat the id.
pub(super) fn map_former(entry: &Value, id: &str, instance: &str) -> Result<Mention, Unmapped> {
    let mut mention = bare(id.to_owned(), instance);
    mention.author = author(entry)?;
    mention.text = words(entry, "")?;
    mention.media = media(entry);
    mention.edited_at = instant(entry, "created_at");
    mention.version = mention.edited_at.map_or(0, Timestamp::as_millisecond);
    Ok(mention)
}

/// A deletion names nothing but the id.
pub(super) fn map_delete(id: String, instance: &str) -> Mention {
    let mut mention = bare(id, instance);
    mention.op = Op::Delete;
    mention
}

fn bare(id: String, instance: &str) -> Mention {
    let mut mention = Mention::new(Slug::from_any("mastodon"), id, "");
    instance.clone_into(&mut mention.id_scope);
    mention
}

fn author(status: &Value) -> Result<Author, Unmapped> {
    let account = status.get("account");
    let Some(account) = account.filter(|account| account.is_object()) else {
        let reason = format!("an account was expected, {} is there", kind(account));
        return Err(Unmapped::new(".account", ItemErrorCode::WrongType, reason));
    };
    Ok(Author {
        id: required_id(account, ".account", "id")?,
        handle: owned(account, "acct").or_else(|| owned(account, "username")),
        name: owned(account, "display_name").or_else(|| owned(account, "username")),
        followers: account.get("followers_count").and_then(Value::as_u64),
        // There is nobody who could vouch for everyone.
        verified: false,
    })
}

/// The warning first, then the words, then what can be voted for.
fn words(status: &Value, path: &str) -> Result<String, Unmapped> {
    let content = status.get("content");
    let Some(html) = content.and_then(Value::as_str) else {
        let reason = format!("the words were expected, {} is there", kind(content));
        let path = format!("{path}.content");
        return Err(Unmapped::new(path, ItemErrorCode::MissingText, reason));
    };
    let warning = text(status, "spoiler_text").map(html_to_text);
    let poll = status
        .get("poll")
        .map(options)
        .filter(|options| !options.is_empty());
    let parts = [warning, Some(html_to_text(html)), poll];
    let parts: Vec<String> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    Ok(parts.join("\n\n"))
}

fn options(poll: &Value) -> String {
    let titles = list(poll, "options")
        .iter()
        .filter_map(|option| text(option, "title"));
    titles
        .map(|title| format!("- {}", html_to_text(title)))
        .collect::<Vec<_>>()
        .join("\n")
}

fn media(status: &Value) -> Vec<Media> {
    let attachments = list(status, "media_attachments").iter();
    attachments
        .filter_map(|attachment| {
            let places = ["url", "remote_url", "preview_url"];
            let url = places.iter().find_map(|place| owned(attachment, place))?;
            Some(Media {
                kind: match text(attachment, "type") {
                    Some("gifv") => "video".to_owned(),
                    other => other.unwrap_or("unknown").to_owned(),
                },
                url,
                alt: owned(attachment, "description"),
            })
        })
        .collect()
}

/// A word we do not know (other servers have `mutuals_only`, `local`) is not public.
fn visibility(status: &Value) -> Visibility {
    match text(status, "visibility") {
        None | Some("public") => Visibility::Public,
        Some("unlisted") => Visibility::Unlisted,
        Some("direct") => Visibility::Private,
        Some(_) => Visibility::Followers,
    }
}

fn metrics(status: &Value) -> Option<Metrics> {
    let told = |key: &str| status.get(key).is_some_and(Value::is_u64);
    let counts = ["favourites_count", "reblogs_count", "replies_count"];
    counts.into_iter().any(told).then(|| Metrics {
        likes: count(status, counts[0]),
        reposts: count(status, counts[1]),
        replies: count(status, counts[2]),
        views: 0,
    })
}

const fn form(mention: &Mention) -> Form {
    if matches!(mention.visibility, Visibility::Private) {
        Form::Dm
    } else if mention.in_reply_to.is_some() {
        Form::Reply
    } else {
        Form::Post
    }
}

/// What no field of ours holds and a reader may want: the id that all instances share, the
/// quoted post, the mark of automatic accounts.
fn keep(mention: &mut Mention, status: &Value) {
    let quoted = status.pointer("/quote/quoted_status/id");
    let quoted = quoted.or_else(|| status.pointer("/quote/id"));
    let bot = status
        .pointer("/account/bot")
        .filter(|bot| **bot == Value::Bool(true));
    let kept = [
        ("uri", status.get("uri")),
        ("quote_of", quoted),
        ("bot", bot),
    ];
    for (name, value) in kept {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            mention.extra.insert(name.to_owned(), value.clone());
        }
    }
}
