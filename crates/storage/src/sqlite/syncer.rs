//! Makes what was committed durable, beside the writer.
//!
//! A commit writes its pages into the write-ahead log and does not wait for the disk
//! (`synchronous = NORMAL`); this thread does, and only then answers whoever waits. Meanwhile
//! the writer goes on, and all that was committed by the end of a sync shares the next one.
//! After a loss of power the log ends with the last commit that reached the disk whole: nobody
//! was answered for those behind it.
//!
//! A reader may see a commit a little before it lasts. Who is about to tell another system of
//! what was read asks for [`Syncer::synced`] first.

use super::failure::unavailable;
use crate::StorageError;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Transactions that wait for the disk. A sync takes up all of them, so that a full queue is a
/// disk that stands still, and the writer stands still with it.
const WAITING_MAX: usize = 16;

/// Tells the caller, once it is known whether the transaction lasts.
pub(super) type Answer = Box<dyn FnOnce(Result<(), StorageError>) + Send>;

/// Dropping it waits until all are answered.
pub(super) struct Syncer {
    /// `None` while it is dropped.
    committed: Option<mpsc::Sender<Vec<Answer>>>,
    broken: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    /// Syncs that file, to which transactions are committed.
    pub(super) fn start(log: &Path) -> Result<Self, StorageError> {
        let file = File::open(log).map_err(|error| {
            unavailable(format_args!("cannot open `{}`: {error}", log.display()))
        })?;
        let (committed, waiting) = mpsc::channel(WAITING_MAX);
        let broken = Arc::new(AtomicBool::new(false));
        let of_thread = Arc::clone(&broken);
        let thread = std::thread::Builder::new()
            .name("store-sync".into())
            .spawn(move || run(&file, waiting, &of_thread))
            .map_err(|error| unavailable(format_args!("cannot start the sync thread: {error}")))?;
        Ok(Self {
            committed: Some(committed),
            broken,
            thread: Some(thread),
        })
    }

    /// Answers once what was committed lasts; waits while too many wait already.
    pub(super) fn answer(&self, answers: Vec<Answer>) {
        if let Some(committed) = &self.committed {
            // It ends only when it is dropped; whoever waits then hears that the writer stopped.
            let _ = committed.blocking_send(answers);
        }
    }

    /// Returns once everything that was committed before lasts.
    pub(super) async fn synced(&self) -> Result<(), StorageError> {
        let stopped = || unavailable("the writer has stopped");
        let (answer, answered) = oneshot::channel();
        let answer: Answer = Box::new(move |lasting| {
            // Nobody waits any more when this fails.
            let _ = answer.send(lasting);
        });
        let committed = self.committed.as_ref().ok_or_else(stopped)?;
        committed.send(vec![answer]).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    /// Refuses once a sync has failed: the kernel forgets what it could not write, so that no
    /// later sync would say whether it lasts.
    pub(super) fn check(&self) -> Result<(), StorageError> {
        check(&self.broken)
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.committed = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(log: &File, mut committed: mpsc::Receiver<Vec<Answer>>, broken: &AtomicBool) {
    while let Some(mut answers) = committed.blocking_recv() {
        while let Ok(more) = committed.try_recv() {
            answers.extend(more);
        }
        let lasting = sync(log, broken);
        for answer in answers {
            answer(lasting.clone());
        }
    }
}

fn sync(log: &File, broken: &AtomicBool) -> Result<(), StorageError> {
    check(broken)?;
    log.sync_data().map_err(|error| {
        broken.store(true, Ordering::Relaxed);
        tracing::error!(%error, "the store cannot be made durable and takes nothing more");
        unavailable(format_args!("the store could not be synced: {error}"))
    })
}

fn check(broken: &AtomicBool) -> Result<(), StorageError> {
    if broken.load(Ordering::Relaxed) {
        return Err(unavailable(
            "the disk failed under the store: repair it and start again",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_waits_is_answered_also_when_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let syncer = Syncer::start(dir.path()).unwrap();
        syncer.synced().await.unwrap();
        let (sent, received) = std::sync::mpsc::sync_channel(1);
        let answer: Answer = Box::new(move |lasting| sent.send(lasting).unwrap());
        let committed = syncer.committed.as_ref().unwrap();
        committed.send(vec![answer]).await.unwrap();
        drop(syncer);
        received.try_recv().unwrap().unwrap();
    }

    #[tokio::test]
    async fn after_a_sync_that_failed_nothing_lasts_any_more() {
        // No device of this kind can be synced.
        let syncer = Syncer::start(Path::new("/dev/null")).unwrap();
        syncer.check().unwrap();
        let first = syncer.synced().await.unwrap_err();
        assert!(first.to_string().contains("could not be synced"), "{first}");
        let second = syncer.synced().await.unwrap_err();
        assert!(second.to_string().contains("start again"), "{second}");
        syncer.check().unwrap_err();
    }
}
