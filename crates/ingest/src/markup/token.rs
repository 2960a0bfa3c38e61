//! Markup to tags and texts. Linear in the length of the input, whatever it holds.

use htmlize::unescape;

/// A piece of markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token<'markup> {
    Open {
        /// Lower case, with its prefix.
        name: String,
        /// Names in lower case, values decoded.
        attributes: Vec<(String, String)>,
        /// Ended by `/>`.
        is_empty: bool,
    },
    Close {
        name: String,
    },
    /// Its entities still stand.
    Text(&'markup str),
    /// Has no entities.
    Cdata(&'markup str),
}

/// Most attributes of one tag that are kept: real ones have a dozen.
const ATTRIBUTES_MAX: usize = 64;

/// Of a tag that was opened.
pub(crate) fn attribute<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

/// Iterates over the pieces; comments, processing instructions and declarations are left out.
pub(crate) struct Tokens<'markup> {
    rest: &'markup str,
}

impl<'markup> Tokens<'markup> {
    pub(crate) const fn new(markup: &'markup str) -> Self {
        Self { rest: markup }
    }

    /// Passes over everything up to the end tag of an element whose content is no markup.
    pub(crate) fn skip_raw(&mut self, name: &str) {
        let mut from = 0;
        while let Some(at) = self.rest[from..].find("</") {
            let start = from + at + 2;
            let named = self.rest.as_bytes()[start..].get(..name.len());
            if named.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes())) {
                self.rest = &self.rest[from + at..];
                return;
            }
            from = start;
        }
        self.rest = "";
    }

    /// Cuts off what comes before `end`, and `end` itself; all of it when there is none.
    fn take_until(&mut self, end: &str) -> &'markup str {
        let (taken, rest) = self.rest.split_once(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn take_tag(&mut self) -> Token<'markup> {
        let name = self.take_name();
        let mut attributes = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if let Some(rest) = self.rest.strip_prefix("/>") {
                self.rest = rest;
                return Token::Open {
                    name,
                    attributes,
                    is_empty: true,
                };
            }
            let ended = self.rest.strip_prefix('>');
            // The next tag begins: this one was never ended.
            if ended.is_some() || self.rest.is_empty() || self.rest.starts_with('<') {
                self.rest = ended.unwrap_or(self.rest);
                return Token::Open {
                    name,
                    attributes,
                    is_empty: false,
                };
            }
            let (attribute, value) = self.take_attribute();
            if !attribute.is_empty() && attributes.len() < ATTRIBUTES_MAX {
                attributes.push((attribute, value));
            }
        }
    }

    fn take_name(&mut self) -> String {
        let ends = |character: char| character.is_whitespace() || "/><=".contains(character);
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name.to_lowercase()
    }

    /// Always moves on, at least by one character.
    fn take_attribute(&mut self) -> (String, String) {
        let name = self.take_name();
        self.rest = self.rest.trim_start();
        let Some(rest) = self.rest.strip_prefix('=') else {
            if name.is_empty() {
                // A lone slash or quote.
                let mut characters = self.rest.chars();
                characters.next();
                self.rest = characters.as_str();
            }
            return (name, String::new());
        };
        self.rest = rest.trim_start();
        let value = self.take_value();
        (name, unescape(value).into_owned())
    }

    fn take_value(&mut self) -> &'markup str {
        for quote in ['"', '\''] {
            if let Some(rest) = self.rest.strip_prefix(quote) {
                // A quote that never closes ends with the tag.
                if let Some((value, rest)) = rest.split_once(quote) {
                    self.rest = rest;
                    return value;
                }
                self.rest = rest;
            }
        }
        let ends = |character: char| character.is_whitespace() || "><".contains(character);
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (value, rest) = self.rest.split_at(end);
        self.rest = rest;
        value.trim_matches(['"', '\''])
    }

    /// `<!DOCTYPE …>`, with the declarations it may hold in brackets.
    fn skip_declaration(&mut self) {
        let until_end = self.rest.find('>').unwrap_or(self.rest.len());
        let declares = self.rest[..until_end].contains('[');
        self.take_until(if declares { "]" } else { ">" });
        if declares {
            self.take_until(">");
        }
    }

    fn skip_comment(&mut self) {
        if self.rest.contains("-->") {
            self.take_until("-->");
        } else {
            self.take_until(">");
        }
    }
}

impl<'markup> Iterator for Tokens<'markup> {
    type Item = Token<'markup>;

    fn next(&mut self) -> Option<Token<'markup>> {
        while !self.rest.is_empty() {
            let is_tag = |rest: &str| {
                rest.strip_prefix('<').is_some_and(|after| {
                    after.starts_with(|next: char| next.is_alphabetic() || "!?/_".contains(next))
                })
            };
            if !is_tag(self.rest) {
                // A naked `<` is text, up to the next thing that could be a tag.
                let mut end = self.rest.len();
                for (at, _) in self.rest.match_indices('<') {
                    if is_tag(&self.rest[at..]) {
                        end = at;
                        break;
                    }
                }
                let (text, rest) = self.rest.split_at(end);
                self.rest = rest;
                return Some(Token::Text(text));
            }
            self.rest = &self.rest[1..];
            if let Some(rest) = self.rest.strip_prefix("![CDATA[") {
                self.rest = rest;
                return Some(Token::Cdata(self.take_until("]]>")));
            }
            if let Some(rest) = self.rest.strip_prefix("!--") {
                self.rest = rest;
                self.skip_comment();
            } else if self.rest.starts_with('?') {
                self.take_until(">");
            } else if self.rest.starts_with('!') {
                self.skip_declaration();
            } else if let Some(rest) = self.rest.strip_prefix('/') {
                self.rest = rest;
                let name = self.take_name();
                self.take_until(">");
                return Some(Token::Close { name });
            } else {
                return Some(self.take_tag());
            }
        }
        None
    }
}
