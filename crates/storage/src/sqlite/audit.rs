//! The audit rows and the chain over them.

use super::SqliteStore;
use super::transaction::{Purpose, Write};
use super::value::{from_column, to_column};
use crate::audit::MAX_SEAL_BATCH;
use crate::row::{AuditColumns, ChainHash, GENESIS, Sequences};
use crate::{Audit, AuditEntry, AuditFault, AuditReport, StorageError};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

#[async_trait]
impl Audit for SqliteStore {
    async fn append(&self, entry: AuditEntry) -> Result<(), StorageError> {
        self.write(Purpose::People, move |write| {
            write.audit(entry);
            Ok(())
        })
        .await
    }

    async fn seal(&self, _now: Timestamp) -> Result<u64, StorageError> {
        // Looking costs the writer nothing while nothing is new.
        if self.read(|snapshot| unsealed(snapshot)).await? == 0 {
            return Ok(0);
        }
        self.write(Purpose::Stream, |write| seal(write)).await
    }

    async fn verify(&self) -> Result<AuditReport, StorageError> {
        self.read(|snapshot| verify(snapshot)).await
    }
}

const COLUMNS: &str = "id, writer, writer_sequence, at, actor, action, subject, detail";

struct Sealed {
    position: i64,
    audit_id: i64,
    hash: ChainHash,
}

fn last_sealed(connection: &Connection) -> Result<Sealed, StorageError> {
    let last = connection
        .prepare_cached(
            "SELECT position, audit_id, hash FROM audit_chain ORDER BY position DESC LIMIT 1",
        )?
        .query_row([], |row| {
            Ok(Sealed {
                position: row.get(0)?,
                audit_id: row.get(1)?,
                hash: row.get(2)?,
            })
        })
        .optional()?;
    Ok(last.unwrap_or(Sealed {
        position: 0,
        audit_id: 0,
        hash: GENESIS,
    }))
}

/// Rows come in commit order and are never removed, so what is new lies behind the last.
fn unsealed(connection: &Connection) -> Result<u64, StorageError> {
    let last = last_sealed(connection)?;
    let count = connection
        .prepare_cached("SELECT count(*) FROM audit WHERE id > ?1")?
        .query_row([last.audit_id], |row| row.get(0))?;
    Ok(from_column(count))
}

fn seal(write: &Write<'_>) -> Result<u64, StorageError> {
    let mut last = last_sealed(write.transaction())?;
    let mut select = write.prepare(&format!(
        "SELECT {COLUMNS} FROM audit WHERE id > ?1 ORDER BY id LIMIT ?2"
    ))?;
    let mut insert =
        write.prepare("INSERT INTO audit_chain (position, audit_id, hash) VALUES (?1, ?2, ?3)")?;
    let mut rows = select.query([last.audit_id, to_column(MAX_SEAL_BATCH as u64)])?;
    let mut sealed = 0;
    while let Some(row) = rows.next()? {
        last = Sealed {
            position: last.position + 1,
            audit_id: row.get(0)?,
            hash: link(&last.hash, row)?,
        };
        insert.execute(params![last.position, last.audit_id, last.hash])?;
        sealed += 1;
    }
    Ok(sealed)
}

fn link(before: &ChainHash, row: &Row<'_>) -> Result<ChainHash, StorageError> {
    let text = |column: usize| -> Result<String, rusqlite::Error> { row.get(column) };
    let (writer, actor, action) = (text(1)?, text(4)?, text(5)?);
    let (subject, detail) = (text(6)?, text(7)?);
    let columns = AuditColumns {
        id: row.get(0)?,
        writer: &writer,
        writer_sequence: row.get(2)?,
        at: row.get(3)?,
        actor: &actor,
        action: &action,
        subject: &subject,
        detail: &detail,
    };
    Ok(columns.link(before))
}

fn verify(connection: &Connection) -> Result<AuditReport, StorageError> {
    let mut report = AuditReport {
        sealed: 0,
        unsealed: 0,
        fault: None,
    };
    let mut walk = Walk {
        hash: GENESIS,
        audit_id: 0,
        writers: Sequences::default(),
    };
    let mut statement = connection.prepare(&format!(
        "SELECT {}, c.position, c.audit_id, c.hash
         FROM audit_chain c LEFT JOIN audit a ON a.id = c.audit_id ORDER BY c.position",
        COLUMNS
            .split(", ")
            .map(|column| format!("a.{column}"))
            .collect::<Vec<_>>()
            .join(", ")
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(reason) = walk.step(row, report.sealed + 1)? {
            report.fault = Some(AuditFault {
                position: report.sealed + 1,
                reason,
            });
            return Ok(report);
        }
        report.sealed += 1;
    }
    report.unsealed = unsealed(connection)?;
    if let Some(reason) = walk.unsealed_gap(connection)? {
        report.fault = Some(AuditFault {
            position: report.sealed + 1,
            reason,
        });
    }
    Ok(report)
}

struct Walk {
    hash: ChainHash,
    audit_id: i64,
    writers: Sequences,
}

impl Walk {
    /// What is wrong with the row, if anything.
    fn step(&mut self, row: &Row<'_>, due: u64) -> Result<Option<String>, StorageError> {
        let (position, audit_id): (i64, i64) = (row.get(8)?, row.get(9)?);
        if from_column(position) != due {
            return Ok(Some(format!(
                "it was removed from the chain: {position} follows"
            )));
        }
        if row.get::<_, Option<i64>>(0)?.is_none() {
            return Ok(Some(format!("row {audit_id} was removed")));
        }
        if audit_id <= self.audit_id {
            return Ok(Some(format!(
                "row {audit_id} stands before its predecessor"
            )));
        }
        let hash = link(&self.hash, row)?;
        if row.get::<_, Vec<u8>>(10)? != hash {
            return Ok(Some(format!("row {audit_id} or its hash was changed")));
        }
        (self.hash, self.audit_id) = (hash, audit_id);
        Ok(self.writers.next(&row.get::<_, String>(1)?, row.get(2)?))
    }

    /// Rows behind the chain are not hashed yet, but a missing one leaves a gap.
    fn unsealed_gap(&mut self, connection: &Connection) -> Result<Option<String>, StorageError> {
        let mut statement = connection
            .prepare("SELECT writer, writer_sequence FROM audit WHERE id > ?1 ORDER BY id")?;
        let mut rows = statement.query([self.audit_id])?;
        while let Some(row) = rows.next()? {
            let writer: String = row.get(0)?;
            if let Some(gap) = self.writers.next(&writer, row.get(1)?) {
                return Ok(Some(gap));
            }
        }
        let mut statement = connection.prepare("SELECT writer, last_sequence FROM audit_writer")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (writer, last): (String, i64) = row.try_into()?;
            if let Some(gap) = self.writers.end(&writer, last) {
                return Ok(Some(gap));
            }
        }
        Ok(None)
    }
}
