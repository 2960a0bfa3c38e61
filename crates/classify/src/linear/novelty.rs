//! What of a post the training has not seen.

use super::{LinearModel, TABLE_COLUMNS};
use crate::combine::PerLabel;
use crate::features::{GramKind, GramSink, visit_grams};
use crate::normalise::NormalizedText;

impl LinearModel {
    /// The share of a text's letter groups whose bucket holds no weight at all: no post of the
    /// training had them, or nothing followed from them. `None` for a text without any. Some
    /// unknown groups share a bucket with known ones, so even a strange alphabet gives no more
    /// than the share of empty buckets, about a quarter in the shipped model.
    pub(super) fn share_of_unknown_letters(&self, text: &NormalizedText) -> Option<f32> {
        let mut counted = Counted {
            rows: &self.rows,
            all: 0.0,
            unknown: 0.0,
            in_handle: false,
        };
        visit_grams(text, self.space(), &mut counted);
        (counted.all > 0.0).then(|| counted.unknown / counted.all)
    }

    /// How often each label is to be expected, where the model says so.
    pub(super) fn expected_mix(&self) -> Option<PerLabel> {
        let permille = self.header.card.label_permille?;
        Some(permille.map(|permille| f32::from(permille) / 1000.0))
    }
}

struct Counted<'a> {
    rows: &'a [[i8; TABLE_COLUMNS]],
    all: f32,
    unknown: f32,
    in_handle: bool,
}

impl GramSink for Counted<'_> {
    fn word(&mut self, _: usize, _: usize) {
        self.in_handle = false;
    }

    fn handle(&mut self) {
        self.in_handle = true;
    }

    fn gram(&mut self, kind: GramKind, index: usize) {
        if kind != GramKind::Letters || self.in_handle {
            return;
        }
        let known = |row: &[i8; TABLE_COLUMNS]| row.iter().any(|&weight| weight != 0);
        self.all += 1.0;
        if !self.rows.get(index).is_some_and(known) {
            self.unknown += 1.0;
        }
    }
}
