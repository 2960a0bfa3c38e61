//! The file `log.db`: its tables, settings and identity.

use super::EmbeddedOptions;
use super::failure::{damaged, log_error};
use crate::log::LogError;
use rusqlite::config::DbConfig;
use rusqlite::types::FromSql;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The file's name in the data directory.
pub const FILE_NAME: &str = "log.db";

/// Marks the file as ours (it reads `SwLg`), so that another program's database is refused.
const APPLICATION_ID: i32 = 0x5377_4C67;
/// The format of the file. Raised with every change that an older binary cannot read.
pub const FORMAT: u32 = 1;

/// Readers never block the writer in WAL mode; only a foreign process (a backup, a shell)
/// can, and five seconds outlast its short locks.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Offsets are part of a partition's row and not only of its batches, so that they go on
/// where they stood when retention has emptied it.
///
/// `batch` has a row number for its key: blobs are appended at one end of the tree. The
/// index covers what retention and searches by time ask, so that they touch no blob.
const TABLES: &str = "
    CREATE TABLE identity (incarnation TEXT NOT NULL) STRICT;
    CREATE TABLE topic (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        retention_seconds INTEGER NOT NULL,
        retention_bytes INTEGER
    ) STRICT;
    CREATE TABLE partition (
        id INTEGER PRIMARY KEY,
        topic_id INTEGER NOT NULL REFERENCES topic (id),
        number INTEGER NOT NULL,
        low_offset INTEGER NOT NULL DEFAULT 0,
        next_offset INTEGER NOT NULL DEFAULT 0,
        UNIQUE (topic_id, number)
    ) STRICT;
    CREATE TABLE batch (
        id INTEGER PRIMARY KEY,
        partition_id INTEGER NOT NULL,
        base_offset INTEGER NOT NULL,
        record_count INTEGER NOT NULL,
        newest_timestamp INTEGER NOT NULL,
        stored_bytes INTEGER NOT NULL,
        checksum BLOB NOT NULL,
        data BLOB NOT NULL
    ) STRICT;
    CREATE INDEX batch_by_offset
        ON batch (partition_id, base_offset, record_count, newest_timestamp, stored_bytes);
    CREATE TABLE group_offset (
        group_name TEXT NOT NULL,
        partition_id INTEGER NOT NULL,
        start_offset INTEGER NOT NULL,
        next_offset INTEGER NOT NULL,
        last_hash TEXT,
        PRIMARY KEY (group_name, partition_id)
    ) STRICT, WITHOUT ROWID;
";

pub(super) struct LogFile {
    pub(super) connection: Connection,
    pub(super) incarnation: Arc<str>,
    pub(super) path: PathBuf,
}

pub(super) fn open(options: &EmbeddedOptions) -> Result<LogFile, LogError> {
    std::fs::create_dir_all(&options.dir).map_err(|error| LogError::Unavailable {
        reason: format!("cannot create `{}`: {error}", options.dir.display()),
    })?;
    let path = options.dir.join(FILE_NAME);
    let name = path.display().to_string();
    let incarnation =
        |connection: &mut Connection| prepare(connection, &options.identity_seed, &name);
    let mut connection = connect(&path, options.vfs.as_deref(), OpenFlags::default())
        .map_err(|error| log_error(&name, &error))?;
    let incarnation = incarnation(&mut connection)?;
    sync_dir(&options.dir)?;
    Ok(LogFile {
        connection,
        incarnation: incarnation.into(),
        path,
    })
}

/// Gives the log in `options.dir`, which must be there, another incarnation, and answers the one
/// before and the one it has now: to be done to a log that was put back from a copy. What was
/// appended after the copy is not in it, so positions that were handed out then must not be
/// taken for positions in it.
///
/// # Errors
/// As when it is opened.
pub fn renew_incarnation(options: &EmbeddedOptions) -> Result<(Arc<str>, Arc<str>), LogError> {
    let LogFile {
        connection,
        incarnation: before,
        path,
    } = open(options)?;
    let fail = |error: rusqlite::Error| log_error(&path.display().to_string(), &error);
    let after = hex::encode(options.identity_seed);
    connection
        .execute("UPDATE identity SET incarnation = ?1", [&after])
        .map_err(fail)?;
    connection.close().map_err(|(_, error)| fail(error))?;
    Ok((before, after.into()))
}

pub(super) fn connect(
    path: &Path,
    vfs: Option<&str>,
    flags: OpenFlags,
) -> Result<Connection, rusqlite::Error> {
    let connection = match vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs)?,
        None => Connection::open_with_flags(path, flags)?,
    };
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Else a read, whose bounds are parameters, is compiled anew each time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // One per query of this backend and a few to spare.
    connection.set_prepared_statement_cache_capacity(24);
    Ok(connection)
}

/// Every step may be cut short by a crash and is taken again at the next start.
fn prepare(connection: &mut Connection, seed: &[u8; 16], path: &str) -> Result<String, LogError> {
    let fail = |error: rusqlite::Error| log_error(path, &error);
    let application: i32 = pragma(connection, "application_id").map_err(fail)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(fail)?;
    if application != APPLICATION_ID && (application != 0 || tables != 0) {
        return Err(damaged(path, "it is another program's database"));
    }
    settings(connection).map_err(fail)?;
    if tables == 0 {
        create(connection, seed).map_err(fail)?;
    }
    let format: u32 = pragma(connection, "user_version").map_err(fail)?;
    if format != FORMAT {
        let reason = format!("it has format {format} and this version reads {FORMAT}");
        return Err(damaged(path, reason));
    }
    connection
        .query_row("SELECT incarnation FROM identity", [], |row| row.get(0))
        .map_err(fail)
}

/// Only counts while the file is new. Rows are blobs of some 100 KB: with pages of this size
/// they take a quarter of the log frames, and an append is a fifth quicker.
const PAGE_BYTES: u32 = 16 << 10;

fn settings(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")
}

fn create(connection: &mut Connection, seed: &[u8; 16]) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.execute("INSERT INTO identity VALUES (?1)", [hex::encode(seed)])?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()
}

fn pragma<T: FromSql>(connection: &Connection, name: &str) -> Result<T, rusqlite::Error> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// SQLite makes the file's content durable, but not the new file's name.
fn sync_dir(dir: &Path) -> Result<(), LogError> {
    std::fs::File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(|error| LogError::Unavailable {
            reason: format!("cannot sync `{}`: {error}", dir.display()),
        })
}
