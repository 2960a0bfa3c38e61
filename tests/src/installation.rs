//! One installation, of one process or of many: on files, or on Kafka and PostgreSQL.
//!
//! The configuration is the same on both but for two lines, the `url`s of `[log]` and
//! `[store]`.

use crate::postgres::{Postgres, Schema};
use crate::server::{self, Options, command};
use crate::store::StoreView;
use crate::{Server, kafka};
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Where an installation keeps what it knows.
enum Place {
    /// In the data directory of its one process.
    Files,
    /// On servers, which its processes share.
    Servers {
        bootstrap: String,
        prefix: String,
        database: String,
        /// Goes with the installation.
        _schema: Option<Schema>,
    },
}

/// What processes of one installation have in common.
pub struct Installation {
    dir: TempDir,
    place: Place,
    config: String,
    token: String,
}

impl Installation {
    /// On files. `config` has neither `[log]` nor `[store]`.
    ///
    /// # Errors
    /// When there is no binary.
    pub async fn on_files(config: &str) -> Result<Self> {
        Self::new(tempfile::tempdir()?, Place::Files, config).await
    }

    /// As [`Installation::on_files`], in a folder below `place`.
    ///
    /// # Errors
    /// When there is no binary.
    pub async fn on_files_in(place: &Path, config: &str) -> Result<Self> {
        Self::new(tempfile::tempdir_in(place)?, Place::Files, config).await
    }

    /// On the Kafka and the PostgreSQL of this test binary, in a corner of its own; `None`
    /// when the environment says to go without one of them, which was said aloud.
    ///
    /// # Errors
    /// When one of them cannot be had; says what is missing.
    pub async fn on_shared_servers(config: &str) -> Result<Option<Self>> {
        if kafka::is_skipped() {
            return Ok(None);
        }
        let Some(postgres) = tokio::task::spawn_blocking(Postgres::shared).await?? else {
            return Ok(None);
        };
        let bootstrap = tokio::task::spawn_blocking(kafka::bootstrap).await?;
        let schema = postgres.schema()?;
        let place = Place::Servers {
            bootstrap,
            prefix: format!("test-{:x}.", rand::random::<u64>()),
            database: schema.url.clone(),
            _schema: Some(schema),
        };
        Ok(Some(Self::new(tempfile::tempdir()?, place, config).await?))
    }

    /// On servers that the test itself starts and stops.
    ///
    /// # Errors
    /// When there is no binary, or the servers do not answer.
    pub async fn on_servers(bootstrap: &str, database: &str, config: &str) -> Result<Self> {
        let place = Place::Servers {
            bootstrap: bootstrap.to_owned(),
            prefix: String::new(),
            database: database.to_owned(),
            _schema: None,
        };
        Self::new(tempfile::tempdir()?, place, config).await
    }

    async fn new(dir: TempDir, place: Place, config: &str) -> Result<Self> {
        let mut installation = Self {
            dir,
            config: format!("{config}\n{}", place.lines()),
            place,
            token: String::new(),
        };
        installation.token = installation.new_token("test").await?;
        Ok(installation)
    }

    /// Makes an administrator's token, also beside running processes.
    ///
    /// # Errors
    /// When the command refuses; says what it said.
    pub async fn new_token(&self, name: &str) -> Result<String> {
        self.tell(&["token", "create", name, "--role", "admin"])
            .await
    }

    /// Starts a process of those roles (all, when empty) and waits until it is ready. The
    /// installation on files has one process; its name is of no account.
    ///
    /// # Errors
    /// When it does not get ready; says what it wrote.
    pub async fn start(&self, name: &str, roles: &str) -> Result<Server> {
        self.start_with(name, roles, "").await
    }

    /// As [`Installation::start`], with a point at which the process kills itself.
    ///
    /// # Errors
    /// When it does not get ready; says what it wrote.
    pub async fn start_with(&self, name: &str, roles: &str, failpoints: &str) -> Result<Server> {
        let options = Options {
            config: self.config.clone(),
            failpoints: failpoints.to_owned(),
            roles: roles.to_owned(),
            environment: self.place.environment(),
        };
        let dir = self.data_dir(name)?;
        Server::start_with_token(&dir, &options, self.token.clone()).await
    }

    /// What a command about this installation prints; it must succeed.
    ///
    /// # Errors
    /// With what it wrote to stderr, when it fails.
    pub async fn tell(&self, arguments: &[&str]) -> Result<String> {
        let dir = self.data_dir("commands")?;
        let file = dir.join("test.toml");
        std::fs::write(&file, &self.config)?;
        let output = command(arguments)
            .envs(self.place.environment())
            .arg("--config")
            .arg(&file)
            .arg("--data-dir")
            .arg(&dir)
            .output()
            .await
            .context("no binary: run `make test`")?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{arguments:?}: {stderr}");
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// The tables, read beside the processes.
    ///
    /// # Errors
    /// When they cannot be opened.
    pub fn store(&self) -> Result<StoreView> {
        match &self.place {
            Place::Files => StoreView::open(&self.data_dir("")?),
            Place::Servers { database, .. } => Ok(StoreView::on_postgres(database)),
        }
    }

    /// What the processes wrote to stderr.
    pub fn said(&self) -> String {
        let folders = std::fs::read_dir(self.dir.path()).into_iter().flatten();
        let said = folders.flatten().map(|folder| {
            let name = folder.file_name();
            format!("{}: {}", name.display(), server::said(&folder.path()))
        });
        said.collect::<Vec<_>>().join("\n")
    }

    /// Where a process of that name keeps its lock (and, on files, everything).
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn data_dir(&self, name: &str) -> Result<PathBuf> {
        let dir = match &self.place {
            Place::Files => self.dir.path().join("only"),
            Place::Servers { .. } => self.dir.path().join(name),
        };
        std::fs::create_dir_all(&dir)?;
        Ok(dir)
    }

    /// A folder that goes with the installation.
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// Before the name of every log topic and group on Kafka.
    pub fn prefix(&self) -> &str {
        match &self.place {
            Place::Files => "",
            Place::Servers { prefix, .. } => prefix,
        }
    }
}

impl Place {
    /// The two lines.
    fn lines(&self) -> String {
        match self {
            Self::Files => String::new(),
            Self::Servers { bootstrap, .. } => format!(
                "[log]\nurl = \"kafka://{bootstrap}\"\n[store]\nurl = \"env:DATABASE_URL\"\n"
            ),
        }
    }

    fn environment(&self) -> Vec<(String, String)> {
        match self {
            Self::Files => vec![],
            Self::Servers {
                prefix, database, ..
            } => {
                let mut environment = vec![("DATABASE_URL".to_owned(), database.clone())];
                if !prefix.is_empty() {
                    let key = "SWITCHBOARD_LOG__KAFKA__PREFIX".to_owned();
                    environment.push((key, prefix.clone()));
                }
                environment
            }
        }
    }
}
