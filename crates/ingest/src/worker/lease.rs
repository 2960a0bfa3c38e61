//! The right to read a source: one process at a time has it, and keeps it while it lives.

use super::WorkerParts;
use jiff::{SignedDuration, Timestamp};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::Clock;
use switchboard_storage::{Cursors, StorageError};

/// How long a source belongs to a process that is silent, unless configured: together with
/// [`ASKS_PER_TERM`] a killed one is replaced within 15 s.
pub const LEASE_TERM: SignedDuration = SignedDuration::from_secs(10);

/// Renewals within one term: two may fail.
const RENEWALS_PER_TERM: i32 = 3;

/// How often, within one term, a process that waits for a source asks for it.
const ASKS_PER_TERM: i32 = 5;

/// The lease of one source, as one process sees it.
pub(super) struct Lease {
    source: String,
    holder: String,
    term: SignedDuration,
    cursors: Arc<dyn Cursors>,
    clock: Arc<dyn Clock>,
    held: Option<Held>,
}

#[derive(Clone, Copy)]
struct Held {
    epoch: u64,
    renewed_at: Timestamp,
}

impl Lease {
    pub(super) fn new(source: &str, parts: &WorkerParts) -> Self {
        Self {
            source: source.to_owned(),
            holder: parts.holder.clone(),
            term: parts.lease_term,
            cursors: Arc::clone(&parts.cursors),
            clock: Arc::clone(&parts.clock),
            held: None,
        }
    }

    /// The epoch; `None` while another process has the lease.
    pub(super) async fn hold(&mut self) -> Result<Option<u64>, StorageError> {
        let now = self.clock.now();
        if let Some(held) = self.held {
            let age = now.duration_since(held.renewed_at);
            // A clock that was set back says nothing of how long the lease still runs.
            if (SignedDuration::ZERO..self.term / RENEWALS_PER_TERM).contains(&age) {
                return Ok(Some(held.epoch));
            }
        }
        self.held = None;
        let term = self.term;
        let taken = self
            .cursors
            .acquire_lease(&self.source, &self.holder, term, now)
            .await?;
        self.held = taken.map(|epoch| Held {
            epoch,
            renewed_at: now,
        });
        Ok(taken)
    }

    /// How long to wait while another process has it.
    pub(super) fn ask_again_after(&self) -> Duration {
        part(self.term, ASKS_PER_TERM)
    }

    /// Waits for something that may take longer than a term: a long poll, the wait that a
    /// platform asks for. Without the lease it only waits.
    pub(super) async fn keep_while<T>(&mut self, something: impl Future<Output = T>) -> T {
        let mut something = std::pin::pin!(something);
        loop {
            let pause = tokio::time::sleep(part(self.term, RENEWALS_PER_TERM));
            tokio::select! {
                biased;
                done = &mut something => return done,
                () = pause => self.renew().await,
            }
        }
    }

    /// Gives it to whoever asks next.
    pub(super) async fn release(&mut self) {
        let Some(held) = self.held.take() else {
            return;
        };
        let released = self.cursors.release_lease(&self.source, held.epoch).await;
        if let Err(error) = released {
            tracing::debug!(source = %self.source, %error, "the lease runs out by itself");
        }
    }

    /// It has passed to another.
    pub(super) const fn forget(&mut self) {
        self.held = None;
    }

    async fn renew(&mut self) {
        let Some(held) = self.held else {
            return;
        };
        match self.hold().await {
            Ok(Some(epoch)) if epoch == held.epoch => {}
            Ok(_) => self.forget(),
            // It may still be ours, and is asked for again.
            Err(error) => {
                tracing::debug!(source = %self.source, %error, "the lease is not renewed now");
                self.held = Some(held);
            }
        }
    }
}

fn part(term: SignedDuration, count: i32) -> Duration {
    Duration::try_from(term / count).unwrap_or_default()
}
