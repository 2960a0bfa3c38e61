//! Which posts of the whole network are about us.

use super::embed::quoted;
use super::event::Change;
use super::identity::authority;
use super::json::{list, text, text_at, texts};
use super::post::feature;
use crate::words::{has_word, places_of};
use serde_json::Value;
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What to look for. Everything is compared in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// Found as whole words, in the text, its links and tags, a page's card, descriptions of
    /// pictures.
    pub(super) words: Vec<String>,
    /// Found as `@handle` in the text.
    pub(super) handles: Vec<String>,
    /// Named by link, answered, quoted or reposted.
    pub(super) dids: BTreeSet<String>,
}

impl Filter {
    /// What of the configuration `change` matched; empty when it is not about us. A removed
    /// record holds nothing that could match.
    pub(super) fn matches(&self, change: &Change<'_>) -> BTreeSet<String> {
        let Some(record) = change.record() else {
            return BTreeSet::new();
        };
        let mut matched = self.matched_dids(record);
        let text = text(record, "text").unwrap_or_default().to_lowercase();
        for handle in &self.handles {
            if names_handle(&text, handle) {
                matched.insert(format!("@{handle}"));
            }
        }
        if !self.words.is_empty() {
            let everything = everything_said(record, text);
            let found = self.words.iter();
            matched.extend(found.filter(|word| has_word(&everything, word)).cloned());
        }
        matched
    }

    fn matched_dids(&self, record: &Value) -> BTreeSet<String> {
        if self.dids.is_empty() {
            return BTreeSet::new();
        }
        let places = ["/reply/parent/uri", "/reply/root/uri", "/subject/uri"];
        let referred = places.iter().filter_map(|place| text_at(record, place));
        let quote = record.get("embed").and_then(quoted);
        let referred = referred.chain(quote).filter_map(authority);
        let named = features(record).filter(|(kind, _)| *kind == "mention");
        let named = named.map(|(_, did)| did);
        referred
            .chain(named)
            .filter_map(|did| self.dids.get(did).cloned())
            .collect()
    }
}

/// Posts that were handed on, so that their removal, repetition and edit can be too. Lost with
/// the process: it is no position, and what it forgets is only more of what is not about us.
#[derive(Debug, Default)]
pub(super) struct HandedOn {
    order: VecDeque<u64>,
    known: HashSet<u64>,
}

impl HandedOn {
    /// A month of a brand that is named a thousand times a day; under a megabyte.
    const MOST: usize = 30_000;

    pub(super) fn add(&mut self, id: &str) {
        let hash = hash_of(id);
        if !self.known.insert(hash) {
            return;
        }
        self.order.push_back(hash);
        if self.order.len() > Self::MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.known.contains(&hash_of(id))
    }
}

/// Eight bytes for a name of eighty. Two that share a hash bring one post too many.
fn hash_of(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

fn features(record: &Value) -> impl Iterator<Item = (&'static str, &str)> {
    let facets = list(record, "facets").iter();
    facets
        .flat_map(|facet| list(facet, "features"))
        .filter_map(feature)
}

/// One text to search, its parts kept apart by a break no word crosses.
fn everything_said(record: &Value, text: String) -> String {
    const CARD: [&str; 6] = [
        "/embed/external/uri",
        "/embed/external/title",
        "/embed/external/description",
        "/embed/media/external/uri",
        "/embed/media/external/title",
        "/embed/alt",
    ];
    let card = CARD.iter().filter_map(|place| text_at(record, place));
    let pictures = [
        "/embed/images",
        "/embed/items",
        "/embed/media/images",
        "/embed/media/items",
    ];
    let pictures = pictures
        .iter()
        .filter_map(|place| record.pointer(place)?.as_array())
        .flatten()
        .filter_map(|picture| super::json::text(picture, "alt"));
    let named = features(record).map(|(_, value)| value);
    let mut said = text;
    for part in card
        .chain(pictures)
        .chain(named)
        .chain(texts(record, "tags"))
    {
        said.push('\n');
        said.push_str(&part.to_lowercase());
    }
    said
}

/// A handle ends where no more of a host name follows: `@acme.example.` is one at the end of
/// a sentence, `@acme.example.org` is another.
fn names_handle(text: &str, handle: &str) -> bool {
    let name = format!("@{handle}");
    places_of(text, &name).any(|(_, after)| {
        let mut next = after.chars();
        match next.next() {
            Some('.') => !next.next().is_some_and(char::is_alphanumeric),
            Some(other) => !(other.is_alphanumeric() || other == '-'),
            None => true,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::alone("@acme.example", true)]
    #[case::at_the_end("ask @acme.example.", true)]
    #[case::before_a_comma("@acme.example, why", true)]
    #[case::longer_host("@acme.example.org", false)]
    #[case::longer_label("@acme.examples", false)]
    #[case::without_at("acme.example", false)]
    fn handles(#[case] text: &str, #[case] found: bool) {
        assert_eq!(names_handle(text, "acme.example"), found);
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let mut handed_on = HandedOn::default();
        for number in 0..=HandedOn::MOST {
            handed_on.add(&number.to_string());
        }
        assert!(!handed_on.contains("0") && handed_on.contains("1"));
        assert_eq!(handed_on.known.len(), HandedOn::MOST);
    }
}
