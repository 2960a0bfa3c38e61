//! Many patterns over one text: one pass for the strings they need, then only those patterns
//! whose strings stand in it.

use super::dictionary::{Dictionary, Entry};
use super::edges::is_word_byte;
use super::language_set::LanguageSet;
use super::literals::{Parts, Way, take_apart};
use super::rest::Rest;
use super::scan::Scan;
use crate::normalise::fold_pattern;
use regex_syntax::hir::Hir;
use std::collections::BTreeMap;

/// Deeper brackets are a mistake or an attack; nobody reads them.
const NEST_LIMIT: u32 = 20;

/// Index of a pattern in the matcher.
pub(super) type PatternId = u32;

/// Collects patterns before they are looked for together.
#[derive(Debug, Default)]
pub(super) struct MatcherBuilder {
    patterns: Vec<Pattern>,
    /// Each string with what it means.
    strings: BTreeMap<Entry, Vec<Meaning>>,
    always: Vec<PatternId>,
    /// For each way in which a rest can match one bit for each set of strings that must have
    /// one in the text.
    sets: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Pattern {
    /// What is left of it beside its plain strings.
    pub(super) rest: Option<Rest>,
    languages: LanguageSet,
}

/// What it means that a string stands in a text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    /// This pattern stands, where a word begins and ends as it asks.
    Stands {
        pattern: PatternId,
        from_boundary: bool,
        to_boundary: bool,
    },
    /// The pattern may stand, if the other sets of this way have a string too.
    Needed {
        pattern: PatternId,
        way: u16,
        set: u8,
        /// A match may begin where the string stands.
        begins: bool,
    },
    /// There are no more.
    End,
}

impl Meaning {
    const fn pattern(self) -> Option<PatternId> {
        match self {
            Self::Stands { pattern, .. } | Self::Needed { pattern, .. } => Some(pattern),
            Self::End => None,
        }
    }
}

impl MatcherBuilder {
    /// Compiles one pattern on its own, so that its error can point at it.
    pub(super) fn add(
        &mut self,
        pattern: &str,
        languages: LanguageSet,
    ) -> Result<PatternId, String> {
        let folded = fold_pattern(pattern);
        let hir = parse(&folded)?;
        if hir
            .properties()
            .minimum_len()
            .is_none_or(|bytes| bytes == 0)
        {
            return Err(
                "the pattern matches nothing at all, so it would hit every post".to_owned(),
            );
        }
        let id = PatternId::try_from(self.patterns.len()).unwrap_or(PatternId::MAX);
        let parts = take_apart(&hir);
        let rest = match &parts.rest {
            Some(rest) => Some(Rest::new(rest, parts.begins())?),
            None => None,
        };
        self.patterns.push(Pattern { rest, languages });
        self.index(id, parts)?;
        Ok(id)
    }

    fn index(&mut self, id: PatternId, parts: Parts) -> Result<(), String> {
        for whole in parts.whole {
            let stands = Meaning::Stands {
                pattern: id,
                from_boundary: whole.from_boundary,
                to_boundary: whole.to_boundary,
            };
            self.mean(whole.string, whole.from_boundary, stands);
        }
        if parts.ways.is_none() {
            self.always.push(id);
        }
        for way in parts.ways.into_iter().flatten() {
            self.index_way(id, way)?;
        }
        Ok(())
    }

    fn index_way(&mut self, id: PatternId, way: Way) -> Result<(), String> {
        let number = u16::try_from(self.sets.len())
            .map_err(|_| "the rules have too many alternatives; merge or drop some")?;
        self.sets.push((1 << way.sets.len()) - 1);
        for (nth, strings) in way.sets.into_iter().enumerate() {
            let needed = Meaning::Needed {
                pattern: id,
                way: number,
                set: 1 << nth,
                begins: nth == 0 && way.begins,
            };
            for string in strings {
                self.mean(string.string, string.from_boundary, needed);
            }
        }
        Ok(())
    }

    fn mean(&mut self, string: Vec<u8>, from_boundary: bool, meaning: Meaning) {
        let begins_word = string.first().is_some_and(|&byte| is_word_byte(byte));
        let entry = Entry {
            at_words: from_boundary && begins_word,
            string,
        };
        self.strings.entry(entry).or_default().push(meaning);
    }

    /// Puts the strings together: those of each language, and all of them for texts whose
    /// language is not known. A smaller table stays in the processor's cache.
    pub(super) fn build(self) -> Matcher {
        Matcher {
            sections: LanguageSet::SECTIONS
                .into_iter()
                .map(|languages| self.section(languages))
                .collect(),
            patterns: self.patterns,
            always: self.always,
            sets: self.sets,
        }
    }

    fn section(&self, languages: LanguageSet) -> Section {
        let speaks = |id: PatternId| {
            let pattern = self.patterns.get(id as usize);
            pattern.is_some_and(|pattern| pattern.speaks(languages))
        };
        let (mut strings, mut meanings) = (Vec::new(), Vec::new());
        for (string, means) in &self.strings {
            let before = meanings.len();
            meanings.extend(
                means
                    .iter()
                    .filter(|meaning| meaning.pattern().is_some_and(speaks)),
            );
            if meanings.len() > before {
                meanings.push(Meaning::End);
                let first = u32::try_from(before).unwrap_or(u32::MAX);
                strings.push((string.clone(), first));
            }
        }
        Section {
            languages,
            strings: Dictionary::build(&strings),
            meanings,
        }
    }
}

/// Reads a pattern as the rules mean it: in bytes, with few brackets in brackets.
pub(super) fn parse(pattern: &str) -> Result<Hir, String> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .nest_limit(NEST_LIMIT)
        .build()
        .parse(pattern)
        .map_err(|error| explain(&error))
}

/// The compiled patterns.
#[derive(Debug)]
pub(super) struct Matcher {
    /// One per language, and last the one for any.
    sections: Vec<Section>,
    pub(super) patterns: Vec<Pattern>,
    /// Patterns that need no string and are always tried.
    always: Vec<PatternId>,
    /// The sets of each way, none of them found.
    pub(super) sets: Vec<u8>,
}

/// The strings that are looked for together.
#[derive(Debug)]
struct Section {
    languages: LanguageSet,
    strings: Dictionary,
    /// What the strings mean. A string is known by the place of its first meaning; the last
    /// is followed by [`Meaning::End`].
    meanings: Vec<Meaning>,
}

impl Pattern {
    fn speaks(&self, languages: LanguageSet) -> bool {
        self.languages.overlaps(languages)
    }
}

impl Matcher {
    /// Finds the patterns that `languages` may speak and whose strings stand in the text.
    pub(super) fn look(&self, scan: &mut Scan<'_>, languages: LanguageSet) {
        for &id in &self.always {
            let pattern = self.patterns.get(id as usize);
            if pattern.is_some_and(|pattern| pattern.speaks(languages)) {
                scan.suspect(id);
            }
        }
        let section = self
            .sections
            .iter()
            .find(|section| section.languages == languages)
            .or(self.sections.last());
        let Some(section) = section else {
            return;
        };
        section.strings.look(scan.text(), |string, start, end| {
            let meanings = section.meanings.get(string as usize..);
            scan.take(meanings.unwrap_or_default(), start, end);
        });
    }
}

/// The last line of a regex error says what is wrong; those before it draw the pattern.
fn explain(error: &regex_syntax::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    format!(
        "not a usable pattern: {}",
        last.trim_start_matches("error: ")
    )
}

#[cfg(test)]
mod tests {
    use super::super::scan::Notes;
    use super::*;
    use crate::normalise::normalise;
    use proptest::prelude::*;
    use regex::bytes::RegexBuilder;

    /// Patterns as rules have them: words and groups of words in a row, with some between.
    fn pattern() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            "[ab]{1,2}",
            "[ab] | [ab]",
            Just(r"\w+ ".to_owned()),
            Just(r"\d+".to_owned()),
            Just(r"\b".to_owned()),
            Just("^".to_owned()),
        ];
        part.prop_recursive(3, 24, 4, |inner| {
            let several = || prop::collection::vec(inner.clone(), 1..4);
            prop_oneof![
                several().prop_map(|parts| parts.concat()),
                several().prop_map(|parts| format!("(?:{})", parts.join("|"))),
                inner.clone().prop_map(|part| format!("(?:{part})?")),
                inner.clone().prop_map(|part| format!("(?:{part}){{1,2}}")),
                inner.prop_map(|part| format!("(?:{part})+")),
            ]
        })
    }

    proptest! {
        #[test]
        fn finds_the_patterns_that_match(
            patterns in prop::collection::vec(pattern(), 1..6),
            text in "[ab1 ]{0,12}",
        ) {
            let mut builder = MatcherBuilder::default();
            // One that matches nothing at all is refused.
            let kept: Vec<_> = patterns
                .into_iter()
                .filter(|pattern| builder.add(pattern, LanguageSet::ANY).is_ok())
                .collect();
            let matcher = builder.build();
            let text = normalise(&text);
            let mut notes = Notes::default();
            let mut scan = Scan::new(&matcher, &text, &mut notes);
            matcher.look(&mut scan, LanguageSet::ANY);
            for (id, pattern) in (0..).zip(&kept) {
                let plain = RegexBuilder::new(pattern).unicode(false).build().unwrap();
                let want = plain.find(scan.text());
                let found = scan.contains(id).then(|| scan.span(id)).flatten();
                prop_assert_eq!(found.is_some(), want.is_some(), "{} in {:?}", pattern, text.as_str());
                // Of plain strings the one that ends first counts, of the rest the first match.
                if take_apart(&parse(pattern).unwrap()).whole.is_empty() {
                    let span = want.map(|want| text.original_span(want.start(), want.end()));
                    prop_assert_eq!(found, span, "{} in {:?}", pattern, text.as_str());
                }
            }
        }
    }
}
