//! `dead.letter`: a record no stage could handle, whole, with everything needed to judge it
//! and to try again.

use super::{VERSION, decode, encode};
use crate::log::{Batch, LogRecord};
use crate::record::RecordError;
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A record set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    v: u64,
    /// The stage that gave up.
    pub stage: String,
    /// What kind of failure it was.
    pub error_class: ErrorClass,
    /// The error's own words.
    pub reason: String,
    /// How often it was tried, the last time included.
    pub attempts: u32,
    /// When it was first tried.
    pub first_failed_at: Timestamp,
    /// When it was last tried.
    pub last_failed_at: Timestamp,
    /// Where it was read.
    pub origin: Origin,
    /// The record as it was.
    pub payload: OriginalPayload,
    /// The build that gave up.
    pub build: String,
}

/// What kind of failure set a record aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// The stage says that the record is wrong.
    Invalid,
    /// The stage panicked.
    Panic,
    /// The stage did not finish in time.
    TimedOut,
    /// It failed again and again, alone, while the dependency stood.
    Exhausted,
}

/// Where a record was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The log topic.
    pub topic: String,
    /// Its partition.
    pub partition: u32,
    /// Its offset there.
    pub offset: u64,
    /// Its key.
    pub key: String,
    /// The time it was appended with.
    pub timestamp: Timestamp,
}

/// The bytes of a record, readable where they are text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OriginalPayload {
    /// It was UTF-8.
    Text(String),
    /// It was not; two hex digits a byte.
    Hex(String),
}

/// What a stage knows when it gives up on a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The stage.
    pub stage: &'static str,
    /// What kind of failure.
    pub error_class: ErrorClass,
    /// The error's own words.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
    /// First try.
    pub first_failed_at: Timestamp,
    /// Last try.
    pub last_failed_at: Timestamp,
}

/// A panic or an error may quote the whole record; the record itself follows anyway.
const REASON_CHARS_MAX: usize = 2_000;

impl DeadLetter {
    /// The letter for the first record of `batch`, which should have no other.
    pub fn new(batch: &Batch, record: &LogRecord, failure: &Failure, build: &str) -> Self {
        Self {
            v: VERSION,
            stage: failure.stage.to_owned(),
            error_class: failure.error_class,
            reason: failure.reason.chars().take(REASON_CHARS_MAX).collect(),
            attempts: failure.attempts,
            first_failed_at: failure.first_failed_at,
            last_failed_at: failure.last_failed_at,
            origin: Origin {
                topic: batch.topic.to_string(),
                partition: batch.partition,
                offset: record.offset,
                key: record.key.clone(),
                timestamp: record.timestamp,
            },
            payload: OriginalPayload::of(&record.payload),
            build: build.to_owned(),
        }
    }

    /// For `dead.letter`; the key is the original record's.
    pub fn encode(&self) -> Result<Bytes, RecordError> {
        encode("dead letter", self)
    }

    /// From `dead.letter`.
    pub fn decode(payload: &[u8]) -> Result<Self, RecordError> {
        decode("dead letter", payload)
    }
}

impl OriginalPayload {
    /// Lossless: [`OriginalPayload::bytes`] gives them back.
    pub fn of(bytes: &[u8]) -> Self {
        std::str::from_utf8(bytes).map_or_else(
            |_| Self::Hex(hex::encode(bytes)),
            |text| Self::Text(text.to_owned()),
        )
    }

    /// The original bytes; `None` when the letter was changed by hand and is no hex.
    pub fn bytes(&self) -> Option<Bytes> {
        match self {
            Self::Text(text) => Some(Bytes::from(text.clone())),
            Self::Hex(digits) => hex::decode(digits).ok().map(Bytes::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_payload_survives(bytes: Vec<u8>) {
            let payload = OriginalPayload::of(&bytes);
            let json = serde_json::to_string(&payload).unwrap();
            let back: OriginalPayload = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(back.bytes().unwrap().to_vec(), bytes);
        }
    }
}
