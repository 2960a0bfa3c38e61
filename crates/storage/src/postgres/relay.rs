//! Who relays: the one process whose session holds the lock.
//!
//! The lock belongs to a session of the server, so it is free the moment its process dies,
//! and what is done under it is done in that session: who has lost the lock can claim nothing.

use super::PostgresStore;
use super::failure::Fault;
use deadpool_postgres::{Client, ClientWrapper, Object};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The session of this process that holds the lock, while nobody uses it.
#[derive(Default)]
pub(super) struct Relay(Mutex<Option<ClientWrapper>>);

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
        Candidate(Some(self.client().await?)).ask().await
    }

    /// Keeps the lock for the next call.
    pub(super) fn keep_relay_session(&self, session: ClientWrapper) {
        *self.parts.relay.idle() = Some(session);
    }
}

impl Relay {
    fn idle(&self) -> MutexGuard<'_, Option<ClientWrapper>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
