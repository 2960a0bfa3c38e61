//! One key for posts that say the same in the same words.

use crate::features::word_hash;
use crate::language::is_small_word;
use crate::normalise::NormalizedText;

/// Posts with fewer words of weight are not told by them: `thanks` is no copy of `thanks`.
const WORDS_MIN: usize = 4;

/// A prime, so that the order of the words counts.
const FACTOR: u64 = 0x0000_0100_0000_01b3;

/// The same for copies that differ in case, accents, punctuation, handles, links, numbers, small
/// words or a leading `RT`; different, but for chance, where any other word differs. `None` for
/// a post too short to be told by its words.
pub fn near_duplicate_key(text: &NormalizedText) -> Option<u64> {
    let (mut key, mut count) = (0_u64, 0);
    let words = text
        .as_str()
        .split(|character: char| !character.is_alphanumeric() && character != '\'');
    for word in words.filter(|word| tells(word)) {
        key = (key ^ word_hash(word)).wrapping_mul(FACTOR);
        count += 1;
    }
    (count >= WORDS_MIN).then_some(key)
}

fn tells(word: &str) -> bool {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    !is_number && word != "rt" && !is_small_word(word.as_bytes())
}
