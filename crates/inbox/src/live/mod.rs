//! Live updates: every open page hears of changes as they happen, without gaps.
//!
//! | module | holds |
//! |---|---|
//! | [`ring`] | the last ten minutes of ticket events, by number |
//! | [`feed`] | the one reading of `ticket.events` that fills the ring |
//! | [`board`] | what everybody sees alike: queue counts and incidents, read once a second |
//! | [`subscription`] | one stream: what to say to it now, or how long to wait |
//! | [`pace`] | when a stream may or must speak |
//! | [`frame`] | the text of a server-sent event |
//! | [`seat`] | how many streams may be open |
//! | [`open`] | `GET /api/v1/live` |
//! | [`updates`] | the process-wide part, to be run beside the router |
//!
//! A stream keeps one number and no list: a slow client costs nothing, it only hears of more
//! at once. Numbers are those of the contract: dense, in commit order. Who asks for one that
//! the ring no longer holds, or never had, is told to start over (`resync`).

pub(crate) mod board;
pub(crate) mod feed;
pub(crate) mod frame;
pub(crate) mod open;
pub(crate) mod pace;
pub(crate) mod ring;
pub(crate) mod seat;
pub(crate) mod subscription;
#[cfg(test)]
mod tests;
pub(crate) mod updates;

use board::Board;
use ring::Ring;
use seat::Seats;
use std::sync::{Mutex, MutexGuard, PoisonError};
use switchboard_telemetry::Metrics;
use tokio::sync::watch;

/// What all streams of a process share.
pub(crate) struct Live {
    ring: Mutex<Ring>,
    /// The newest number of the ring; `None` until the feed has caught up with the log.
    newest: watch::Sender<Option<u64>>,
    board: watch::Sender<Board>,
    seats: Seats,
}

impl Live {
    pub(crate) fn new(metrics: Metrics) -> Self {
        Self {
            ring: Mutex::new(Ring::default()),
            newest: watch::Sender::new(None),
            board: watch::Sender::new(Board::default()),
            seats: Seats::new(metrics),
        }
    }

    /// Nothing inside can fail half-way, so a poisoned lock is as good as another.
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells every stream how far the ring is.
    fn announce(&self, newest: u64) {
        self.newest.send_if_modified(|known| {
            let moved = *known != Some(newest);
            *known = Some(newest);
            moved
        });
    }
}
