//! A small sentence encoder from a model folder, as a second opinion off the hot path.
//!
//! | module | holds |
//! |---|---|
//! | `folder` | the encoder: a network and its tokenizer, read from a folder |
//! | `pieces` | a text as the numbers of its word pieces |
//! | `frame` | whether a network's file is whole |
//! | `network` | those as one vector |
//! | `head` | what a vector says about the label, beside the first verdict; its file |
//! | `vectors` | those of many posts, with progress |
//! | `fit` | labelled posts' vectors in, a head out |
//! | `trial` | the same without some posts, and what it says of those |
//!
//! The weights are nobody's of ours and never part of the product: `docs/classifier.md` says
//! where a user gets a folder. Networks are run by [`rten`], which is pure Rust.

mod error;
mod fit;
mod folder;
mod frame;
mod head;
mod network;
mod pieces;
mod trial;
mod vectors;

pub use error::EncoderError;
pub use fit::{HeadSettings, train_head};
pub use folder::{Encoder, NETWORK_FILE, TOKENIZER_FILE};
pub use head::{HEAD_FORMAT, Head, HeadCard, Joint};
pub use pieces::PIECES_MAX;
pub use trial::{Opinion, Trial, calibrated, examine};
pub use vectors::Vectors;

use crate::opinion::Judge;
use sha2::{Digest, Sha256};
use std::path::Path;
use switchboard_domain::{Label, Scores};

/// Cores that opinions take, however many are asked for at once: the stream has the others.
const THREADS: usize = 1;

/// An encoder with its head: the second opinion. Share it freely.
#[derive(Debug)]
pub struct SecondModel {
    encoder: Encoder,
    head: Head,
    version: String,
}

impl SecondModel {
    /// Reads the model folder, and the head that `switchboard train --encoder` made for it.
    /// Takes about half a second, and memory for the weights.
    pub fn open(folder: &Path, head: &Path) -> Result<Self, EncoderError> {
        let bytes = folder::read(head)?;
        let encoder = Encoder::open(folder, THREADS)?;
        let head = Head::from_bytes(&bytes)?;
        head.belongs_to(encoder.fingerprint(), encoder.width())?;
        let hash = hex::encode(Sha256::digest(&bytes));
        Ok(Self {
            version: format!("encoder-{}", head::shown(&hash)),
            encoder,
            head,
        })
    }

    /// Names encoder and head, for example `encoder-1f2e3d4c`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether it has an opinion on posts in this language (ISO 639-1).
    pub fn reads(&self, language: &str) -> bool {
        self.head.languages.iter().any(|known| known == language)
    }

    /// The scores of the first verdict and the encoder together; the first verdict's own where
    /// the post is in a language that the encoder does not read. Takes some ten milliseconds
    /// of one core, so call it where blocking is allowed. The same input gives the same answer.
    pub fn scores(
        &self,
        text: &str,
        language: &str,
        first: &Scores,
    ) -> Result<Scores, EncoderError> {
        let (together, _) = self.compared(text, language, first)?;
        Ok(together)
    }

    /// As [`SecondModel::scores`], with the scores of the encoder alone beside them; `None` where
    /// it does not read the language. The post is read once for both.
    pub fn compared(
        &self,
        text: &str,
        language: &str,
        first: &Scores,
    ) -> Result<(Scores, Option<[f32; 4]>), EncoderError> {
        if !self.reads(language) {
            return Ok((*first, None));
        }
        let logits = self.head.logits(&self.encoder.embed(text)?);
        let first = Label::ALL.map(|label| first.of(label));
        let together = self.head.joint.scores(&first, &logits);
        Ok((
            together.into(),
            Some(head::alone(&logits, self.head.labels)),
        ))
    }
}

impl Judge for SecondModel {
    fn version(&self) -> &str {
        self.version()
    }

    fn reads(&self, language: &str) -> bool {
        self.reads(language)
    }

    fn judge(&self, text: &str, language: &str, first: &Scores) -> Result<Scores, String> {
        let scores = self.scores(text, language, first);
        scores.map_err(|error| error.to_string())
    }
}
