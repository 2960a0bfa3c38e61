//! SQLite's errors in the log's words.

use crate::log::LogError;
use rusqlite::ErrorCode;

pub(super) fn log_error(path: &str, error: &rusqlite::Error) -> LogError {
    let reason = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => LogError::Full { reason },
        // `Unknown` is a table or column that is not there, and `None` a value of another
        // type: somebody else's database.
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown) | None => {
            damaged(path, reason)
        }
        Some(_) => LogError::Unavailable { reason },
    }
}

pub(super) fn damaged(path: &str, reason: impl Into<String>) -> LogError {
    LogError::Damaged {
        path: path.to_owned(),
        reason: reason.into(),
    }
}
