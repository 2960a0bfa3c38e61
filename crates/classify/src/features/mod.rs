//! From the plain form of a post to hashed n-grams.
//!
//! Words alone and in pairs, and groups of three to five letters within a word. Numbers
//! count as "a number". What would tell a model which platform or brand a post comes from,
//! rather than what it says (links, the `#` of a hashtag), gives no n-gram. The letters of
//! handles are kept apart, for those heads alone that know the trained sources. Beside the
//! n-grams stand the signs of the post as a whole.

mod buffer;

use crate::lexicon::Lexicon;
use crate::normalise::NormalizedText;
use crate::signs::{WordNotes, signs};
use buffer::{WORD_BYTES_MAX, WordBuffer};

pub use buffer::{SHORT_WORD_BYTES, ShortWord};

/// The shortest and longest group of letters.
const LETTERS_MIN: usize = 3;
const LETTERS_MAX: usize = 5;

/// Groups of letters that the longest word has.
const LETTER_GROUPS_MAX: usize = (LETTERS_MAX - LETTERS_MIN + 1) * (WORD_BYTES_MAX + 2);

/// Keep apart what is hashed into the same buckets.
const PAIR_SALT: u64 = 2;
const HANDLE_SALT: u64 = 16;
const SIGN_SALT: u64 = 3;

/// How many buckets the n-grams are hashed into, as powers of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureSpace {
    /// For words and pairs of words.
    pub word_bits: u8,
    /// For groups of letters, also those of handles.
    pub letter_bits: u8,
    /// Whether there are signs and handles as well; in models of an earlier day there are not.
    pub has_signs: bool,
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
    /// Letters within a word or a handle.
    Letters,
    /// What the post as a whole shows; shares its buckets with the words.
    Signs,
}

/// Takes the n-grams of a text as they are found.
pub trait GramSink {
    /// A word begins; `start..end` in bytes of the plain form. Every gram until the next call
    /// ends in this word.
    fn word(&mut self, start: usize, end: usize);
    /// A handle begins: all letters until the next call are its own.
    fn handle(&mut self) {}
    /// Asked before a short word's groups of letters: `true` when the sink knows what they
    /// come to and wants none of them. A handle asks with its `@`.
    fn knows_letters(&mut self, _word: &ShortWord) -> bool {
        false
    }
    /// One n-gram by the index of its bucket.
    fn gram(&mut self, kind: GramKind, index: usize);
    /// All groups of letters of a word, or of a handle.
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
        word: WordBuffer::default(),
        letters: [0; LETTER_GROUPS_MAX],
        previous: None,
        lexicon: Lexicon::shipped(),
        notes: WordNotes::default(),
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
    if space.has_signs {
        scanner.whole_post(text, sink);
    }
}

/// The hash of a word as the n-grams take it.
pub(crate) fn word_hash(word: &str) -> u64 {
    let mut buffer = WordBuffer::default();
    buffer.fill(b' ', word.as_bytes());
    buffer.hash()
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
    word: WordBuffer,
    letters: [u32; LETTER_GROUPS_MAX],
    previous: Option<u64>,
    lexicon: &'static Lexicon,
    notes: WordNotes,
}

impl Scanner {
    fn word(&mut self, bytes: &[u8], start: usize, end: usize, sink: &mut impl GramSink) {
        let word = bytes.get(start..end).unwrap_or_default();
        self.word.fill(b' ', word);
        sink.word(start, end);
        let hash = self.word.hash();
        if self.space.has_signs {
            self.notes.word(word, self.lexicon.kinds_of(hash));
        }
        self.alone_and_paired(hash, sink);
        self.letters(0, sink);
    }

    /// Groups of letters of what stands in the buffer, unless the sink knows them.
    fn letters(&mut self, salt: u64, sink: &mut impl GramSink) {
        if let Some(short) = self.word.short()
            && sink.knows_letters(short)
        {
            return;
        }
        let padded = self.word.padded();
        // A number says nothing beyond being one; its buffer is a single digit.
        let mut count = 0;
        for size in LETTERS_MIN..=LETTERS_MAX.min(padded) {
            for from in 0..=padded - size {
                let hash = mix(self.word.group(from, size), size as u64 + salt);
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
        self.word.fill(b' ', run.get(..kept).unwrap_or_default());
        sink.word(start, end);
        let hash = self.word.hash();
        self.alone_and_paired(hash, sink);
    }

    fn alone_and_paired(&mut self, hash: u64, sink: &mut impl GramSink) {
        sink.gram(GramKind::Words, top_bits(hash, self.space.word_bits));
        if let Some(previous) = self.previous.replace(hash) {
            let pair = mix(previous.rotate_left(21) ^ hash, PAIR_SALT);
            sink.gram(GramKind::Words, top_bits(pair, self.space.word_bits));
        }
    }

    /// The handles' letters, and what the post as a whole shows.
    fn whole_post(&mut self, text: &NormalizedText, sink: &mut impl GramSink) {
        for handle in text.handles() {
            let name = handle.as_bytes().get(1..).unwrap_or_default();
            self.word.fill(b'@', name);
            sink.handle();
            self.letters(HANDLE_SALT, sink);
        }
        for sign in signs(text, &self.notes) {
            let hash = mix(sign as u64, SIGN_SALT);
            sink.gram(GramKind::Signs, top_bits(hash, self.space.word_bits));
        }
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
