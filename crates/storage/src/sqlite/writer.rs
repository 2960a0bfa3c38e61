//! The one thread that writes. People come first, then timers, then the stream.
//!
//! Jobs of one urgency that wait at the same time share a transaction, and so one sync of the
//! disk: each that joins in a savepoint of its own, so that one that fails is undone alone.
//! When the first fails, nothing else has been done yet, and the transaction goes with it: it
//! needs no savepoint, which would copy every page it changes. Nobody is answered before the
//! transaction lasts, for which the writer itself does not wait.

use super::failure::{internal, unavailable};
use super::syncer::{Answer, Syncer};
use super::transaction::{Purpose, told};
use crate::StorageError;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use switchboard_telemetry::{Histogram, Metrics, StorePriority};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Jobs that wait per priority. At some milliseconds each a full queue is a second of work;
/// who comes later waits for room, and the pressure walks upstream.
const QUEUE_JOBS: usize = 64;

/// Jobs of one transaction at most: each is a caller that waits for all of them.
const GROUP_JOBS_MAX: usize = 16;

/// No further job joins a transaction that is this old: with it, it stays below the 20 ms that
/// a person may have to wait for the stream.
const GROUP_TIME_MAX: Duration = Duration::from_millis(8);

/// Works in the transaction, or learns why there is none.
type Job = Box<dyn FnOnce(Result<Turn<'_>, StorageError>) -> Answer + Send>;

/// A job's place in a transaction.
#[derive(Clone, Copy)]
enum Turn<'t> {
    /// It begins it.
    First(&'t Transaction<'t>),
    /// It joins others.
    Joins(&'t Transaction<'t>),
}

/// Runs jobs one at a time on its own thread. Dropping it finishes what is queued.
pub(super) struct Writer {
    shared: Arc<Shared>,
    room: [Arc<Semaphore>; 3],
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    queues: Mutex<Queues>,
    arrived: Condvar,
    syncer: Syncer,
    metrics: Metrics,
    /// No further job joins a transaction that is older.
    group_time_max: Duration,
}

#[derive(Default)]
struct Queues {
    /// Most urgent first.
    waiting: [VecDeque<(Job, OwnedSemaphorePermit)>; 3],
    closed: bool,
}

impl Writer {
    /// Writes on `connection`, whose commits `syncer` makes durable.
    pub(super) fn start(
        connection: Connection,
        syncer: Syncer,
        metrics: Metrics,
    ) -> Result<Self, StorageError> {
        Self::grouping(connection, syncer, metrics, GROUP_TIME_MAX)
    }

    /// The same with another age up to which a transaction takes up further jobs.
    fn grouping(
        connection: Connection,
        syncer: Syncer,
        metrics: Metrics,
        group_time_max: Duration,
    ) -> Result<Self, StorageError> {
        let shared = Arc::new(Shared {
            queues: Mutex::default(),
            arrived: Condvar::new(),
            syncer,
            metrics,
            group_time_max,
        });
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || of_thread.run(connection))
            .map_err(|error| {
                unavailable(format_args!("cannot start the writer thread: {error}"))
            })?;
        let room = std::array::from_fn(|_| Arc::new(Semaphore::new(QUEUE_JOBS)));
        Ok(Self {
            shared,
            room,
            thread: Some(thread),
        })
    }

    /// Waits for room, then for the job's turn and its answer. Once queued, the job runs
    /// even when the caller no longer waits.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        purpose: Purpose,
        job: impl FnOnce(&Transaction<'_>) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let rank = rank(purpose.priority());
        let room = self
            .room
            .get(rank)
            .ok_or_else(|| internal("no such queue"))?;
        let permit = Arc::clone(room).acquire_owned().await.map_err(internal)?;
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |turn| {
            let done = turn.and_then(|turn| undone_alone(turn, job));
            Box::new(move |lasting| {
                // Nobody waits any more when this fails; the effect stands all the same.
                let _ = answer.send(told(purpose, done, lasting));
            })
        });
        self.shared.push(rank, job, permit);
        answered
            .await
            .map_err(|_| unavailable("the writer has stopped"))?
    }

    /// Returns once everything lasts that anybody could have read before the call.
    pub(super) async fn synced(&self) -> Result<(), StorageError> {
        self.shared.syncer.synced().await
    }
}

/// Runs the job so that, if it fails or panics, the others' work stays.
fn undone_alone<T>(
    turn: Turn<'_>,
    job: impl FnOnce(&Transaction<'_>) -> Result<T, StorageError>,
) -> Result<T, StorageError> {
    match turn {
        Turn::First(transaction) => {
            let done = caught(transaction, job);
            undo(transaction, done, "ROLLBACK")
        }
        Turn::Joins(transaction) => {
            transaction.execute_batch("SAVEPOINT job")?;
            let done = undo(
                transaction,
                caught(transaction, job),
                "ROLLBACK TO job; RELEASE job",
            )?;
            transaction.execute_batch("RELEASE job")?;
            Ok(done)
        }
    }
}

fn caught<T>(
    transaction: &Transaction<'_>,
    job: impl FnOnce(&Transaction<'_>) -> Result<T, StorageError>,
) -> Result<T, StorageError> {
    catch_unwind(AssertUnwindSafe(|| job(transaction))).unwrap_or_else(|_| {
        tracing::error!("a store job panicked and was rolled back");
        Err(internal("the job panicked; see the log"))
    })
}

/// Undoes what failed, unless SQLite has done so already.
fn undo<T>(
    transaction: &Transaction<'_>,
    done: Result<T, StorageError>,
    statements: &str,
) -> Result<T, StorageError> {
    if done.is_err() && !transaction.is_autocommit() {
        transaction.execute_batch(statements)?;
    }
    done
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.arrived.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn push(&self, rank: usize, job: Job, permit: OwnedSemaphorePermit) {
        if let Some(queue) = self.lock().waiting.get_mut(rank) {
            queue.push_back((job, permit));
        }
        self.arrived.notify_one();
    }

    fn run(&self, mut connection: Connection) {
        while let Some((priority, job)) = self.next() {
            let begun = Instant::now();
            self.run_group(&mut connection, job, (priority, begun));
            let seconds = begun.elapsed().as_secs_f64();
            self.metrics
                .observe(Histogram::StoreTransaction { priority }, seconds);
        }
    }

    /// One transaction: the job, and those of its urgency that wait.
    fn run_group(
        &self,
        connection: &mut Connection,
        first: Job,
        (priority, begun): (StorePriority, Instant),
    ) {
        if let Err(error) = self.syncer.check() {
            return first(Err(error))(Ok(()));
        }
        // Immediate: a transaction that began by reading could not write beside another process.
        let transaction = match connection.transaction_with_behavior(TransactionBehavior::Immediate)
        {
            Ok(transaction) => transaction,
            Err(error) => return first(Err(error.into()))(Ok(())),
        };
        let mut answers = vec![first(Ok(Turn::First(&transaction)))];
        // When the first fails, and after some failed writes, everything is undone.
        while answers.len() < GROUP_JOBS_MAX
            && begun.elapsed() < self.group_time_max
            && !transaction.is_autocommit()
            && let Some(job) = self.next_of(priority)
        {
            answers.push(job(Ok(Turn::Joins(&transaction))));
        }
        let lasting = if transaction.is_autocommit() {
            Err(unavailable("a failed write undid the whole transaction"))
        } else {
            transaction.commit().map_err(StorageError::from)
        };
        match lasting {
            Ok(()) => self.syncer.answer(answers),
            Err(error) => answers
                .into_iter()
                .for_each(|answer| answer(Err(error.clone()))),
        }
    }

    /// Another job of that urgency, while nothing more urgent waits.
    fn next_of(&self, priority: StorePriority) -> Option<Job> {
        let mut queues = self.lock();
        let waiting = queues.waiting.iter_mut().zip(StorePriority::ALL);
        let mut waiting = waiting.filter(|(queue, _)| !queue.is_empty());
        let (queue, _) = waiting.next().filter(|(_, rank)| **rank == priority)?;
        queue.pop_front().map(|(job, _permit)| job)
    }

    fn next(&self) -> Option<(StorePriority, Job)> {
        let mut queues = self.lock();
        loop {
            let waiting = queues.waiting.iter_mut().zip(StorePriority::ALL);
            for (queue, priority) in waiting {
                if let Some((job, _permit)) = queue.pop_front() {
                    return Some((*priority, job));
                }
            }
            if queues.closed {
                return None;
            }
            queues = self
                .arrived
                .wait(queues)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn rank(priority: StorePriority) -> usize {
    match priority {
        StorePriority::People => 0,
        StorePriority::Timers => 1,
        StorePriority::Stream => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    /// A writer on a table of numbers, and the file.
    fn writer(dir: &tempfile::TempDir) -> Writer {
        let connection = Connection::open(dir.path().join("test.db")).unwrap();
        let table = "CREATE TABLE number (value INTEGER PRIMARY KEY) STRICT";
        connection.execute_batch(table).unwrap();
        let syncer = Syncer::start(&dir.path().join("test.db")).unwrap();
        // A busy machine may hold a test up for longer than a transaction stays open.
        let metrics = Metrics::new("test").unwrap();
        Writer::grouping(connection, syncer, metrics, Duration::from_mins(1)).unwrap()
    }

    fn insert(value: i64) -> impl FnOnce(&Transaction<'_>) -> Result<(), StorageError> + Send {
        move |transaction| {
            transaction.execute("INSERT INTO number VALUES (?1)", [value])?;
            Ok(())
        }
    }

    fn stored(dir: &tempfile::TempDir) -> Vec<i64> {
        let connection = Connection::open(dir.path().join("test.db")).unwrap();
        let mut select = connection.prepare("SELECT value FROM number").unwrap();
        let values = select.query_map([], |row| row.get(0)).unwrap();
        values.map(Result::unwrap).collect()
    }

    /// Holds the writer until what waits behind it has been queued.
    fn wait_at(gate: Arc<Barrier>) -> impl FnOnce(&Transaction<'_>) -> Result<(), StorageError> {
        move |_| {
            gate.wait();
            Ok(())
        }
    }

    #[tokio::test]
    async fn of_jobs_that_share_a_transaction_only_those_that_fail_are_undone() {
        let dir = tempfile::tempdir().unwrap();
        let writer = writer(&dir);
        let gate = Arc::new(Barrier::new(2));
        let first = writer.run(Purpose::Stream, wait_at(Arc::clone(&gate)));
        let good = writer.run(Purpose::Stream, insert(1));
        let bad = writer.run(Purpose::Stream, |transaction| {
            insert(2)(transaction)?;
            insert(1)(transaction)
        });
        let ugly = writer.run(Purpose::Stream, |transaction| {
            insert(3)(transaction)?;
            panic!("on purpose")
        });
        let late = writer.run(Purpose::Stream, insert(4));
        let go = async { gate.wait() };
        let (_, good, bad, ugly, late, _) = tokio::join!(first, good, bad, ugly, late, go);
        assert!(good.is_ok() && late.is_ok(), "{good:?} {late:?}");
        assert!(matches!(bad, Err(StorageError::Internal { .. })), "{bad:?}");
        let ugly: Result<(), StorageError> = ugly;
        assert!(ugly.unwrap_err().to_string().contains("panicked"));
        assert_eq!(stored(&dir), [1, 4]);
    }

    #[tokio::test]
    async fn the_first_that_fails_takes_nothing_of_the_others_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let writer = writer(&dir);
        let gate = Arc::new(Barrier::new(2));
        let at_gate = wait_at(Arc::clone(&gate));
        let first = writer.run(Purpose::Stream, |transaction| {
            insert(1)(transaction)?;
            at_gate(transaction)?;
            insert(1)(transaction)
        });
        let second = writer.run(Purpose::Stream, insert(1));
        let third = writer.run(Purpose::Stream, insert(2));
        let go = async { gate.wait() };
        let (first, second, third, _) = tokio::join!(first, second, third, go);
        assert!(
            matches!(first, Err(StorageError::Internal { .. })),
            "it hears why: {first:?}"
        );
        assert!(second.is_ok() && third.is_ok(), "{second:?} {third:?}");
        assert_eq!(stored(&dir), [1, 2]);
    }

    #[tokio::test]
    async fn a_person_does_not_wait_for_what_the_stream_has_queued() {
        let dir = tempfile::tempdir().unwrap();
        let writer = writer(&dir);
        let gate = Arc::new(Barrier::new(2));
        let order = Arc::new(Mutex::new(vec![]));
        let noted = |name: &'static str| {
            let order = Arc::clone(&order);
            move |_: &Transaction<'_>| {
                order.lock().unwrap().push(name);
                Ok(())
            }
        };
        let first = writer.run(Purpose::Stream, wait_at(Arc::clone(&gate)));
        let stream = writer.run(Purpose::Stream, noted("stream"));
        let person = writer.run(Purpose::People, noted("person"));
        let go = async { gate.wait() };
        let (first, stream, person, _) = tokio::join!(first, stream, person, go);
        first.and(stream).and(person).unwrap();
        assert_eq!(*order.lock().unwrap(), ["person", "stream"]);
    }

    #[tokio::test]
    async fn a_disk_that_cannot_be_synced_stops_the_writer() {
        let dir = tempfile::tempdir().unwrap();
        drop(writer(&dir));
        let connection = Connection::open(dir.path().join("test.db")).unwrap();
        let syncer = Syncer::start(std::path::Path::new("/dev/null")).unwrap();
        let writer = Writer::start(connection, syncer, Metrics::new("test").unwrap()).unwrap();
        for value in [1, 2] {
            let refused = writer.run(Purpose::Stream, insert(value)).await;
            let unavailable = matches!(refused, Err(StorageError::Unavailable { .. }));
            assert!(unavailable, "{value}: {refused:?}");
        }
        assert_eq!(stored(&dir), [1], "the first was written and not answered");
    }

    #[tokio::test]
    async fn whoever_shares_a_transaction_that_does_not_last_hears_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let writer = writer(&dir);
        let gate = Arc::new(Barrier::new(2));
        let first = writer.run(Purpose::Stream, wait_at(Arc::clone(&gate)));
        let good = writer.run(Purpose::Stream, insert(1));
        // As SQLite does by itself when a write fails.
        let broken = writer.run(Purpose::Stream, |transaction| {
            transaction.execute_batch("ROLLBACK")?;
            Err::<(), _>(unavailable("the disk is full"))
        });
        let after = writer.run(Purpose::Stream, insert(2));
        let go = async { gate.wait() };
        let (first, good, broken, after, _) = tokio::join!(first, good, broken, after, go);
        for one in [first, good, broken] {
            assert!(
                matches!(one, Err(StorageError::Unavailable { .. })),
                "{one:?}"
            );
        }
        assert!(
            after.is_ok(),
            "the next transaction is a new one: {after:?}"
        );
        assert_eq!(stored(&dir), [2]);
    }
}
