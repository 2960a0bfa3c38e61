//! The store as it lies on disk: what must hold after any crash, asked of the tables.

use anyhow::{Result, ensure};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A read-only look at `store.db`.
pub struct StoreView(Connection);

impl StoreView {
    /// Opens the store of a data directory, also beside a running server.
    pub fn open(data_dir: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(data_dir.join("store.db"), flags)?;
        connection.busy_timeout(crate::server::PATIENCE)?;
        Ok(Self(connection))
    }

    /// The one number a query answers.
    pub fn number(&self, sql: &str) -> Result<i64> {
        Ok(self.0.query_row(sql, [], |row| row.get(0))?)
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
             HAVING count(*) > 1)",
        )?;
        ensure!(twice == 0, "{twice} posts stand in the store twice");
        let counted = self.number(
            "SELECT coalesce(sum(json_extract(state, '$.mention_count')), 0) FROM ticket",
        )?;
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
                let which = format!("{ticket} {} {}", fact["cycle"], fact["milestone"]);
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

    fn changes(&self) -> Result<Vec<(i64, Value)>> {
        let mut query = self
            .0
            .prepare("SELECT ticket_id, change FROM ticket_event ORDER BY id")?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
        rows.map(|row| {
            let (ticket, change) = row?;
            Ok((ticket, serde_json::from_str(&change)?))
        })
        .collect()
    }

    /// Tickets by department and label.
    pub fn mix(&self) -> Result<BTreeMap<(String, String), i64>> {
        let sql = "SELECT department, label, count(*) FROM ticket GROUP BY department, label";
        let mut query = self.0.prepare(sql)?;
        let rows = query.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
