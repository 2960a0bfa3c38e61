//! Tag soup to elements. An end tag closes the nearest element of its name and all within it;
//! one without a beginning is passed over; the end of the document closes everything.

use super::declared::Declared;
use crate::markup::{Token, Tokens, attribute};
use htmlize::unescape;
use std::collections::HashMap;

/// Deeper elements become siblings of their parents: a feed needs a dozen levels.
const DEPTH_MAX: usize = 64;

/// What prefixes mean, by what they are bound to. An unbound prefix means what it is usually
/// bound to.
const NAMESPACES: [(&str, &str); 13] = [
    ("http://www.w3.org/2005/atom", ""),
    ("http://purl.org/atom/ns#", ""),
    ("http://purl.org/rss/1.0/", ""),
    ("http://my.netscape.com/rdf/simple/0.9/", ""),
    ("http://channel.netscape.com/rdf/simple/0.9/", ""),
    ("http://backend.userland.com/rss", ""),
    ("http://purl.org/dc/elements/1.1/", "dc:"),
    ("http://purl.org/dc/terms/", "dcterms:"),
    ("http://purl.org/rss/1.0/modules/content/", "content:"),
    ("http://search.yahoo.com/mrss", "media:"),
    ("http://www.itunes.com/dtds/podcast-1.0.dtd", "itunes:"),
    ("http://www.w3.org/1999/xhtml", "xhtml:"),
    ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf:"),
];

#[derive(Clone, Debug, Default)]
pub(super) struct Element {
    /// Lower case; of the feed formats' own elements without a prefix.
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Element(Element),
    /// Decoded.
    Text(String),
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        attribute(&self.attributes, name)
            .map(str::trim)
            .filter(|value| !value.is_empty())
    }

    pub(super) fn children(&self) -> impl Iterator<Item = &Self> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children().filter(move |child| child.name == name)
    }

    /// All text within, one after the other.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for node in &self.nodes {
            match node {
                Node::Element(element) => text.push_str(&element.text()),
                Node::Text(piece) => text.push_str(piece),
            }
        }
        text.trim().to_owned()
    }

    /// What is within, as markup again.
    pub(super) fn markup(&self) -> String {
        let mut markup = String::new();
        self.write_markup(&mut markup);
        markup
    }

    fn write_markup(&self, markup: &mut String) {
        for node in &self.nodes {
            match node {
                Node::Text(text) => markup.push_str(&escaped(text)),
                Node::Element(element) => {
                    let name = element.name.rsplit(':').next().unwrap_or_default();
                    markup.push('<');
                    markup.push_str(name);
                    for (key, value) in &element.attributes {
                        let value = escaped(value).replace('"', "&quot;");
                        markup.extend([" ", key, "=\"", &value, "\""]);
                    }
                    markup.push('>');
                    element.write_markup(markup);
                    markup.extend(["</", name, ">"]);
                }
            }
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The document as one element without a name.
pub(super) fn read(document: &str) -> Element {
    let mut builder = Builder {
        open: vec![Element::default()],
        prefixes: HashMap::new(),
    };
    let mut declared = Declared::of(document);
    for token in Tokens::new(document) {
        match token {
            Token::Text(text) => builder.text(&unescape(declared.expand(text).as_ref())),
            Token::Cdata(text) => builder.text(text),
            Token::Open {
                name,
                attributes,
                is_empty,
            } => builder.open(&name, attributes, is_empty),
            Token::Close { name } => builder.close(&name),
        }
    }
    while builder.open.len() > 1 {
        builder.close_last();
    }
    builder.open.pop().unwrap_or_default()
}

struct Builder {
    /// The document, and what is open in it.
    open: Vec<Element>,
    prefixes: HashMap<String, &'static str>,
}

impl Builder {
    fn text(&mut self, text: &str) {
        if let Some(last) = self.open.last_mut() {
            last.nodes.push(Node::Text(text.to_owned()));
        }
    }

    fn open(&mut self, name: &str, attributes: Vec<(String, String)>, is_empty: bool) {
        for (key, value) in &attributes {
            if let Some(prefix) = key.strip_prefix("xmlns:") {
                self.bind(prefix, value);
            }
        }
        let element = Element {
            name: self.canonical(name),
            attributes,
            nodes: Vec::new(),
        };
        // An item within an item: the first one was never ended.
        let begins_item = matches!(element.name.as_str(), "item" | "entry");
        if begins_item && self.open.iter().any(|open| open.name == element.name) {
            self.close(name);
        }
        self.open.push(element);
        if is_empty || self.open.len() > DEPTH_MAX {
            self.close_last();
        }
    }

    fn bind(&mut self, prefix: &str, uri: &str) {
        let uri = uri.trim().to_lowercase();
        let known = NAMESPACES.iter().find(|(known, _)| {
            uri.trim_end_matches('/') == known.trim_end_matches('/')
                || (*known == "http://backend.userland.com/rss" && uri.starts_with(known))
        });
        if let Some((_, canonical)) = known {
            self.prefixes.insert(prefix.to_owned(), canonical);
        }
    }

    fn canonical(&self, name: &str) -> String {
        let Some((prefix, local)) = name.split_once(':') else {
            return name.to_owned();
        };
        match (self.prefixes.get(prefix), prefix) {
            (Some(canonical), _) => format!("{canonical}{local}"),
            (None, "atom" | "rss" | "a") => local.to_owned(),
            (None, _) => name.to_owned(),
        }
    }

    fn close(&mut self, name: &str) {
        let name = self.canonical(name);
        // The document itself is never closed.
        let found = self.open.iter().skip(1).rposition(|open| open.name == name);
        if let Some(at) = found {
            while self.open.len() > at + 1 {
                self.close_last();
            }
        }
    }

    fn close_last(&mut self) {
        let Some(closed) = self.open.pop() else {
            return;
        };
        match self.open.last_mut() {
            Some(parent) => parent.nodes.push(Node::Element(closed)),
            None => self.open.push(closed),
        }
    }
}
