//! What comes with a post: pictures, videos, a card of a page, a quoted post.
//!
//! A record holds blobs by their hash, a view holds addresses; the addresses of a record's
//! blobs are made here, so that both ways bring the same mention.

use super::json::{list, start_of, text, text_at, words};
use serde_json::{Value, json};
use switchboard_domain::Mention;
use switchboard_domain::mention::Media;

/// Bytes of a description kept: ten times what a client lets people write.
const ALT_BYTES_MAX: usize = 20 * 1024;

/// Bytes of a page's title or description kept: enough to judge what it is about.
const CARD_BYTES_MAX: usize = 2 * 1024;

/// Pictures kept of one post; the format allows 20.
const PICTURES_MAX: usize = 20;

/// Adds what `embed`, of a record or of a view, holds. `did` owns a record's blobs.
pub(super) fn add_embed(mention: &mut Mention, embed: &Value, did: &str) {
    // A quote with pictures holds both, one level down.
    if let Some(media) = embed.get("media").filter(|media| media.is_object()) {
        add_media(mention, media, did);
    }
    add_media(mention, embed, did);
    if let Some(card) = embed.get("external").and_then(card) {
        mention.extra.insert("link".to_owned(), card);
    }
    if let Some(card) = embed.pointer("/media/external").and_then(card) {
        mention.extra.insert("link".to_owned(), card);
    }
    if let Some(quoted) = quoted(embed) {
        let quoted = Value::String(quoted.to_owned());
        mention.extra.insert("quote_of".to_owned(), quoted);
    }
}

/// The address of the quoted record.
pub(super) fn quoted(embed: &Value) -> Option<&str> {
    text_at(embed, "/record/record/uri").or_else(|| text_at(embed, "/record/uri"))
}

fn add_media(mention: &mut Mention, embed: &Value, did: &str) {
    for key in ["images", "items"] {
        for picture in list(embed, key).iter().take(PICTURES_MAX) {
            add_picture(mention, picture, did);
        }
    }
    add_video(mention, embed, did);
}

fn add_picture(mention: &mut Mention, picture: &Value, did: &str) {
    let shown = words(picture, "fullsize").or_else(|| words(picture, "thumb"));
    let address = shown.map(str::to_owned).or_else(|| {
        let blob = picture.get("image").and_then(blob_hash)?;
        Some(format!(
            "https://cdn.bsky.app/img/feed_fullsize/plain/{did}/{blob}@jpeg"
        ))
    });
    push(mention, "image", address, words(picture, "alt"));
}

fn add_video(mention: &mut Mention, embed: &Value, did: &str) {
    let address = words(embed, "playlist").map(str::to_owned).or_else(|| {
        let blob = embed.get("video").and_then(blob_hash)?;
        Some(format!(
            "https://video.bsky.app/watch/{did}/{blob}/playlist.m3u8"
        ))
    });
    push(mention, "video", address, words(embed, "alt"));
}

fn push(mention: &mut Mention, kind: &str, address: Option<String>, alt: Option<&str>) {
    let Some(url) = address else { return };
    if mention.media.iter().any(|media| media.url == url) {
        return;
    }
    mention.media.push(Media {
        kind: kind.to_owned(),
        url,
        alt: alt.map(|alt| start_of(alt, ALT_BYTES_MAX).to_owned()),
    });
}

/// Blobs of 2023 carry `cid` instead of `ref`.
fn blob_hash(blob: &Value) -> Option<&str> {
    let hash = text_at(blob, "/ref/$link").or_else(|| text(blob, "cid"))?;
    let is_hash = !hash.is_empty() && hash.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_hash.then_some(hash)
}

fn card(external: &Value) -> Option<Value> {
    let part = |key| start_of(text(external, key).unwrap_or_default(), CARD_BYTES_MAX);
    let uri = words(external, "uri")?;
    Some(json!({
        "uri": start_of(uri, CARD_BYTES_MAX),
        "title": part("title"),
        "description": part("description"),
    }))
}
