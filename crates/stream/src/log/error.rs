//! What can go wrong with the log, by what the caller does about it.

use crate::topic::TopicName;

/// Each variant is answered differently by some caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// It may work again: try later, with the same records.
    #[error("the log cannot be reached now, try again: {reason}")]
    Unavailable {
        /// What the backend said.
        reason: String,
    },
    /// Nothing can be appended until somebody makes room.
    #[error("the log's disk is full, free space and it goes on by itself: {reason}")]
    Full {
        /// What the backend said.
        reason: String,
    },
    /// The stored offset belongs to another history. Fatal: going on would skip or repeat.
    #[error(
        "`{group}` cannot go on in `{topic}` partition {partition}: {reason}; \
         restore the log and the store from the same backup"
    )]
    Mismatch {
        /// Whose offset.
        group: String,
        /// In which topic.
        topic: TopicName,
        /// In which partition.
        partition: u32,
        /// What does not match.
        reason: String,
    },
    /// The offset is not in the log. Fatal for a stage; a groupless reader starts anew.
    #[error(
        "offset {offset} of `{topic}` partition {partition} is not in the log, which holds \
         {low} to {high}; read from there, or restore the log from a backup"
    )]
    OutOfRange {
        /// Which topic.
        topic: TopicName,
        /// Which partition.
        partition: u32,
        /// What was asked for.
        offset: u64,
        /// The first record there is.
        low: u64,
        /// The offset after the last.
        high: u64,
    },
    /// Another member moved the offset: nothing was changed, rewind and read again.
    #[error("`{group}` no longer owns `{topic}` partition {partition}; rewind and read again")]
    Fenced {
        /// The group.
        group: String,
        /// In which topic.
        topic: TopicName,
        /// In which partition.
        partition: u32,
    },
    /// The log was closed; the process is stopping.
    #[error("the log is closed")]
    Closed,
    /// Nobody created the topic or the partition.
    #[error("there is no log topic `{topic}` with partition {partition}; create it first")]
    NoSuchTopic {
        /// Which topic.
        topic: TopicName,
        /// Which partition; 0 when the topic as a whole is missing.
        partition: u32,
    },
    /// It will never fit: split it or refuse it.
    #[error("{what} is {size}, over the log's limit of {limit}; send less at once")]
    TooLarge {
        /// What is too large, with its unit.
        what: &'static str,
        /// How large.
        size: usize,
        /// How large it may be.
        limit: usize,
    },
    /// The log is not set up as we need it. Fatal until somebody changes it or the
    /// configuration; the reason says how.
    #[error("the log cannot be used as it is: {reason}")]
    Unfit {
        /// What is wrong, and how to put it right.
        reason: String,
    },
    /// The log's files are not what this program wrote. Fatal.
    #[error("the log `{path}` is damaged or not ours: {reason}; restore it from a backup")]
    Damaged {
        /// Which file.
        path: String,
        /// What is wrong, and where.
        reason: String,
    },
}

/// The offset store could not answer now; it is asked again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot load the stored offset, trying again: {0}")]
pub struct OffsetStoreError(pub String);

impl From<OffsetStoreError> for LogError {
    fn from(error: OffsetStoreError) -> Self {
        Self::Unavailable {
            reason: error.to_string(),
        }
    }
}
