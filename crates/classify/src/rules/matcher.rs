//! Many patterns over one text in one pass.

use super::language_set::LanguageSet;
use crate::normalise::{NormalizedText, fold_pattern};
use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// A pattern that compiles to more would be a list of things, which belongs into several
/// rules; measured, the largest shipped pattern needs a twentieth of it.
const PATTERN_SIZE_LIMIT_BYTES: usize = 1 << 20;

/// All patterns of a language together; bounded by the number of rules allowed.
const SET_SIZE_LIMIT_BYTES: usize = 32 << 20;

/// A lazily built automaton may keep this much; with less it is built again and again on
/// varied text and falls back to a matcher twenty times slower. There are some thirty.
const SET_CACHE_LIMIT_BYTES: usize = 16 << 20;

/// Deeper brackets are a mistake or an attack; nobody reads them.
const NEST_LIMIT: u32 = 20;

/// Index of a pattern in the matcher.
pub(super) type PatternId = u32;

/// Collects patterns before they are compiled together.
#[derive(Debug, Default)]
pub(super) struct MatcherBuilder {
    sources: Vec<(String, LanguageSet)>,
    patterns: Vec<Regex>,
}

impl MatcherBuilder {
    /// Compiles one pattern on its own, so that its error can point at it.
    pub(super) fn add(
        &mut self,
        pattern: &str,
        languages: LanguageSet,
    ) -> Result<PatternId, String> {
        let folded = fold_pattern(pattern);
        let regex = RegexBuilder::new(&folded)
            .unicode(false)
            .size_limit(PATTERN_SIZE_LIMIT_BYTES)
            .nest_limit(NEST_LIMIT)
            .build()
            .map_err(|error| explain(&error))?;
        if regex.is_match(b"") {
            return Err(
                "the pattern matches nothing at all, so it would hit every post".to_owned(),
            );
        }
        let id = PatternId::try_from(self.patterns.len()).unwrap_or(PatternId::MAX);
        self.patterns.push(regex);
        self.sources.push((folded, languages));
        Ok(id)
    }

    /// Compiles everything.
    pub(super) fn build(self) -> Result<Matcher, String> {
        let sections = LanguageSet::SECTIONS
            .into_iter()
            .map(|section| self.section(section))
            .collect::<Result<_, _>>()?;
        Ok(Matcher {
            sections,
            patterns: self.patterns,
        })
    }

    fn section(&self, section: LanguageSet) -> Result<Section, String> {
        let belongs = |languages: LanguageSet| match section {
            LanguageSet::ANY => languages == LanguageSet::ANY,
            _ => languages != LanguageSet::ANY && languages.overlaps(section),
        };
        let mine = (0..)
            .zip(&self.sources)
            .filter(|(_, (_, languages))| belongs(*languages))
            .map(|(id, (source, _))| (id, source.as_str()));
        let (gapped, plain): (Vec<_>, Vec<_>) = mine.partition(|(_, source)| has_gap(source));
        let chunks = plain
            .chunks(PLAIN_PATTERNS_TOGETHER)
            .chain(gapped.chunks(GAPPED_PATTERNS_TOGETHER))
            .map(chunk)
            .collect::<Result<_, _>>()?;
        Ok(Section {
            languages: section,
            chunks,
        })
    }
}

/// Patterns within single words share one small automaton.
const PLAIN_PATTERNS_TOGETHER: usize = 200;

/// Patterns that reach over words multiply each other's states. Measured: all of English in
/// one automaton takes 25 µs a post and never settles; six at a time do.
const GAPPED_PATTERNS_TOGETHER: usize = 6;

/// Whether the pattern lets a number of other words stand in between.
fn has_gap(pattern: &str) -> bool {
    pattern.contains("{0,") || pattern.contains(r"\w+ ") || pattern.contains(".*")
}

fn chunk(patterns: &[(PatternId, &str)]) -> Result<Chunk, String> {
    let set = RegexSetBuilder::new(patterns.iter().map(|(_, source)| source))
        .unicode(false)
        .size_limit(SET_SIZE_LIMIT_BYTES)
        .dfa_size_limit(SET_CACHE_LIMIT_BYTES)
        .nest_limit(NEST_LIMIT)
        .build()
        .map_err(|error| explain(&error))?;
    let ids = patterns.iter().map(|(id, _)| *id).collect();
    Ok(Chunk { set, ids })
}

/// The compiled patterns.
#[derive(Debug)]
pub(super) struct Matcher {
    sections: Vec<Section>,
    patterns: Vec<Regex>,
}

/// The patterns that are tried together: those of every language, or those of one.
#[derive(Debug)]
struct Section {
    languages: LanguageSet,
    chunks: Vec<Chunk>,
}

/// Patterns in one automaton.
#[derive(Debug)]
struct Chunk {
    set: RegexSet,
    ids: Vec<PatternId>,
}

/// Which patterns stand somewhere in a text.
#[derive(Debug)]
pub(super) struct PatternHits {
    bits: Vec<u64>,
}

impl PatternHits {
    pub(super) fn contains(&self, id: PatternId) -> bool {
        let word = self.bits.get(id as usize / 64).copied().unwrap_or(0);
        word >> (id % 64) & 1 == 1
    }

    fn insert(&mut self, id: PatternId) {
        if let Some(word) = self.bits.get_mut(id as usize / 64) {
            *word |= 1 << (id % 64);
        }
    }

    /// All hits, in rising order.
    pub(super) fn iter(&self) -> impl Iterator<Item = PatternId> + '_ {
        (0..).step_by(64).zip(&self.bits).flat_map(|(base, &bits)| {
            let mut rest = bits;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                Some(base + bit)
            })
        })
    }
}

impl Matcher {
    /// Looks for every pattern that `languages` may speak.
    pub(super) fn scan(&self, text: &NormalizedText, languages: LanguageSet) -> PatternHits {
        let mut hits = PatternHits {
            bits: vec![0; self.patterns.len().div_ceil(64)],
        };
        let wanted = |section: &&Section| {
            section.languages == LanguageSet::ANY || section.languages.overlaps(languages)
        };
        let chunks = self
            .sections
            .iter()
            .filter(wanted)
            .flat_map(|section| &section.chunks);
        for chunk in chunks {
            let matches = chunk.set.matches(text.as_str().as_bytes());
            for &id in matches.iter().filter_map(|at| chunk.ids.get(at)) {
                hits.insert(id);
            }
        }
        hits
    }

    /// The first place of a pattern, in bytes of the original text.
    pub(super) fn span(&self, id: PatternId, text: &NormalizedText) -> Option<(usize, usize)> {
        let found = self
            .patterns
            .get(id as usize)?
            .find(text.as_str().as_bytes())?;
        Some(text.original_span(found.start(), found.end()))
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
