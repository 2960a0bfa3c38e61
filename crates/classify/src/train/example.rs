//! A labelled post as the trainer sees it.

use crate::features::{FeatureSpace, GramKind, GramSink, visit_grams};
use crate::normalise::NormalizedText;

/// What a post gives the trainer.
#[derive(Clone, Debug, Default)]
pub struct Example {
    /// Buckets of the n-grams; those of words and pairs come first.
    pub grams: Vec<u32>,
    /// How many of them are words and pairs.
    pub words: usize,
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
struct Collector {
    words: Vec<u32>,
    letters: Vec<u32>,
}

impl GramSink for Collector {
    fn word(&mut self, _: usize, _: usize) {}

    fn gram(&mut self, kind: GramKind, index: usize) {
        let index = u32::try_from(index).unwrap_or(0);
        match kind {
            GramKind::Words => self.words.push(index),
            GramKind::Letters => self.letters.push(index),
        }
    }
}

impl Example {
    /// The features of a text; label, source and weight are the caller's.
    pub fn of(text: &NormalizedText, space: FeatureSpace) -> Self {
        let mut collector = Collector {
            words: Vec::new(),
            letters: Vec::new(),
        };
        visit_grams(text, space, &mut collector);
        let words = collector.words.len();
        let mut grams = collector.words;
        grams.append(&mut collector.letters);
        Self {
            grams,
            words,
            weight: 1.0,
            ..Self::default()
        }
    }

    /// The buckets of words and pairs, then those of letter groups.
    pub fn split(&self) -> (&[u32], &[u32]) {
        self.grams.split_at(self.words.min(self.grams.len()))
    }

    /// The value of a word's and of a letter group's feature: each kind has length one, so
    /// that a long post is no surer than a short one.
    #[expect(clippy::cast_precision_loss, reason = "a count of n-grams")]
    pub fn values(&self) -> (f32, f32) {
        let share = |count: usize| 1.0 / (count.max(1) as f32).sqrt();
        (share(self.words), share(self.grams.len() - self.words))
    }
}
