//! JSON Feed 1 and 1.1 → entries.

use super::date;
use super::entry::{Entry, Feed};
use crate::fields::{id, list, owned, text};
use crate::markup::html_to_text;
use serde_json::Value;
use switchboard_domain::Author;
use switchboard_domain::mention::Media;

/// `None` when the document is no JSON Feed.
pub(super) fn read(document: &Value) -> Option<Feed> {
    let names_itself =
        text(document, "version").is_some_and(|version| version.contains("jsonfeed"));
    let items = document.get("items").filter(|items| items.is_array());
    if items.is_none() || !(names_itself || document.get("title").is_some()) {
        return None;
    }
    let entries = list(document, "items").iter().enumerate();
    Some(Feed {
        identity: owned(document, "feed_url"),
        link: owned(document, "home_page_url"),
        entries: entries
            .map(|(index, item)| entry(document, index, item))
            .collect(),
    })
}

fn entry(feed: &Value, index: usize, item: &Value) -> Entry {
    let html = text(item, "content_html").map(html_to_text);
    let body = html
        .or_else(|| owned(item, "content_text"))
        .or_else(|| owned(item, "summary"));
    let date = |key: &str| date::parse(text(item, key)?);
    Entry {
        path: format!("$.items[{index}]"),
        guid: id(item, "id"),
        link: owned(item, "url").or_else(|| owned(item, "external_url")),
        title: text(item, "title").map(html_to_text).unwrap_or_default(),
        has_content: body.is_some(),
        body: body.unwrap_or_default(),
        author: author(item).or_else(|| author(feed)).unwrap_or_default(),
        language: owned(item, "language").or_else(|| owned(feed, "language")),
        published: date("date_published"),
        updated: date("date_modified"),
        in_reply_to: None,
        media: media(item),
        source: item.to_string(),
    }
}

fn author(object: &Value) -> Option<Author> {
    let author = list(object, "authors")
        .first()
        .or_else(|| object.get("author"))?;
    let name = owned(author, "name");
    let id = owned(author, "url").or_else(|| name.clone())?;
    Some(Author {
        id,
        name,
        ..Author::default()
    })
}

fn media(item: &Value) -> Vec<Media> {
    let image = owned(item, "image").map(|url| Media {
        kind: "image".to_owned(),
        url,
        alt: None,
    });
    let attached = list(item, "attachments").iter().filter_map(|attachment| {
        Some(Media {
            kind: super::xml::kind_of(text(attachment, "mime_type")),
            url: owned(attachment, "url")?,
            alt: owned(attachment, "title"),
        })
    });
    image.into_iter().chain(attached).collect()
}
