//! Copies what was committed from the write-ahead log into the file, beside the writer.
//!
//! Each page is copied once however often it was written, so a long log costs less than a
//! short one, and the writer waits for none of it. While it writes without a pause a copy
//! never comes to the log's end, so that the log grows on behind what was copied; once it is
//! too long, the writer copies the little that came in meanwhile, and the log begins anew.

use super::failure::unavailable;
use crate::StorageError;
use rusqlite::Connection;
use rusqlite::hooks::Wal;
use std::ffi::c_int;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// How long the log becomes.
#[derive(Clone, Copy)]
pub(super) struct LogPages {
    /// Pages not yet copied from which they are.
    pub(super) copy: c_int,
    /// All pages from which the writer sees to it that the log begins anew.
    pub(super) anew: c_int,
}

/// 16 MiB are some thirty full transactions, and a reader finds its way through what is not
/// copied in microseconds. To begin anew costs the writer a sync of the file, 20 ms and more:
/// with 64 MiB of log that is one transaction of a hundred, and after a crash the log is still
/// read in a fraction of a second.
pub(super) const LOG_PAGES: LogPages = LogPages {
    copy: 4_096,
    anew: 16_384,
};

/// Dropping it waits for the copy under way.
pub(super) struct Checkpointer {
    orders: SyncSender<Order>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Copy,
    End,
}

/// What the writer does after a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    GoOn,
    /// Has the log copied beside it.
    Copy,
    /// Copies the rest itself, so that the log begins anew.
    BeginAnew,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Little is not yet copied.
    Waiting,
    /// It is being copied beside the writer.
    Copying,
    /// All but what came in meanwhile is copied.
    Copied,
}

/// What the writer and the copying thread share.
struct Progress {
    phase: Phase,
    /// How long the log was when it was last copied.
    copied_pages: c_int,
}

type Shared = Arc<Mutex<Progress>>;

impl Checkpointer {
    /// Takes over the checkpoints of `writer` and makes them on `beside`, a connection of its
    /// own, whenever the log has grown to `log_pages`.
    pub(super) fn start(
        writer: &mut Connection,
        beside: Connection,
        log_pages: LogPages,
    ) -> Result<Self, StorageError> {
        let progress = Progress::shared();
        let (orders, ordered) = sync_channel(1);
        let of_thread = Arc::clone(&progress);
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".into())
            .spawn(move || run(&beside, &ordered, &of_thread))
            .map_err(|error| {
                unavailable(format_args!("cannot start the checkpoint thread: {error}"))
            })?;
        take_over(writer, log_pages, progress, orders.clone())?;
        Ok(Self {
            orders,
            thread: Some(thread),
        })
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Progress {
    fn shared() -> Shared {
        Arc::new(Mutex::new(Self {
            phase: Phase::Waiting,
            copied_pages: 0,
        }))
    }

    /// What is to be done after a commit that left the log so long.
    fn next(&mut self, pages: c_int, limits: LogPages) -> Step {
        if pages < self.copied_pages {
            // It has begun anew.
            self.copied_pages = 0;
        }
        match self.phase {
            Phase::Copied if pages >= limits.anew => {
                self.phase = Phase::Waiting;
                Step::BeginAnew
            }
            Phase::Waiting | Phase::Copied if pages - self.copied_pages >= limits.copy => {
                (self.phase, self.copied_pages) = (Phase::Copying, pages);
                Step::Copy
            }
            Phase::Waiting | Phase::Copying | Phase::Copied => Step::GoOn,
        }
    }
}

fn take_over(
    writer: &mut Connection,
    log_pages: LogPages,
    progress: Shared,
    orders: SyncSender<Order>,
) -> Result<(), StorageError> {
    writer.wal_hook(Some(move |log: &mut Wal, pages: c_int| {
        let step = lock(&progress).next(pages, log_pages);
        match step {
            Step::GoOn => {}
            Step::Copy => drop(orders.try_send(Order::Copy)),
            Step::BeginAnew => warn(log.checkpoint()),
        }
        // The commit stands whatever becomes of the copy.
        Ok(())
    }))?;
    Ok(())
}

fn run(beside: &Connection, ordered: &Receiver<Order>, progress: &Shared) {
    while ordered.recv() == Ok(Order::Copy) {
        copy(beside, progress);
    }
}

fn copy(beside: &Connection, progress: &Shared) {
    let copied = beside.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    warn(copied);
    lock(progress).phase = Phase::Copied;
}

/// What was not copied is copied the next time.
fn warn(copied: Result<(), rusqlite::Error>) {
    if let Err(error) = copied {
        tracing::warn!(%error, "a checkpoint of the store has to be made again");
    }
}

fn lock(progress: &Shared) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::params;

    /// Short, so that a test goes through many of them.
    const LOG_PAGES: LogPages = LogPages { copy: 64, anew: 80 };

    /// One page each and a little.
    const BLOB: [u8; 4_000] = [7; 4_000];

    fn open(dir: &tempfile::TempDir) -> Connection {
        let connection = Connection::open(dir.path().join("test.db")).unwrap();
        let mode = connection.pragma_update(None, "journal_mode", "WAL");
        mode.unwrap();
        connection
            .pragma_update(None, "synchronous", "OFF")
            .unwrap();
        connection
    }

    fn write(connection: &Connection, count: usize) {
        let table = "CREATE TABLE IF NOT EXISTS blob (value BLOB NOT NULL) STRICT";
        connection.execute_batch(table).unwrap();
        for _ in 0..count {
            connection
                .execute("INSERT INTO blob VALUES (?1)", params![BLOB])
                .unwrap();
        }
    }

    /// How many pages the log holds.
    fn log_pages(connection: &Connection) -> i64 {
        let pragma = "PRAGMA wal_checkpoint(NOOP)";
        connection.query_row(pragma, [], |row| row.get(1)).unwrap()
    }

    #[test]
    fn a_log_that_was_written_on_while_it_was_copied_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, beside, reader) = (open(&dir), open(&dir), open(&dir));
        let progress = Progress::shared();
        let (orders, ordered) = sync_channel(1);
        take_over(&mut writer, LOG_PAGES, Arc::clone(&progress), orders).unwrap();
        write(&writer, 100);
        assert_eq!(ordered.try_recv(), Ok(Order::Copy));
        // The copy ends where the log ended when the reader began.
        reader.execute_batch("BEGIN; SELECT * FROM blob").unwrap();
        write(&writer, 5);
        copy(&beside, &progress);
        reader.execute_batch("COMMIT").unwrap();
        let before = log_pages(&beside);
        write(&writer, 2);
        let after = log_pages(&beside);
        assert!(before > 100 && after < 10, "{before}, then {after} pages");
        assert!(ordered.try_recv().is_err(), "a short one is not copied");
    }

    #[test]
    fn a_log_is_copied_bit_by_bit_until_it_is_too_long() {
        let limits = LogPages {
            copy: 100,
            anew: 250,
        };
        let progress = Progress::shared();
        let next = |pages| lock(&progress).next(pages, limits);
        let copied = || lock(&progress).phase = Phase::Copied;
        assert_eq!(
            [99, 100, 250].map(next),
            [Step::GoOn, Step::Copy, Step::GoOn]
        );
        copied();
        let once = [Step::BeginAnew, Step::GoOn];
        assert_eq!([250, 3].map(next), once, "too long by the end of the copy");
        assert_eq!([102, 150].map(next), [Step::Copy, Step::GoOn]);
        copied();
        assert_eq!([201, 202].map(next), [Step::GoOn, Step::Copy]);
        copied();
        let steps = [249, 250, 251].map(next);
        assert_eq!(steps, [Step::GoOn, Step::BeginAnew, Step::GoOn]);
    }

    #[test]
    fn nothing_is_lost_beside_a_copy() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = open(&dir);
        let checkpointer = Checkpointer::start(&mut writer, open(&dir), LOG_PAGES).unwrap();
        write(&writer, 1_000);
        drop(checkpointer);
        drop(writer);
        let count = open(&dir).query_row("SELECT count(*) FROM blob", [], |row| row.get(0));
        assert_eq!(count, Ok(1_000_i64));
    }

    #[test]
    fn a_short_log_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = open(&dir);
        let _checkpointer = Checkpointer::start(&mut writer, open(&dir), LOG_PAGES).unwrap();
        write(&writer, 10);
        let file = std::fs::metadata(dir.path().join("test.db")).unwrap();
        assert!(file.len() <= 4_096, "{} bytes were copied", file.len());
    }
}
