//! The disk under the log.

use crate::log::LogError;
use rustix::fs::{StatVfs, statvfs};
use std::path::Path;

/// Free bytes below which nothing new is promised: room for the write-ahead logs of both
/// files and a checkpoint, so that what is acknowledged can still be finished.
const FREE_BYTES_MIN: u64 = 64 * 1024 * 1024;

/// Whether the disk under `dir` takes anything new.
///
/// # Errors
/// [`LogError::Full`] when less is free than what was acknowledged may still need.
pub fn check_room(dir: &Path) -> Result<(), LogError> {
    let reason = match statvfs(dir) {
        Ok(found) if free_bytes(&found) >= FREE_BYTES_MIN => return Ok(()),
        Ok(found) => format!(
            "{} bytes are free, {FREE_BYTES_MIN} are needed",
            free_bytes(&found)
        ),
        Err(error) => format!("`{}`: {error}", dir.display()),
    };
    Err(LogError::Full { reason })
}

/// What a program without privileges may still write.
pub fn free_bytes(found: &StatVfs) -> u64 {
    found.f_bavail.saturating_mul(found.f_frsize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_not_there_has_no_room() {
        let dir = tempfile::tempdir().unwrap();
        assert!(check_room(dir.path()).is_ok());
        let gone = check_room(&dir.path().join("gone"));
        assert!(matches!(gone, Err(LogError::Full { .. })), "{gone:?}");
    }
}
