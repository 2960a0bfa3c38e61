//! How many texts hold a string, by a rule of thumb: enough to ask for the rarest.

use super::edges::is_word_byte;
use super::literals::{Needed, Strings};
use crate::language::is_small_word;

/// A rough share of texts that hold one of the strings.
pub(super) fn commonness(strings: &Strings) -> f64 {
    strings.iter().map(of_string).sum()
}

fn of_string(needed: &Needed) -> f64 {
    let is_letter = |byte: &u8| is_word_byte(*byte) || *byte == b'\'';
    let words = needed.string.split(|byte| !is_letter(byte));
    let of_words: f64 = words
        .filter(|word| !word.is_empty())
        .map(commonness_of)
        .product();
    // Of signs alone few are in every fifth post.
    let signs = needed
        .string
        .iter()
        .filter(|byte| !is_letter(byte) && **byte != b' ');
    let share = signs.fold(of_words, |share, _| share * 0.2);
    let may_stand_within_words = !needed.from_boundary
        && needed
            .string
            .first()
            .is_some_and(|&byte| is_word_byte(byte));
    if may_stand_within_words {
        // Endings and other short groups of letters stand in every text.
        share.max(0.1_f64.powi(i32::try_from(needed.string.len()).unwrap_or(9) - 2))
    } else {
        share
    }
}

/// The small words of a language stand in every third post or so; of others a letter more
/// makes a word rarer.
fn commonness_of(word: &[u8]) -> f64 {
    if is_small_word(word) {
        return 0.3;
    }
    match word.len() {
        1 => 0.1,
        2 | 3 => 0.02,
        4 | 5 => 0.005,
        _ => 0.001,
    }
}
