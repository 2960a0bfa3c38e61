//! A fresh schema on a PostgreSQL server.

use std::sync::OnceLock;
use switchboard_storage::{PostgresOptions, PostgresStore, StorageError, Store};
use switchboard_telemetry::Metrics;
use switchboard_tests::postgres::{Postgres, Schema, sql};
use tokio::runtime::{Builder, Runtime};

/// Where a store lies.
pub(crate) struct Place {
    pub(crate) schema: Schema,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            schema: server().schema().unwrap(),
        }
    }

    /// A place that another program has taken.
    pub(crate) fn foreign() -> Self {
        let place = Self::new();
        place.execute("CREATE TABLE theirs (x INTEGER)");
        place
    }

    /// Opens the store as the process of that name.
    pub(crate) fn open(&self, writer: &str) -> Result<Store, StorageError> {
        open(&self.schema.url, writer).map(|store| store.store())
    }

    /// Everything that the last process held is free: the server notices a closed connection
    /// when it next looks.
    pub(crate) fn settle(&self) {
        let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted
            AND (classid::bigint << 32) | objid::bigint
                = hashtextextended(current_schema() || ':relay', 0)";
        while sql(&self.schema.url, held).unwrap() != "0" {
            std::thread::yield_now();
        }
    }

    /// For tampering with what lies there.
    pub(crate) fn execute(&self, text: &str) {
        sql(&self.schema.url, text).unwrap();
    }

    /// For looking at it: the first column of every row, as text.
    pub(crate) fn column(&self, text: &str) -> Vec<String> {
        let text = format!("SELECT answer.value FROM ({text}) AS answer");
        let told = sql(&self.schema.url, &text).unwrap();
        told.lines().map(str::to_owned).collect()
    }

    /// Whether the text stands anywhere in it.
    pub(crate) fn holds(&self, text: &str) -> bool {
        let tables = self.column(
            "SELECT quote_ident(tablename) AS value FROM pg_tables
             WHERE schemaname = current_schema()",
        );
        assert!(tables.len() > 10, "{tables:?}");
        tables.iter().any(|table| {
            let rows = format!(
                "SELECT count(*) AS value FROM {table} row WHERE row::text LIKE '%{text}%'"
            );
            self.column(&rows) != ["0"]
        })
    }
}

/// The server of this binary. When the tests are to go without one, the binary ends here, and
/// has said so.
fn server() -> &'static Postgres {
    match Postgres::shared() {
        Ok(Some(server)) => server,
        Ok(None) => std::process::exit(0),
        Err(error) => panic!("{error:#}"),
    }
}

/// Whether the tests are to go without a server.
pub(crate) fn skipped() -> bool {
    matches!(Postgres::shared(), Ok(None))
}

/// Opens a store from wherever it is asked for: connections belong to a runtime of their own,
/// which outlives the test that asked.
pub(crate) fn open(url: &str, writer: &str) -> Result<PostgresStore, StorageError> {
    let options = PostgresOptions {
        url: url.to_owned(),
        authorities: None,
        writer: writer.into(),
        metrics: Metrics::new("test").unwrap(),
    };
    std::thread::scope(|scope| {
        scope
            .spawn(|| runtime().block_on(PostgresStore::open(options)))
            .join()
            .unwrap()
    })
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap()
    })
}

/// What makes the place one of a newer version.
pub(crate) const NEWER: &str =
    "INSERT INTO schema_migration (name, checksum) VALUES ('29990101000000_x', '')";

/// Ways to falsify the audit, by name.
pub(crate) fn tampering(name: &str) -> &'static str {
    match name {
        "writer" => "UPDATE audit SET writer_id = 99 WHERE writer_sequence = 3",
        "sequence" => "UPDATE audit SET writer_sequence = 9 WHERE writer_sequence = 3",
        "time" => "UPDATE audit SET at = at + 1 WHERE writer_sequence = 3",
        "actor" => "UPDATE audit SET actor = 'person:eve' WHERE writer_sequence = 3",
        "action" => "UPDATE audit SET action = 'x' WHERE writer_sequence = 3",
        "subject" => "UPDATE audit SET subject = 'ticket:2' WHERE writer_sequence = 3",
        "detail" => "UPDATE audit SET detail = '' WHERE writer_sequence = 3",
        "hash" => {
            "UPDATE audit_chain SET hash = decode(repeat('00', 32), 'hex') WHERE position = 3"
        }
        "number" => "UPDATE audit_chain SET writer_sequence = 99 WHERE position = 3",
        "first removed" => "DELETE FROM audit WHERE writer_sequence = 1",
        "removed" => "DELETE FROM audit WHERE writer_sequence = 3",
        "link removed" => "DELETE FROM audit_chain WHERE position = 3",
        "both removed" => {
            "DELETE FROM audit WHERE writer_sequence = 5;
             DELETE FROM audit_chain WHERE position = 5"
        }
        "unsealed removed" => "DELETE FROM audit WHERE writer_sequence = 6",
        "exchanged" => {
            "UPDATE audit SET writer_sequence = -3 WHERE writer_sequence = 3;
             UPDATE audit SET writer_sequence = 3 WHERE writer_sequence = 4;
             UPDATE audit SET writer_sequence = 4 WHERE writer_sequence = -3"
        }
        "slipped in" => {
            "INSERT INTO audit (writer_id, writer_sequence, at, actor, action, subject, detail)
             SELECT id, 8, 0, 'person:eve', 'x', 'y', '' FROM audit_writer"
        }
        other => panic!("no such tampering: {other}"),
    }
}
