//! What a vector says about the label, and how that joins the first verdict.

use super::{EncoderError, HeadSettings};
use crate::combine::{PerLabel, softmax};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// Grows when an older program could not read what we write.
pub const HEAD_FORMAT: u32 = 1;

/// Digits of a hash that are shown: enough to tell two apart at a glance.
const DIGITS_SHOWN: usize = 8;

/// A first verdict of nothing at all would outvote everything.
const SHARE_MIN: f32 = 1e-6;

/// Four outputs over one encoder's vectors. It speaks through its logits, each counted from the
/// mean of those it knows: 0 says nothing about a label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The fingerprint of the encoder it was trained for.
    pub encoder: String,
    /// The languages it may speak about, ISO 639-1.
    pub languages: Vec<String>,
    /// The labels there were posts of; it says nothing about the others.
    pub labels: [bool; 4],
    /// One row per label, as wide as the vectors.
    pub weights: [Vec<f32>; 4],
    /// What stands before any evidence.
    pub bias: PerLabel,
    /// How it joins the first verdict.
    pub joint: Joint,
    /// Where it comes from.
    pub card: HeadCard,
}

/// How a head's logits join the first verdict.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Joint {
    /// How much a logit counts beside the first verdict's, per label.
    pub shares: PerLabel,
    /// Divides the joined logits, so that a share of .8 is right eight times in ten.
    pub temperature: f32,
}

impl Joint {
    /// As the settings have it, before the confidence is fitted.
    pub const fn of(settings: &HeadSettings) -> Self {
        Self {
            shares: settings.shares,
            temperature: 1.0,
        }
    }

    /// The scores of the first verdict and of these logits together.
    pub fn scores(&self, first: &PerLabel, logits: &PerLabel) -> PerLabel {
        let mut joined = [0.0; 4];
        let said = logits.iter().zip(&self.shares);
        for ((joined, first), (logit, share)) in joined.iter_mut().zip(first).zip(said) {
            *joined = (first.max(SHARE_MIN).ln() + share * logit) / self.temperature;
        }
        softmax(joined)
    }
}

/// Where a head comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadCard {
    /// Each source with its number of posts.
    pub sources: Vec<(String, u64)>,
    /// The strength of the regularisation.
    pub penalty: f32,
}

#[derive(Serialize, Deserialize)]
struct File<'a> {
    format: u32,
    /// Of `head` as it stands in the file.
    sha256: String,
    #[serde(borrow)]
    head: &'a RawValue,
}

impl Head {
    /// What it says about each label it knows, counted from their mean.
    pub fn logits(&self, vector: &[f32]) -> PerLabel {
        let mut logits = [0.0; 4];
        for ((logit, row), bias) in logits.iter_mut().zip(&self.weights).zip(self.bias) {
            let product = row.iter().zip(vector).map(|(weight, value)| weight * value);
            *logit = bias + product.sum::<f32>();
        }
        from_their_mean(logits, self.labels)
    }

    /// The file's bytes. The same head gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let write = || -> serde_json::Result<Vec<u8>> {
            let head = serde_json::value::to_raw_value(self)?;
            let sha256 = hex::encode(Sha256::digest(head.get()));
            serde_json::to_vec(&File {
                format: HEAD_FORMAT,
                sha256,
                head: &head,
            })
        };
        // Cannot fail: strings and finite numbers alone.
        write().unwrap_or_default()
    }

    /// Reads a file's bytes; what is damaged, foreign or no usable number is refused.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EncoderError> {
        let file: File<'_> = serde_json::from_slice(bytes)
            .map_err(|error| refused(format!("it is no head, or damaged: {error}")))?;
        if file.format != HEAD_FORMAT {
            let found = file.format;
            return Err(refused(format!(
                "it has format {found}, and this program reads {HEAD_FORMAT}"
            )));
        }
        if hex::encode(Sha256::digest(file.head.get())) != file.sha256 {
            return Err(refused("it is damaged: its hash does not match".to_owned()));
        }
        let head: Self = serde_json::from_str(file.head.get())
            .map_err(|error| refused(format!("it is damaged: {error}")))?;
        head.check()?;
        Ok(head)
    }

    /// A file can be whole and still hold what no training writes.
    fn check(&self) -> Result<(), EncoderError> {
        let [first, others @ ..] = &self.weights;
        if others.iter().any(|row| row.len() != first.len()) {
            return Err(refused("its rows have different widths".to_owned()));
        }
        let small = self
            .bias
            .iter()
            .chain(&self.joint.shares)
            .chain([&self.joint.temperature]);
        let mut numbers = self.weights.iter().flatten().chain(small);
        if !numbers.all(|number| number.is_finite()) || self.joint.temperature <= 0.0 {
            return Err(refused("it holds what is no usable number".to_owned()));
        }
        Ok(())
    }

    /// Whether it was trained for the encoder of this fingerprint and width.
    pub(super) fn belongs_to(&self, fingerprint: &str, width: usize) -> Result<(), EncoderError> {
        if self.encoder != fingerprint {
            return Err(refused(format!(
                "it was trained for the encoder {}, and the folder holds {}",
                shown(&self.encoder),
                shown(fingerprint)
            )));
        }
        if self.weights.iter().any(|row| row.len() != width) {
            return Err(refused(
                "its rows are not as wide as the vectors".to_owned(),
            ));
        }
        Ok(())
    }
}

/// The scores of logits alone; a label that is not known has none.
pub(super) fn alone(logits: &PerLabel, known: [bool; 4]) -> PerLabel {
    let mut kept = *logits;
    for (logit, known) in kept.iter_mut().zip(known) {
        if !known {
            *logit = f32::NEG_INFINITY;
        }
    }
    softmax(kept)
}

/// The logits of the labels in `known` less their mean, and 0 for the others.
pub(super) fn from_their_mean(logits: PerLabel, known: [bool; 4]) -> PerLabel {
    let of_known = || logits.iter().zip(known).filter(|&(_, known)| known);
    let count: f32 = of_known().map(|_| 1.0).sum();
    let sum: f32 = of_known().map(|(logit, _)| logit).sum();
    let mean = sum / count.max(1.0);
    let mut counted = [0.0; 4];
    for ((counted, logit), known) in counted.iter_mut().zip(logits).zip(known) {
        if known {
            *counted = logit - mean;
        }
    }
    counted
}

/// The beginning of a hash.
pub(super) fn shown(hash: &str) -> &str {
    hash.get(..DIGITS_SHOWN).unwrap_or(hash)
}

fn refused(why: String) -> EncoderError {
    EncoderError::Head(why)
}
