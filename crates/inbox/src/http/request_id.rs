//! A name for every request, in its answer and in the log.

use std::sync::atomic::{AtomicU64, Ordering};

/// Hands out request ids: the run's own prefix and a counter, so that an id is unique over
/// restarts without a random number per request.
#[derive(Debug)]
pub(crate) struct RequestIds {
    run: String,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new(run: impl Into<String>) -> Self {
        Self {
            run: run.into(),
            next: AtomicU64::new(1),
        }
    }

    pub(crate) fn next(&self) -> String {
        format!("{}-{}", self.run, self.next.fetch_add(1, Ordering::Relaxed))
    }
}
