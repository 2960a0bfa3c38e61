//! A model on disk: a mark, the format's version, a readable header, the table, a hash.

use super::{HeadHeader, Header, LinearModel, SOURCES_MAX, TABLE_COLUMNS};
use sha2::{Digest, Sha256};

/// Grows when an older program could not read what we write.
pub const FORMAT_VERSION: u32 = 1;

const MARK: &[u8; 8] = b"SWBMODEL";

const HASH_BYTES: usize = 32;

/// More buckets than this fit no cache and are a mistake or an attack.
const BITS_MAX: u8 = 20;

/// One bucket is no table.
const BITS_MIN: u8 = 1;

/// Hash digits shown: enough to tell two models apart at a glance.
const VERSION_DIGITS: usize = 8;

/// Why a file is not a model we can use. The model in use before stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelFileError {
    /// Something else altogether.
    #[error("not a model file; make one with `switchboard train`")]
    Foreign,
    /// Written by another version of this program.
    #[error("the model has format {found}, this program reads {FORMAT_VERSION}; train it anew")]
    Format {
        /// The version it was written with.
        found: u32,
    },
    /// Cut off or changed on the way.
    #[error("the model file is damaged ({0}); copy or train it anew")]
    Damaged(String),
}

/// The model that ships with the product: `models/README.md` says how it is made.
const SHIPPED_MODEL: &[u8] = include_bytes!("../../models/shipped.bin");

impl LinearModel {
    /// The model that ships with the product.
    pub fn shipped() -> Result<Self, ModelFileError> {
        Self::from_bytes(SHIPPED_MODEL)
    }

    /// The file's bytes. The same model gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let header = serde_json::to_vec(&self.header).unwrap_or_default();
        let length = u32::try_from(header.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(self.rows.len() * TABLE_COLUMNS + header.len() + 64);
        bytes.extend_from_slice(MARK);
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&header);
        for row in &self.rows {
            bytes.extend(row.iter().map(|weight| weight.cast_unsigned()));
        }
        Self::sealed(&bytes)
    }

    /// A file's content with the right hash at its end, whatever the content is; for those who
    /// put a file together by hand.
    pub fn sealed(content: &[u8]) -> Vec<u8> {
        let hash = Sha256::digest(content);
        [content, hash.as_slice()].concat()
    }

    /// Reads a file's bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFileError> {
        let rest = bytes.strip_prefix(MARK).ok_or(ModelFileError::Foreign)?;
        let (version, rest) = number(rest)?;
        if version != FORMAT_VERSION {
            return Err(ModelFileError::Format { found: version });
        }
        let checked = bytes.len().saturating_sub(HASH_BYTES);
        let (content, hash) = bytes.split_at_checked(checked).ok_or_else(cut)?;
        if Sha256::digest(content).as_slice() != hash {
            return Err(damaged("its hash does not match"));
        }
        let (length, rest) = number(rest)?;
        let (header, rest) = rest.split_at_checked(length as usize).ok_or_else(cut)?;
        let header: Header =
            serde_json::from_slice(header).map_err(|error| damaged(&error.to_string()))?;
        header.check()?;
        let table = rest.len().checked_sub(HASH_BYTES).ok_or_else(cut)?;
        let (table, _) = rest.split_at_checked(table).ok_or_else(cut)?;
        let (rows, left) = table.as_chunks::<TABLE_COLUMNS>();
        let model = Self {
            rows: rows.iter().map(|row| row.map(u8::cast_signed)).collect(),
            version: version_of(bytes),
            header,
            notes: crate::pool::Pool::default(),
        };
        if !left.is_empty() || model.rows.len() != model.space().len() {
            return Err(damaged("its table has another size than its header says"));
        }
        Ok(model)
    }
}

impl Header {
    /// A file can be whole and still hold what no training writes.
    fn check(&self) -> Result<(), ModelFileError> {
        let sizes = BITS_MIN..=BITS_MAX;
        if !sizes.contains(&self.word_bits) || !sizes.contains(&self.letter_bits) {
            return Err(damaged("its table has a size that we never make"));
        }
        if self.sources > SOURCES_MAX {
            return Err(damaged("it names more sources than its table has columns"));
        }
        let heads = [&self.general, &self.special, &self.known];
        let mut numbers = heads
            .into_iter()
            .flat_map(|head| head.bias.iter().chain(&head.rules).chain([&head.step]))
            .chain(&self.decision.offsets)
            .chain([&self.decision.known_from, &self.decision.known_to])
            .chain([&self.decision.temperature]);
        if !numbers.all(|number| number.is_finite()) || self.decision.temperature <= 0.0 {
            return Err(damaged("its header holds what is no usable number"));
        }
        let lowers = |head: &HeadHeader| head.rules.iter().any(|&counts| counts < 0.0);
        if lowers(&self.general) || lowers(&self.special) {
            return Err(damaged("a rule would speak against its own label"));
        }
        Ok(())
    }
}

fn number(bytes: &[u8]) -> Result<(u32, &[u8]), ModelFileError> {
    let (number, rest) = bytes.split_first_chunk().ok_or_else(cut)?;
    Ok((u32::from_le_bytes(*number), rest))
}

fn cut() -> ModelFileError {
    damaged("it ends early")
}

fn damaged(why: &str) -> ModelFileError {
    ModelFileError::Damaged(why.to_owned())
}

/// The hash at the end, shortened.
pub(super) fn version_of(bytes: &[u8]) -> String {
    let hash = bytes
        .len()
        .checked_sub(HASH_BYTES)
        .and_then(|at| bytes.get(at..))
        .unwrap_or_default();
    let mut digits = hex::encode(hash);
    digits.truncate(VERSION_DIGITS);
    format!("linear-{digits}")
}
