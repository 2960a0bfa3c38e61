//! `switchboard run`: the server.

use crate::arguments::{Listeners, Role, Run};
use crate::config::{Config, Environment};
use crate::exit::Done;
use crate::lock::{DataLock, Running};
use crate::wiring::{self, Again, Parts};
use crate::{login_link, randomness, terminal};
use anyhow::Result;
use clap::ValueEnum;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;
use switchboard_telemetry::init_tracing;

/// How long leaving the log may take: a broker that is away hears no goodbye. With the limits
/// of the drain it stays within the 25 s that are promised.
const CLOSE_LIMIT: Duration = Duration::from_secs(3);

pub(crate) async fn run(run: Run, environment: Environment) -> Result<Done> {
    let mut config = Config::load(run.installation.config.as_deref(), &environment)?;
    init_tracing(config.server.log_format, &config.server.log_filter)?;
    if let Some(dir) = &run.installation.data_dir {
        config.server.data_dir.clone_from(dir);
    }
    listen_on(&mut config, &run.listeners);
    let roles: BTreeSet<Role> = if run.roles.is_empty() {
        Role::value_variants().iter().copied().collect()
    } else {
        run.roles.iter().copied().collect()
    };
    let again = Again {
        file: run.installation.config.clone(),
        environment,
    };
    let server = Server::start(config, roles).await?;
    server.parts.reload_on_signal(again)?;
    server.announce(run.json, server.first_link().await?);
    server.run_to_end().await?;
    Ok(Done::Fully)
}

/// What was typed wins over what is configured.
pub(crate) fn listen_on(config: &mut Config, listeners: &Listeners) {
    config.server.listen = listeners.listen.unwrap_or(config.server.listen);
    config.server.ops_listen = listeners.ops_listen.unwrap_or(config.server.ops_listen);
}

/// A running server.
pub(crate) struct Server {
    pub(crate) parts: Parts,
    pub(crate) running: Running,
    _lock: DataLock,
}

impl Server {
    /// Takes the data directory, opens everything, starts every part, and is ready then.
    pub(crate) async fn start(config: Config, roles: BTreeSet<Role>) -> Result<Self> {
        let data_dir: PathBuf = config.server.data_dir.clone();
        let mut lock = DataLock::take(&data_dir)?;
        let api = wiring::listen(config.server.listen, "--listen").await?;
        let ops = wiring::listen(config.server.ops_listen, "--ops-listen").await?;
        let running = Running {
            pid: std::process::id(),
            url: format!("http://{}", api.local_addr()?),
            ops_url: format!("http://{}", ops.local_addr()?),
            secret: randomness::token(),
        };
        let parts = wiring::open(config, &data_dir, roles, &running.secret).await?;
        parts.start(api, ops).await?;
        lock.announce(&running)?;
        Ok(Self {
            parts,
            running,
            _lock: lock,
        })
    }

    /// A link for the first administrator, while nobody can log in; only where people do.
    async fn first_link(&self) -> Result<Option<String>> {
        if !self.parts.roles.contains(&Role::Inbox) {
            return Ok(None);
        }
        let public_url = self.parts.config.inbox.public_url.as_ref();
        let base_url = public_url.map_or_else(|| self.running.url.clone(), ToString::to_string);
        login_link::first(&self.parts.store, self.parts.clock.as_ref(), &base_url).await
    }

    /// One line when ready: for a program on stdout, for a person on stderr. The first link
    /// goes to the terminal, never to the log.
    pub(crate) fn announce(&self, json: bool, first_link: Option<String>) {
        let Running { url, ops_url, .. } = &self.running;
        if let Some(link) = &first_link {
            terminal::note(&format!(
                "nobody can log in yet; this link makes you the administrator, once, within \
                 an hour:\n  {link}"
            ));
        }
        if !json {
            terminal::note(&format!(
                "switchboard is ready: API {url}, metrics {ops_url}/metrics"
            ));
            return;
        }
        let mut ready = json!({ "url": url, "ops_url": ops_url });
        if let Some(link) = first_link {
            ready["login_url"] = link.into();
        }
        terminal::line(&ready.to_string());
    }

    /// Waits for the end, and leaves log and store closed.
    pub(crate) async fn run_to_end(self) -> Result<()> {
        let Self { parts, _lock, .. } = self;
        let ended = parts
            .lifecycle
            .run_to_end(parts.config.server.drain_delay)
            .await;
        match tokio::time::timeout(CLOSE_LIMIT, parts.log.close()).await {
            Ok(closed) => closed?,
            Err(_elapsed) => tracing::warn!("the log was not closed in time"),
        }
        ended
    }
}
