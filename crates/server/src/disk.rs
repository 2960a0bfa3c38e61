//! The disk under the data directory, and what lies on it.

use rustix::fs::statvfs;
use std::path::Path;
use switchboard_stream::LogError;
use switchboard_stream::backend::embedded::{check_room, free_bytes};
use switchboard_telemetry::{Gauge, Metrics};

/// A database with what SQLite keeps beside it.
const SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];

/// Why the disk takes nothing more, if so.
pub(crate) fn failure(data_dir: &Path) -> Option<String> {
    match check_room(data_dir) {
        Ok(()) => None,
        Err(LogError::Full { reason }) => Some(reason),
        Err(error) => Some(error.to_string()),
    }
}

/// Sets the gauges of the disk and of the embedded files; those that do not exist, because
/// log or store are elsewhere, count as 0.
#[expect(clippy::cast_precision_loss, reason = "no disk has 2^53 bytes")]
pub(crate) fn measure(data_dir: &Path, metrics: &Metrics) {
    if let Ok(found) = statvfs(data_dir) {
        let size = found.f_blocks.saturating_mul(found.f_frsize);
        metrics.set(Gauge::DiskFree, free_bytes(&found) as f64);
        metrics.set(Gauge::DiskSize, size as f64);
    }
    metrics.set(Gauge::LogBytes, file_bytes(data_dir, "log.db") as f64);
    metrics.set(Gauge::StoreBytes, file_bytes(data_dir, "store.db") as f64);
}

fn file_bytes(data_dir: &Path, name: &str) -> u64 {
    SUFFIXES
        .iter()
        .filter_map(|suffix| std::fs::metadata(data_dir.join(format!("{name}{suffix}"))).ok())
        .map(|file| file.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gauges_tell_of_the_disk_and_of_the_files_on_it() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("log.db"), [0; 100]).unwrap();
        std::fs::write(dir.path().join("log.db-wal"), [0; 23]).unwrap();
        let metrics = Metrics::new("test").unwrap();
        measure(dir.path(), &metrics);
        let of = |gauge| metrics.gauge_value(gauge);
        assert!((of(Gauge::LogBytes) - 123.0).abs() < 0.5);
        assert!(of(Gauge::StoreBytes).abs() < 0.5);
        assert!(of(Gauge::DiskFree) > 0.0 && of(Gauge::DiskFree) <= of(Gauge::DiskSize));
    }

    #[test]
    fn a_directory_that_is_not_there_is_a_failure() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(failure(dir.path()), None);
        assert!(failure(&dir.path().join("gone")).is_some());
    }
}
