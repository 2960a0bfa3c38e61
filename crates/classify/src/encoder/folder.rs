//! A model folder on disk.

use super::EncoderError;
use super::network::Network;
use super::pieces::Pieces;
use sha2::{Digest, Sha256};
use std::path::Path;

/// The network's file in a model folder.
pub const NETWORK_FILE: &str = "model.onnx";

/// The tokenizer's file in a model folder.
pub const TOKENIZER_FILE: &str = "tokenizer.json";

/// A larger network is no small encoder, and would be read into memory whole.
const FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// A sentence encoder, loaded. Share it freely. The same text gives the same vector.
pub struct Encoder {
    pieces: Pieces,
    network: Network,
    width: usize,
    fingerprint: String,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Encoder")
            .field("width", &self.width)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

impl Encoder {
    /// Reads [`NETWORK_FILE`] and [`TOKENIZER_FILE`] and tries them on the longest post there
    /// can be. However many callers there are, `threads` cores at most are taken.
    pub fn open(folder: &Path, threads: usize) -> Result<Self, EncoderError> {
        let onnx = read(&folder.join(NETWORK_FILE))?;
        let tokenizer = read(&folder.join(TOKENIZER_FILE))?;
        let fingerprint = Sha256::new()
            .chain_update(Sha256::digest(&onnx))
            .chain_update(Sha256::digest(&tokenizer))
            .finalize();
        let pieces = Pieces::parse(&tokenizer)?;
        let network = Network::parse(onnx, threads)?;
        let width = network.run(pieces.hardest())?.len();
        Ok(Self {
            pieces,
            network,
            width,
            fingerprint: hex::encode(fingerprint),
        })
    }

    /// Tells this network with this tokenizer from any other: a hash of both files, in hex.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// How many numbers a vector has.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// The post's vector, of length one. Only its beginning is read where it is long
    /// ([`PIECES_MAX`](super::PIECES_MAX)). Some ten milliseconds of one core.
    pub fn embed(&self, text: &str) -> Result<Vec<f32>, EncoderError> {
        self.network.run(self.pieces.numbers(text)?)
    }
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, EncoderError> {
    let failed = |reason: String| EncoderError::File {
        path: path.to_owned(),
        reason,
    };
    let size = std::fs::metadata(path)
        .map_err(|error| failed(error.to_string()))?
        .len();
    if size > FILE_BYTES_MAX {
        return Err(failed(format!(
            "it has {size} bytes, and {FILE_BYTES_MAX} are the limit"
        )));
    }
    std::fs::read(path).map_err(|error| failed(error.to_string()))
}
