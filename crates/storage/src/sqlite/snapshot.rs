//! SQLite files as they were at one instant, copied beside whoever writes to them.
//!
//! No transaction can end in a file while we hold its write lock. While all of them are held a
//! reader begins in each; from then on writing goes on, and the readers go on seeing that
//! instant. What they copy is what a process killed then would have left: nothing half done, and
//! no file ahead of another.

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::ffi::c_int;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A transaction takes some milliseconds and leaves the lock for microseconds before the next
/// one takes it: one looks often.
const LOCK_INTERVAL: Duration = Duration::from_micros(500);

/// Whoever writes meanwhile waits for us, and gives up after five seconds: for one file we wait
/// a second and a half at most, so two are held or let go long before.
const LOCK_TRIES_MAX: i32 = 3_000;

/// Pages copied between two words about it: some megabytes.
const STEP_PAGES: c_int = 1_024;

/// Which file could not be held, copied or trusted, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}`: {reason}")]
pub struct SnapshotError {
    /// Which file.
    pub path: String,
    /// What SQLite or the system said.
    pub reason: String,
}

/// One file as it was at the instant. The file's write-ahead log grows until this is dropped.
pub struct Snapshot {
    connection: Connection,
    path: PathBuf,
}

/// The files as they are at one instant, in the order of `paths`. Waits for what is being
/// written, and lets writing go on before it returns.
///
/// # Errors
/// When one of them is missing, no SQLite file, or never free to be held.
pub fn at_one_instant(paths: &[PathBuf]) -> Result<Vec<Snapshot>, SnapshotError> {
    let held: Vec<Held> = paths
        .iter()
        .map(|path| Held::new(path))
        .collect::<Result<_, _>>()?;
    // Each is let go once its reader has begun; those after it are still held.
    held.into_iter().map(Held::release).collect()
}

/// Looks through the whole file: pages, order, indexes.
///
/// # Errors
/// With the first thing that is wrong.
pub fn check_integrity(path: &Path) -> Result<(), SnapshotError> {
    let fail = |error: rusqlite::Error| failed(path, &error);
    let verdict: String = open(path)?
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(fail)?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(failed(path, &format_args!("it is damaged: {verdict}")))
}

impl Snapshot {
    /// What a copy of it takes, in bytes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn bytes(&self) -> Result<u64, SnapshotError> {
        let (pages, page_bytes) = (self.pragma("page_count")?, self.pragma("page_size")?);
        Ok(u64::from(pages) * u64::from(page_bytes))
    }

    /// The number its owner gave to the format of the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn user_version(&self) -> Result<u32, SnapshotError> {
        self.pragma("user_version")
    }

    /// The last migration of a store.
    ///
    /// # Errors
    /// When the file is no store.
    pub fn newest_migration(&self) -> Result<String, SnapshotError> {
        let query = "SELECT max(name) FROM schema_migration";
        self.connection
            .query_row(query, [], |row| row.get(0))
            .map_err(|error| failed(&self.path, &error))
    }

    /// Copies it into a new file, and returns when the copy is on the disk. `told` hears how
    /// many bytes are copied.
    ///
    /// # Errors
    /// When the copy cannot be written, for instance because the disk is full.
    pub fn copy_to(&self, path: &Path, mut told: impl FnMut(u64)) -> Result<(), SnapshotError> {
        let fail = |error: rusqlite::Error| failed(path, &error);
        let mut copy = Connection::open(path).map_err(fail)?;
        // A copy that was cut short is thrown away, so it needs no way back; it is synced whole.
        copy.pragma_update(None, "journal_mode", "OFF")
            .and_then(|()| copy.pragma_update(None, "synchronous", "OFF"))
            .map_err(fail)?;
        let page_bytes = u64::from(self.pragma("page_size")?);
        let backup = Backup::new(&self.connection, &mut copy).map_err(fail)?;
        while step(&backup).map_err(fail)? {
            let progress = backup.progress();
            let copied = progress.pagecount.saturating_sub(progress.remaining);
            told(u64::try_from(copied).unwrap_or(0) * page_bytes);
        }
        drop(backup);
        copy.close().map_err(|(_, error)| fail(error))?;
        File::open(path)
            .and_then(|file| file.sync_all())
            .map_err(|error| failed(path, &error))
    }

    fn pragma(&self, name: &str) -> Result<u32, SnapshotError> {
        self.connection
            .pragma_query_value(None, name, |row| row.get(0))
            .map_err(|error| failed(&self.path, &error))
    }
}

/// Whether there is more to copy.
fn step(backup: &Backup<'_, '_>) -> Result<bool, rusqlite::Error> {
    match backup.step(STEP_PAGES)? {
        StepResult::Done => Ok(false),
        StepResult::More => Ok(true),
        // Nobody else knows the copy, and the original is read under a reader of its own.
        _ => Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
            Some("it is used by another process".to_owned()),
        )),
    }
}

/// A file in which no transaction can end, until this is dropped.
struct Held {
    lock: Connection,
    reader: Connection,
    path: PathBuf,
}

impl Held {
    fn new(path: &Path) -> Result<Self, SnapshotError> {
        let fail = |error: rusqlite::Error| failed(path, &error);
        let (mut lock, reader) = (open(path)?, open(path)?);
        lock.busy_handler(Some(wait_for_lock)).map_err(fail)?;
        lock.execute_batch("BEGIN IMMEDIATE").map_err(fail)?;
        Ok(Self {
            lock,
            reader,
            path: path.to_owned(),
        })
    }

    fn release(self) -> Result<Snapshot, SnapshotError> {
        // The first read of a transaction decides what it sees.
        self.reader
            .execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")
            .map_err(|error| failed(&self.path, &error))?;
        drop(self.lock);
        Ok(Snapshot {
            connection: self.reader,
            path: self.path,
        })
    }
}

fn wait_for_lock(tries: i32) -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "SQLite tells nobody when a lock is free"
    )]
    std::thread::sleep(LOCK_INTERVAL);
    tries < LOCK_TRIES_MAX
}

/// The file, which must be there.
fn open(path: &Path) -> Result<Connection, SnapshotError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, reason: &impl ToString) -> SnapshotError {
    SnapshotError {
        path: path.display().to_string(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Enough for a writer to be met at every point of its round.
    const SNAPSHOTS: usize = 20;

    /// Rounds of the writer: it ends also when the test fails.
    const ROUNDS_MAX: usize = 200_000;

    fn file(dir: &tempfile::TempDir, name: &str) -> PathBuf {
        let path = dir.path().join(name);
        let connection = Connection::open(&path).unwrap();
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .unwrap();
        connection
            .execute_batch("CREATE TABLE number (value INTEGER) STRICT")
            .unwrap();
        path
    }

    fn count(path: &Path) -> i64 {
        let connection = Connection::open(path).unwrap();
        connection
            .query_row("SELECT count(*) FROM number", [], |row| row.get(0))
            .unwrap()
    }

    fn add(connection: &Connection) {
        let insert = "INSERT INTO number VALUES (1)";
        connection.execute(insert, []).unwrap();
    }

    /// Writes to the first and then to the second, as a record is in the log before its effect
    /// is in the store.
    fn write(paths: &[PathBuf], is_over: &AtomicBool) {
        let files: Vec<Connection> = paths.iter().map(|path| open(path).unwrap()).collect();
        for file in &files {
            file.busy_timeout(Duration::from_secs(5)).unwrap();
            file.pragma_update(None, "synchronous", "OFF").unwrap();
        }
        for _ in 0..ROUNDS_MAX {
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            files.iter().for_each(add);
        }
    }

    /// What the copies of one instant hold.
    fn counts(dir: &Path, paths: &[PathBuf; 2]) -> [i64; 2] {
        let snapshots = at_one_instant(paths).unwrap();
        let copies = [dir.join("copy-of-log"), dir.join("copy-of-store")];
        for (snapshot, copy) in snapshots.iter().zip(&copies) {
            snapshot.copy_to(copy, |_| {}).unwrap();
        }
        let counts = copies.each_ref().map(|copy| count(copy));
        for copy in copies {
            std::fs::remove_file(copy).unwrap();
        }
        counts
    }

    #[test]
    fn no_file_is_ahead_of_another() {
        let dir = tempfile::tempdir().unwrap();
        let paths = [file(&dir, "log.db"), file(&dir, "store.db")];
        let is_over = AtomicBool::new(false);
        let counted = std::thread::scope(|scope| {
            scope.spawn(|| write(&paths, &is_over));
            let counted = (0..SNAPSHOTS).map(|_| counts(dir.path(), &paths)).collect();
            is_over.store(true, Ordering::Relaxed);
            counted
        });
        let counted: Vec<[i64; 2]> = counted;
        assert!(counted.last().is_some_and(|[log, _]| *log > 0));
        let fits = |[log, store]: &[i64; 2]| (*store..=store + 1).contains(log);
        assert!(counted.iter().all(fits), "{counted:?}");
    }

    #[test]
    fn a_copy_shows_the_instant_whatever_is_written_later() {
        let dir = tempfile::tempdir().unwrap();
        let path = file(&dir, "store.db");
        let writer = Connection::open(&path).unwrap();
        add(&writer);
        let snapshots = at_one_instant(std::slice::from_ref(&path)).unwrap();
        add(&writer);
        let copy = dir.path().join("copy.db");
        let mut told = vec![];
        snapshots[0]
            .copy_to(&copy, |bytes| told.push(bytes))
            .unwrap();
        assert_eq!(
            std::fs::metadata(&copy).unwrap().len(),
            snapshots[0].bytes().unwrap()
        );
        check_integrity(&copy).unwrap();
        assert_eq!((count(&copy), count(&path)), (1, 2));
    }

    #[test]
    fn a_file_that_is_not_there_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        let refused = at_one_instant(std::slice::from_ref(&path)).err().unwrap();
        assert!(refused.to_string().contains("store.db"), "{refused}");
        assert!(!path.exists());
    }

    #[test]
    fn a_damaged_page_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = file(&dir, "store.db");
        let connection = Connection::open(&path).unwrap();
        let index = "CREATE INDEX by_value ON number (value)";
        connection.execute_batch(index).unwrap();
        for _ in 0..2_000 {
            add(&connection);
        }
        drop(connection);
        check_integrity(&path).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 4_096].fill(0);
        std::fs::write(&path, bytes).unwrap();
        let refused = check_integrity(&path).unwrap_err();
        assert!(refused.reason.contains("damaged"), "{refused}");
    }
}
