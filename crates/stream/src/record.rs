//! What stands in a record of each topic: versioned JSON.
//!
//! Every record opens with `"v"`. A reader takes the version it knows, ignores fields it
//! does not, and refuses other versions by name. Each type has a golden file in
//! `tests/golden/<version>/`; a change that breaks one needs a new version beside the old.
//!
//! Ticket events, queue records and the outbox's other payloads are opaque JSON here: the
//! store writes them.

pub mod v1;

pub use v1::{
    DeadLetter, ErrorClass, Failure, MentionSignal, Origin, OriginalPayload, decode_classified,
    decode_received, encode_classified, encode_received,
};

/// The record cannot be read by this version.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Written by a newer (or unknown) version of ours.
    #[error("the record has version {found} and this build reads version {known}; upgrade first")]
    UnknownVersion {
        /// What it says.
        found: u64,
        /// What we read.
        known: u64,
    },
    /// Not JSON, or not of that shape.
    #[error("the record is not a `{record}`: {source}")]
    Malformed {
        /// The type that was expected.
        record: &'static str,
        /// What is wrong, with its place.
        source: serde_json::Error,
    },
}
