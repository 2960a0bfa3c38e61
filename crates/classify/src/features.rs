//! From the plain form of a post to hashed n-grams.
//!
//! Words alone and in pairs, and groups of three to five letters within a word. Numbers
//! count as "a number". What would tell a model which platform or brand a post comes from,
//! rather than what it says (handles, links, the `#` of a hashtag), gives no feature.

use crate::normalise::NormalizedText;

/// Longer words are judged by their head: real ones are shorter, and it bounds the work.
const WORD_BYTES_MAX: usize = 40;

/// The shortest and longest group of letters.
const LETTERS_MIN: usize = 3;
const LETTERS_MAX: usize = 5;

/// Bytes of a word that can be known again, with the spaces around it: most words are shorter,
/// and two registers compare it.
pub const SHORT_WORD_BYTES: usize = 16;

/// Room to read eight bytes from any place of a padded word.
const BUFFER_BYTES: usize = WORD_BYTES_MAX + 2 + 8;

/// Groups of letters that the longest word has.
const LETTER_GROUPS_MAX: usize = (LETTERS_MAX - LETTERS_MIN + 1) * (WORD_BYTES_MAX + 2);

/// How many buckets the n-grams are hashed into, as powers of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureSpace {
    /// For words and pairs of words.
    pub word_bits: u8,
    /// For groups of letters.
    pub letter_bits: u8,
}

impl FeatureSpace {
    /// Buckets of both kinds together; those of words come first.
    pub const fn len(self) -> usize {
        self.words() + (1 << self.letter_bits)
    }

    /// Buckets of words and pairs.
    pub const fn words(self) -> usize {
        1 << self.word_bits
    }

    /// Never: there is at least one bucket of each kind.
    pub const fn is_empty(self) -> bool {
        false
    }
}

/// What a feature is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GramKind {
    /// A word, or two in a row.
    Words,
    /// Letters within a word.
    Letters,
}

/// A short word between two spaces, by which its groups of letters can be known again.
pub type ShortWord = [u8; SHORT_WORD_BYTES];

/// Takes the n-grams of a text as they are found.
pub trait GramSink {
    /// A word begins; `start..end` in bytes of the plain form. Every gram until the next call
    /// ends in this word.
    fn word(&mut self, start: usize, end: usize);
    /// Asked before a short word's groups of letters: `true` when the sink knows what they
    /// come to and wants none of them.
    fn knows_letters(&mut self, _word: &ShortWord) -> bool {
        false
    }
    /// One n-gram by the index of its bucket.
    fn gram(&mut self, kind: GramKind, index: usize);
    /// All groups of letters of a word.
    fn letters(&mut self, indices: &[u32]) {
        for &index in indices {
            self.gram(GramKind::Letters, index as usize);
        }
    }
}

/// Finds every n-gram of the text, in order. Linear in its length.
pub fn visit_grams(text: &NormalizedText, space: FeatureSpace, sink: &mut impl GramSink) {
    let plain = text.as_str();
    let mut scanner = Scanner {
        space,
        buffer: [0; BUFFER_BYTES],
        letters: [0; LETTER_GROUPS_MAX],
        previous: None,
    };
    let bytes = plain.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let kind = kind_of(plain, at, byte);
        let end = token_end(plain, at, byte, &kind);
        match kind {
            Token::Word => scanner.word(bytes, at, end, sink),
            Token::Sign => scanner.sign(bytes, at, end, sink),
            Token::Stop => scanner.previous = None,
            Token::Skip => {}
        }
        at = end;
    }
}

enum Token {
    Word,
    Sign,
    /// Two words around it make no pair.
    Stop,
    Skip,
}

fn kind_of(plain: &str, at: usize, byte: u8) -> Token {
    match byte {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => Token::Word,
        b'!' | b'?' | b'$' | b'%' => Token::Sign,
        b'.' | b',' | b';' | b':' | b'(' | b')' => Token::Stop,
        0..=127 => Token::Skip,
        _ => match char_at(plain, at) {
            Some(character) if character.is_alphanumeric() => Token::Word,
            _ => Token::Sign,
        },
    }
}

fn char_at(plain: &str, at: usize) -> Option<char> {
    plain.get(at..)?.chars().next()
}

/// Where the token that begins at `at` ends.
fn token_end(plain: &str, at: usize, first: u8, kind: &Token) -> usize {
    let bytes = plain.as_bytes();
    if !matches!(kind, Token::Word) {
        return match first {
            b'!' | b'?' => run_end(bytes, at, |byte| matches!(byte, b'!' | b'?')),
            0..=127 => at + 1,
            _ => at + char_at(plain, at).map_or(1, char::len_utf8),
        };
    }
    let mut end = at;
    while let Some(&byte) = bytes.get(end) {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => end += 1,
            b'\'' if bytes.get(end + 1).is_some_and(u8::is_ascii_alphabetic) => end += 1,
            0..=127 => break,
            _ => match char_at(plain, end) {
                Some(character) if character.is_alphanumeric() => end += character.len_utf8(),
                _ => break,
            },
        }
    }
    end
}

fn run_end(bytes: &[u8], at: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest
        .iter()
        .position(|&byte| !belongs(byte))
        .unwrap_or(rest.len())
}

struct Scanner {
    space: FeatureSpace,
    buffer: [u8; BUFFER_BYTES],
    letters: [u32; LETTER_GROUPS_MAX],
    previous: Option<u64>,
}

impl Scanner {
    fn word(&mut self, bytes: &[u8], start: usize, end: usize, sink: &mut impl GramSink) {
        let length = self.fill(bytes.get(start..end).unwrap_or_default());
        sink.word(start, end);
        let hash = self.hash(1, length);
        self.alone_and_paired(hash, sink);
        let padded = length + 2;
        if let Some(short) = self.short_word(padded)
            && sink.knows_letters(short)
        {
            return;
        }
        // A number says nothing beyond being one; its buffer is a single digit.
        let mut count = 0;
        for size in LETTERS_MIN..=LETTERS_MAX.min(padded) {
            for from in 0..=padded - size {
                let hash = mix(self.load(from) & mask(size), size as u64);
                let index = self.space.words() + top_bits(hash, self.space.letter_bits);
                if let Some(slot) = self.letters.get_mut(count) {
                    *slot = u32::try_from(index).unwrap_or(u32::MAX);
                    count += 1;
                }
            }
        }
        sink.letters(self.letters.get(..count).unwrap_or_default());
    }

    fn sign(&mut self, bytes: &[u8], start: usize, end: usize, sink: &mut impl GramSink) {
        // Of a run of signs only its kind counts: `?`, `!`, both, and whether it is a run.
        let run = bytes.get(start..end).unwrap_or_default();
        let kept = if run.is_ascii() {
            run.len().min(2)
        } else {
            run.len()
        };
        let length = self.fill(run.get(..kept).unwrap_or_default());
        sink.word(start, end);
        let hash = self.hash(1, length);
        self.alone_and_paired(hash, sink);
    }

    fn alone_and_paired(&mut self, hash: u64, sink: &mut impl GramSink) {
        sink.gram(GramKind::Words, top_bits(hash, self.space.word_bits));
        if let Some(previous) = self.previous.replace(hash) {
            let pair = mix(previous.rotate_left(21) ^ hash, 2);
            sink.gram(GramKind::Words, top_bits(pair, self.space.word_bits));
        }
    }

    /// The padded word if it leaves a zero behind it, so that no longer one looks the same.
    fn short_word(&self, padded: usize) -> Option<&ShortWord> {
        if padded >= SHORT_WORD_BYTES {
            return None;
        }
        self.buffer.first_chunk()
    }

    /// Puts a word between two spaces and says how long it is without them. Digits become one
    /// `0`, so that every number is the same word.
    fn fill(&mut self, word: &[u8]) -> usize {
        self.buffer = [0; BUFFER_BYTES];
        let word = word.get(..WORD_BYTES_MAX).unwrap_or(word);
        if word.iter().any(u8::is_ascii_digit) {
            return self.fill_with_number(word);
        }
        let padded = word.len() + 2;
        if let Some([first, middle @ .., last]) = self.buffer.get_mut(..padded) {
            *first = b' ';
            middle.copy_from_slice(word);
            *last = b' ';
        }
        word.len()
    }

    fn fill_with_number(&mut self, word: &[u8]) -> usize {
        let mut length = 0;
        let mut put = |byte: u8| {
            if let Some(slot) = self.buffer.get_mut(length) {
                *slot = byte;
                length += 1;
            }
        };
        put(b' ');
        let mut in_number = false;
        for &byte in word {
            let is_digit = byte.is_ascii_digit();
            if !is_digit {
                put(byte);
            } else if !in_number {
                put(b'0');
            }
            in_number = is_digit;
        }
        put(b' ');
        length - 2
    }

    /// The hash of `length` bytes from `from` on.
    fn hash(&self, from: usize, length: usize) -> u64 {
        let mut hash = 0;
        let mut at = from;
        let end = from + length;
        while at < end {
            hash = mix(hash ^ (self.load(at) & mask((end - at).min(8))), 8);
            at += 8;
        }
        hash
    }

    fn load(&self, at: usize) -> u64 {
        let mut eight = [0; 8];
        if let Some(bytes) = self.buffer.get(at..at + 8) {
            eight.copy_from_slice(bytes);
        }
        u64::from_le_bytes(eight)
    }
}

/// The lowest `bytes` bytes.
const fn mask(bytes: usize) -> u64 {
    if bytes >= 8 {
        u64::MAX
    } else {
        (1 << (bytes * 8)) - 1
    }
}

/// A multiplicative hash with its bits folded back, so that both ends are good.
const fn mix(value: u64, salt: u64) -> u64 {
    let hash =
        (value ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

#[expect(clippy::cast_possible_truncation, reason = "at most 32 bits are kept")]
const fn top_bits(hash: u64, bits: u8) -> usize {
    (hash >> (64 - bits as u32)) as usize
}
