//! The connections: how many, and how long anything may take.

use super::PostgresOptions;
use super::tls;
use crate::StorageError;
use crate::error::internal;
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use std::time::Duration;
use tokio_postgres::Config;

/// Connections of one process. A process runs one intake, one look at the timers, one relay
/// and a handful of requests at a time; five processes fit a server's default of 100.
const CONNECTIONS_MAX: usize = 16;

/// How long a call waits for a free connection: longer means that all of them hang, and then
/// the caller should hear of it while it still waits itself.
const WAIT_LIMIT: Duration = Duration::from_secs(5);

/// How long connecting may take, with TLS and log-in, also across an ocean.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// No statement of ours reads more than a page or writes more than a batch: the slowest take
/// milliseconds, and half a minute outlasts a checkpoint on a slow disk.
const STATEMENT_LIMIT: Duration = Duration::from_secs(30);

/// How long a statement waits for a row that another transaction holds; those take milliseconds.
const LOCK_LIMIT: Duration = Duration::from_secs(10);

/// A transaction whose process has gone away without a word gives its rows back after this.
const IDLE_TRANSACTION_LIMIT: Duration = Duration::from_secs(30);

/// A peer that answers nothing for so long is dead: a machine without power sends no goodbye.
const SILENCE_LIMIT: Duration = Duration::from_secs(15);

/// A first look after so much silence, then every [`KEEPALIVE_STEP`].
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);

/// Three looks fit into [`SILENCE_LIMIT`].
const KEEPALIVE_STEP: Duration = Duration::from_secs(5);

/// Every statement of ours has an index to go by. Planned once while a table is still empty, it
/// would read the whole table until the server's next look at its size, minutes later; and the
/// price it puts on that would start its compiler for a sum over some hundred rows. Nor is a
/// bitmap of use: lists come in the index's own order.
const PLANNER: &str = "-c enable_seqscan=off -c enable_bitmapscan=off -c jit=off \
     -c plan_cache_mode=force_generic_plan";

/// A pool that connects when it is first asked.
pub(super) fn open(options: &PostgresOptions) -> Result<Pool, StorageError> {
    let mut config: Config = options.url.parse().map_err(|error| unusable(&error))?;
    limit(&mut config);
    let manager = Manager::from_config(
        config,
        tls::connector(options.authorities.as_deref())?,
        ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        },
    );
    Pool::builder(manager)
        .max_size(CONNECTIONS_MAX)
        .wait_timeout(Some(WAIT_LIMIT))
        .create_timeout(Some(CONNECT_LIMIT))
        .recycle_timeout(Some(CONNECT_LIMIT))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(internal)
}

/// What the URL says stands; what it does not say is limited here.
fn limit(config: &mut Config) {
    let ours = format!(
        "{PLANNER} -c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout={} \
         -c tcp_keepalives_idle={} -c tcp_keepalives_interval={} -c tcp_user_timeout={}",
        STATEMENT_LIMIT.as_millis(),
        LOCK_LIMIT.as_millis(),
        IDLE_TRANSACTION_LIMIT.as_millis(),
        KEEPALIVE_IDLE.as_secs(),
        KEEPALIVE_STEP.as_secs(),
        SILENCE_LIMIT.as_millis(),
    );
    let theirs = config.get_options().unwrap_or_default();
    let both = format!("{ours} {theirs}");
    config.options(both.trim_end());
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_LIMIT);
    }
    if config.get_application_name().is_none() {
        config.application_name("switchboard");
    }
    config
        .tcp_user_timeout(SILENCE_LIMIT)
        .keepalives_idle(KEEPALIVE_IDLE)
        .keepalives_interval(KEEPALIVE_STEP);
}

/// The URL may hold a password, so the message does not repeat it.
fn unusable(error: &tokio_postgres::Error) -> StorageError {
    StorageError::Incompatible {
        reason: format!(
            "the store's `url` cannot be used: {error}; \
             write `postgres://user@host/database` as libpq reads it"
        ),
    }
}
