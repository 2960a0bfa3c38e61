//! A fresh SQLite file.

use switchboard_storage::{SqliteOptions, SqliteStore, StorageError, Store};
use switchboard_telemetry::Metrics;
use tempfile::TempDir;

/// Where a store lies.
pub(crate) struct Place {
    pub(crate) dir: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// A place that another program has taken.
    pub(crate) fn foreign() -> Self {
        let place = Self::new();
        place.execute("CREATE TABLE theirs (x)");
        place
    }

    /// Opens the store as the process of that name.
    pub(crate) fn open(&self, writer: &str) -> Result<Store, StorageError> {
        let options = SqliteOptions {
            dir: self.dir.path().to_owned(),
            writer: writer.into(),
            metrics: Metrics::new("test").unwrap(),
        };
        Ok(SqliteStore::open(options)?.store())
    }

    /// Everything that the last process held is free.
    #[expect(clippy::unused_self, reason = "other places have to wait for it")]
    pub(crate) const fn settle(&self) {}

    /// For tampering with what lies there.
    pub(crate) fn execute(&self, sql: &str) {
        self.connection().execute_batch(sql).unwrap();
    }

    /// For looking at it: the first column of every row, as text.
    pub(crate) fn column(&self, sql: &str) -> Vec<String> {
        let connection = self.connection();
        let sql = format!("SELECT CAST(answer.value AS TEXT) FROM ({sql}) AS answer");
        let mut statement = connection.prepare(&sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// Whether the text stands anywhere in it.
    pub(crate) fn holds(&self, text: &str) -> bool {
        std::fs::read_dir(self.dir.path()).unwrap().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        })
    }

    fn connection(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.dir.path().join("store.db")).unwrap()
    }
}

/// What makes the place one of a newer version.
pub(crate) const NEWER: &str = "INSERT INTO schema_migration (name) VALUES ('29990101000000_x')";

/// Ways to falsify the audit, by name.
pub(crate) fn tampering(name: &str) -> &'static str {
    match name {
        "writer" => "UPDATE audit SET writer = 'x' WHERE id = 3",
        "sequence" => "UPDATE audit SET writer_sequence = 9 WHERE id = 3",
        "time" => "UPDATE audit SET at = at + 1 WHERE id = 3",
        "actor" => "UPDATE audit SET actor = 'person:eve' WHERE id = 3",
        "action" => "UPDATE audit SET action = 'x' WHERE id = 3",
        "subject" => "UPDATE audit SET subject = 'ticket:2' WHERE id = 3",
        "detail" => "UPDATE audit SET detail = '' WHERE id = 3",
        "hash" => "UPDATE audit_chain SET hash = zeroblob(32) WHERE position = 3",
        "number" => "UPDATE audit SET id = 99 WHERE id = 3",
        "first removed" => "DELETE FROM audit WHERE id = 1",
        "removed" => "DELETE FROM audit WHERE id = 3",
        "link removed" => "DELETE FROM audit_chain WHERE position = 3",
        "both removed" => {
            "DELETE FROM audit WHERE id = 5; DELETE FROM audit_chain WHERE position = 5"
        }
        "unsealed removed" => "DELETE FROM audit WHERE id = 6",
        "exchanged" => {
            "UPDATE audit SET id = -3 WHERE id = 3; UPDATE audit SET id = 3 WHERE id = 4;
             UPDATE audit SET id = 4 WHERE id = -3"
        }
        "slipped in" => {
            "INSERT INTO audit (writer, writer_sequence, at, actor, action, subject, detail)
             VALUES ('test', 6, 0, 'person:eve', 'x', 'y', '')"
        }
        other => panic!("no such tampering: {other}"),
    }
}
