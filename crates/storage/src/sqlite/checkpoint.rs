//! Copies what was committed from the write-ahead log into the file, beside the writer.
//!
//! Each page is copied once however often it was written, so a long log costs less than a
//! short one, and the writer waits for none of it. While it writes without a pause a copy
//! never comes to the log's end; so the writer copies the little that came in meanwhile, and
//! the log begins anew.

use super::failure::unavailable;
use crate::StorageError;
use rusqlite::Connection;
use rusqlite::hooks::Wal;
use std::ffi::c_int;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Pages in the log from which it is copied: 16 MiB, some thirty full transactions, which a
/// reader still finds its way through in microseconds.
pub(super) const LOG_PAGES: c_int = 4_096;

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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The log is short.
    Waiting,
    /// It is being copied beside the writer.
    Copying,
    /// All but what came in meanwhile is copied.
    Copied,
}

type Shared = Arc<Mutex<Phase>>;

impl Checkpointer {
    /// Takes over the checkpoints of `writer` and makes them on `beside`, a connection of its
    /// own, whenever the log has grown to `log_pages`.
    pub(super) fn start(
        writer: &mut Connection,
        beside: Connection,
        log_pages: c_int,
    ) -> Result<Self, StorageError> {
        let phase = Shared::new(Mutex::new(Phase::Waiting));
        let (orders, ordered) = sync_channel(1);
        let of_thread = Arc::clone(&phase);
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".into())
            .spawn(move || run(&beside, &ordered, &of_thread))
            .map_err(|error| {
                unavailable(format_args!("cannot start the checkpoint thread: {error}"))
            })?;
        take_over(writer, log_pages, phase, orders.clone())?;
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

fn take_over(
    writer: &mut Connection,
    log_pages: c_int,
    phase: Shared,
    orders: SyncSender<Order>,
) -> Result<(), StorageError> {
    writer.wal_hook(Some(move |log: &mut Wal, pages: c_int| {
        committed(log, pages >= log_pages, &phase, &orders);
        // The commit stands whatever becomes of the copy.
        Ok(())
    }))?;
    Ok(())
}

fn run(beside: &Connection, ordered: &Receiver<Order>, phase: &Shared) {
    while ordered.recv() == Ok(Order::Copy) {
        copy(beside, phase);
    }
}

fn copy(beside: &Connection, phase: &Shared) {
    let copied = beside.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    warn(copied);
    *lock(phase) = Phase::Copied;
}

/// After every commit, on the writer's thread.
fn committed(log: &mut Wal, is_long: bool, phase: &Shared, orders: &SyncSender<Order>) {
    let mut phase = lock(phase);
    match *phase {
        Phase::Waiting if is_long => {
            *phase = Phase::Copying;
            let _ = orders.try_send(Order::Copy);
        }
        Phase::Copied => {
            *phase = Phase::Waiting;
            if is_long {
                warn(log.checkpoint());
            }
        }
        Phase::Waiting | Phase::Copying => {}
    }
}

/// What was not copied is copied the next time.
fn warn(copied: Result<(), rusqlite::Error>) {
    if let Err(error) = copied {
        tracing::warn!(%error, "a checkpoint of the store has to be made again");
    }
}

fn lock(phase: &Shared) -> MutexGuard<'_, Phase> {
    phase.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::params;

    /// Short, so that a test goes through many of them.
    const LOG_PAGES: c_int = 64;

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
        let phase = Shared::new(Mutex::new(Phase::Waiting));
        let (orders, ordered) = sync_channel(1);
        take_over(&mut writer, LOG_PAGES, Arc::clone(&phase), orders).unwrap();
        write(&writer, 100);
        assert_eq!(ordered.try_recv(), Ok(Order::Copy));
        // The copy ends where the log ended when the reader began.
        reader.execute_batch("BEGIN; SELECT * FROM blob").unwrap();
        write(&writer, 5);
        copy(&beside, &phase);
        reader.execute_batch("COMMIT").unwrap();
        let before = log_pages(&beside);
        write(&writer, 2);
        let after = log_pages(&beside);
        assert!(before > 100 && after < 10, "{before}, then {after} pages");
        assert!(ordered.try_recv().is_err(), "a short one is not copied");
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
