//! Why a store could not answer.

use std::fmt::Display;

/// What the caller can tell apart: start over, wait, or stop.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StorageError {
    /// The consumer does not stand where the caller thought: another owner of the partition
    /// was faster. Nothing was written; read the stored offset again.
    #[error(
        "`{consumer}` stands at {found:?} in `{topic}`/{partition}, not at {expected:?}: \
         read the stored offset again"
    )]
    Fenced {
        /// Whose offset.
        consumer: String,
        /// In which log topic.
        topic: String,
        /// In which partition.
        partition: u32,
        /// What the caller thought.
        expected: Option<u64>,
        /// What is stored.
        found: Option<u64>,
    },
    /// Nothing was written, and trying again later can help: disk full, file locked, writer
    /// stopped.
    #[error("the store is not available: {reason}")]
    Unavailable {
        /// What the database said.
        reason: String,
    },
    /// A stored value cannot be read. Restore from a backup; trying again does not help.
    #[error("`{table}`.`{column}` of row `{row}` cannot be read: {reason}")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// Which column; empty when the row as a whole is wrong.
        column: &'static str,
        /// Its key.
        row: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The database was written by a newer program, is damaged, or is not ours at all. The
    /// process must not work on it.
    #[error("{reason}")]
    Incompatible {
        /// What was found, and the way out.
        reason: String,
    },
    /// A statement of ours is wrong. A defect: the same call fails again.
    #[error("the store refused a statement: {reason}")]
    Internal {
        /// What the database said.
        reason: String,
    },
}

impl StorageError {
    /// Whether the same call can succeed later without anybody doing anything to the data.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// A stored value that cannot be read.
pub(crate) fn corrupt(
    table: &'static str,
    column: &'static str,
    row: impl Display,
    reason: impl Display,
) -> StorageError {
    StorageError::Corrupt {
        table,
        column,
        row: row.to_string(),
        reason: reason.to_string(),
    }
}

/// A defect of ours.
pub(crate) fn internal(reason: impl Display) -> StorageError {
    StorageError::Internal {
        reason: reason.to_string(),
    }
}

/// Later, perhaps.
pub(crate) fn unavailable(reason: impl Display) -> StorageError {
    StorageError::Unavailable {
        reason: reason.to_string(),
    }
}
