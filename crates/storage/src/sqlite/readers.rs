//! Connections that only read. They see the last commit and never wait for the writer.

use super::failure::{internal, unavailable};
use crate::StorageError;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Readers at a time: enough to keep a few cores busy; a list takes milliseconds, so more
/// would wait for the processor instead of for a connection.
pub(super) const READERS: usize = 4;

/// A fixed set of connections, lent to blocking threads.
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    room: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        let room = Arc::new(Semaphore::new(connections.len()));
        Self {
            idle: Arc::new(Mutex::new(connections)),
            room,
        }
    }

    /// Runs `job` on one snapshot of the store.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Transaction<'_>) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let permit = Arc::clone(&self.room)
            .acquire_owned()
            .await
            .map_err(internal)?;
        let idle = Arc::clone(&self.idle);
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut lent = Lent::take(&idle).ok_or_else(|| unavailable("no reader is left"))?;
            lent.read(job)
        });
        task.await.map_err(internal)?
    }
}

/// Gives its connection back, also when the job panics.
struct Lent<'a> {
    idle: &'a Mutex<Vec<Connection>>,
    connection: Option<Connection>,
}

impl<'a> Lent<'a> {
    fn take(idle: &'a Mutex<Vec<Connection>>) -> Option<Self> {
        let connection = idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        Some(Self {
            idle,
            connection: Some(connection),
        })
    }

    fn read<T>(
        &mut self,
        job: impl FnOnce(&Transaction<'_>) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let connection = self
            .connection
            .as_mut()
            .ok_or_else(|| internal("no connection"))?;
        let snapshot = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        job(&snapshot)
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let connections = self.connection.take();
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(connections);
    }
}
