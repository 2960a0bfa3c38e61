//! What a post as a whole shows: which kinds of words stand together, and how it is written.
//!
//! Each sign is a feature of its own beside the n-grams, of a fixed size, so that a long post
//! shows it as clearly as a short one.

use crate::lexicon::{KINDS, Kind, KindSet};
use crate::normalise::NormalizedText;

/// Longer posts and shorter ones, in words.
const LONG_WORDS: u32 = 20;
const SHORT_WORDS: u32 = 5;

/// More exclamation marks or hashtags than most writers set.
const MANY: usize = 2;

/// Fewer letters than this can be a name or an acronym and are no shouting.
const SHOUTED_LETTERS_MIN: usize = 12;

/// What is noted of the words while the n-grams are found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WordNotes {
    /// Words of each kind.
    kinds: [u32; KINDS],
    words: u32,
    numbers: u32,
    /// Longer words in `ed`: English tells the past by it.
    in_ed: u32,
}

impl WordNotes {
    #[inline]
    pub(crate) fn word(&mut self, word: &[u8], kinds: KindSet) {
        self.words += 1;
        self.numbers += u32::from(word.iter().any(u8::is_ascii_digit));
        self.in_ed += u32::from(word.len() > 4 && word.ends_with(b"ed"));
        let mut left = kinds;
        while left != 0 {
            if let Some(count) = self.kinds.get_mut(left.trailing_zeros() as usize) {
                *count += 1;
            }
            left &= left - 1;
        }
    }

    fn count(&self, kind: Kind) -> u32 {
        self.kinds.get(kind as usize).copied().unwrap_or(0)
    }

    fn has(&self, kind: Kind) -> bool {
        self.count(kind) > 0
    }

    fn repeats(&self, kind: Kind) -> bool {
        self.count(kind) > 1
    }
}

/// The signs a post shows, by their numbers.
pub(crate) fn signs(text: &NormalizedText, notes: &WordNotes) -> impl Iterator<Item = usize> {
    let kinds = notes.kinds.map(|count| count > 0);
    let all = kinds
        .into_iter()
        .chain(repetitions(notes))
        .chain(writing(text, notes))
        .chain(companies(text, notes))
        .chain([text.shape.service_handles > 0]);
    all.enumerate()
        .filter_map(|(number, shown)| shown.then_some(number))
}

fn repetitions(notes: &WordNotes) -> [bool; 6] {
    use Kind::{Bad, Denial, First, Good, Law, Time};
    [Denial, Good, Bad, Law, First, Time].map(|kind| notes.repeats(kind))
}

fn writing(text: &NormalizedText, notes: &WordNotes) -> [bool; 15] {
    let (plain, shape) = (text.as_str(), text.shape);
    [
        asks(text),
        shape.exclamations > 0,
        shape.exclamations > MANY,
        shape.links > 0,
        plain.starts_with('@'),
        shape.handles == 0,
        shape.handles > 1,
        shape.hashtags > 0,
        shape.hashtags > MANY,
        plain.starts_with("rt @"),
        notes.words <= SHORT_WORDS,
        notes.words > LONG_WORDS,
        notes.numbers > 0,
        notes.numbers > 1,
        shape.letters >= SHOUTED_LETTERS_MIN && shape.capitals * 10 >= shape.letters * 6,
    ]
}

/// Kinds that say more together than each by itself.
fn companies(text: &NormalizedText, notes: &WordNotes) -> [bool; 19] {
    use Kind::{Bad, Buying, Denial, First, Good, Law, Own, Past, Paying, Please, Second, Time};
    let has = |kind| notes.has(kind);
    let both = |one, other| has(one) && has(other);
    let asks = asks(text);
    [
        notes.in_ed > 0 && has(First),
        (notes.in_ed > 0 || has(Past)) && has(First),
        both(First, Denial),
        both(Own, Bad),
        both(First, Bad),
        both(Denial, Good),
        has(Second) && asks,
        both(Buying, First),
        has(Buying) && asks,
        has(Good) && !has(Bad) && !has(Denial),
        has(Bad) && !has(Good),
        both(Bad, Good),
        both(Time, Denial),
        both(Paying, First),
        both(Please, First),
        both(Second, Denial),
        both(Second, Bad),
        has(Law) && !has(First) && !has(Second),
        !has(First) && !has(Second),
    ]
}

fn asks(text: &NormalizedText) -> bool {
    text.as_str().contains('?')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::word_hash;
    use crate::lexicon::Lexicon;
    use crate::normalise::normalise;
    use rstest::rstest;

    fn shown(text: &str) -> Vec<usize> {
        let plain = normalise(text);
        let mut notes = WordNotes::default();
        let words = plain
            .as_str()
            .split(|character: char| !character.is_alphanumeric() && character != '\'');
        for word in words.filter(|word| !word.is_empty()) {
            let kinds = Lexicon::shipped().kinds_of(word_hash(word));
            notes.word(word.as_bytes(), kinds);
        }
        signs(&plain, &notes).collect()
    }

    /// The numbers are those of the lists above: 0 to 12 kinds, 13 to 18 repetitions, 19 to 33
    /// writing, 34 to 52 companies, 53 a customer service.
    #[rstest]
    #[case::own_trouble("my kettle is broken", 37, "the kettle is broken")]
    #[case::in_another_language("mein Koffer ist kaputt", 37, "der Koffer ist kaputt")]
    #[case::asked_before_buying("what is the price?", 42, "that is the price")]
    #[case::praise("great soup", 43, "great soup, not")]
    #[case::a_service("@AcmeHelp hello", 53, "@Acme hello")]
    #[case::shouted("WHERE IS THE KETTLE", 33, "where is the KETTLE")]
    #[case::twice_denied("no, never", 13, "no")]
    #[case::courts_and_no_customer("Acme was sued again", 51, "I sued Acme")]
    fn a_post_shows_its_signs(#[case] text: &str, #[case] sign: usize, #[case] other: &str) {
        assert!(shown(text).contains(&sign), "{:?}", shown(text));
        assert!(!shown(other).contains(&sign), "{:?}", shown(other));
    }

    #[test]
    fn a_post_of_nothing_shows_little() {
        // No handle, few words, nobody who speaks or is spoken to.
        assert_eq!(shown(""), [24, 29, 52]);
    }
}
