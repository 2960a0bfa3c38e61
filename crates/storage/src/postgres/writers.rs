//! Who writes audit rows: one writer per transaction that runs at a time.
//!
//! Each has its own gapless sequence in its own row, which only the transaction that has
//! borrowed the writer touches; so no transaction waits for another's sequence.

use std::sync::{Arc, Mutex, PoisonError};

/// The writers of this process.
#[derive(Clone)]
pub(super) struct Writers {
    pub(super) name: Arc<str>,
    idle: Arc<Mutex<Vec<i64>>>,
}

/// A writer in the hands of one transaction. Given back when it goes.
pub(super) struct Writer {
    of: Writers,
    id: Option<i64>,
}

impl Writers {
    pub(super) fn new(name: String) -> Self {
        Self {
            name: name.into(),
            idle: Arc::default(),
        }
    }

    pub(super) fn borrow(&self) -> Writer {
        Writer {
            of: self.clone(),
            id: self.idle().pop(),
        }
    }

    /// One that has no row yet.
    pub(super) fn another(&self) -> Writer {
        Writer {
            of: self.clone(),
            id: None,
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<i64>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    /// `None` when it has no row yet: the transaction makes one.
    pub(super) const fn id(&self) -> Option<i64> {
        self.id
    }

    /// Its row stands now.
    pub(super) const fn committed(&mut self, id: i64) {
        self.id = Some(id);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.of.idle().push(id);
        }
    }
}
