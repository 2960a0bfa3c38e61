//! One word between its edges, and its hashes.

use super::mix;

/// Longer words are judged by their head: real ones are shorter, and it bounds the work.
pub(super) const WORD_BYTES_MAX: usize = 40;

/// Bytes of a word that can be known again, with its edges: most words are shorter, and two
/// registers compare it.
pub const SHORT_WORD_BYTES: usize = 16;

/// Room to read eight bytes from any place of a padded word.
const BUFFER_BYTES: usize = WORD_BYTES_MAX + 2 + 8;

/// A short word between its edges, by which its groups of letters can be known again.
pub type ShortWord = [u8; SHORT_WORD_BYTES];

/// A word between what stands before it and a space; zeros follow.
pub(super) struct WordBuffer {
    bytes: [u8; BUFFER_BYTES],
    length: usize,
}

impl Default for WordBuffer {
    fn default() -> Self {
        Self {
            bytes: [0; BUFFER_BYTES],
            length: 0,
        }
    }
}

impl WordBuffer {
    /// Puts a word after its `edge`. Digits become one `0`, so that every number is the same
    /// word.
    pub(super) fn fill(&mut self, edge: u8, word: &[u8]) {
        self.bytes = [0; BUFFER_BYTES];
        let word = word.get(..WORD_BYTES_MAX).unwrap_or(word);
        if word.iter().any(u8::is_ascii_digit) {
            self.fill_with_number(edge, word);
            return;
        }
        let padded = word.len() + 2;
        if let Some([first, middle @ .., last]) = self.bytes.get_mut(..padded) {
            *first = edge;
            middle.copy_from_slice(word);
            *last = b' ';
        }
        self.length = word.len();
    }

    fn fill_with_number(&mut self, edge: u8, word: &[u8]) {
        let mut length = 0;
        let mut put = |byte: u8| {
            if let Some(slot) = self.bytes.get_mut(length) {
                *slot = byte;
                length += 1;
            }
        };
        put(edge);
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
        self.length = length - 2;
    }

    /// Its length with both edges.
    pub(super) const fn padded(&self) -> usize {
        self.length + 2
    }

    /// The padded word if it leaves a zero behind it, so that no longer one looks the same.
    pub(super) fn short(&self) -> Option<&ShortWord> {
        if self.padded() >= SHORT_WORD_BYTES {
            return None;
        }
        self.bytes.first_chunk()
    }

    /// The word's hash, without its edges.
    pub(super) fn hash(&self) -> u64 {
        let mut hash = 0;
        let mut at = 1;
        let end = 1 + self.length;
        while at < end {
            hash = mix(hash ^ (self.load(at) & mask((end - at).min(8))), 8);
            at += 8;
        }
        hash
    }

    /// At most eight bytes of the padded word as one number.
    pub(super) fn group(&self, from: usize, size: usize) -> u64 {
        self.load(from) & mask(size)
    }

    fn load(&self, at: usize) -> u64 {
        let mut eight = [0; 8];
        if let Some(bytes) = self.bytes.get(at..at + 8) {
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
