//! The one thread that writes. It takes what has gathered in the queue, of all callers and
//! topics, and makes it durable with one fsync.

use super::Shared;
use super::append::{EncodedRow, Room};
use super::catalog::{Catalog, PartitionState};
use super::codec;
use super::failure::log_error;
use crate::log::LogError;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use std::collections::HashMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Requests that wait; their bytes and records are bounded before they get here.
pub(super) const QUEUE_REQUESTS: usize = 1024;
/// Requests of one commit: a full queue is written with four fsyncs, and a request at its
/// end waits for no more than the rows of the others in its commit.
const COMMIT_REQUESTS_MAX: usize = 256;

pub(super) enum Request {
    Append(Append),
    MoveOffset(MoveOffset),
    /// Anything rare: it runs alone, between two commits, in its own transactions.
    Administer(RareWork),
    Close,
}

pub(super) type RareWork = Box<dyn FnOnce(&mut Connection, &Catalog) + Send>;

pub(super) struct Append {
    pub(super) rows: Vec<EncodedRow>,
    pub(super) room: Room,
    /// The first offset of each row.
    pub(super) reply: oneshot::Sender<Result<Vec<u64>, LogError>>,
}

pub(super) struct MoveOffset {
    pub(super) group: Arc<str>,
    pub(super) partition: Arc<PartitionState>,
    pub(super) expected: u64,
    pub(super) next: u64,
    pub(super) last_hash: Option<String>,
    pub(super) reply: oneshot::Sender<Result<(), LogError>>,
}

pub(super) fn start(
    connection: Connection,
    queue: mpsc::Receiver<Request>,
    shared: &Arc<Shared>,
) -> Result<JoinHandle<()>, LogError> {
    // Weak, so that a log that is dropped and not closed still ends its thread.
    let shared = Arc::downgrade(shared);
    std::thread::Builder::new()
        .name("log-writer".into())
        .spawn(move || run(connection, queue, &shared))
        .map_err(|error| LogError::Unavailable {
            reason: format!("cannot start the log's writer thread: {error}"),
        })
}

fn run(
    mut connection: Connection,
    mut queue: mpsc::Receiver<Request>,
    shared: &std::sync::Weak<Shared>,
) {
    while let Some(first) = queue.blocking_recv() {
        let Some(shared) = shared.upgrade() else {
            return;
        };
        let (group, alone) = gather(first, &mut queue);
        Commit::default().run(group, &mut connection, &shared);
        match alone {
            Some(Request::Administer(work)) => work(&mut connection, &shared.catalog),
            Some(Request::Close) => {
                queue.close();
            }
            _ => {}
        }
    }
    // A closed log is one file, so that copying it copies everything; what cannot be folded
    // in now is folded in at the next start.
    let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
}

/// What one transaction takes, and the request after it that wants to be alone.
fn gather(first: Request, queue: &mut mpsc::Receiver<Request>) -> (Vec<Request>, Option<Request>) {
    let mut group = Vec::new();
    let mut next = Some(first);
    while let Some(request) = next {
        if matches!(request, Request::Administer(_) | Request::Close) {
            return (group, Some(request));
        }
        group.push(request);
        if group.len() == COMMIT_REQUESTS_MAX {
            break;
        }
        next = queue.try_recv().ok();
    }
    (group, None)
}

/// One transaction's work, and what is told to whom once it is durable.
#[derive(Default)]
struct Commit {
    high: HashMap<i64, (Arc<PartitionState>, u64)>,
    appended: Vec<(Append, Vec<u64>)>,
    moved: Vec<(MoveOffset, bool)>,
}

impl Commit {
    fn run(mut self, requests: Vec<Request>, connection: &mut Connection, shared: &Shared) {
        if requests.is_empty() {
            return;
        }
        // All are taken over first, so that a failure reaches every one of them.
        for request in requests {
            match request {
                Request::Append(append) => self.appended.push((append, Vec::new())),
                Request::MoveOffset(request) => self.moved.push((request, false)),
                Request::Administer(_) | Request::Close => {}
            }
        }
        match self.write(connection, shared) {
            Ok(()) => self.publish(shared),
            Err(error) => self.refuse(&error),
        }
    }

    fn write(&mut self, connection: &mut Connection, shared: &Shared) -> Result<(), LogError> {
        let (appends, moves) = (!self.appended.is_empty(), !self.moved.is_empty());
        if appends {
            fail::fail_point!("log.append.begin", |reason| Err(injected(reason)));
        }
        let fail = |error: rusqlite::Error| log_error(&shared.path, &error);
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(fail)?;
        for (append, bases) in &mut self.appended {
            *bases = append_rows(&transaction, &append.rows, &mut self.high).map_err(fail)?;
        }
        for (partition, high) in self.high.values() {
            save_high(&transaction, partition.id, *high).map_err(fail)?;
        }
        for (request, moved) in &mut self.moved {
            *moved = move_offset(&transaction, request).map_err(fail)?;
        }
        if appends {
            fail::fail_point!("log.append.before_commit", |reason| Err(injected(reason)));
        }
        if moves {
            fail::fail_point!("log.offset.before_commit", |reason| Err(injected(reason)));
        }
        transaction.commit().map_err(fail)?;
        if appends {
            fail::fail_point!("log.append.after_commit");
        }
        if moves {
            fail::fail_point!("log.offset.after_commit");
        }
        Ok(())
    }

    fn publish(self, shared: &Shared) {
        for (partition, high) in self.high.values() {
            partition.set_high(*high);
        }
        shared.commits.send_modify(|commits| *commits += 1);
        for (append, bases) in self.appended {
            drop(append.room);
            // A caller that went away learns nothing; its records stand.
            let _ = append.reply.send(Ok(bases));
        }
        for (request, moved) in self.moved {
            let answer = if moved {
                shared
                    .catalog
                    .set_progress(&request.group, request.partition.id, request.next);
                Ok(())
            } else {
                Err(fenced(&request))
            };
            let _ = request.reply.send(answer);
        }
    }

    fn refuse(self, error: &LogError) {
        for (append, _) in self.appended {
            let _ = append.reply.send(Err(error.clone()));
        }
        for (request, _) in self.moved {
            let _ = request.reply.send(Err(error.clone()));
        }
    }
}

#[cfg(feature = "failpoints")]
fn injected(reason: Option<String>) -> LogError {
    LogError::Unavailable {
        reason: reason.unwrap_or_else(|| "a test says so".into()),
    }
}

fn fenced(request: &MoveOffset) -> LogError {
    LogError::Fenced {
        group: request.group.to_string(),
        topic: request.partition.topic.clone(),
        partition: request.partition.number,
    }
}

fn append_rows(
    transaction: &Transaction<'_>,
    rows: &[EncodedRow],
    high: &mut HashMap<i64, (Arc<PartitionState>, u64)>,
) -> Result<Vec<u64>, rusqlite::Error> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO batch (partition_id, base_offset, record_count, newest_timestamp,
                            stored_bytes, checksum, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let mut bases = Vec::with_capacity(rows.len());
    for row in rows {
        let partition = &row.partition;
        let (_, next) = high
            .entry(partition.id)
            .or_insert_with(|| (Arc::clone(partition), partition.high()));
        let base = *next;
        insert.execute(params![
            partition.id,
            base,
            row.record_count,
            row.newest_timestamp,
            row.data.len(),
            codec::checksum(&row.digest, partition.id, base, row.record_count),
            row.data,
        ])?;
        *next += u64::from(row.record_count);
        bases.push(base);
    }
    Ok(bases)
}

fn save_high(
    transaction: &Transaction<'_>,
    partition_id: i64,
    high: u64,
) -> Result<(), rusqlite::Error> {
    transaction
        .prepare_cached("UPDATE partition SET next_offset = ?2 WHERE id = ?1")?
        .execute(params![partition_id, high])?;
    Ok(())
}

/// Whether the offset stood where the member thought.
fn move_offset(
    transaction: &Transaction<'_>,
    request: &MoveOffset,
) -> Result<bool, rusqlite::Error> {
    let changed = transaction
        .prepare_cached(
            "UPDATE group_offset SET next_offset = ?4, last_hash = ?5
             WHERE group_name = ?1 AND partition_id = ?2 AND next_offset = ?3",
        )?
        .execute(params![
            &*request.group,
            request.partition.id,
            request.expected,
            request.next,
            request.last_hash,
        ])?;
    Ok(changed == 1)
}
