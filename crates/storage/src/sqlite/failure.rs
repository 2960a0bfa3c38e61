//! SQLite's errors in the store's words.

use crate::StorageError;
use rusqlite::ErrorCode;

pub(super) use crate::error::{corrupt, internal, unavailable};

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        let reason = error.to_string();
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OperationInterrupted
                | ErrorCode::ReadOnly,
            ) => Self::Unavailable { reason },
            // The file, not a row: nothing in it may be trusted any more.
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Incompatible {
                reason: format!(
                    "`store.db` in the data directory is damaged or not ours: {reason}; \
                     restore log and store from the same backup"
                ),
            },
            // A column of another type than it was created with.
            None if matches!(error, rusqlite::Error::InvalidColumnType(..)) => {
                corrupt("store.db", "", "", reason)
            }
            _ => Self::Internal { reason },
        }
    }
}
