//! Brings a file to the schema this program knows.

use super::failure::unavailable;
use crate::StorageError;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use std::path::Path;

/// Marks the file as ours (`SwSt`), so that another program's database is refused.
const APPLICATION_ID: i32 = 0x5377_5374;

/// In the order in which they are applied. A step that has been released never changes.
const MIGRATIONS: &[(&str, &str)] = &[
    (
        "20261122010000_create_tickets",
        include_str!("../../migrations/sqlite/20261122010000_create_tickets.sql"),
    ),
    (
        "20261122010100_create_stream_state",
        include_str!("../../migrations/sqlite/20261122010100_create_stream_state.sql"),
    ),
    (
        "20261122010200_create_audit",
        include_str!("../../migrations/sqlite/20261122010200_create_audit.sql"),
    ),
    (
        "20261122010300_create_access",
        include_str!("../../migrations/sqlite/20261122010300_create_access.sql"),
    ),
    (
        "20261122010400_create_incidents",
        include_str!("../../migrations/sqlite/20261122010400_create_incidents.sql"),
    ),
    (
        "20261122020000_create_sessions",
        include_str!("../../migrations/sqlite/20261122020000_create_sessions.sql"),
    ),
    (
        "20261122020100_add_incident_handling",
        include_str!("../../migrations/sqlite/20261122020100_add_incident_handling.sql"),
    ),
    (
        "20261122040000_create_author_links",
        include_str!("../../migrations/sqlite/20261122040000_create_author_links.sql"),
    ),
    (
        "20261122120000_index_tickets_of_assignees",
        include_str!("../../migrations/sqlite/20261122120000_index_tickets_of_assignees.sql"),
    ),
    (
        "20261122130000_keep_calendars",
        include_str!("../../migrations/sqlite/20261122130000_keep_calendars.sql"),
    ),
    (
        "20261122230000_refer_outbox_to_openings",
        include_str!("../../migrations/sqlite/20261122230000_refer_outbox_to_openings.sql"),
    ),
];

/// Every step that this program knows.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    MIGRATIONS.iter().map(|(name, _)| *name)
}

pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StorageError> {
    refuse_foreign(connection, path)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_migration (
             name TEXT NOT NULL PRIMARY KEY
         ) STRICT, WITHOUT ROWID;",
    )?;
    transaction.commit()?;
    refuse_newer(connection, path)?;
    for (name, statements) in MIGRATIONS {
        apply(connection, name, statements)?;
    }
    Ok(())
}

/// Another process may be at it as well: who holds the write lock looks again.
fn apply(connection: &mut Connection, name: &str, statements: &str) -> Result<(), StorageError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known = transaction
        .query_row(
            "SELECT 1 FROM schema_migration WHERE name = ?1",
            [name],
            |_| Ok(()),
        )
        .optional()?;
    if known.is_none() {
        transaction.execute_batch(statements)?;
        transaction.execute("INSERT INTO schema_migration (name) VALUES (?1)", [name])?;
    }
    transaction.commit()?;
    Ok(())
}

fn refuse_foreign(connection: &Connection, path: &Path) -> Result<(), StorageError> {
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == APPLICATION_ID || (application == 0 && tables == 0) {
        return Ok(());
    }
    let path = path.display();
    let reason = format!("`{path}` is another program's database: choose another data directory");
    Err(StorageError::Incompatible { reason })
}

fn refuse_newer(connection: &Connection, path: &Path) -> Result<(), StorageError> {
    let mut statement =
        connection.prepare("SELECT name FROM schema_migration ORDER BY name DESC")?;
    let found = statement.query_map([], |row| row.get::<_, String>(0))?;
    for name in found {
        let name = name?;
        if !names().any(|known| known == name) {
            let path = path.display();
            let reason = format!(
                "`{path}` was written by a newer version (it has `{name}`): install that \
                 version, or restore the backup made before it"
            );
            return Err(StorageError::Incompatible { reason });
        }
    }
    Ok(())
}

/// SQLite makes the file's content durable, but not the new file's name.
pub(super) fn sync_dir(dir: &Path) -> Result<(), StorageError> {
    std::fs::File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(|error| unavailable(format_args!("cannot sync `{}`: {error}", dir.display())))
}
