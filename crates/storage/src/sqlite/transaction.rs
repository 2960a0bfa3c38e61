//! One job of the writer: the statements every effect shares, and what is gathered for its
//! end (audit rows, tallies).

use super::value::{from_column, micros, to_column};
use crate::{AuditEntry, StorageError};
use jiff::Timestamp;
use rusqlite::{CachedStatement, OptionalExtension, Transaction, params};
use std::collections::BTreeMap;
use std::sync::Arc;
use switchboard_domain::OffsetMove;
use switchboard_domain::ticket::Ticket;

pub(super) use crate::effect::Purpose;

/// What a test's failpoint makes of a call; without the feature nothing calls it.
#[cfg(feature = "failpoints")]
fn broken<T>(reason: Option<String>) -> Result<T, StorageError> {
    let reason = reason.unwrap_or_else(|| "broken by a test".into());
    Err(StorageError::Unavailable { reason })
}

pub(super) struct Write<'c> {
    transaction: &'c Transaction<'c>,
    writer: Arc<str>,
    audit: Vec<AuditEntry>,
    tallies: BTreeMap<[String; 4], i64>,
}

/// Runs `job` in the writer's transaction; the writer undoes it when it fails.
pub(super) fn write<T>(
    transaction: &Transaction<'_>,
    writer: &Arc<str>,
    purpose: Purpose,
    job: impl FnOnce(&mut Write<'_>) -> Result<T, StorageError>,
) -> Result<T, StorageError> {
    fail::fail_point!("store.transaction.begin", broken);
    let mut write = Write {
        transaction,
        writer: Arc::clone(writer),
        audit: Vec::new(),
        tallies: BTreeMap::new(),
    };
    let done = job(&mut write)?;
    write.flush_audit()?;
    write.flush_tallies()?;
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
    tracing::trace!(?purpose, "written");
    Ok(done)
}

/// What the caller is told: what was `done` stands if the transaction lasts.
pub(super) fn told<T>(
    purpose: Purpose,
    done: Result<T, StorageError>,
    lasting: Result<(), StorageError>,
) -> Result<T, StorageError> {
    let value = done?;
    lasting?;
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
    Ok(value)
}

impl<'c> Write<'c> {
    pub(super) fn transaction(&self) -> &Transaction<'c> {
        self.transaction
    }

    pub(super) fn prepare(&self, statement: &str) -> Result<CachedStatement<'_>, StorageError> {
        Ok(self.transaction.prepare_cached(statement)?)
    }

    pub(super) fn last_id(&self) -> i64 {
        self.transaction.last_insert_rowid()
    }

    /// Written at the end of the transaction, in the order of these calls.
    pub(super) fn audit(&mut self, entry: AuditEntry) {
        self.audit.push(entry);
    }

    pub(super) fn outbox(
        &self,
        topic: &str,
        key: &str,
        payload: &[u8],
        now: Timestamp,
    ) -> Result<(), StorageError> {
        self.prepare(
            "INSERT INTO outbox (topic, key, payload, created_at) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![topic, key, payload, micros(now)])?;
        Ok(())
    }

    /// Counts the ticket where it stands now and no longer where it stood.
    pub(super) fn tally(&mut self, before: Option<&Ticket>, after: &Ticket) {
        let steps = before
            .map(|ticket| (ticket, -1))
            .into_iter()
            .chain([(after, 1)]);
        for (ticket, step) in steps {
            let place = [
                ticket.department.as_str(),
                ticket.status.as_str(),
                ticket.label.as_str(),
                ticket.priority.as_str(),
            ];
            *self.tallies.entry(place.map(str::to_owned)).or_default() += step;
        }
    }

    /// Moves the consumer, if it stands where `step` expects it and in the same log.
    pub(super) fn move_offset(&self, step: &OffsetMove) -> Result<(), StorageError> {
        let moved = match step.expected {
            None => self.insert_offset(step)?,
            Some(expected) => self.update_offset(step, expected)?,
        };
        if moved == 1 {
            return Ok(());
        }
        let found = self
            .prepare("SELECT next FROM consumer_offset WHERE consumer = ?1 AND topic = ?2 AND partition = ?3")?
            .query_row(params![step.consumer, step.topic, step.partition], |row| row.get(0))
            .optional()?;
        Err(StorageError::Fenced {
            consumer: step.consumer.clone(),
            topic: step.topic.clone(),
            partition: step.partition,
            expected: step.expected,
            found: found.map(from_column),
        })
    }

    fn insert_offset(&self, step: &OffsetMove) -> Result<usize, StorageError> {
        let inserted = self
            .prepare(
                "INSERT INTO consumer_offset (consumer, topic, partition, next, incarnation, last_hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                step.consumer,
                step.topic,
                step.partition,
                to_column(step.to.next),
                step.to.incarnation,
                step.to.last_hash
            ])?;
        Ok(inserted)
    }

    fn update_offset(&self, step: &OffsetMove, expected: u64) -> Result<usize, StorageError> {
        let updated = self
            .prepare(
                "UPDATE consumer_offset SET next = ?4, last_hash = ?6
                 WHERE consumer = ?1 AND topic = ?2 AND partition = ?3
                   AND incarnation = ?5 AND next = ?7",
            )?
            .execute(params![
                step.consumer,
                step.topic,
                step.partition,
                to_column(step.to.next),
                step.to.incarnation,
                step.to.last_hash,
                to_column(expected)
            ])?;
        Ok(updated)
    }

    fn flush_audit(&mut self) -> Result<(), StorageError> {
        let entries = std::mem::take(&mut self.audit);
        let count = to_column(entries.len() as u64);
        if count == 0 {
            return Ok(());
        }
        let last: i64 = self
            .prepare(
                "INSERT INTO audit_writer (writer, last_sequence) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET last_sequence = last_sequence + excluded.last_sequence
                 RETURNING last_sequence",
            )?
            .query_row(params![&*self.writer, count], |row| row.get(0))?;
        let mut insert = self.prepare(
            "INSERT INTO audit (writer, writer_sequence, at, actor, action, subject, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        for (sequence, entry) in (last - count + 1..).zip(&entries) {
            insert.execute(params![
                &*self.writer,
                sequence,
                micros(entry.at),
                entry.actor.to_string(),
                entry.action,
                entry.subject,
                entry.detail
            ])?;
        }
        Ok(())
    }

    fn flush_tallies(&mut self) -> Result<(), StorageError> {
        let mut upsert = self.prepare(
            "INSERT INTO ticket_tally (department, status, label, priority, count)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET count = count + excluded.count",
        )?;
        for ([department, status, label, priority], step) in &self.tallies {
            if *step != 0 {
                upsert.execute(params![department, status, label, priority, step])?;
            }
        }
        Ok(())
    }
}
