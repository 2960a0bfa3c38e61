//! Many patterns over one text: one pass for the strings they need, then only those patterns
//! whose strings stand in it.

use super::language_set::LanguageSet;
use super::literals::{Parts, take_apart};
use crate::normalise::{NormalizedText, fold_pattern};
use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};
use regex::bytes::{Regex, RegexBuilder};
use std::collections::BTreeMap;

/// A pattern that compiles to more would be a list of things, which belongs into several
/// rules; measured, the largest shipped pattern needs a twentieth of it.
const PATTERN_SIZE_LIMIT_BYTES: usize = 1 << 20;

/// A lazily built automaton may keep this much; with less it is built again and again on
/// varied text and falls back to a matcher twenty times slower.
const PATTERN_CACHE_LIMIT_BYTES: usize = 4 << 20;

/// Deeper brackets are a mistake or an attack; nobody reads them.
const NEST_LIMIT: u32 = 20;

/// Plain strings found in a post that is neither short nor long.
const PLACES_EXPECTED: usize = 16;

/// Index of a pattern in the matcher.
pub(super) type PatternId = u32;

/// Collects patterns before they are looked for together.
#[derive(Debug, Default)]
pub(super) struct MatcherBuilder {
    patterns: Vec<Pattern>,
    /// Each string with what it means.
    strings: BTreeMap<Vec<u8>, Meaning>,
    always: Vec<PatternId>,
}

#[derive(Debug)]
struct Pattern {
    /// What is left of it beside its plain strings.
    rest: Option<Regex>,
    languages: LanguageSet,
}

/// What it means that a string stands in a text.
#[derive(Clone, Debug, Default)]
struct Meaning {
    stands: Vec<Stands>,
    /// These patterns may stand.
    may_stand: Vec<PatternId>,
}

/// This pattern stands, where the word ends as it asks.
#[derive(Clone, Copy, Debug)]
struct Stands {
    pattern: PatternId,
    from_boundary: bool,
    to_boundary: bool,
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
            .map(|rest| compile(&rest.to_string()).unwrap_or_else(|_| regex.clone()));
        self.patterns.push(Pattern { rest, languages });
        self.index(id, parts);
        Ok(id)
    }

    fn index(&mut self, id: PatternId, parts: Parts) {
        if parts.rest.is_some() && parts.needed.is_empty() {
            self.always.push(id);
        }
        for whole in parts.whole {
            let meaning = self.strings.entry(whole.string).or_default();
            meaning.stands.push(Stands {
                pattern: id,
                from_boundary: whole.from_boundary,
                to_boundary: whole.to_boundary,
            });
        }
        for string in parts.needed {
            self.strings.entry(string).or_default().may_stand.push(id);
        }
    }

    /// Puts the strings together: those of each language, and all of them for texts whose
    /// language is not known. A smaller automaton stays in the processor's cache.
    pub(super) fn build(self) -> Result<Matcher, String> {
        let sections = LanguageSet::SECTIONS
            .into_iter()
            .map(|languages| self.section(languages))
            .collect::<Result<_, _>>()?;
        Ok(Matcher {
            sections,
            patterns: self.patterns,
            always: self.always,
        })
    }

    fn section(&self, languages: LanguageSet) -> Result<Section, String> {
        let speaks = |id: PatternId| {
            let pattern = self.patterns.get(id as usize);
            pattern.is_some_and(|pattern| pattern.languages.overlaps(languages))
        };
        let (mut strings, mut meanings) = (Vec::new(), Vec::new());
        for (string, meaning) in &self.strings {
            let mut spoken = meaning.clone();
            spoken.stands.retain(|stands| speaks(stands.pattern));
            spoken.may_stand.retain(|&id| speaks(id));
            if !spoken.stands.is_empty() || !spoken.may_stand.is_empty() {
                strings.push(string);
                meanings.push(spoken);
            }
        }
        let unusable = |error: String| format!("the patterns cannot be looked for: {error}");
        let strings = NFA::builder()
            .match_kind(MatchKind::Standard)
            .build(strings)
            .map_err(|error| unusable(error.to_string()))?;
        let start = strings
            .start_state(Anchored::No)
            .map_err(|error| unusable(error.to_string()))?;
        Ok(Section {
            languages,
            strings,
            start,
            meanings,
        })
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

/// The compiled patterns.
#[derive(Debug)]
pub(super) struct Matcher {
    /// One per language, and last the one for any.
    sections: Vec<Section>,
    patterns: Vec<Pattern>,
    /// Patterns that need no string and are always tried.
    always: Vec<PatternId>,
}

/// The strings that are looked for together.
#[derive(Debug)]
struct Section {
    languages: LanguageSet,
    strings: NFA,
    /// Where the automaton begins.
    start: StateID,
    meanings: Vec<Meaning>,
}

/// The patterns of one text, each tried when first asked for.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    matcher: &'a Matcher,
    text: &'a NormalizedText,
    languages: LanguageSet,
    /// These stand.
    stands: Vec<u64>,
    /// These may stand and were not tried yet.
    may_stand: Vec<u64>,
    /// Strings whose patterns are suspected already: the small words of a language come again
    /// and again.
    seen: Vec<u64>,
    /// The first plain string found of a pattern, and where it stands in the plain form.
    places: Vec<(PatternId, usize, usize)>,
}

impl Matcher {
    /// Finds the patterns that `languages` may speak and whose strings stand in the text.
    pub(super) fn scan<'a>(&'a self, text: &'a NormalizedText, languages: LanguageSet) -> Scan<'a> {
        let words = self.patterns.len().div_ceil(64);
        let mut scan = Scan {
            matcher: self,
            text,
            languages,
            stands: vec![0; words],
            may_stand: vec![0; words],
            seen: Vec::new(),
            places: Vec::with_capacity(PLACES_EXPECTED),
        };
        for &id in &self.always {
            scan.suspect(id);
        }
        let section = self
            .sections
            .iter()
            .find(|section| section.languages == languages)
            .or(self.sections.last());
        if let Some(section) = section {
            scan.seen = vec![0; section.meanings.len().div_ceil(64)];
            section.look(&mut scan);
        }
        scan
    }
}

impl Section {
    fn look(&self, scan: &mut Scan<'_>) {
        let mut state = self.start;
        for (at, &byte) in scan.text.as_str().as_bytes().iter().enumerate() {
            state = self.strings.next_state(Anchored::No, state, byte);
            if self.strings.is_special(state) && self.strings.is_match(state) {
                self.found(state, at + 1, scan);
            }
        }
    }

    /// Every string that ends at `end`, the longest first.
    fn found(&self, state: StateID, end: usize, scan: &mut Scan<'_>) {
        for nth in 0..self.strings.match_len(state) {
            let string = self.strings.match_pattern(state, nth);
            let start = end - self.strings.pattern_len(string);
            if let Some(meaning) = self.meanings.get(string.as_usize()) {
                scan.take(string.as_usize(), meaning, start, end);
            }
        }
    }
}

impl Scan<'_> {
    fn take(&mut self, string: usize, meaning: &Meaning, start: usize, end: usize) {
        let bytes = self.text.as_str().as_bytes();
        for stands in &meaning.stands {
            let at = stands.pattern as usize;
            let fits = !is_set(&self.stands, at)
                && (!stands.from_boundary || is_boundary(bytes, start))
                && (!stands.to_boundary || is_boundary(bytes, end));
            if fits {
                set(&mut self.stands, at);
                self.places.push((stands.pattern, start, end));
            }
        }
        if meaning.may_stand.is_empty() || is_set(&self.seen, string) {
            return;
        }
        set(&mut self.seen, string);
        for &id in &meaning.may_stand {
            set(&mut self.may_stand, id as usize);
        }
    }

    fn suspect(&mut self, id: PatternId) {
        if self.speaks(id) {
            set(&mut self.may_stand, id as usize);
        }
    }

    fn speaks(&self, id: PatternId) -> bool {
        let pattern = self.matcher.patterns.get(id as usize);
        pattern.is_some_and(|pattern| pattern.languages.overlaps(self.languages))
    }

    /// Whether the pattern stands in the text.
    pub(super) fn contains(&mut self, id: PatternId) -> bool {
        let at = id as usize;
        if is_set(&self.stands, at) {
            return true;
        }
        if !clear(&mut self.may_stand, at) {
            return false;
        }
        let rest = self
            .matcher
            .patterns
            .get(at)
            .and_then(|pattern| pattern.rest.as_ref());
        let stands = rest.is_some_and(|rest| rest.is_match(self.text.as_str().as_bytes()));
        if stands {
            set(&mut self.stands, at);
        }
        stands
    }

    /// The patterns that may stand in the text, in rising order.
    pub(super) fn candidates(&self) -> Vec<PatternId> {
        let mut ids = Vec::with_capacity(32);
        for (base, (stands, may_stand)) in (0..)
            .step_by(64)
            .zip(self.stands.iter().zip(&self.may_stand))
        {
            let mut left = stands | may_stand;
            while left != 0 {
                ids.push(base + left.trailing_zeros());
                left &= left - 1;
            }
        }
        ids
    }

    /// A place of a pattern that stands, in bytes of the original text.
    pub(super) fn span(&self, id: PatternId) -> Option<(usize, usize)> {
        let known = self.places.iter().find(|(pattern, ..)| *pattern == id);
        let (start, end) = match known {
            Some(&(_, start, end)) => (start, end),
            None => self.found_by_rest(id)?,
        };
        Some(self.text.original_span(start, end))
    }

    fn found_by_rest(&self, id: PatternId) -> Option<(usize, usize)> {
        let pattern = self.matcher.patterns.get(id as usize)?;
        let found = pattern.rest.as_ref()?.find(self.text.as_str().as_bytes())?;
        Some((found.start(), found.end()))
    }
}

/// Whether a word begins or ends at the place, as `\b` means it.
fn is_boundary(bytes: &[u8], at: usize) -> bool {
    let is_word =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    is_word(before) != is_word(bytes.get(at))
}

fn is_set(bits: &[u64], at: usize) -> bool {
    bits.get(at / 64)
        .is_some_and(|word| word >> (at % 64) & 1 == 1)
}

fn set(bits: &mut [u64], at: usize) {
    if let Some(word) = bits.get_mut(at / 64) {
        *word |= 1 << (at % 64);
    }
}

/// Clears a bit and says whether it was set.
fn clear(bits: &mut [u64], at: usize) -> bool {
    let was = is_set(bits, at);
    if let Some(word) = bits.get_mut(at / 64) {
        *word &= !(1 << (at % 64));
    }
    was
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
