//! The store in one file, `store.db`: one thread writes, a few connections read.
//!
//! WAL, so that readers never wait. Whoever is told that something is written may count on it
//! after a loss of power: the log is synced first, by a thread of our own.

mod access;
mod audit;
mod calendar;
mod change;
mod checkpoint;
mod cursor;
mod dead_letter;
mod failure;
mod idempotency;
mod incident;
mod incident_handling;
mod incident_posts;
mod intake;
mod mention;
mod migration;
mod offset;
mod outbox;
mod people;
mod pressure;
mod profile;
mod readers;
mod regroup;
mod restored;
mod session;
pub mod snapshot;
mod syncer;
mod thread;
mod ticket;
mod ticket_list;
mod timer;
mod transaction;
mod value;
mod writer;

pub use restored::knows_migration;

use crate::{StorageError, Store};
use checkpoint::{Checkpointer, LOG_PAGES};
use failure::unavailable;
use readers::{READERS, Readers};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use switchboard_telemetry::Metrics;
use syncer::Syncer;
use tokio::sync::Notify;
use transaction::{Purpose, Write};
use writer::Writer;

/// The file's name in the data directory.
pub const FILE_NAME: &str = "store.db";

/// The write-ahead log's, as SQLite calls it. It is there for as long as anybody has the store
/// open.
const LOG_NAME: &str = "store.db-wal";

/// `token` and `user` write beside a running server; five seconds outlast their transactions
/// and the checkpoint of a busy server.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Pages that the writer keeps in memory: the inner ones of every index and the ends that grow,
/// of a million tickets. With SQLite's own two MB it reads them again and again.
const WRITER_CACHE_KIB: i64 = 32 << 10;

/// Statements a connection keeps compiled: all of them, so that none is compiled twice.
const STATEMENT_CACHE: usize = 96;

/// What a store needs to begin.
#[derive(Clone)]
pub struct SqliteOptions {
    /// The data directory; made when it is not there.
    pub dir: PathBuf,
    /// Which process writes: its audit rows are numbered under this name.
    pub writer: String,
    /// Transactions are timed here.
    pub metrics: Metrics,
}

/// All repositories in one file. Clones share it; the last one to go ends the writer.
#[derive(Clone)]
pub struct SqliteStore {
    parts: Arc<Parts>,
}

struct Parts {
    writer: Writer,
    /// Serves the writer's connection.
    _checkpointer: Checkpointer,
    readers: Readers,
    name: Arc<str>,
    /// A transaction has left something to be told.
    stirred: Arc<Notify>,
}

impl SqliteStore {
    /// Opens the store, makes it when there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StorageError::Incompatible`] when the file is another program's or a newer version's;
    /// [`StorageError::Unavailable`] when it cannot be opened now.
    pub fn open(options: SqliteOptions) -> Result<Self, StorageError> {
        let SqliteOptions {
            dir,
            writer,
            metrics,
        } = options;
        std::fs::create_dir_all(&dir).map_err(|error| {
            unavailable(format_args!("cannot create `{}`: {error}", dir.display()))
        })?;
        let path = dir.join(FILE_NAME);
        let mut connection = connect_writer(&path, OpenFlags::default())?;
        migration::migrate(&mut connection, &path)?;
        migration::sync_dir(&dir)?;
        let readers = (0..READERS)
            .map(|_| connect(&path, OpenFlags::default()))
            .collect::<Result<_, _>>()?;
        let beside = connect(&path, OpenFlags::default())?;
        let checkpointer = Checkpointer::start(&mut connection, beside, LOG_PAGES)?;
        let syncer = Syncer::start(&dir.join(LOG_NAME))?;
        let parts = Parts {
            writer: Writer::start(connection, syncer, metrics)?,
            _checkpointer: checkpointer,
            readers: Readers::new(readers),
            name: writer.into(),
            stirred: Arc::default(),
        };
        Ok(Self {
            parts: Arc::new(parts),
        })
    }

    /// One handle per repository.
    pub fn store(&self) -> Store {
        Store {
            access: Arc::new(self.clone()),
            audit: Arc::new(self.clone()),
            calendars: Arc::new(self.clone()),
            cursors: Arc::new(self.clone()),
            dead_letters: Arc::new(self.clone()),
            idempotency_keys: Arc::new(self.clone()),
            incidents: Arc::new(self.clone()),
            intake: Arc::new(self.clone()),
            offsets: Arc::new(self.clone()),
            outbox: Arc::new(self.clone()),
            people: Arc::new(self.clone()),
            profiles: Arc::new(self.clone()),
            sessions: Arc::new(self.clone()),
            tickets: Arc::new(self.clone()),
            timers: Arc::new(self.clone()),
        }
    }

    async fn write<T: Send + 'static>(
        &self,
        purpose: Purpose,
        job: impl FnOnce(&mut Write<'_>) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let name = Arc::clone(&self.parts.name);
        let job = move |group: &Transaction<'_>| transaction::write(group, &name, purpose, job);
        let done = self.parts.writer.run(purpose, job).await?;
        if purpose.changes_tickets() {
            self.parts.stirred.notify_one();
        }
        Ok(done)
    }

    async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Transaction<'_>) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.parts.readers.run(job).await
    }
}

/// The one connection that writes.
fn connect_writer(path: &Path, flags: OpenFlags) -> Result<Connection, StorageError> {
    let connection = connect(path, flags)?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    // Else what a savepoint may have to undo is written to a file of its own.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // A commit does not wait for the disk: the syncer does.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(connection)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StorageError> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Else a statement with a bound limit is compiled anew each time it is used.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(connection)
}
