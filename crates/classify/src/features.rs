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

/// Room to read eight bytes from any place of a padded word.
const BUFFER_BYTES: usize = WORD_BYTES_MAX + 2 + 8;

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

/// Takes the n-grams of a text as they are found.
pub trait GramSink {
    /// A word begins; `start..end` in bytes of the plain form. Every gram until the next call
    /// ends in this word.
    fn word(&mut self, start: usize, end: usize);
    /// One n-gram by the index of its bucket.
    fn gram(&mut self, kind: GramKind, index: usize);
}

/// Finds every n-gram of the text, in order. Linear in its length.
pub fn visit_grams(text: &NormalizedText, space: FeatureSpace, sink: &mut impl GramSink) {
    let plain = text.as_str();
    let mut scanner = Scanner {
        space,
        buffer: [0; BUFFER_BYTES],
        previous: None,
    };
    let bytes = plain.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let end = token_end(plain, at, byte);
        match kind_of(plain, at, byte) {
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
fn token_end(plain: &str, at: usize, first: u8) -> usize {
    let bytes = plain.as_bytes();
    if !matches!(kind_of(plain, at, first), Token::Word) {
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
    previous: Option<u64>,
}

impl Scanner {
    fn word(&mut self, bytes: &[u8], start: usize, end: usize, sink: &mut impl GramSink) {
        let length = self.fill(bytes.get(start..end).unwrap_or_default());
        sink.word(start, end);
        let hash = self.hash(1, length);
        self.alone_and_paired(hash, sink);
        // A number says nothing beyond being one; its buffer is a single digit.
        let padded = length + 2;
        for size in LETTERS_MIN..=LETTERS_MAX.min(padded) {
            for from in 0..=padded - size {
                let hash = mix(self.load(from) & mask(size), size as u64);
                let index = self.space.words() + top_bits(hash, self.space.letter_bits);
                sink.gram(GramKind::Letters, index);
            }
        }
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

    /// Puts a word between two spaces and says how long it is without them. Digits become one
    /// `0`, so that every number is the same word.
    fn fill(&mut self, word: &[u8]) -> usize {
        self.buffer = [0; BUFFER_BYTES];
        let mut length = 0;
        let mut put = |byte: u8| {
            if let Some(slot) = self.buffer.get_mut(length) {
                *slot = byte;
                length += 1;
            }
        };
        put(b' ');
        let mut in_number = false;
        for &byte in word.iter().take(WORD_BYTES_MAX) {
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
