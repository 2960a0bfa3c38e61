//! The process-wide part of live updates.

use super::{board, feed};
use crate::state::Inbox;

/// Reads what all streams are told from. Without it they only say hello.
pub struct Updates(Inbox);

impl Updates {
    pub(crate) const fn new(inbox: Inbox) -> Self {
        Self(inbox)
    }

    /// What the tests look behind the routes with.
    #[cfg(test)]
    pub(crate) fn inbox(&self) -> Inbox {
        self.0.clone()
    }

    /// Until the process stops.
    pub async fn run(self) {
        let inbox = self.0;
        let feed = feed::run(&inbox.live, &inbox.log, inbox.clock.as_ref(), &inbox.stop);
        tokio::join!(feed, board::run(&inbox));
    }
}
