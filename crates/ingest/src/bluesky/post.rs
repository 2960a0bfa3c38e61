//! A post's own record: words, links within them, answer, languages, labels.

use super::embed::add_embed;
use super::identity::{RecordName, named};
use super::json::{code_of_absent, list, start_of, text, text_at, texts};
use super::time::{instant, written_at};
use crate::mention::ItemErrorCode;
use crate::sample::Unmapped;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use switchboard_domain::mention::ReplyCapability;
use switchboard_domain::{Form, Mention, Slug};

/// Of an answer: what the platform takes.
const REPLY_GRAPHEMES_MAX: u64 = 300;
const REPLY_BYTES_MAX: u64 = 3_000;

/// Links, names and tags kept of one post: more do not fit 3,000 bytes in any sensible post.
const FACETS_MAX: usize = 100;

/// Bytes of an address or tag kept; the longest a client makes is far below.
const FACET_BYTES_MAX: usize = 512;

/// Languages, labels and extra tags kept; the format allows 3, 10 and 8.
const NAMES_MAX: usize = 20;

/// A record with its name, its hash, and when the network saw it.
pub(super) struct Found<'a> {
    pub(super) name: RecordName<'a>,
    pub(super) hash: Option<&'a str>,
    pub(super) record: &'a Value,
    pub(super) seen: Option<Timestamp>,
    /// Where the record stands in the item: `.commit.record`.
    pub(super) path: &'a str,
}

/// A mention with an identity and an author, and nothing else.
pub(super) fn bare(name: &RecordName<'_>) -> Mention {
    let mut mention = Mention::new(Slug::from_any("bluesky"), name.to_string(), "");
    name.did.clone_into(&mut mention.author.id);
    mention
}

/// # Errors
/// When the record has no words; an empty text is enough.
pub(super) fn map_post(found: &Found<'_>) -> Result<Mention, Unmapped> {
    let Found {
        name, record, path, ..
    } = found;
    let Some(words) = text(record, "text") else {
        let code = code_of_absent(record.get("text"), ItemErrorCode::MissingText);
        let reason = "a post's text, empty for a bare picture";
        return Err(Unmapped::new(format!("{path}.text"), code, reason));
    };
    let mut mention = bare(name);
    words.clone_into(&mut mention.text);
    mention.url = Some(name.page());
    mention.conversation_id = Some(mention.id.clone());
    mention.reply = Some(reply_capability(true));
    add_times(&mut mention, found);
    add_answer(&mut mention, record);
    add_languages(&mut mention, record);
    add_facets(&mut mention, record);
    add_labels(
        &mut mention,
        list(record.get("labels").unwrap_or(&Value::Null), "values"),
    );
    if let Some(embed) = record.get("embed") {
        add_embed(&mut mention, embed, name.did);
    }
    Ok(mention)
}

/// A repost holds no words of its own.
pub(super) fn map_repost(found: &Found<'_>) -> Result<Mention, Unmapped> {
    let path = format!("{}.subject", found.path);
    let subject = found.record.get("subject").unwrap_or(&Value::Null);
    let repeated = named(subject, &path)?;
    let mut mention = bare(&found.name);
    mention.repost_of = Some(repeated.to_string());
    mention.url = Some(repeated.page());
    add_times(&mut mention, found);
    Ok(mention)
}

pub(super) fn reply_capability(can: bool) -> ReplyCapability {
    let limits = [
        ("graphemes", REPLY_GRAPHEMES_MAX),
        ("bytes", REPLY_BYTES_MAX),
    ];
    ReplyCapability {
        can,
        limits: limits
            .map(|(name, limit)| (name.to_owned(), json!(limit)))
            .into(),
    }
}

/// Adds the names of labels that stand; a negated one was taken back.
pub(super) fn add_labels(mention: &mut Mention, labels: &[Value]) {
    let stands = |label: &&Value| label.get("neg").and_then(Value::as_bool) != Some(true);
    let names = labels.iter().filter(stands);
    let names = names.filter_map(|label| text(label, "val"));
    for name in names.take(NAMES_MAX) {
        // `label` is the classifier's word.
        let known = mention
            .extra
            .entry("content_labels".to_owned())
            .or_insert_with(|| json!([]));
        let name = json!(start_of(name, FACET_BYTES_MAX));
        if let Value::Array(known) = known
            && !known.contains(&name)
        {
            known.push(name);
        }
    }
}

fn add_times(mention: &mut Mention, found: &Found<'_>) {
    let claimed = text(found.record, "createdAt");
    mention.created_at = written_at(claimed, found.seen);
    if let Some(claimed) = claimed
        && instant(claimed) != mention.created_at
    {
        let claimed = json!(start_of(claimed, FACET_BYTES_MAX));
        mention
            .extra
            .insert("created_at_claimed".to_owned(), claimed);
    }
    if let Some(hash) = found.hash {
        mention
            .extra
            .insert("cid".to_owned(), json!(start_of(hash, FACET_BYTES_MAX)));
    }
}

/// The root names the conversation; its hash is needed to answer within it. A reference that
/// names no record is passed over: the words count, also without their place.
fn add_answer(mention: &mut Mention, record: &Value) {
    let Some(reply) = record.get("reply").filter(|reply| reply.is_object()) else {
        return;
    };
    let part = |pointer| RecordName::parse(text_at(reply, pointer)?).map(|name| name.to_string());
    let (parent, root) = (part("/parent/uri"), part("/root/uri"));
    mention.form = Form::Reply;
    mention.in_reply_to = parent.clone().or_else(|| root.clone());
    if let Some(conversation) = root.or(parent) {
        mention.conversation_id = Some(conversation);
    }
    if let Some(hash) = text_at(reply, "/root/cid") {
        let hash = json!(start_of(hash, FACET_BYTES_MAX));
        mention.extra.insert("root_cid".to_owned(), hash);
    }
}

fn add_languages(mention: &mut Mention, record: &Value) {
    let languages: Vec<&str> = texts(record, "langs")
        .filter(|tag| !tag.is_empty() && tag.len() <= FACET_BYTES_MAX)
        .take(NAMES_MAX)
        .collect();
    mention.lang = languages.first().map(|&tag| tag.to_owned());
    if languages.len() > 1 {
        mention.extra.insert("langs".to_owned(), json!(languages));
    }
}

/// Links, names and tags with their place. Places are bytes of the text's UTF-8 and may lie:
/// one that is no place in the text is left out, what it names is kept.
fn add_facets(mention: &mut Mention, record: &Value) {
    let mut kept = Vec::new();
    for facet in list(record, "facets") {
        let span = span_in(&mention.text, facet);
        for (kind, value) in list(facet, "features").iter().filter_map(feature) {
            let mut entry = Map::new();
            entry.insert("kind".to_owned(), json!(kind));
            entry.insert("value".to_owned(), json!(start_of(value, FACET_BYTES_MAX)));
            if let Some((start, end)) = span {
                entry.insert("start".to_owned(), json!(start));
                entry.insert("end".to_owned(), json!(end));
            }
            kept.push(Value::Object(entry));
        }
    }
    kept.truncate(FACETS_MAX);
    if !kept.is_empty() {
        mention
            .extra
            .insert("facets".to_owned(), Value::Array(kept));
    }
    let tags: Vec<&str> = texts(record, "tags")
        .map(|tag| start_of(tag, FACET_BYTES_MAX))
        .take(NAMES_MAX)
        .collect();
    if !tags.is_empty() {
        mention.extra.insert("tags".to_owned(), json!(tags));
    }
}

fn span_in(text: &str, facet: &Value) -> Option<(usize, usize)> {
    let place = |pointer| {
        let number = facet.pointer(pointer)?.as_u64()?;
        usize::try_from(number).ok()
    };
    let (start, end) = (place("/index/byteStart")?, place("/index/byteEnd")?);
    text.get(start..end).map(|_| (start, end))
}

/// What a facet's feature names.
pub(super) fn feature(feature: &Value) -> Option<(&'static str, &str)> {
    let named = [("link", "uri"), ("mention", "did"), ("tag", "tag")];
    let mut found = named.into_iter();
    found.find_map(|(kind, key)| text(feature, key).map(|value| (kind, value)))
}
