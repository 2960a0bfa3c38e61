//! Version 1 of every record.

mod dead_letter;
mod mention;
mod signal;

pub use dead_letter::{DeadLetter, ErrorClass, Failure, Origin, OriginalPayload};
pub use mention::{decode_classified, decode_received, encode_classified, encode_received};
pub use signal::MentionSignal;

use super::RecordError;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const VERSION: u64 = 1;
/// How every record of ours begins; it spares a second look for the version.
const PREFIX: &[u8] = br#"{"v":1,"#;

#[derive(Deserialize)]
struct VersionOnly {
    v: u64,
}

fn encode<T: Serialize>(record: &'static str, value: &T) -> Result<Bytes, RecordError> {
    let encoded = serde_json::to_vec(value);
    encoded
        .map(Bytes::from)
        .map_err(|source| RecordError::Malformed { record, source })
}

fn decode<T: DeserializeOwned>(record: &'static str, payload: &[u8]) -> Result<T, RecordError> {
    let malformed = |source| RecordError::Malformed { record, source };
    if !payload.starts_with(PREFIX) {
        let version: VersionOnly = serde_json::from_slice(payload).map_err(malformed)?;
        if version.v != VERSION {
            return Err(RecordError::UnknownVersion {
                found: version.v,
                known: VERSION,
            });
        }
    }
    serde_json::from_slice(payload).map_err(malformed)
}
