//! Where the store lies, how large it is, and what its rows cost without us: the same rows
//! into the same tables and indexes, in transactions of the same size, and nothing else.

use crate::{Failure, spread};
use bytes::Bytes;
use futures::{SinkExt, TryStreamExt};
use rusqlite::types::Value;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Instant;
use switchboard_storage::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore, Store};
use switchboard_telemetry::Metrics;
use switchboard_tests::postgres::{Postgres, Schema};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};

type Running = JoinSet<()>;

/// The tables that an intake writes, the most rows of them all first.
const TABLES: [&str; 8] = [
    "outbox",
    "ticket_event",
    "audit",
    "mention",
    "identity",
    "ticket",
    "open_thread",
    "consumer_offset",
];

#[expect(clippy::large_enum_variant, reason = "there is one of them")]
pub(crate) enum Place {
    File {
        dir: TempDir,
        bare: TempDir,
    },
    Server {
        schema: Schema,
        bare: Schema,
        /// Goes last, and everything with it.
        server: Postgres,
    },
}

impl Place {
    pub(crate) fn new(backend: &str) -> Result<Self, Failure> {
        if backend == "sqlite" {
            let (dir, bare) = (tempfile::tempdir()?, tempfile::tempdir()?);
            return Ok(Self::File { dir, bare });
        }
        let server = Postgres::start(true)?;
        let (schema, bare) = (server.schema()?, server.schema()?);
        Ok(Self::Server {
            schema,
            bare,
            server,
        })
    }

    pub(crate) async fn open(&self) -> Result<Store, Failure> {
        match self {
            Self::File { dir, .. } => open_file(dir),
            Self::Server { schema, .. } => open_server(schema).await,
        }
    }

    /// Where a server of ours keeps its files.
    pub(crate) fn server_directory(&self) -> Option<PathBuf> {
        match self {
            Self::File { .. } => None,
            Self::Server { server, .. } => server.data_dir(),
        }
    }

    pub(crate) async fn bytes(&self) -> Result<u64, Failure> {
        match self {
            Self::File { dir, .. } => Ok(std::fs::metadata(file(dir))?.len()),
            Self::Server { schema, .. } => {
                let sum = "SELECT sum(pg_total_relation_size(quote_ident(tablename)::regclass))
                    ::bigint FROM pg_tables WHERE schemaname = current_schema()";
                number(schema, sum).await
            }
        }
    }

    pub(crate) async fn outbox_bytes(&self) -> Result<u64, Failure> {
        match self {
            Self::File { dir, .. } => {
                let connection = rusqlite::Connection::open(file(dir))?;
                let sum = "SELECT ifnull(sum(ifnull(length(payload), 0) + 40), 0) FROM outbox";
                let bytes: i64 = connection.query_row(sum, [], |row| row.get(0))?;
                Ok(bytes.unsigned_abs())
            }
            Self::Server { schema, .. } => {
                number(schema, "SELECT pg_total_relation_size('outbox')").await
            }
        }
    }

    /// Writes what the store holds once more, in batches of so many mentions.
    pub(crate) async fn write_bare(&self, batch: usize) -> Result<(), Failure> {
        match self {
            Self::File { dir, bare } => {
                drop(open_file(bare)?);
                write_bare_file(dir, bare, batch)
            }
            Self::Server { schema, bare, .. } => {
                drop(open_server(bare).await?);
                write_bare_server(schema, bare, batch).await
            }
        }
    }
}

fn file(dir: &TempDir) -> PathBuf {
    dir.path().join("store.db")
}

fn open_file(dir: &TempDir) -> Result<Store, Failure> {
    let options = SqliteOptions {
        dir: dir.path().to_owned(),
        writer: "measure".into(),
        metrics: Metrics::new("measure")?,
    };
    Ok(SqliteStore::open(options)?.store())
}

async fn open_server(schema: &Schema) -> Result<Store, Failure> {
    let options = PostgresOptions {
        url: schema.url.clone(),
        authorities: None,
        writer: "measure".into(),
        metrics: Metrics::new("measure")?,
    };
    Ok(PostgresStore::open(options).await?.store())
}

/// A connection ends with the set that comes with it.
async fn connect(schema: &Schema) -> Result<(Client, Running), Failure> {
    let (client, connection) = tokio_postgres::connect(&schema.url, NoTls).await?;
    let mut running = Running::new();
    running.spawn(async move {
        let _ = connection.await;
    });
    Ok((client, running))
}

async fn number(schema: &Schema, sql: &str) -> Result<u64, Failure> {
    let (client, _running) = connect(schema).await?;
    let row = client.query_one(sql, &[]).await?;
    Ok(row.get::<_, i64>(0).unsigned_abs())
}

async fn write_bare_server(from: &Schema, to: &Schema, batch: usize) -> Result<(), Failure> {
    let (source, _reading) = connect(from).await?;
    let (target, _writing) = connect(to).await?;
    let mut tables = vec![];
    for table in TABLES {
        let rows = source.copy_out(&format!("COPY {table} TO STDOUT")).await?;
        let text: Vec<Bytes> = rows.try_collect().await?;
        let lines: Vec<Vec<u8>> = text
            .concat()
            .split_inclusive(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        tables.push((table, lines));
    }
    let mentions = tables.iter().find(|(table, _)| *table == "mention");
    let batches = mentions.map_or(0, |(_, lines)| lines.len()).div_ceil(batch);
    let mut times = vec![];
    for number in 0..batches {
        let begun = Instant::now();
        target.batch_execute("BEGIN").await?;
        for (table, lines) in &tables {
            let part = part(lines, number, batches);
            if part.is_empty() {
                continue;
            }
            let sink = target.copy_in(&format!("COPY {table} FROM STDIN")).await?;
            let mut sink = pin!(sink);
            sink.send(Bytes::from(part.concat())).await?;
            sink.finish().await?;
        }
        target.batch_execute("COMMIT").await?;
        times.push(begun.elapsed());
    }
    tell(times, batches * batch);
    Ok(())
}

fn write_bare_file(from: &TempDir, to: &TempDir, batch: usize) -> Result<(), Failure> {
    let source = rusqlite::Connection::open(file(from))?;
    let mut target = rusqlite::Connection::open(file(to))?;
    target.pragma_update(None, "synchronous", "FULL")?;
    // The tables come in another order than they refer to each other.
    target.pragma_update(None, "foreign_keys", false)?;
    let mut tables = vec![];
    for table in TABLES {
        tables.push((table, rows(&source, table)?));
    }
    let mentions = tables.iter().find(|(table, _)| *table == "mention");
    let batches = mentions.map_or(0, |(_, rows)| rows.len()).div_ceil(batch);
    let mut times = vec![];
    for number in 0..batches {
        let begun = Instant::now();
        let transaction = target.transaction()?;
        for (table, rows) in &tables {
            for row in part(rows, number, batches) {
                let marks = vec!["?"; row.len()].join(", ");
                transaction
                    .prepare_cached(&format!("INSERT INTO {table} VALUES ({marks})"))?
                    .execute(rusqlite::params_from_iter(row))?;
            }
        }
        transaction.commit()?;
        times.push(begun.elapsed());
    }
    tell(times, batches * batch);
    Ok(())
}

fn rows(source: &rusqlite::Connection, table: &str) -> Result<Vec<Vec<Value>>, Failure> {
    let order = if table == "ticket_event" || table == "mention" {
        " ORDER BY ticket_id"
    } else {
        ""
    };
    let mut statement = source.prepare(&format!("SELECT * FROM {table}{order}"))?;
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect())?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The share of one batch in the rows of a table.
fn part<T>(rows: &[T], number: usize, batches: usize) -> &[T] {
    let at = |number: usize| rows.len() * number / batches;
    rows.get(at(number)..at(number + 1)).unwrap_or_default()
}

fn tell(times: Vec<std::time::Duration>, mentions: usize) {
    let spent: std::time::Duration = times.iter().sum();
    let rate = mentions as u128 * 1_000_000 / spent.as_micros().max(1);
    println!(
        "bare inserts of the same rows: {rate} mentions/s; {}",
        spread(times)
    );
}
