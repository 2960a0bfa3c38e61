//! The one thread that writes. People come first, then timers, then the stream.

use super::failure::{internal, unavailable};
use crate::StorageError;
use rusqlite::Connection;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;
use switchboard_telemetry::{Histogram, Metrics, StorePriority};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Jobs that wait per priority. At some milliseconds each a full queue is a second of work;
/// who comes later waits for room, and the pressure walks upstream.
const QUEUE_JOBS: usize = 64;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Runs jobs one at a time on its own thread. Dropping it finishes what is queued.
pub(super) struct Writer {
    shared: Arc<Shared>,
    room: [Arc<Semaphore>; 3],
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    queues: Mutex<Queues>,
    arrived: Condvar,
    metrics: Metrics,
}

#[derive(Default)]
struct Queues {
    /// Most urgent first.
    waiting: [VecDeque<(Job, OwnedSemaphorePermit)>; 3],
    closed: bool,
}

impl Writer {
    pub(super) fn start(connection: Connection, metrics: Metrics) -> Result<Self, StorageError> {
        let shared = Arc::new(Shared {
            queues: Mutex::default(),
            arrived: Condvar::new(),
            metrics,
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
        priority: StorePriority,
        job: impl FnOnce(&mut Connection) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let rank = rank(priority);
        let room = self
            .room
            .get(rank)
            .ok_or_else(|| internal("no such queue"))?;
        let permit = Arc::clone(room).acquire_owned().await.map_err(internal)?;
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Nobody waits any more when this fails; the effect stands all the same.
            let _ = answer.send(job(connection));
        });
        self.shared.push(rank, job, permit);
        answered
            .await
            .map_err(|_| internal("the job panicked; see the log"))?
    }
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
            // A transaction that is dropped on the way out is rolled back.
            if catch_unwind(AssertUnwindSafe(|| job(&mut connection))).is_err() {
                tracing::error!("a store job panicked and was rolled back");
            }
            let seconds = begun.elapsed().as_secs_f64();
            self.metrics
                .observe(Histogram::StoreTransaction { priority }, seconds);
        }
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
