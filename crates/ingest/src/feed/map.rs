//! An entry → a mention, and what makes it the same item again.
//!
//! Identity is the feed and the item's guid. A guid that stands twice in a feed, or that only
//! names the feed, names no item: then the link does, and without one the title with the date.

use super::charset;
use super::entry::{Entry, Feed};
use super::{json, xml};
use crate::mention::{ID_BYTES_MAX, ItemErrorCode};
use crate::sample::{Sampled, Unmapped};
use jiff::Timestamp;
use reqwest::Url;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use switchboard_domain::{Mention, Slug};

/// See `Descriptor::sample`.
pub(super) fn sample(bytes: &[u8], url: Option<&str>) -> Sampled {
    let url = url.and_then(|url| Url::parse(url).ok());
    read(bytes, None, url.as_ref())
}

/// `charset` is the server's word for it.
pub(super) fn read(bytes: &[u8], charset: Option<&str>, url: Option<&Url>) -> Sampled {
    let text = charset::decode(bytes, charset);
    let feed = if text.trim_start().starts_with(['{', '[']) {
        match serde_json::from_str::<Value>(&text) {
            Ok(document) => json::read(&document),
            Err(error) => return Sampled::refuse_all(bytes, format!("not JSON: {error}")),
        }
    } else {
        xml::read(&text, url)
    };
    match feed {
        Some(feed) => map_feed(&feed, url),
        None => Sampled::refuse_all(bytes, "neither RSS nor Atom nor a JSON feed"),
    }
}

fn map_feed(feed: &Feed, url: Option<&Url>) -> Sampled {
    let identities = Identities::of(feed, url);
    let mut sampled = Sampled::default();
    for entry in &feed.entries {
        let source = Value::String(entry.source.clone());
        let mapped = map_entry(entry, &identities);
        sampled.take(&entry.path, &source, mapped);
    }
    sampled
}

fn map_entry(entry: &Entry, identities: &Identities) -> Result<Mention, Unmapped> {
    let text = words(entry);
    let says_nothing = text.is_empty() && entry.media.is_empty() && !entry.has_content;
    if says_nothing && entry.guid.is_none() && entry.link.is_none() {
        let reason = "an item without a title, words, an address or an id";
        return Err(Unmapped::new("", ItemErrorCode::MissingText, reason));
    }
    let mut mention = Mention::new(Slug::from_any("feed"), identities.id(entry), text);
    identities.scope.clone_into(&mut mention.id_scope);
    mention.url.clone_from(&entry.link);
    mention.author = entry.author.clone();
    mention.lang.clone_from(&entry.language);
    mention.created_at = entry.published.or(entry.updated);
    mention.edited_at = entry.updated.filter(|updated| {
        entry
            .published
            .is_some_and(|published| *updated > published)
    });
    mention.version = mention.edited_at.map_or(0, Timestamp::as_millisecond);
    mention.in_reply_to.clone_from(&entry.in_reply_to);
    mention.media.clone_from(&entry.media);
    Ok(mention)
}

/// The title first, unless the words begin with it anyway.
fn words(entry: &Entry) -> String {
    let (title, body) = (entry.title.trim(), entry.body.trim());
    let cut = title.trim_end_matches(['…', '.']);
    if title.is_empty() || (!cut.is_empty() && body.starts_with(cut)) {
        body.to_owned()
    } else if body.is_empty() {
        title.to_owned()
    } else {
        format!("{title}\n\n{body}")
    }
}

struct Identities {
    /// The feed.
    scope: String,
    /// How often each guid and link stands in it.
    count: HashMap<String, usize>,
}

impl Identities {
    fn of(feed: &Feed, url: Option<&Url>) -> Self {
        let scope = url.map(ToString::to_string);
        let scope = scope
            .or_else(|| feed.identity.clone())
            .or_else(|| feed.link.clone());
        let mut count: HashMap<String, usize> = HashMap::new();
        for entry in &feed.entries {
            // A link that is also the guid counts once.
            let link = entry
                .link
                .as_ref()
                .filter(|link| entry.guid.as_ref() != Some(*link));
            for name in entry.guid.iter().chain(link) {
                *count.entry(name.clone()).or_default() += 1;
            }
        }
        for name in feed.identity.iter().chain(&feed.link) {
            *count.entry(name.clone()).or_default() += 1;
        }
        Self {
            scope: short(&without_scheme(&scope.unwrap_or_default())),
            count,
        }
    }

    fn id(&self, entry: &Entry) -> String {
        let names_it = |name: &&String| self.count.get(*name) == Some(&1);
        let named = entry
            .guid
            .as_ref()
            .filter(names_it)
            .or(entry.link.as_ref().filter(names_it));
        named.map_or_else(|| fingerprint(entry), |name| short(name))
    }
}

/// `http` and `https` of one feed are one feed.
fn without_scheme(address: &str) -> String {
    let bare = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"));
    bare.unwrap_or(address).to_owned()
}

fn short(name: &str) -> String {
    if name.len() > ID_BYTES_MAX {
        format!("sha256:{}", hex::encode(Sha256::digest(name)))
    } else {
        name.to_owned()
    }
}

/// The words count only where there is no title: they are what gets corrected.
fn fingerprint(entry: &Entry) -> String {
    let said = [&entry.title, &entry.body, &entry.source]
        .into_iter()
        .find(|said| !said.is_empty())
        .map_or("", String::as_str);
    let date = entry
        .published
        .map(|published| published.to_string())
        .unwrap_or_default();
    let link = entry.link.as_deref().unwrap_or_default();
    let digest = Sha256::digest(format!("{link}\n{said}\n{date}"));
    format!("sha256:{}", hex::encode(digest))
}
