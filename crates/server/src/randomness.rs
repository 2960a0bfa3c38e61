//! The one place that asks the machine for randomness.

use rand::Rng;
use switchboard_storage::access::token_secret;

/// Bytes nobody can guess.
pub(crate) fn bytes<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// A new token's secret, as it is shown once.
pub(crate) fn token() -> String {
    token_secret(&bytes())
}
