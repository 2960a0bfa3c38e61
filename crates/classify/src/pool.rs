//! Memory that is used again from post to post.

use std::sync::{Mutex, PoisonError};

/// What a pure function notes down while it works, kept for its next call on any thread.
/// Never part of what its owner is: a copy begins empty, and two pools are equal.
pub(crate) struct Pool<T> {
    free: Mutex<Vec<Box<T>>>,
}

/// Kept for later: as many as threads that classify at once on a large machine.
const KEPT_MAX: usize = 64;

impl<T: Default> Pool<T> {
    /// Works with something from the pool, whatever it held before.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let kept = self.lock().pop();
        let mut held = kept.unwrap_or_default();
        let done = work(&mut held);
        let mut free = self.lock();
        if free.len() < KEPT_MAX {
            free.push(held);
        }
        done
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Box<T>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self {
            free: Mutex::new(Vec::new()),
        }
    }
}

impl<T> Clone for Pool<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T> PartialEq for Pool<T> {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl<T> std::fmt::Debug for Pool<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Pool")
    }
}
