//! The store as its tables have it: what must hold after any crash, whatever the store.

use crate::postgres;
use anyhow::{Context, Result, ensure};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// A read-only look at the tables.
pub enum StoreView {
    /// `store.db`
    Sqlite(Connection),
    /// The URL of a database.
    Postgres(String),
}

impl StoreView {
    /// Opens the store of a data directory, also beside a running server.
    pub fn open(data_dir: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(data_dir.join("store.db"), flags)?;
        connection.busy_timeout(crate::server::PATIENCE)?;
        Ok(Self::Sqlite(connection))
    }

    /// The tables behind that URL.
    pub fn on_postgres(url: &str) -> Self {
        Self::Postgres(url.to_owned())
    }

    /// What a query answers, row by row, as text; NULL is an empty text.
    pub fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        let connection = match self {
            Self::Postgres(url) => return postgres::rows(url, sql),
            Self::Sqlite(connection) => connection,
        };
        let mut query = connection.prepare(sql)?;
        let columns = query.column_count();
        let rows = query.query_map([], |row| {
            let texts = (0..columns).map(|column| Ok(as_text(row.get_ref(column)?)));
            texts.collect::<Result<Vec<String>, rusqlite::Error>>()
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The one number a query answers.
    pub fn number(&self, sql: &str) -> Result<i64> {
        let rows = self.rows(sql)?;
        let first = rows.first().and_then(|row| row.first());
        Ok(first.context("the query has no answer")?.parse()?)
    }

    /// How many records a consumer has passed, over all of its topics and partitions.
    pub fn passed(&self, consumer: &str) -> Result<i64> {
        self.number(&format!(
            "SELECT coalesce(sum(next), 0) FROM consumer_offset WHERE consumer = '{consumer}'"
        ))
    }

    /// Every law that needs nothing but the tables: one ticket per post, versions without
    /// gaps, each milestone once, nothing half done.
    pub fn check_laws(&self) -> Result<()> {
        self.check_posts()?;
        self.check_versions()?;
        self.check_milestones()?;
        self.check_tally()
    }

    fn check_posts(&self) -> Result<()> {
        let twice = self.number(
            "SELECT count(*) FROM (SELECT 1 FROM mention GROUP BY platform, id_scope, native_id \
             HAVING count(*) > 1) AS twice",
        )?;
        ensure!(twice == 0, "{twice} posts stand in the store twice");
        let mention_count = match self {
            Self::Sqlite(_) => "json_extract(state, '$.mention_count')",
            Self::Postgres(_) => "(state::json ->> 'mention_count')::bigint",
        };
        let counted = self.number(&format!(
            "SELECT coalesce(sum({mention_count}), 0) FROM ticket"
        ))?;
        let known = self.number("SELECT count(*) FROM identity WHERE ticket_id IS NOT NULL")?;
        ensure!(
            counted == known,
            "tickets count {counted} posts, identities {known}"
        );
        Ok(())
    }

    fn check_versions(&self) -> Result<()> {
        let gaps = self.number(
            "SELECT count(*) FROM ticket t WHERE t.version <> (SELECT count(*) FROM ticket_event \
             e WHERE e.ticket_id = t.id) OR t.version <> (SELECT max(version) FROM ticket_event e \
             WHERE e.ticket_id = t.id)",
        )?;
        ensure!(gaps == 0, "{gaps} tickets have gaps in their events");
        Ok(())
    }

    fn check_milestones(&self) -> Result<()> {
        let mut fired = BTreeSet::new();
        for (ticket, change) in self.changes()? {
            for fact in change["facts"].as_array().into_iter().flatten() {
                if fact["fact"] != "clock_fired" {
                    continue;
                }
                let (clock, cycle) = (&fact["clock"], &fact["cycle"]);
                let which = format!("{ticket} {clock} {cycle} {}", fact["milestone"]);
                ensure!(fired.insert(which.clone()), "fired twice: {which}");
            }
        }
        let rows = self.number("SELECT count(*) FROM sla_milestone")?;
        let fired = i64::try_from(fired.len())?;
        ensure!(rows == fired, "{rows} milestone rows for {fired} events");
        Ok(())
    }

    fn check_tally(&self) -> Result<()> {
        let counted = self.number("SELECT count(*) FROM ticket")?;
        let tally = self.number("SELECT coalesce(sum(count), 0) FROM ticket_tally")?;
        ensure!(
            counted == tally,
            "the tally says {tally} tickets, there are {counted}"
        );
        Ok(())
    }

    fn changes(&self) -> Result<Vec<(String, Value)>> {
        let rows = self.rows("SELECT ticket_id, change FROM ticket_event")?;
        let change = |row: Vec<String>| {
            let [ticket, change] = <[String; 2]>::try_from(row)
                .map_err(|row| anyhow::anyhow!("two columns, not {row:?}"))?;
            Ok((ticket, serde_json::from_str(&change)?))
        };
        rows.into_iter().map(change).collect()
    }
}

fn as_text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
    }
}
