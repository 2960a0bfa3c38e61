//! A labelled post as the trainer sees it.

use crate::features::{FeatureSpace, GramKind, GramSink, visit_grams};
use crate::normalise::NormalizedText;

/// The value of a sign. Between .2 and .4 left-out sources gave the same; at .1 half of what
/// signs bring is lost.
pub(crate) const SIGN_VALUE: f32 = 0.25;

/// How long handles are beside words: who is spoken to says more about a known stream than any
/// word, and at 1 a hundredth of its F1 is lost.
pub(crate) const HANDLE_VALUE: f32 = 1.5;

/// What a post gives the trainer.
#[derive(Clone, Debug, Default)]
pub struct Example {
    /// Buckets of the n-grams; those of words and pairs come first.
    pub grams: Vec<u32>,
    /// How many of them are words and pairs.
    pub words: usize,
    /// Buckets of the signs.
    pub signs: Vec<u32>,
    /// Buckets of the handles' letters.
    pub handles: Vec<u32>,
    /// What the rules say for each label.
    pub rules: [f32; 4],
    /// The index of the right label.
    pub label: usize,
    /// Which source it comes from.
    pub source: usize,
    /// How much it counts.
    pub weight: f32,
}

/// Collects the buckets of a text.
#[derive(Default)]
struct Collector {
    words: Vec<u32>,
    letters: Vec<u32>,
    signs: Vec<u32>,
    handles: Vec<u32>,
    in_handle: bool,
}

impl GramSink for Collector {
    fn word(&mut self, _: usize, _: usize) {
        self.in_handle = false;
    }

    fn handle(&mut self) {
        self.in_handle = true;
    }

    fn gram(&mut self, kind: GramKind, index: usize) {
        let index = u32::try_from(index).unwrap_or(0);
        match kind {
            GramKind::Words => self.words.push(index),
            GramKind::Letters if self.in_handle => self.handles.push(index),
            GramKind::Letters => self.letters.push(index),
            GramKind::Signs => self.signs.push(index),
        }
    }
}

impl Example {
    /// The features of a text; label, source and weight are the caller's.
    pub fn of(text: &NormalizedText, space: FeatureSpace) -> Self {
        let mut collector = Collector::default();
        visit_grams(text, space, &mut collector);
        let words = collector.words.len();
        let mut grams = collector.words;
        grams.append(&mut collector.letters);
        Self {
            grams,
            words,
            signs: collector.signs,
            handles: collector.handles,
            weight: 1.0,
            ..Self::default()
        }
    }

    /// The buckets of words and pairs, then those of letter groups.
    pub fn split(&self) -> (&[u32], &[u32]) {
        self.grams.split_at(self.words.min(self.grams.len()))
    }

    /// What tells the matter of a post: words, letter groups and signs, each with the value of
    /// one of its features.
    pub fn matter(&self) -> [(&[u32], f32); 3] {
        let (words, letters) = self.split();
        [
            (words, value_of(words.len())),
            (letters, value_of(letters.len())),
            (&self.signs, SIGN_VALUE),
        ]
    }

    /// The letter groups of handles with the value of one; they tell where a post comes from.
    pub fn origin(&self) -> (&[u32], f32) {
        let value = value_of(self.handles.len());
        (&self.handles, value * HANDLE_VALUE)
    }
}

/// The value of one of so many n-grams: each kind has length one, so that a long post is no
/// surer than a short one.
#[expect(clippy::cast_precision_loss, reason = "a count of n-grams")]
pub(crate) fn value_of(count: usize) -> f32 {
    1.0 / (count.max(1) as f32).sqrt()
}
