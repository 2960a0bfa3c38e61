//! The patterns of one text, each tried when first asked for.

use super::edges::is_word_byte;
use super::matcher::{Matcher, Meaning, PatternId};
use crate::normalise::NormalizedText;

/// What is noted about the patterns while one text is read; used again for the next.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Patterns of which a plain string stands in the text.
    placed: Vec<u64>,
    /// Patterns whose rest was found.
    matched: Vec<u64>,
    /// Where a pattern stands, of those above: of its plain strings the one that ends first.
    places: Vec<(usize, usize)>,
    /// Where the rest of a pattern may begin, in the order of the text.
    beginnings: Vec<(PatternId, usize)>,
    /// Patterns whose rest may stand and was not tried yet.
    may_stand: Vec<u64>,
    /// The sets of each way that have no string in the text yet.
    missing: Vec<u8>,
}

impl Notes {
    fn clear(&mut self, matcher: &Matcher) {
        let words = matcher.patterns.len().div_ceil(64);
        for bits in [&mut self.placed, &mut self.matched, &mut self.may_stand] {
            bits.clear();
            bits.resize(words, 0);
        }
        self.places.resize(matcher.patterns.len(), (0, 0));
        self.missing.clone_from(&matcher.sets);
        self.beginnings.clear();
    }
}

#[derive(Debug)]
pub(super) struct Scan<'a> {
    matcher: &'a Matcher,
    text: &'a NormalizedText,
    notes: &'a mut Notes,
}

impl<'a> Scan<'a> {
    pub(super) fn new(
        matcher: &'a Matcher,
        text: &'a NormalizedText,
        notes: &'a mut Notes,
    ) -> Self {
        notes.clear(matcher);
        Self {
            matcher,
            text,
            notes,
        }
    }

    pub(super) fn text(&self) -> &'a [u8] {
        self.text.as_str().as_bytes()
    }

    /// A string with these meanings, up to the end of them, stands at a place.
    #[inline]
    pub(super) fn take(&mut self, meanings: &[Meaning], start: usize, end: usize) {
        for &meaning in meanings {
            match meaning {
                Meaning::Stands {
                    pattern,
                    from_boundary,
                    to_boundary,
                } => {
                    if (!from_boundary || is_boundary(self.text(), start))
                        && (!to_boundary || is_boundary(self.text(), end))
                    {
                        self.place(pattern, start, end);
                    }
                }
                Meaning::End => return,
                Meaning::Needed {
                    pattern,
                    way,
                    set,
                    begins,
                } => {
                    if begins {
                        self.notes.beginnings.push((pattern, start));
                    }
                    if let Some(missing) = self.notes.missing.get_mut(usize::from(way))
                        // Strings come in the order of the text: one that stands before those
                        // of the sets before it says nothing.
                        && *missing & (set - 1) == 0
                    {
                        *missing &= !set;
                        if *missing == 0 {
                            self.suspect(pattern);
                        }
                    }
                }
            }
        }
    }

    /// Of several places the one that ends first counts, and of those the longest.
    fn place(&mut self, id: PatternId, start: usize, end: usize) {
        let at = id as usize;
        let is_first = !is_set(&self.notes.placed, at);
        if let Some(place) = self.notes.places.get_mut(at)
            && (is_first || (end, start) < (place.1, place.0))
        {
            *place = (start, end);
        }
        set_bit(&mut self.notes.placed, at);
    }

    /// The pattern's rest is to be tried.
    pub(super) fn suspect(&mut self, id: PatternId) {
        set_bit(&mut self.notes.may_stand, id as usize);
    }

    /// Whether the pattern stands in the text.
    pub(super) fn contains(&mut self, id: PatternId) -> bool {
        let at = id as usize;
        if is_set(&self.notes.placed, at) || is_set(&self.notes.matched, at) {
            return true;
        }
        if !clear_bit(&mut self.notes.may_stand, at) {
            return false;
        }
        let pattern = self.matcher.patterns.get(at);
        let rest = pattern.and_then(|pattern| pattern.rest.as_ref());
        let beginnings = self.notes.beginnings.iter();
        let places = beginnings
            .filter(|(pattern, _)| *pattern == id)
            .map(|&(_, place)| place);
        let Some(found) = rest.and_then(|rest| rest.find(self.text(), places)) else {
            return false;
        };
        if let Some(place) = self.notes.places.get_mut(at) {
            *place = found;
        }
        set_bit(&mut self.notes.matched, at);
        true
    }

    /// The first pattern from `from` on that stands or may stand and was not tried.
    pub(super) fn candidate_from(&self, from: PatternId) -> Option<PatternId> {
        let from = from as usize;
        let mut kept = u64::MAX << (from % 64);
        let words = self.notes.placed.iter().zip(&self.notes.may_stand);
        for (nth, (placed, may_stand)) in words.enumerate().skip(from / 64) {
            let left = (placed | may_stand) & kept;
            kept = u64::MAX;
            if left != 0 {
                return u32::try_from(nth * 64)
                    .ok()
                    .map(|base| base + left.trailing_zeros());
            }
        }
        None
    }

    /// Where a pattern stands that [`Self::contains`] said so of, in bytes of the original text.
    pub(super) fn span(&self, id: PatternId) -> Option<(usize, usize)> {
        let &(start, end) = self.notes.places.get(id as usize)?;
        Some(self.text.original_span(start, end))
    }
}

/// Whether a word begins or ends at the place, as `\b` means it.
fn is_boundary(bytes: &[u8], at: usize) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|&byte| is_word_byte(byte));
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    is_word(before) != is_word(bytes.get(at))
}

fn is_set(bits: &[u64], at: usize) -> bool {
    bits.get(at / 64)
        .is_some_and(|word| word >> (at % 64) & 1 == 1)
}

fn set_bit(bits: &mut [u64], at: usize) {
    if let Some(word) = bits.get_mut(at / 64) {
        *word |= 1 << (at % 64);
    }
}

/// Clears a bit and says whether it was set.
fn clear_bit(bits: &mut [u64], at: usize) -> bool {
    let was = is_set(bits, at);
    if let Some(word) = bits.get_mut(at / 64) {
        *word &= !(1 << (at % 64));
    }
    was
}
