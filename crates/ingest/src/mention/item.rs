//! One item: JSON object to [`Mention`].

use super::error::{Fault, ItemErrorCode, SHOWN_ID_CHARACTERS, shown};
use super::field::{
    Fields, id_of, not_a_value, text_of, too_large, without_nul, without_nul_inside,
};
use super::json::read_object;
use super::limits::{ACCOUNTS_MAX, EXTRA_BYTES_MAX, MEDIA_MAX, NAME_BYTES_MAX, ParseLimits};
use super::split::Item;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use switchboard_domain::mention::{Media, Metrics, ReplyCapability};
use switchboard_domain::{Author, Form, Mention, Op, Slug, Visibility};

/// The platform of a mention that names none: somebody's own system, through the API.
const DEFAULT_PLATFORM: &str = "api";

const OPS: [(&str, Op); 2] = [("upsert", Op::Upsert), ("delete", Op::Delete)];

const VISIBILITIES: [(&str, Visibility); 4] = [
    ("public", Visibility::Public),
    ("unlisted", Visibility::Unlisted),
    ("followers", Visibility::Followers),
    ("private", Visibility::Private),
];

type Extra = BTreeMap<String, Value>;

/// What an item turned out to be: the mention, or its id (if it could be read) and the fault.
pub(super) type Read = Result<Mention, (Option<String>, Fault)>;

pub(super) fn read_item(item: Item<'_>, limits: &ParseLimits) -> Read {
    if item.bytes.len() > limits.item_bytes {
        let (size, limit) = (item.bytes.len(), limits.item_bytes);
        let message = format!("is {size} bytes; a mention has at most {limit}");
        return Err((None, Fault::item(ItemErrorCode::TooLarge, message)));
    }
    let map = read_object(item).map_err(|fault| (None, fault))?;
    let id = shown_id(&map);
    read_mention(map, limits).map_err(|fault| (id, fault))
}

fn shown_id(map: &Map<String, Value>) -> Option<String> {
    match map.get("id")? {
        Value::String(id) if !id.is_empty() => Some(shown(id, SHOWN_ID_CHARACTERS)),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

fn read_mention(map: Map<String, Value>, limits: &ParseLimits) -> Result<Mention, Fault> {
    let mut fields = Fields::root(map);
    let mut extra = read_extra(&mut fields)?;
    let id = read_id(&mut fields)?;
    let op = fields.choice("op", &OPS)?.unwrap_or_default();
    let text = read_text(&mut fields, op, limits)?;
    let edited_at = fields.time("edited_at")?;
    let platform = read_platform(&mut fields)?;
    let form = fields.choice("form", &Form::ALL.map(|form| (form.as_str(), form)))?;
    let form = form.unwrap_or_else(|| usual_form(&platform));
    let mention = Mention {
        op,
        platform,
        id_scope: fields.id("id_scope")?.unwrap_or_default(),
        id,
        version: read_version(&mut fields, edited_at)?,
        edited_at,
        form,
        visibility: fields
            .choice("visibility", &VISIBILITIES)?
            .unwrap_or_else(|| usual_visibility(form)),
        text,
        lang: fields.text("lang", NAME_BYTES_MAX)?,
        created_at: fields.time("created_at")?,
        url: fields.url("url")?,
        author: read_author(&mut fields, &mut extra)?,
        accounts: read_accounts(&mut fields)?,
        in_reply_to: fields.id("in_reply_to")?,
        conversation_id: fields.id("conversation_id")?,
        repost_of: fields.id("repost_of")?,
        rating: fields.number("rating")?,
        metrics: read_metrics(&mut fields, &mut extra)?,
        media: read_media(&mut fields, &mut extra)?,
        source: fields.text("source", NAME_BYTES_MAX)?,
        backfill: fields.flag("backfill")?,
        reply: read_reply(&mut fields, &mut extra)?,
        extra: BTreeMap::new(),
    };
    set_aside(&mut extra, fields);
    Ok(Mention {
        extra: within_limit("extra", extra)?,
        ..mention
    })
}

fn read_id(fields: &mut Fields) -> Result<String, Fault> {
    let missing = || {
        let message = "`id` is missing; send the platform's own id of the post";
        Fault::field(ItemErrorCode::MissingId, "id".to_owned(), message)
    };
    fields
        .id("id")?
        .filter(|id| !id.is_empty())
        .ok_or_else(missing)
}

/// A deletion takes the words with it, even where the sender still knows them.
fn read_text(fields: &mut Fields, op: Op, limits: &ParseLimits) -> Result<String, Fault> {
    let text = fields.text("text", limits.text_bytes)?;
    match (op, text) {
        (Op::Delete, _) => Ok(String::new()),
        (Op::Upsert, Some(text)) => Ok(text),
        (Op::Upsert, None) => {
            let message =
                "`text` is missing; send it, empty for a bare picture, or `\"op\":\"delete\"`";
            Err(Fault::field(
                ItemErrorCode::MissingText,
                "text".to_owned(),
                message,
            ))
        }
    }
}

fn read_platform(fields: &mut Fields) -> Result<Slug, Fault> {
    let Some(value) = fields.take("platform") else {
        return Ok(Slug::from_any(DEFAULT_PLATFORM));
    };
    let name = text_of(fields.path_to("platform"), value, NAME_BYTES_MAX)?;
    Slug::new(&name).map_err(|_| {
        let wanted = "1 to 40 characters from a-z, 0-9 and `-`";
        not_a_value(fields.path_to("platform"), &Value::String(name), wanted)
    })
}

fn usual_form(platform: &Slug) -> Form {
    if platform.as_str() == Form::Email.as_str() {
        Form::Email
    } else {
        Form::Post
    }
}

/// What was written to us alone is nobody else's to read, unless the sender says otherwise:
/// words of public posts leave the house in alerts.
const fn usual_visibility(form: Form) -> Visibility {
    match form {
        Form::Dm | Form::Email => Visibility::Private,
        Form::Post | Form::Comment | Form::Reply | Form::Review => Visibility::Public,
    }
}

/// Platforms that do not number their edits date them; the later edit is the higher version.
fn read_version(fields: &mut Fields, edited_at: Option<Timestamp>) -> Result<i64, Fault> {
    let numbered = fields.integer("version")?;
    Ok(numbered.unwrap_or_else(|| edited_at.map_or(0, Timestamp::as_microsecond)))
}

/// An object, or a plain handle, which then stands for the id too.
fn read_author(fields: &mut Fields, extra: &mut Extra) -> Result<Author, Fault> {
    let Some(value) = fields.take("author") else {
        return Ok(Author::default());
    };
    let path = fields.path_to("author");
    if value.is_string() {
        let handle = id_of(path, value)?;
        return Ok(Author {
            id: handle.clone(),
            handle: Some(handle),
            ..Author::default()
        });
    }
    let mut fields = Fields::entry(path, value)?;
    let author = Author {
        id: fields.id("id")?.unwrap_or_default(),
        handle: fields.text("handle", NAME_BYTES_MAX)?,
        name: fields.text("name", NAME_BYTES_MAX)?,
        followers: fields.count("followers")?,
        verified: fields.flag("verified")?,
    };
    set_aside(extra, fields);
    Ok(author)
}

fn read_accounts(fields: &mut Fields) -> Result<BTreeSet<String>, Fault> {
    let path = fields.path_to("account");
    let names = match fields.take("account") {
        Some(Value::Array(names)) => {
            fields.put_back("account", Value::Array(names));
            fields.list("account", ACCOUNTS_MAX)?
        }
        Some(name) => vec![name],
        None => Vec::new(),
    };
    names
        .into_iter()
        .map(|name| text_of(path.clone(), name, NAME_BYTES_MAX))
        .collect()
}

fn read_metrics(fields: &mut Fields, extra: &mut Extra) -> Result<Option<Metrics>, Fault> {
    let Some(mut fields) = fields.object("metrics")? else {
        return Ok(None);
    };
    let metrics = Metrics {
        likes: fields.count("likes")?.unwrap_or_default(),
        reposts: fields.count("reposts")?.unwrap_or_default(),
        replies: fields.count("replies")?.unwrap_or_default(),
        views: fields.count("views")?.unwrap_or_default(),
    };
    set_aside(extra, fields);
    Ok(Some(metrics))
}

/// An entry without a web address is kept aside as it came.
fn read_media(fields: &mut Fields, extra: &mut Extra) -> Result<Vec<Media>, Fault> {
    let mut media = Vec::new();
    for (index, value) in fields.list("media", MEDIA_MAX)?.into_iter().enumerate() {
        let mut fields = Fields::entry(format!("media.{index}"), value)?;
        if let Some(url) = fields.url("url")? {
            media.push(Media {
                kind: fields.text("kind", NAME_BYTES_MAX)?.unwrap_or_default(),
                url,
                alt: fields.text("alt", EXTRA_BYTES_MAX)?,
            });
        }
        set_aside(extra, fields);
    }
    Ok(media)
}

fn read_reply(fields: &mut Fields, extra: &mut Extra) -> Result<Option<ReplyCapability>, Fault> {
    let Some(mut fields) = fields.object("reply")? else {
        return Ok(None);
    };
    let can = fields.flag("can")?;
    let limits = fields
        .object("limits")?
        .map(Fields::into_map)
        .unwrap_or_default();
    set_aside(extra, fields);
    let limits: Extra = limits.into_iter().map(clean).collect();
    Ok(Some(ReplyCapability {
        can,
        limits: within_limit("reply.limits", limits)?,
    }))
}

/// A mention written by ourselves carries its unknown fields under `extra`.
fn read_extra(fields: &mut Fields) -> Result<Extra, Fault> {
    let known = fields
        .object("extra")?
        .map(Fields::into_map)
        .unwrap_or_default();
    Ok(known.into_iter().map(clean).collect())
}

fn set_aside(extra: &mut Extra, rest: Fields) {
    extra.extend(rest.rest().filter(|(_, value)| !value.is_null()).map(clean));
}

fn clean((name, value): (String, Value)) -> (String, Value) {
    (without_nul(name), without_nul_inside(value))
}

/// What a stranger may have us keep unread.
fn within_limit(path: &str, extra: Extra) -> Result<Extra, Fault> {
    let bytes: usize = extra
        .iter()
        .map(|(name, value)| name.len() + size_of_json(value))
        .sum();
    if bytes > EXTRA_BYTES_MAX {
        let fact = format!(
            "(all fields we do not know) takes {bytes} bytes; send at most {EXTRA_BYTES_MAX}"
        );
        return Err(too_large(path.to_owned(), &fact));
    }
    Ok(extra)
}

/// About the bytes `value` takes when written out; counted without writing it.
fn size_of_json(value: &Value) -> usize {
    /// Quotes, a comma, a colon.
    const PUNCTUATION: usize = 4;
    /// The longest number, `null`, `true`, `false`.
    const SCALAR: usize = 24;
    match value {
        Value::String(text) => text.len() + PUNCTUATION,
        Value::Array(values) => values.iter().map(size_of_json).sum::<usize>() + PUNCTUATION,
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| key.len() + PUNCTUATION + size_of_json(value))
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => SCALAR,
    }
}
