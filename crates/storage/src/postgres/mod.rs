//! The store on a PostgreSQL server, for as many processes as one wants.
//!
//! Intake runs at REPEATABLE READ without locking what it reads: of two that touch the same
//! post, thread or ticket, the server refuses the one that commits second, and it starts over
//! on what the first has left. That happens seldom, because records of one author come to one
//! router, and so nobody pays for locks. People and timers lock the one ticket they change at
//! READ COMMITTED, because there meeting is the rule. Everybody writes tables and rows in the
//! same order (tickets, then threads), so that a circle of waiting cannot close; where one did
//! all the same, the server breaks it and the victim starts over.

mod access;
mod audit;
mod calendar;
mod cursor;
mod dead_letter;
mod failure;
mod flush;
mod idempotency;
mod incident;
mod incident_handling;
mod incident_posts;
mod intake;
mod load;
mod mention;
mod migration;
mod offset;
mod outbox;
mod people;
#[cfg(test)]
mod plan_tests;
mod pool;
mod pressure;
mod profile;
mod regroup;
mod relay;
mod session;
mod ticket;
mod ticket_list;
mod timer;
mod tls;
mod value;
mod work;
mod workspace;
mod writers;
#[cfg(test)]
mod writers_tests;

use crate::effect::Purpose;
use crate::{StorageError, Store};
use deadpool_postgres::{Client, Pool};
use failure::Fault;
use relay::Relay;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use switchboard_telemetry::Metrics;
use tokio::sync::Notify;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use work::{Isolation, Work};
use writers::Writers;

/// How often a transaction is tried that met another one. Each time somebody has come
/// further; ten meetings in a row of the handful of processes there are mean that something
/// else is wrong.
const TRANSACTION_ATTEMPTS_MAX: u32 = 10;

/// The pause after the first meeting, doubled with every further one: as long as a transaction
/// takes, so that the ticket everybody talks about has a quiet moment for this one too.
const PAUSE_MIN: Duration = Duration::from_millis(2);

/// The longest pause; ten attempts take at most some 0.7 s.
const PAUSE_MAX: Duration = Duration::from_millis(128);

/// What a store needs to begin.
#[derive(Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host/database`, as libpq reads it. May hold a password.
    pub url: String,
    /// Certificates (PEM) that the server's is checked against, instead of the system's.
    pub authorities: Option<PathBuf>,
    /// Which process writes: its audit rows are numbered under this name.
    pub writer: String,
    /// Transactions are timed here.
    pub metrics: Metrics,
}

/// All repositories in one database. Clones share the connections.
#[derive(Clone)]
pub struct PostgresStore {
    parts: Arc<Parts>,
}

struct Parts {
    pool: Pool,
    relay: Relay,
    writers: Writers,
    /// Ticket numbers that were drawn and not used.
    spare_ids: Mutex<Vec<i64>>,
    /// A transaction has left something to be told.
    stirred: Notify,
    metrics: Metrics,
}

/// A value of a statement.
type Parameter<'a> = &'a (dyn ToSql + Sync);

impl PostgresStore {
    /// Connects, and brings the schema up to date. Needs a connection of its own per session:
    /// a pooler in between must not share one between transactions.
    ///
    /// # Errors
    /// [`StorageError::Incompatible`] when the database is another program's or a newer
    /// version's; [`StorageError::Unavailable`] when it cannot be reached now.
    pub async fn open(options: PostgresOptions) -> Result<Self, StorageError> {
        let pool = pool::open(&options)?;
        let mut client = pool.get().await.map_err(Fault::from)?;
        migration::migrate(&mut client).await?;
        let parts = Parts {
            pool,
            relay: Relay::default(),
            writers: Writers::new(options.writer),
            spare_ids: Mutex::default(),
            stirred: Notify::new(),
            metrics: options.metrics,
        };
        Ok(Self {
            parts: Arc::new(parts),
        })
    }

    /// One handle per repository.
    pub fn store(&self) -> Store {
        Store {
            access: Arc::new(self.clone()),
            audit: Arc::new(self.clone()),
            calendars: Arc::new(self.clone()),
            cursors: Arc::new(self.clone()),
            dead_letters: Arc::new(self.clone()),
            idempotency_keys: Arc::new(self.clone()),
            incidents: Arc::new(self.clone()),
            intake: Arc::new(self.clone()),
            offsets: Arc::new(self.clone()),
            outbox: Arc::new(self.clone()),
            people: Arc::new(self.clone()),
            profiles: Arc::new(self.clone()),
            sessions: Arc::new(self.clone()),
            tickets: Arc::new(self.clone()),
            timers: Arc::new(self.clone()),
        }
    }

    async fn client(&self) -> Result<Client, Fault> {
        Ok(self.parts.pool.get().await?)
    }

    /// Begins a transaction that writes.
    async fn write(&self, purpose: Purpose, isolation: Isolation) -> Result<Work, Fault> {
        Work::begin(Arc::clone(&self.parts), purpose, isolation).await
    }

    /// Begins a transaction that reads several times and sees one state.
    async fn snapshot(&self) -> Result<Work, Fault> {
        Work::begin(
            Arc::clone(&self.parts),
            Purpose::People,
            Isolation::Snapshot,
        )
        .await
    }

    /// One statement that reads.
    async fn read(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, StorageError> {
        let client = self.client().await?;
        let statement = client
            .prepare_cached(statement)
            .await
            .map_err(Fault::from)?;
        Ok(client
            .query(&statement, parameters)
            .await
            .map_err(Fault::from)?)
    }

    /// One statement that reads at most one row.
    async fn read_opt(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Option<Row>, StorageError> {
        Ok(self.read(statement, parameters).await?.into_iter().next())
    }

    /// One statement that writes, in a transaction of its own; says how many rows it touched.
    async fn execute(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<u64, StorageError> {
        let client = self.client().await?;
        let statement = client
            .prepare_cached(statement)
            .await
            .map_err(Fault::from)?;
        Ok(client
            .execute(&statement, parameters)
            .await
            .map_err(Fault::from)?)
    }
}

impl Parts {
    fn take_spare_ids(&self) -> Vec<i64> {
        std::mem::take(
            &mut self
                .spare_ids
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    fn keep_spare_ids(&self, ids: Vec<i64>) {
        self.spare_ids
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(ids);
    }
}

/// Tries again while the transaction meets others.
async fn retried<T, F>(attempt: impl Fn() -> F + Send) -> Result<T, StorageError>
where
    F: Future<Output = Result<T, Fault>> + Send,
{
    let mut pause = PAUSE_MIN;
    for _ in 1..TRANSACTION_ATTEMPTS_MAX {
        match attempt().await {
            Err(Fault::Met(reason)) => tracing::debug!(reason, "met another transaction"),
            settled => return Ok(settled?),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
    Ok(attempt().await?)
}
