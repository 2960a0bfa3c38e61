//! Where the binary runs: on its own files, or on Apache Kafka and PostgreSQL.

use anyhow::{Result, bail};
use switchboard_tests::kafka::Kafka;
use switchboard_tests::postgres::Postgres;
use switchboard_tests::{Installation, Server};

/// Brands and departments are the built-in ones, so that nothing but the path is measured.
const CONFIG: &str = "";

/// An installation and the servers it stands on, which end with it.
pub(crate) struct Place {
    installation: Installation,
    _servers: Option<(Kafka, Postgres)>,
}

impl Place {
    /// `embedded` or `beyond`.
    pub(crate) async fn new(kind: &str) -> Result<Self> {
        match kind {
            "embedded" => Ok(Self {
                installation: Installation::on_files(CONFIG).await?,
                _servers: None,
            }),
            "beyond" => Self::on_servers().await,
            other => bail!("`{other}` is no place to run: use `embedded` or `beyond`"),
        }
    }

    /// PostgreSQL writes to the disk before it answers, as it would in earnest.
    async fn on_servers() -> Result<Self> {
        let started =
            tokio::task::spawn_blocking(|| anyhow::Ok((Kafka::start(1)?, Postgres::start(true)?)));
        let servers = started.await??;
        let (bootstrap, database) = (servers.0.bootstrap(), servers.1.url().to_owned());
        Ok(Self {
            installation: Installation::on_servers(&bootstrap, &database, CONFIG).await?,
            _servers: Some(servers),
        })
    }

    /// One process with every role.
    pub(crate) async fn start(&self) -> Result<Server> {
        self.installation.start("bench", "").await
    }
}
