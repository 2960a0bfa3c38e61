//! The audit rows and the chain over them.

use super::PostgresStore;
use super::failure::Fault;
use super::value::{from_column, to_column};
use super::work::{Isolation, Work};
use crate::audit::MAX_SEAL_BATCH;
use crate::effect::Purpose;
use crate::row::{AuditColumns, ChainHash, GENESIS, Sequences};
use crate::{Audit, AuditEntry, AuditFault, AuditReport, StorageError};
use async_trait::async_trait;
use jiff::Timestamp;
use tokio_postgres::Row;

/// Links read at a time when the chain is walked: some milliseconds and a few megabytes.
const WALK_PAGE: i64 = 10_000;

#[async_trait]
impl Audit for PostgresStore {
    async fn append(&self, entry: AuditEntry) -> Result<(), StorageError> {
        let mut work = self
            .write(Purpose::People, Isolation::ReadCommitted)
            .await?;
        work.audit(entry);
        Ok(work.settle(Ok(())).await?)
    }

    async fn seal(&self, _now: Timestamp) -> Result<u64, StorageError> {
        // Looking costs little while nothing is new.
        if self
            .read(&format!("{UNSEALED} LIMIT 1"), &[])
            .await?
            .is_empty()
        {
            return Ok(0);
        }
        let work = self
            .write(Purpose::Stream, Isolation::ReadCommitted)
            .await?;
        let outcome = seal(&work).await;
        Ok(work.settle(outcome).await?)
    }

    async fn verify(&self) -> Result<AuditReport, StorageError> {
        let work = self.snapshot().await?;
        let outcome = verify(&work).await;
        Ok(work.settle(outcome).await?)
    }
}

/// Writers that have written more than was sealed, and from where on.
const UNSEALED: &str = "SELECT writer.id, writer.writer, coalesce(sealed.last_sequence, 0)
    FROM audit_writer writer LEFT JOIN audit_sealed sealed ON sealed.writer_id = writer.id
    WHERE writer.last_sequence > coalesce(sealed.last_sequence, 0)";

/// The end of the chain.
struct End {
    position: i64,
    hash: ChainHash,
}

/// Rows of one writer are chained in its order; between writers any order will do, because
/// each row says whose it is and which.
async fn seal(work: &Work) -> Result<u64, Fault> {
    let lock = "SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || ':seal', 0))";
    let is_ours = work.query_opt(lock, &[]).await?;
    let is_ours: Option<bool> = is_ours.map(|row| row.try_get(0)).transpose()?;
    if is_ours != Some(true) {
        // Another process is at it.
        return Ok(0);
    }
    let rows = unsealed_rows(work).await?;
    let mut end = end_of_chain(work).await?;
    let mut links = Links::default();
    for row in &rows {
        end = End {
            position: end.position + 1,
            hash: columns(row)?.link(&end.hash),
        };
        links.push(row, &end)?;
    }
    links.write(work).await?;
    Ok(rows.len() as u64)
}

async fn unsealed_rows(work: &Work) -> Result<Vec<Row>, Fault> {
    let statement = format!(
        "SELECT row.writer_id, behind.writer, row.writer_sequence, row.at, row.actor, row.action,
                row.subject, row.detail
         FROM ({UNSEALED}) AS behind (id, writer, sealed)
         CROSS JOIN LATERAL (SELECT * FROM audit
             WHERE audit.writer_id = behind.id AND audit.writer_sequence > behind.sealed
             ORDER BY audit.writer_sequence LIMIT $1) AS row
         ORDER BY row.writer_id, row.writer_sequence LIMIT $1"
    );
    work.query(&statement, &[&to_column(MAX_SEAL_BATCH as u64)])
        .await
}

async fn end_of_chain(work: &Work) -> Result<End, Fault> {
    let last = work
        .query_opt(
            "SELECT position, hash FROM audit_chain ORDER BY position DESC LIMIT 1",
            &[],
        )
        .await?;
    let Some(row) = last else {
        return Ok(End {
            position: 0,
            hash: GENESIS,
        });
    };
    Ok(End {
        position: row.try_get(0)?,
        // A hash of another length was tampered with, and so is every link that follows.
        hash: row.try_get::<_, &[u8]>(1)?.try_into().unwrap_or(GENESIS),
    })
}

#[derive(Default)]
struct Links {
    position: Vec<i64>,
    writer_id: Vec<i64>,
    writer_sequence: Vec<i64>,
    hash: Vec<Vec<u8>>,
}

impl Links {
    fn push(&mut self, row: &Row, end: &End) -> Result<(), Fault> {
        self.position.push(end.position);
        self.writer_id.push(row.try_get(0)?);
        self.writer_sequence.push(row.try_get(2)?);
        self.hash.push(end.hash.to_vec());
        Ok(())
    }

    async fn write(&self, work: &Work) -> Result<(), Fault> {
        work.execute(
            "INSERT INTO audit_chain (position, writer_id, writer_sequence, hash)
             SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[])",
            &[
                &self.position,
                &self.writer_id,
                &self.writer_sequence,
                &self.hash,
            ],
        )
        .await?;
        work.execute(
            "INSERT INTO audit_sealed (writer_id, last_sequence)
             SELECT writer_id, max(writer_sequence)
             FROM unnest($1::bigint[], $2::bigint[]) AS sealed (writer_id, writer_sequence)
             GROUP BY writer_id
             ON CONFLICT (writer_id) DO UPDATE SET last_sequence = excluded.last_sequence",
            &[&self.writer_id, &self.writer_sequence],
        )
        .await?;
        Ok(())
    }
}

fn columns(row: &Row) -> Result<AuditColumns<'_>, Fault> {
    Ok(AuditColumns {
        id: row.try_get(0)?,
        writer: row.try_get(1)?,
        writer_sequence: row.try_get(2)?,
        at: row.try_get(3)?,
        actor: row.try_get(4)?,
        action: row.try_get(5)?,
        subject: row.try_get(6)?,
        detail: row.try_get(7)?,
    })
}

async fn verify(work: &Work) -> Result<AuditReport, Fault> {
    let mut walk = Walk {
        position: 0,
        hash: GENESIS,
        writers: Sequences::default(),
    };
    let mut reason = walk.chain(work).await?;
    let sealed = from_column(walk.position);
    let mut unsealed = 0;
    if reason.is_none() {
        (unsealed, reason) = walk.behind_the_chain(work).await?;
    }
    Ok(AuditReport {
        sealed,
        unsealed,
        fault: reason.map(|reason| AuditFault {
            position: sealed + 1,
            reason,
        }),
    })
}

struct Walk {
    /// Of the last link that fits.
    position: i64,
    hash: ChainHash,
    writers: Sequences,
}

impl Walk {
    /// Walks to the end, or to the first link that does not fit and what is wrong with it.
    async fn chain(&mut self, work: &Work) -> Result<Option<String>, Fault> {
        loop {
            let page = work
                .query(
                    "SELECT row.writer_id, writer.writer, row.writer_sequence, row.at, row.actor,
                            row.action, row.subject, row.detail,
                            link.position, link.writer_id, link.writer_sequence, link.hash
                     FROM audit_chain link
                     LEFT JOIN audit row ON row.writer_id = link.writer_id
                         AND row.writer_sequence = link.writer_sequence
                     LEFT JOIN audit_writer writer ON writer.id = link.writer_id
                     WHERE link.position > $1 ORDER BY link.position LIMIT $2",
                    &[&self.position, &WALK_PAGE],
                )
                .await?;
            if page.is_empty() {
                return Ok(None);
            }
            for row in &page {
                if let Some(reason) = self.step(row)? {
                    return Ok(Some(reason));
                }
                self.position += 1;
            }
        }
    }

    fn step(&mut self, row: &Row) -> Result<Option<String>, Fault> {
        let position: i64 = row.try_get(8)?;
        if position != self.position + 1 {
            return Ok(Some(format!(
                "it was removed from the chain: {position} follows"
            )));
        }
        let (writer, sequence): (i64, i64) = (row.try_get(9)?, row.try_get(10)?);
        let name = format!("{sequence} of writer {writer}");
        if row.try_get::<_, Option<i64>>(0)?.is_none() {
            return Ok(Some(format!("row {name} was removed")));
        }
        if row.try_get::<_, Option<&str>>(1)?.is_none() {
            return Ok(Some(format!("the writer of row {name} was removed")));
        }
        let columns = columns(row)?;
        let hash = columns.link(&self.hash);
        if row.try_get::<_, &[u8]>(11)? != hash {
            return Ok(Some(format!("row {name} or its hash was changed")));
        }
        self.hash = hash;
        Ok(self.writers.next(&whose(writer, columns.writer), sequence))
    }

    /// Rows behind the chain are not hashed yet, but a missing one leaves a gap. Says how many
    /// there are, and what is wrong with them.
    async fn behind_the_chain(&mut self, work: &Work) -> Result<(u64, Option<String>), Fault> {
        let mut unsealed = 0;
        let behind = work
            .query(
                "SELECT row.writer_id, writer.writer, row.writer_sequence
                 FROM audit_writer writer
                 LEFT JOIN audit_sealed sealed ON sealed.writer_id = writer.id
                 CROSS JOIN LATERAL (SELECT writer_id, writer_sequence FROM audit
                     WHERE audit.writer_id = writer.id
                       AND audit.writer_sequence > coalesce(sealed.last_sequence, 0)) AS row
                 ORDER BY row.writer_id, row.writer_sequence",
                &[],
            )
            .await?;
        for row in &behind {
            unsealed += 1;
            let whose = whose(row.try_get(0)?, row.try_get(1)?);
            if let Some(gap) = self.writers.next(&whose, row.try_get(2)?) {
                return Ok((unsealed, Some(gap)));
            }
        }
        let writers = work
            .query(
                "SELECT id, writer, last_sequence FROM audit_writer ORDER BY id",
                &[],
            )
            .await?;
        for row in &writers {
            let whose = whose(row.try_get(0)?, row.try_get(1)?);
            if let Some(gap) = self.writers.end(&whose, row.try_get(2)?) {
                return Ok((unsealed, Some(gap)));
            }
        }
        Ok((unsealed, None))
    }
}

/// A process has several writers, all under its name.
fn whose(id: i64, writer: &str) -> String {
    format!("{writer}/{id}")
}
