//! Brings a database to the schema this program knows.

use super::failure::Fault;
use crate::StorageError;
use deadpool_postgres::Client;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// In the order in which they are applied. A step that has been released never changes.
const MIGRATIONS: &[(&str, &str)] = &[
    (
        "20261122010000_create_tickets",
        include_str!("../../migrations/postgres/20261122010000_create_tickets.sql"),
    ),
    (
        "20261122010100_create_stream_state",
        include_str!("../../migrations/postgres/20261122010100_create_stream_state.sql"),
    ),
    (
        "20261122010200_create_audit",
        include_str!("../../migrations/postgres/20261122010200_create_audit.sql"),
    ),
    (
        "20261122010300_create_access",
        include_str!("../../migrations/postgres/20261122010300_create_access.sql"),
    ),
    (
        "20261122010400_create_incidents",
        include_str!("../../migrations/postgres/20261122010400_create_incidents.sql"),
    ),
    (
        "20261122020000_create_sessions",
        include_str!("../../migrations/postgres/20261122020000_create_sessions.sql"),
    ),
    (
        "20261122020100_add_incident_handling",
        include_str!("../../migrations/postgres/20261122020100_add_incident_handling.sql"),
    ),
    (
        "20261122040000_create_author_links",
        include_str!("../../migrations/postgres/20261122040000_create_author_links.sql"),
    ),
    (
        "20261122120000_index_tickets_of_assignees",
        include_str!("../../migrations/postgres/20261122120000_index_tickets_of_assignees.sql"),
    ),
    (
        "20261122130000_keep_calendars",
        include_str!("../../migrations/postgres/20261122130000_keep_calendars.sql"),
    ),
];

/// One process at a time, each step in a transaction of its own. A server that is up to date
/// is asked one question.
pub(super) async fn migrate(client: &mut Client) -> Result<(), StorageError> {
    if missing(client).await?.is_empty() {
        return Ok(());
    }
    // Building an index takes as long as it takes, and so does the process that is at it.
    client
        .batch_execute("SET statement_timeout = 0; SET lock_timeout = 0")
        .await
        .map_err(Fault::from)?;
    let applied = apply_missing(client).await;
    client
        .batch_execute("RESET statement_timeout; RESET lock_timeout")
        .await
        .map_err(Fault::from)?;
    Ok(applied?)
}

async fn apply_missing(client: &mut Client) -> Result<(), Fault> {
    let transaction = client.transaction().await?;
    transaction
        .query(
            "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ':migrate', 0))",
            &[],
        )
        .await?;
    transaction
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS schema_migration (
                 name TEXT COLLATE \"C\" PRIMARY KEY,
                 checksum TEXT NOT NULL
             )",
        )
        .await?;
    // Who was faster has done it already.
    for (name, statements) in missing(&transaction).await? {
        transaction.batch_execute(statements).await?;
        transaction
            .execute(
                "INSERT INTO schema_migration (name, checksum) VALUES ($1, $2)",
                &[&name, &checksum(statements)],
            )
            .await?;
    }
    Ok(transaction.commit().await?)
}

type Step = (&'static str, &'static str);

/// The steps that this database has not seen.
async fn missing(client: &impl deadpool_postgres::GenericClient) -> Result<Vec<Step>, Fault> {
    let applied = applied(client).await?;
    for name in applied.keys() {
        if !MIGRATIONS.iter().any(|(known, _)| known == name) {
            return Err(refused(format!(
                "the database was written by a newer version (it has `{name}`): install that \
                 version, or restore the backup made before it"
            )));
        }
    }
    let mut missing = vec![];
    for (name, statements) in MIGRATIONS {
        match applied.get(*name) {
            None => missing.push((*name, *statements)),
            Some(seen) if *seen == checksum(statements) => {}
            Some(_) => {
                return Err(refused(format!(
                    "the database has another `{name}` than this program: it was changed after \
                     it was released; install the program that wrote it"
                )));
            }
        }
    }
    Ok(missing)
}

/// Name and checksum of what was applied; nothing in an empty schema.
async fn applied(
    client: &impl deadpool_postgres::GenericClient,
) -> Result<BTreeMap<String, String>, Fault> {
    let found = client
        .query(
            "SELECT tablename = 'schema_migration' FROM pg_tables
             WHERE schemaname = current_schema()",
            &[],
        )
        .await?;
    let mut ours = false;
    for row in &found {
        ours |= row.try_get::<_, bool>(0)?;
    }
    if !ours && !found.is_empty() {
        return Err(refused(
            "the database belongs to another program: give the store a database or a schema \
             of its own"
                .to_owned(),
        ));
    }
    if !ours {
        return Ok(BTreeMap::new());
    }
    let rows = client
        .query("SELECT name, checksum FROM schema_migration", &[])
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect()
}

fn refused(reason: String) -> Fault {
    Fault::Told(StorageError::Incompatible { reason })
}

fn checksum(statements: &str) -> String {
    hex::encode(Sha256::digest(statements.as_bytes()))
}
