//! One transaction: the statements every effect shares, and what is gathered for its end.

use super::failure::Fault;
use super::value::{from_column, micros, storable, to_column};
use super::writers::Writer;
use super::{Parameter, Parts};
use crate::effect::Purpose;
use crate::{AuditEntry, StorageError};
use deadpool_postgres::{Client, Object};
use jiff::Timestamp;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;
use switchboard_domain::OffsetMove;
use switchboard_telemetry::Histogram;
use tokio_postgres::{Row, Statement};

/// What a transaction sees of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isolation {
    /// What is committed when the statement begins.
    ReadCommitted,
    /// What was committed when the transaction began; writing what others have written since
    /// fails.
    RepeatableRead,
    /// As before, and it only reads.
    Snapshot,
}

/// An open transaction. Dropped without an end, it takes its connection with it, and the
/// server undoes it.
pub(super) struct Work {
    parts: Arc<Parts>,
    client: Option<Client>,
    purpose: Purpose,
    begun: Instant,
    audit: Vec<AuditEntry>,
}

/// What a test's failpoint makes of a call; without the feature nothing calls it.
#[cfg(feature = "failpoints")]
fn broken<T>(reason: Option<String>) -> Result<T, Fault> {
    let reason = reason.unwrap_or_else(|| "broken by a test".into());
    Err(StorageError::Unavailable { reason }.into())
}

impl Work {
    pub(super) async fn begin(
        parts: Arc<Parts>,
        purpose: Purpose,
        isolation: Isolation,
    ) -> Result<Self, Fault> {
        let work = Self::connect(parts, purpose).await?;
        work.open(isolation).await?;
        Ok(work)
    }

    /// A connection without a transaction yet: [`Work::open`] is to be the first statement.
    pub(super) async fn connect(parts: Arc<Parts>, purpose: Purpose) -> Result<Self, Fault> {
        fail::fail_point!("store.transaction.begin", broken);
        Ok(Self {
            client: Some(parts.pool.get().await?),
            parts,
            purpose,
            begun: Instant::now(),
            audit: Vec::new(),
        })
    }

    /// Begins the transaction. What is sent before this has returned, but after it was first
    /// polled, belongs to it.
    pub(super) async fn open(&self, isolation: Isolation) -> Result<(), Fault> {
        let statement = match isolation {
            Isolation::ReadCommitted => "BEGIN",
            Isolation::RepeatableRead => "BEGIN ISOLATION LEVEL REPEATABLE READ",
            Isolation::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        Ok(self.client()?.batch_execute(statement).await?)
    }

    /// Commits what went well and undoes the rest.
    pub(super) async fn settle<T>(mut self, outcome: Result<T, Fault>) -> Result<T, Fault> {
        match outcome {
            Ok(done) => {
                self.commit().await?;
                Ok(done)
            }
            Err(fault) => {
                self.undo().await;
                Err(fault)
            }
        }
    }

    pub(super) fn client(&self) -> Result<&Client, Fault> {
        self.client
            .as_ref()
            .ok_or_else(|| Fault::Told(crate::error::internal("the transaction has ended")))
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.parts
    }

    pub(super) async fn prepare(&self, statement: &str) -> Result<Statement, Fault> {
        Ok(self.client()?.prepare_cached(statement).await?)
    }

    pub(super) async fn execute(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<u64, Fault> {
        let statement = self.prepare(statement).await?;
        Ok(self.client()?.execute(&statement, parameters).await?)
    }

    pub(super) async fn query(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Fault> {
        let statement = self.prepare(statement).await?;
        Ok(self.client()?.query(&statement, parameters).await?)
    }

    pub(super) async fn query_opt(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Option<Row>, Fault> {
        Ok(self.query(statement, parameters).await?.into_iter().next())
    }

    /// Written at the end of the transaction, in the order of these calls.
    pub(super) fn audit(&mut self, entry: AuditEntry) {
        self.audit.push(entry);
    }

    pub(super) async fn outbox(
        &self,
        topic: &str,
        key: &str,
        payload: &[u8],
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.execute(
            "INSERT INTO outbox (topic, key, payload, created_at) VALUES ($1, $2, $3, $4)",
            &[&topic, &storable(key), &payload, &micros(now)],
        )
        .await?;
        Ok(())
    }

    /// Moves the consumer, if it stands where `step` expects it and in the same log.
    pub(super) async fn move_offset(&self, step: &OffsetMove) -> Result<(), Fault> {
        let moved = match step.expected {
            None => self.insert_offset(step).await?,
            Some(expected) => self.update_offset(step, expected).await?,
        };
        if moved == 1 {
            return Ok(());
        }
        let found = self
            .query_opt(
                "SELECT next FROM consumer_offset
                 WHERE consumer = $1 AND topic = $2 AND partition = $3",
                &[&step.consumer, &step.topic, &i64::from(step.partition)],
            )
            .await?;
        let found: Option<i64> = found.map(|row| row.try_get(0)).transpose()?;
        let fenced = StorageError::Fenced {
            consumer: step.consumer.clone(),
            topic: step.topic.clone(),
            partition: step.partition,
            expected: step.expected,
            found: found.map(from_column),
        };
        Err(fenced.into())
    }

    async fn insert_offset(&self, step: &OffsetMove) -> Result<u64, Fault> {
        self.execute(
            "INSERT INTO consumer_offset (consumer, topic, partition, next, incarnation, last_hash)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            &[
                &step.consumer,
                &step.topic,
                &i64::from(step.partition),
                &to_column(step.to.next),
                &step.to.incarnation,
                &step.to.last_hash,
            ],
        )
        .await
    }

    async fn update_offset(&self, step: &OffsetMove, expected: u64) -> Result<u64, Fault> {
        self.execute(
            "UPDATE consumer_offset SET next = $4, last_hash = $6
             WHERE consumer = $1 AND topic = $2 AND partition = $3
               AND incarnation = $5 AND next = $7",
            &[
                &step.consumer,
                &step.topic,
                &i64::from(step.partition),
                &to_column(step.to.next),
                &step.to.incarnation,
                &step.to.last_hash,
                &to_column(expected),
            ],
        )
        .await
    }

    async fn commit(&mut self) -> Result<(), Fault> {
        let entries = std::mem::take(&mut self.audit);
        let writer = self.write_audit(&entries).await?;
        let purpose = self.purpose;
        fail::fail_point!(
            "store.intake.before_commit",
            purpose == Purpose::Intake,
            broken
        );
        fail::fail_point!(
            "store.apply.before_commit",
            purpose == Purpose::Apply,
            broken
        );
        fail::fail_point!(
            "store.timers.before_commit",
            purpose == Purpose::Timers,
            broken
        );
        self.client()?.batch_execute("COMMIT").await?;
        if purpose.changes_tickets() {
            self.parts.stirred.notify_one();
        }
        if let Some((mut writer, id)) = writer {
            writer.committed(id);
        }
        self.client = None;
        let seconds = self.begun.elapsed().as_secs_f64();
        let priority = purpose.priority();
        self.parts
            .metrics
            .observe(Histogram::StoreTransaction { priority }, seconds);
        tracing::trace!(?purpose, "committed");
        // The effect stands; the caller hears of an error all the same, as after a crash.
        fail::fail_point!(
            "store.intake.after_commit",
            purpose == Purpose::Intake,
            broken
        );
        fail::fail_point!(
            "store.apply.after_commit",
            purpose == Purpose::Apply,
            broken
        );
        Ok(())
    }

    /// The rows under the numbers that follow the writer's last.
    async fn write_audit(&self, entries: &[AuditEntry]) -> Result<Option<(Writer, i64)>, Fault> {
        if entries.is_empty() {
            return Ok(None);
        }
        let rows = AuditRows::of(entries);
        let borrowed = self.parts.writers.borrow();
        if let Some(id) = borrowed.id()
            && self.insert_audit(id, &rows).await?
        {
            return Ok(Some((borrowed, id)));
        }
        // A writer younger than this transaction's snapshot cannot be seen from here.
        let another = self.parts.writers.another();
        let made = self
            .query_opt(
                "INSERT INTO audit_writer (writer, last_sequence) VALUES ($1, 0) RETURNING id",
                &[&&*self.parts.writers.name],
            )
            .await?;
        let Some(id) = made.map(|row| row.try_get(0)).transpose()? else {
            return Err(unseen_writer());
        };
        if !self.insert_audit(id, &rows).await? {
            return Err(unseen_writer());
        }
        Ok(Some((another, id)))
    }

    /// `false` when there is no such writer.
    async fn insert_audit(&self, writer: i64, rows: &AuditRows<'_>) -> Result<bool, Fault> {
        let count = to_column(rows.at.len() as u64);
        let written = self
            .execute(
                "WITH writer AS (
                     UPDATE audit_writer SET last_sequence = last_sequence + $2 WHERE id = $1
                     RETURNING id, last_sequence - $2 AS before)
                 INSERT INTO audit (writer_id, writer_sequence, at, actor, action, subject, detail)
                 SELECT writer.id, writer.before + ordinality, entry.at, entry.actor, entry.action,
                     entry.subject, entry.detail
                 FROM writer, unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[])
                      WITH ORDINALITY AS entry (at, actor, action, subject, detail, ordinality)",
                &[
                    &writer,
                    &count,
                    &rows.at,
                    &rows.actor,
                    &rows.action,
                    &rows.subject,
                    &rows.detail,
                ],
            )
            .await?;
        Ok(written > 0)
    }

    async fn undo(&mut self) {
        let Some(client) = self.client.take() else {
            return;
        };
        if client.batch_execute("ROLLBACK").await.is_err() {
            drop(Object::take(client));
        }
    }
}

/// The columns of several audit rows, each as an array.
struct AuditRows<'e> {
    at: Vec<i64>,
    actor: Vec<String>,
    action: Vec<Cow<'e, str>>,
    subject: Vec<Cow<'e, str>>,
    detail: Vec<Cow<'e, str>>,
}

impl<'e> AuditRows<'e> {
    fn of(entries: &'e [AuditEntry]) -> Self {
        let texts = |of: fn(&AuditEntry) -> &str| -> Vec<_> {
            entries.iter().map(|entry| storable(of(entry))).collect()
        };
        Self {
            at: entries.iter().map(|entry| micros(entry.at)).collect(),
            actor: entries
                .iter()
                .map(|entry| storable(&entry.actor.to_string()).into_owned())
                .collect(),
            action: texts(|entry| &entry.action),
            subject: texts(|entry| &entry.subject),
            detail: texts(|entry| &entry.detail),
        }
    }
}

fn unseen_writer() -> Fault {
    super::failure::corrupt("audit_writer", "", "new", "it is not there").into()
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            // Somebody stopped waiting in the middle of it.
            drop(Object::take(client));
        }
    }
}
