//! Who relays: the one process whose session holds the lock.
//!
//! The lock belongs to a session of the server, so it is free the moment its process dies,
//! and what is done under it is done in that session: who has lost the lock can claim nothing.

use super::PostgresStore;
use super::failure::Fault;
use deadpool_postgres::{Client, ClientWrapper, Object};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What this process knows of the lock.
#[derive(Default)]
pub(super) struct Relay {
    /// The session that holds it, while nobody uses it.
    idle: Mutex<Option<ClientWrapper>>,
    /// Whether another process had it when this one last asked.
    is_elsewhere: AtomicBool,
}

/// A session that asks for the lock. Dropped in between, it is closed: it may have got it.
struct Candidate(Option<Client>);

impl PostgresStore {
    /// The session that holds the lock; `None` while another process (or another call of this
    /// one) has it. Dropping the session gives the lock up.
    pub(super) async fn relay_session(&self) -> Result<Option<ClientWrapper>, Fault> {
        let held = self.parts.relay.idle().take();
        if let Some(session) = held.filter(|session| !session.is_closed()) {
            return Ok(Some(session));
        }
        let session = Candidate(Some(self.client().await?)).ask().await?;
        let is_elsewhere = session.is_none();
        self.parts
            .relay
            .is_elsewhere
            .store(is_elsewhere, Ordering::Relaxed);
        Ok(session)
    }

    /// Whether another process had the lock when this one last asked.
    pub(super) fn relays_elsewhere(&self) -> bool {
        self.parts.relay.is_elsewhere.load(Ordering::Relaxed)
    }

    /// Keeps the lock for the next call.
    pub(super) fn keep_relay_session(&self, session: ClientWrapper) {
        *self.parts.relay.idle() = Some(session);
    }
}

impl Relay {
    fn idle(&self) -> MutexGuard<'_, Option<ClientWrapper>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Candidate {
    async fn ask(mut self) -> Result<Option<ClientWrapper>, Fault> {
        let Some(client) = &self.0 else {
            return Ok(None);
        };
        let statement = client
            .prepare_cached(
                "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || ':relay', 0))",
            )
            .await?;
        let is_ours: bool = client.query_one(&statement, &[]).await?.try_get(0)?;
        let client = self.0.take();
        Ok(client.filter(|_| is_ours).map(Object::take))
    }
}

impl Drop for Candidate {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Object::take(client));
        }
    }
}
