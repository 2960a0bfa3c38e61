//! RSS in all its versions and Atom → entries.

use super::base64;
use super::date;
use super::entry::{Entry, Feed};
use super::tree::{self, Element};
use crate::markup::html_to_text;
use reqwest::Url;
use switchboard_domain::Author;
use switchboard_domain::mention::Media;

/// Elements a feed begins with.
const ROOTS: [&str; 5] = ["rss", "rdf:rdf", "rdf", "feed", "channel"];

/// Where the words of an item stand, the longest form first.
const BODIES: [&str; 11] = [
    "content:encoded",
    "content",
    "xhtml:body",
    "body",
    "description",
    "summary",
    "abstract",
    "dc:description",
    "media:description",
    "itunes:summary",
    "itunes:subtitle",
];

/// `None` when the document is no feed. `address` resolves relative links.
pub(super) fn read(document: &str, address: Option<&Url>) -> Option<Feed> {
    let document = tree::read(document);
    let root = document.children().find(|child| {
        ROOTS.contains(&child.name.as_str()) || child.name == "entry" || child.name == "item"
    })?;
    let mut feed = Feed::default();
    let mut scope = Scope {
        address: address.cloned(),
        is_atom: root.name == "feed" || root.name == "entry",
        ..Scope::default()
    };
    // A single entry is a document of its own.
    if matches!(root.name.as_str(), "entry" | "item") {
        feed.entries.push(scope.entry(root, "$".to_owned()));
        return Some(feed);
    }
    scope.enter(root);
    let channel = root.named("channel").next().unwrap_or(root);
    scope.enter(channel);
    feed.identity = identity(channel);
    scope.settle(feed.identity.as_deref());
    feed.link = scope.link(channel);
    scope.settle(feed.link.as_deref());
    collect(&mut feed, &scope, root);
    Some(feed)
}

fn identity(channel: &Element) -> Option<String> {
    let own = channel
        .named("link")
        .find(|link| link.attribute("rel") == Some("self"));
    let own = own
        .and_then(|link| link.attribute("href"))
        .map(str::to_owned);
    own.or_else(|| text_of(channel, &["id"]))
}

/// Items lie in the channel, beside it (RSS 1.0), or in the feed.
fn collect(feed: &mut Feed, scope: &Scope, element: &Element) {
    for child in element.children() {
        match child.name.as_str() {
            "item" | "entry" => {
                let path = format!("$.{}[{}]", child.name, feed.entries.len());
                feed.entries.push(scope.entry(child, path));
            }
            // A channel of CDF may hold others.
            "channel" | "items" => {
                let mut inner = scope.clone();
                inner.enter(child);
                collect(feed, &inner, child);
            }
            _ => {}
        }
    }
}

/// What an item takes from the elements around it.
#[derive(Clone, Default)]
struct Scope {
    address: Option<Url>,
    is_atom: bool,
    language: Option<String>,
    author: Option<Author>,
}

impl Scope {
    fn enter(&mut self, element: &Element) {
        if let Some(base) = element.attribute("xml:base") {
            self.address = self.resolved(base).or_else(|| self.address.take());
        }
        let language = language(element);
        self.language = language.or_else(|| self.language.take());
        let author = author(element).filter(|_author| self.is_atom);
        self.author = author.or_else(|| self.author.take());
    }

    /// Where nobody said where the document lies, it lies where it says itself.
    fn settle(&mut self, said: Option<&str>) {
        if self.address.is_none() {
            let address = said.and_then(|said| Url::parse(said).ok());
            self.address = address.filter(|address| !address.cannot_be_a_base());
        }
    }

    fn resolved(&self, link: &str) -> Option<Url> {
        match &self.address {
            Some(address) => address.join(link).ok(),
            None => Url::parse(link).ok(),
        }
    }

    /// As it stands where nothing resolves it.
    fn absolute(&self, link: &str) -> String {
        let link = link.split_whitespace().collect::<String>();
        self.resolved(&link).map_or(link, |url| url.to_string())
    }

    fn entry(&self, item: &Element, path: String) -> Entry {
        let mut scope = self.clone();
        scope.enter(item);
        let from_source = item.named("source").find_map(author);
        let text = |names: &[&str]| scope.words(item, names);
        let about = item.attribute("rdf:about").map(str::to_owned);
        let guid = text_of(item, &["guid", "id"]).or(about);
        let is_link = |guid: &&Element| {
            guid.attribute("ispermalink") != Some("false") && guid.text().starts_with("http")
        };
        let is_address =
            |text: &String| text.starts_with("http://") || text.starts_with("https://");
        let permanent = || item.named("guid").find(is_link).map(Element::text);
        // Atom's id may be an address too, and is the page where nothing else is named.
        let own_id = || text_of(item, &["id"]).filter(is_address);
        Entry {
            link: scope.link(item).or_else(permanent).or_else(own_id),
            title: text(&["title", "dc:title", "media:title", "itunes:title"]),
            body: text(&BODIES),
            has_content: BODIES
                .iter()
                .flat_map(|name| item.named(name))
                .any(|body| !body.markup().trim().is_empty()),
            author: author(item)
                .or(from_source)
                .or(scope.author.clone())
                .unwrap_or_default(),
            language: scope.language.clone(),
            published: date_of(
                item,
                &[
                    "published",
                    "issued",
                    "pubdate",
                    "dc:date",
                    "dcterms:issued",
                    "created",
                    "dcterms:created",
                ],
            ),
            updated: date_of(item, &["updated", "modified", "dcterms:modified"]),
            in_reply_to: item
                .named("thr:in-reply-to")
                .find_map(|reply| reply.attribute("ref"))
                .map(str::to_owned),
            media: scope.media(item),
            source: item.markup(),
            guid,
            path,
        }
    }

    /// The first of the elements that says anything.
    fn words(&self, item: &Element, names: &[&str]) -> String {
        let found = names.iter().flat_map(|name| item.named(name));
        let mut read = found.map(|element| self.plain(element));
        read.find(|text| !text.is_empty()).unwrap_or_default()
    }

    fn plain(&self, element: &Element) -> String {
        let kind = element.attribute("type").unwrap_or_default().to_lowercase();
        if element.children().next().is_some() {
            return html_to_text(&element.markup());
        }
        let text = element.text();
        let is_base64 =
            element.attribute("mode") == Some("base64") || kind == "application/octet-stream";
        if is_base64 && let Some(bytes) = base64::decode(&text) {
            return html_to_text(&String::from_utf8_lossy(&bytes));
        }
        // Atom says when text is markup, and by default it is not; RSS never says.
        let is_text = self.is_atom && matches!(kind.as_str(), "" | "text" | "text/plain");
        if is_text { text } else { html_to_text(&text) }
    }

    /// The page of an element: of Atom's links the alternate one.
    fn link(&self, element: &Element) -> Option<String> {
        let links: Vec<&Element> = element.named("link").collect();
        let alternate = links.iter().find(|link| {
            link.attribute("href").is_some()
                && matches!(link.attribute("rel"), None | Some("alternate"))
        });
        let written = links
            .iter()
            .map(|link| link.text())
            .find(|text| !text.is_empty());
        let href = alternate
            .and_then(|link| link.attribute("href"))
            .map(str::to_owned);
        let found = written.filter(|_text| !self.is_atom).or(href);
        let own = || element.attribute("href").map(str::to_owned);
        found.or_else(own).map(|link| self.absolute(&link))
    }

    fn media(&self, item: &Element) -> Vec<Media> {
        let groups = item.named("media:group").flat_map(Element::children);
        let mut media: Vec<Media> = Vec::new();
        for element in item.children().chain(groups) {
            let place = match element.name.as_str() {
                "enclosure" | "media:content" => element.attribute("url"),
                "link" if element.attribute("rel") == Some("enclosure") => {
                    element.attribute("href")
                }
                _ => None,
            };
            let Some(url) = place.map(|place| self.absolute(place)) else {
                continue;
            };
            if media.len() < crate::mention::MEDIA_MAX && media.iter().all(|known| known.url != url)
            {
                media.push(Media {
                    kind: kind_of(element.attribute("medium").or(element.attribute("type"))),
                    url,
                    alt: text_of(element, &["media:description", "media:title"]),
                });
            }
        }
        media
    }
}

/// `image` of `image/png`.
pub(super) fn kind_of(media_type: Option<&str>) -> String {
    let kind = media_type.and_then(|kind| kind.split('/').next());
    kind.filter(|kind| !kind.is_empty())
        .unwrap_or("unknown")
        .to_lowercase()
}

fn text_of(element: &Element, names: &[&str]) -> Option<String> {
    let found = names.iter().flat_map(|name| element.named(name));
    found.map(Element::text).find(|text| !text.is_empty())
}

fn date_of(item: &Element, names: &[&str]) -> Option<jiff::Timestamp> {
    let found = names.iter().flat_map(|name| item.named(name));
    found.map(Element::text).find_map(|text| date::parse(&text))
}

fn language(element: &Element) -> Option<String> {
    let own = element.attribute("xml:lang").map(str::to_owned);
    own.or_else(|| text_of(element, &["language", "dc:language"]))
}

/// Atom's person, Dublin Core's name, or the `address (Name)` of RSS.
fn author(element: &Element) -> Option<Author> {
    let person = element
        .named("author")
        .find(|author| author.children().next().is_some());
    if let Some(person) = person {
        let name = text_of(person, &["name"]);
        let email = text_of(person, &["email"]);
        let page = text_of(person, &["uri", "url", "homepage"]);
        let id = page.or(email).or_else(|| name.clone())?;
        return Some(Author {
            id,
            name,
            ..Author::default()
        });
    }
    let written = text_of(
        element,
        &["dc:creator", "author", "itunes:author", "dc:author"],
    )?;
    let written = html_to_text(&written);
    let (id, name) = match written
        .strip_suffix(')')
        .and_then(|rest| rest.split_once('('))
    {
        Some((address, name)) if address.contains('@') => (address.trim(), name.trim()),
        _ => (written.as_str(), written.as_str()),
    };
    Some(Author {
        id: id.to_owned(),
        name: Some(name.to_owned()),
        ..Author::default()
    })
}
