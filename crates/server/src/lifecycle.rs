//! How a process ends: by a signal, softly and then hard, or because a part of it died.
//!
//! A part that ends before it was told to has died, and the process goes down with it: a
//! half-working router that looks alive is worse than one that is started again.

use anyhow::{Result, anyhow};
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use switchboard_stream::runner::Stop;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What is in hand may take this long to finish: a client that never ends its request must
/// not hold the process. With [`LATE_DRAIN_LIMIT`], four seconds to leave the log and a drain
/// delay of five it stays within the 25 s that are promised; Kubernetes kills after 30 s.
const DRAIN_LIMIT: Duration = Duration::from_secs(12);

/// The relays then have this long for the last words, which are written in milliseconds.
const LATE_DRAIN_LIMIT: Duration = Duration::from_secs(4);

/// The life of one process, shared by all of its parts.
#[derive(Clone, Default)]
pub(crate) struct Lifecycle {
    /// Every task belongs to it.
    pub(crate) tasks: TaskTracker,
    /// Soft and hard.
    pub(crate) stop: Stop,
    /// Parts that serve others and end after those that feed them.
    pub(crate) late_stop: CancellationToken,
    late_tasks: TaskTracker,
    draining: Arc<AtomicBool>,
    death: Arc<Mutex<Option<String>>>,
}

impl Lifecycle {
    /// Starts a part that must live until it is told to stop.
    pub(crate) fn start<Part>(&self, name: &'static str, part: Part)
    where
        Part: Future<Output = Result<()>> + Send + 'static,
    {
        self.tasks
            .spawn(self.clone().watch(name, part, self.stop.soft.clone()));
    }

    /// Starts a part that ends after all others, so that it can carry their last words.
    pub(crate) fn start_late<Part>(&self, name: &'static str, part: Part)
    where
        Part: Future<Output = Result<()>> + Send + 'static,
    {
        self.late_tasks
            .spawn(self.clone().watch(name, part, self.late_stop.clone()));
    }

    /// Whether the process is going down.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Waits for a signal or a death, then stops everything in order.
    ///
    /// # Errors
    /// When a part died; the error names it.
    pub(crate) async fn run_to_end(&self, drain_delay: Duration) -> Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = self.stop.soft.cancelled() => {}
        }
        self.draining.store(true, Ordering::Relaxed);
        let hurried = async {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        };
        tokio::select! {
            () = self.drain(drain_delay) => {}
            () = hurried => tracing::warn!("stopping at once"),
        }
        self.stop.hard.cancel();
        self.death()
    }

    async fn drain(&self, delay: Duration) {
        if !self.stop.soft.is_cancelled() {
            tokio::time::sleep(delay).await;
        }
        self.stop.soft.cancel();
        wait_for(&self.tasks, "stages", DRAIN_LIMIT).await;
        self.late_stop.cancel();
        wait_for(&self.late_tasks, "relays", LATE_DRAIN_LIMIT).await;
    }

    async fn watch<Part>(self, name: &'static str, part: Part, told: CancellationToken)
    where
        Part: Future<Output = Result<()>> + Send,
    {
        let ended = part.await;
        let reason = match ended {
            Err(error) => format!("{error:#}"),
            Ok(()) if told.is_cancelled() => return,
            Ok(()) => "it ended by itself".to_owned(),
        };
        tracing::error!(part = name, %reason, "a part of the process died");
        let mut death = self.death.lock().unwrap_or_else(PoisonError::into_inner);
        death.get_or_insert_with(|| format!("{name}: {reason}"));
        self.stop.soft.cancel();
    }

    fn death(&self) -> Result<()> {
        let death = self.death.lock().unwrap_or_else(PoisonError::into_inner);
        death
            .as_ref()
            .map_or(Ok(()), |reason| Err(anyhow!("{reason}")))
    }
}

async fn wait_for(tasks: &TaskTracker, what: &str, limit: Duration) {
    tasks.close();
    if tokio::time::timeout(limit, tasks.wait()).await.is_err() {
        tracing::warn!(
            what,
            "did not finish in time; what is not durable is read again"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    /// Of the promised 25 five seconds belong to the drain delay, four to leaving the log.
    const PROMISED: Duration = Duration::from_secs(16);

    #[tokio::test(start_paused = true)]
    async fn parts_that_never_end_do_not_hold_the_process_longer_than_promised() {
        let lifecycle = Lifecycle::default();
        lifecycle.start("a request without an end", std::future::pending());
        lifecycle.start_late("a scrape without an end", std::future::pending());
        let begin = Instant::now();
        lifecycle.drain(Duration::ZERO).await;
        // The timer counts whole milliseconds and rounds up.
        assert!(begin.elapsed() <= PROMISED + Duration::from_millis(10));
    }
}
