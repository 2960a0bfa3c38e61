//! The one place that asks the machine for randomness.

use rand::Rng;

/// Bytes nobody can guess.
pub(crate) fn bytes<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// A secret of 160 bits as it is shown once: `swb_` and 40 hexadecimal digits.
pub(crate) fn token() -> String {
    format!("swb_{}", hex::encode(bytes::<20>()))
}
