//! Names for what a configuration says at one moment.

use sha2::{Digest, Sha256};

/// Enough to tell apart everything one company ever wrote, short enough to read out.
const DIGITS: usize = 12;

/// Changes with the text: hexadecimal digits of its SHA-256.
pub(crate) fn version_of(text: &str) -> String {
    let mut digits = hex::encode(Sha256::digest(text));
    digits.truncate(DIGITS);
    digits
}
