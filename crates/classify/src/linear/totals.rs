//! What the n-grams of a text add up to, and which of its words spoke most.

use super::TABLE_COLUMNS;
use crate::combine::PerLabel;
use crate::features::{GramKind, GramSink, ShortWord};
use crate::model::Wording;
use crate::normalise::NormalizedText;
use crate::train::example::{HANDLE_VALUE, value_of};

pub(super) type Sums = [i32; TABLE_COLUMNS];

/// One word's part: at most some 120 small numbers, which half the width holds and twice as
/// many fit a register.
type WordSums = [i16; TABLE_COLUMNS];

/// Words of a long text that can stand in the reasons; the sums count all of them.
const WORDS_WEIGHED_MAX: usize = 200;

/// Words named in the reasons: the third already explains little.
const WORDS_NAMED: usize = 3;

/// A smaller part in the verdict is no reason.
const WORD_WEIGHT_MIN: f32 = 0.05;

/// Words whose letter groups are kept as one sum, as a power of two. Few thousand words make up
/// nine tenths of what people write, and these fit the processor's cache beside the table.
const KNOWN_WORDS_BITS: u32 = 12;

/// Words read before their rows are added up. Reading branches at every letter and adding at
/// none, so that apart from each other the additions need not wait for the table's memory.
const WORDS_READ: usize = 64;

/// What is noted while one text is judged; used again for the next.
#[derive(Debug)]
pub(super) struct Notes {
    /// Words that were read and not added yet.
    read: Vec<ReadWord>,
    /// Where each word stands, and the label columns before it was added.
    spans: Vec<(usize, usize, [i32; 8])>,
    /// What speaks for the winner, and where it stands.
    found: Vec<(f32, usize, usize)>,
    /// Words met before, each at the place its letters give.
    known: Vec<KnownWord>,
}

/// A word with its rows.
#[derive(Clone, Copy, Debug, Default)]
struct ReadWord {
    start: usize,
    end: usize,
    /// The word alone, and with the one before it.
    rows: [usize; 2],
    row_count: usize,
    letters: WordSums,
    letter_count: usize,
    /// No word of the post but who it speaks to.
    is_handle: bool,
}

/// The sums of one word's letter groups: the same whenever the word is met, so that they are
/// looked up once and then remembered. Each in one line of the cache.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct KnownWord {
    word: ShortWord,
    letters: WordSums,
    count: u16,
    /// Times it was met, less those it stood in the way of another word.
    uses: u8,
}

/// A word met this often more than others that want its place is not forgotten for them: of
/// posts a third fewer letters are read than when the last word always stays.
const USES_MAX: u8 = 7;

impl KnownWord {
    fn met(&mut self) {
        self.uses = (self.uses + 1).min(USES_MAX);
    }
}

impl Default for Notes {
    fn default() -> Self {
        Self {
            read: Vec::with_capacity(WORDS_READ),
            spans: Vec::new(),
            found: Vec::new(),
            known: vec![KnownWord::default(); 1 << KNOWN_WORDS_BITS],
        }
    }
}

impl Notes {
    /// Gives the place of the less used of two words to another, unless that is still met too
    /// often.
    fn make_room(&mut self, at: usize, word: &ShortWord) -> Option<usize> {
        let uses = |place: usize| self.known.get(place).map_or(0, |known| known.uses);
        let place = if uses(at) <= uses(at ^ 1) { at } else { at ^ 1 };
        let known = self.known.get_mut(place)?;
        if known.uses > 0 {
            known.uses -= 1;
            return None;
        }
        known.word = *word;
        Some(place)
    }
}

#[derive(Debug)]
pub(super) struct Totals<'a> {
    rows: &'a [[i8; TABLE_COLUMNS]],
    notes: &'a mut Notes,
    pub(super) words: Sums,
    pub(super) letters: Sums,
    pub(super) signs: Sums,
    pub(super) handles: Sums,
    /// The word that is being read.
    word: ReadWord,
    /// Where that word is to be remembered.
    remembered_at: Option<usize>,
    word_count: usize,
    letter_count: usize,
    handle_letter_count: usize,
}

/// What one n-gram counts: the more there are, the less.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values {
    pub(super) words: f32,
    pub(super) letters: f32,
    pub(super) handles: f32,
}

impl GramSink for Totals<'_> {
    #[inline]
    fn word(&mut self, start: usize, end: usize) {
        self.end_word();
        self.word.start = start;
        self.word.end = end;
    }

    #[inline]
    fn handle(&mut self) {
        self.end_word();
        self.word.is_handle = true;
    }

    #[inline]
    fn knows_letters(&mut self, word: &ShortWord) -> bool {
        // Each word has two places, side by side.
        let at = place_of(word);
        for place in [at, at ^ 1] {
            if let Some(known) = self.notes.known.get_mut(place)
                && known.word == *word
            {
                known.met();
                self.word.letters = known.letters;
                self.word.letter_count = usize::from(known.count);
                return true;
            }
        }
        self.remembered_at = self.notes.make_room(at, word);
        false
    }

    #[inline]
    fn gram(&mut self, kind: GramKind, index: usize) {
        match kind {
            GramKind::Words => {
                if let Some(row) = self.word.rows.get_mut(self.word.row_count) {
                    *row = index;
                    self.word.row_count += 1;
                }
            }
            GramKind::Letters => self.letters(&[u32::try_from(index).unwrap_or(u32::MAX)]),
            GramKind::Signs => {
                if let Some(row) = self.rows.get(index) {
                    add_row(&mut self.signs, row);
                }
            }
        }
    }

    #[inline]
    fn letters(&mut self, indices: &[u32]) {
        // Apart from the struct, so that the sums stay in registers.
        let mut sums = self.word.letters;
        for &index in indices {
            if let Some(row) = self.rows.get(index as usize) {
                self.word.letter_count += 1;
                for (sum, &weight) in sums.iter_mut().zip(row) {
                    *sum = sum.wrapping_add(i16::from(weight));
                }
            }
        }
        self.word.letters = sums;
    }
}

impl<'a> Totals<'a> {
    pub(super) fn new(rows: &'a [[i8; TABLE_COLUMNS]], notes: &'a mut Notes) -> Self {
        notes.spans.clear();
        notes.read.clear();
        Self {
            rows,
            notes,
            words: [0; TABLE_COLUMNS],
            letters: [0; TABLE_COLUMNS],
            signs: [0; TABLE_COLUMNS],
            handles: [0; TABLE_COLUMNS],
            word: ReadWord::default(),
            remembered_at: None,
            word_count: 0,
            letter_count: 0,
            handle_letter_count: 0,
        }
    }

    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        if let Some(at) = self.remembered_at.take()
            && let Some(known) = self.notes.known.get_mut(at)
        {
            known.letters = word.letters;
            known.count = u16::try_from(word.letter_count).unwrap_or(u16::MAX);
        }
        if word.row_count + word.letter_count == 0 {
            return;
        }
        self.notes.read.push(word);
        if self.notes.read.len() == WORDS_READ {
            self.add();
        }
    }

    /// Counts what is left. To be called after the last word.
    pub(super) fn finish(&mut self) {
        self.end_word();
        self.add();
    }

    fn add(&mut self) {
        let Notes { read, spans, .. } = &mut *self.notes;
        let (mut words, mut letters) = (self.words, self.letters);
        for word in read.drain(..) {
            if word.is_handle {
                self.handle_letter_count += word.letter_count;
                add_sums(&mut self.handles, &word.letters);
                continue;
            }
            if spans.len() < WORDS_WEIGHED_MAX {
                spans.push((word.start, word.end, label_sums(&words, &letters)));
            }
            for &index in word.rows.iter().take(word.row_count) {
                if let Some(row) = self.rows.get(index) {
                    self.word_count += 1;
                    add_row(&mut words, row);
                }
            }
            self.letter_count += word.letter_count;
            add_sums(&mut letters, &word.letters);
        }
        (self.words, self.letters) = (words, letters);
    }

    pub(super) fn values(&self) -> Values {
        Values {
            words: value_of(self.word_count),
            letters: value_of(self.letter_count),
            handles: value_of(self.handle_letter_count) * HANDLE_VALUE,
        }
    }

    /// The words that spoke most for the winning label against the mean of the others.
    /// `factors` turn the sums of both heads into logits.
    pub(super) fn wording(
        self,
        factors: [f32; 2],
        logits: &PerLabel,
        text: &NormalizedText,
    ) -> Vec<Wording> {
        let parts = parts_of(factors, winner(logits));
        let end = label_sums(&self.words, &self.letters);
        let Notes { spans, found, .. } = self.notes;
        let after = spans.iter().skip(1).map(|(_, _, sums)| sums).chain([&end]);
        found.clear();
        for ((from, to, before), after) in spans.iter().zip(after) {
            let mut weight = 0.0;
            for (part, (before, after)) in parts.iter().zip(before.iter().zip(after)) {
                weight += part * number(after - before);
            }
            if weight >= WORD_WEIGHT_MIN {
                found.push((weight, *from, *to));
            }
        }
        found.sort_by(|left, right| right.0.total_cmp(&left.0));
        let named = found.iter().take(WORDS_NAMED);
        named
            .map(|&(weight, from, to)| Wording {
                weight,
                span: text.original_span(from, to),
            })
            .collect()
    }
}

/// Sums of the eight label columns. Letter groups and words count together here: it only
/// decides which words are named.
fn label_sums(words: &Sums, letters: &Sums) -> [i32; 8] {
    let mut sums = [0; 8];
    for (sum, (words, letters)) in sums.iter_mut().zip(words.iter().zip(letters)) {
        *sum = words * 3 + letters;
    }
    sums
}

fn winner(logits: &PerLabel) -> usize {
    (0..4).fold(0, |best, label| {
        if logits.get(label) > logits.get(best) {
            label
        } else {
            best
        }
    })
}

/// What each label column counts for the winner.
fn parts_of(factors: [f32; 2], winner: usize) -> [f32; 8] {
    let mut parts = [0.0; 8];
    for (column, part) in parts.iter_mut().enumerate() {
        let sign = if column % 4 == winner {
            1.0
        } else {
            -1.0 / 3.0
        };
        *part = sign * factors.get(column / 4).copied().unwrap_or(0.0);
    }
    parts
}

#[inline]
fn add_row(sums: &mut Sums, row: &[i8; TABLE_COLUMNS]) {
    for (sum, &weight) in sums.iter_mut().zip(row) {
        *sum += i32::from(weight);
    }
}

#[inline]
fn add_sums(sums: &mut Sums, word: &WordSums) {
    for (sum, &part) in sums.iter_mut().zip(word) {
        *sum += i32::from(part);
    }
}

fn place_of(word: &ShortWord) -> usize {
    let (halves, _) = word.as_chunks();
    let hash = halves.iter().fold(0_u64, |hash, half| {
        (hash.rotate_left(23) ^ u64::from_le_bytes(*half)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    });
    usize::try_from(hash >> (64 - KNOWN_WORDS_BITS)).unwrap_or(0)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sums of small numbers over one post"
)]
pub(super) const fn number(sum: i32) -> f32 {
    sum as f32
}
