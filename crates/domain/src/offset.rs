//! How far a stage has come in a log topic, as it is kept beside its effects.

use serde::{Deserialize, Serialize};

/// The position of one consumer in one partition, stored in the transaction of its effects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredOffset {
    /// The next record to read.
    pub next: u64,
    /// Which log it counts in; another log under the same name must be refused, not skipped.
    pub incarnation: String,
    /// Hash of the record before `next` (hex); absent when `next` is the very first.
    pub last_hash: Option<String>,
}

/// A step of one consumer in one partition: guarded by `expected`, so that of two owners
/// of a partition only one can take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetMove {
    /// The consumer, for example `route`.
    pub consumer: String,
    /// The log topic.
    pub topic: String,
    /// Its partition.
    pub partition: u32,
    /// Where the consumer must stand now; `None` when it has no row yet.
    pub expected: Option<u64>,
    /// Where it stands afterwards.
    pub to: StoredOffset,
}
