//! Many patterns over one text: one pass for the strings they need, then only those patterns
//! whose strings stand in it.

use super::dictionary::{Dictionary, Entry};
use super::edges::is_word_byte;
use super::language_set::LanguageSet;
use super::literals::{Parts, take_apart};
use super::scan::Scan;
use crate::normalise::fold_pattern;
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::{Capture, Hir, HirKind};
use std::collections::BTreeMap;

/// A pattern that compiles to more would be a list of things, which belongs into several
/// rules; measured, the largest shipped pattern needs a twentieth of it.
const PATTERN_SIZE_LIMIT_BYTES: usize = 1 << 20;

/// A lazily built automaton may keep this much; with less it is built again and again on
/// varied text and falls back to a matcher twenty times slower.
const PATTERN_CACHE_LIMIT_BYTES: usize = 4 << 20;

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
    pub(super) rest: Option<Regex>,
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
        let regex = compile(&folded)?;
        if regex.is_match(b"") {
            return Err(
                "the pattern matches nothing at all, so it would hit every post".to_owned(),
            );
        }
        let id = PatternId::try_from(self.patterns.len()).unwrap_or(PatternId::MAX);
        let parts = parse(&folded)?;
        // What the printer cannot write down in bytes (parts of a sign) is tried as a whole.
        let rest = parts
            .rest
            .as_ref()
            .map(|rest| compile(&printable(rest).to_string()).unwrap_or_else(|_| regex.clone()));
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
        for sets in parts.ways.into_iter().flatten() {
            let way = u16::try_from(self.sets.len())
                .map_err(|_| "the rules have too many alternatives; merge or drop some")?;
            self.sets.push((1 << sets.len()) - 1);
            for (nth, strings) in sets.into_iter().enumerate() {
                let needed = Meaning::Needed {
                    pattern: id,
                    way,
                    set: 1 << nth,
                };
                for string in strings {
                    self.mean(string.string, string.from_boundary, needed);
                }
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

fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .unicode(false)
        .size_limit(PATTERN_SIZE_LIMIT_BYTES)
        .dfa_size_limit(PATTERN_CACHE_LIMIT_BYTES)
        .nest_limit(NEST_LIMIT)
        .build()
        .map_err(|error| explain(&error))
}

fn parse(pattern: &str) -> Result<Parts, String> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(pattern)
        .map(|hir| take_apart(&hir))
        .map_err(|error| format!("not a usable pattern: {error}"))
}

/// The same pattern with repetitions of repetitions in brackets, which the printer leaves out:
/// `(?:a+)?` would be read back as `a+?`.
fn printable(pattern: &Hir) -> Hir {
    let all = |parts: &[Hir]| parts.iter().map(printable).collect();
    match pattern.kind() {
        HirKind::Repetition(repetition) => {
            let sub = printable(&repetition.sub);
            let is_repetition = matches!(sub.kind(), HirKind::Repetition(_));
            let sub = if is_repetition { bracketed(sub) } else { sub };
            Hir::repetition(repetition.with(sub))
        }
        HirKind::Capture(capture) => bracketed(printable(&capture.sub)),
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(parts) => Hir::alternation(all(parts)),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {
            pattern.clone()
        }
    }
}

fn bracketed(part: Hir) -> Hir {
    Hir::capture(Capture {
        index: 1,
        name: None,
        sub: Box::new(part),
    })
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
fn explain(error: &regex::Error) -> String {
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

    /// Patterns as rules have them: words and groups of words in a row, with some between.
    fn pattern() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            "[ab]{1,2}",
            "[ab] ",
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
                let want = compile(&fold_pattern(pattern)).unwrap().is_match(scan.text());
                prop_assert_eq!(scan.contains(id), want, "{} in {:?}", pattern, text.as_str());
            }
        }
    }
}
