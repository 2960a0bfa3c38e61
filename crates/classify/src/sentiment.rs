//! Whether a post speaks well or ill, from the words of praise and of blame in it.

use crate::features::word_hash;
use crate::lexicon::{Kind, KindSet, Lexicon};
use crate::normalise::NormalizedText;

/// How many words after a denial it still turns round: `not a very good seat`.
const DENIED_WORDS: usize = 3;

/// What blame that is denied counts: `not bad` is faint praise, `no problem` hardly more.
const DENIED_BLAME: f32 = 0.5;

/// From -1, all blame, to 1, all praise; 0 where neither or as much of both.
pub fn sentiment(text: &NormalizedText) -> f32 {
    let (mut sum, mut count) = (0.0, 0.0_f32);
    for clause in text.as_str().split(['.', ',', ';', ':', '!', '?', '\n']) {
        let mut denied = 0;
        for word in words(clause) {
            let kinds = Lexicon::shipped().kinds_of(word_hash(word));
            let value = value_of(kinds, denied > 0);
            sum += value;
            count += f32::from(u8::from(value != 0.0));
            denied = if is(kinds, Kind::Denial) {
                DENIED_WORDS
            } else {
                denied.saturating_sub(1)
            };
        }
    }
    sum / count.max(1.0)
}

fn value_of(kinds: KindSet, denied: bool) -> f32 {
    let value = match (is(kinds, Kind::Good), is(kinds, Kind::Bad)) {
        (true, false) => 1.0,
        (false, true) => -1.0,
        _ => 0.0,
    };
    match (denied, value < 0.0) {
        (true, true) => DENIED_BLAME,
        (true, false) => -value,
        _ => value,
    }
}

const fn is(kinds: KindSet, kind: Kind) -> bool {
    kinds >> kind as KindSet & 1 == 1
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|character: char| !character.is_alphanumeric() && character != '\'');
    parts.filter(|word| !word.is_empty())
}
