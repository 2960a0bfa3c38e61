//! One running Switchboard.

use anyhow::{Context, Result, bail, ensure};
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long anything that must happen may take before the test says that it did not. Far
/// above what it takes; two busy cores are slow.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// How often a condition is looked at while it is waited for.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// How a server is started.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Configuration text; the built-in default when empty.
    pub config: String,
    /// `name=passes`, for the fault suite.
    pub failpoints: String,
    /// Roles; all when empty.
    pub roles: String,
    /// Variables of the process; it has no others.
    pub environment: Vec<(String, String)>,
}

/// A server on a free port with an administrator's token.
pub struct Server {
    child: Child,
    /// The API.
    pub url: String,
    /// The ops listener.
    pub ops_url: String,
    token: String,
    data_dir: PathBuf,
    client: Client,
}

/// A client for tests. The product's own clients bring their TLS along; this one is told.
pub fn http() -> Client {
    // Another test of this process may have been first.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

/// The binary under test.
pub fn binary() -> PathBuf {
    let built = crate::workspace().join("target/debug/switchboard");
    std::env::vars_os()
        .find(|(name, _)| name == "SWITCHBOARD_BIN")
        .map_or(built, |(_, path)| PathBuf::from(path))
}

/// A command of the binary, with nothing of our own environment in it.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).env_clear().kill_on_drop(true);
    command
}

impl Server {
    /// Starts one on `data_dir` and waits until it is ready.
    pub async fn start(data_dir: &Path, options: &Options) -> Result<Self> {
        let token = token(data_dir).await?;
        Self::start_with_token(data_dir, options, token).await
    }

    /// As [`Server::start`], for a directory that has a token already.
    pub async fn start_with_token(
        data_dir: &Path,
        options: &Options,
        token: String,
    ) -> Result<Self> {
        let dir = data_dir.display().to_string();
        let mut run = command(&["run", "--json", "--listen", "127.0.0.1:0"]);
        run.args(["--ops-listen", "127.0.0.1:0", "--data-dir", &dir]);
        if !options.roles.is_empty() {
            run.args(["--roles", &options.roles]);
        }
        if !options.config.is_empty() {
            let file = data_dir.join("test.toml");
            std::fs::write(&file, &options.config)?;
            run.arg("--config").arg(file);
        }
        run.envs(options.environment.iter().cloned())
            .env("SWITCHBOARD_FAILPOINTS", &options.failpoints);
        let log = std::fs::File::create(data_dir.join("server.log"))?;
        let mut child = run
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("no binary")?;
        let ready = ready_line(&mut child)
            .await
            .with_context(|| said(data_dir))?;
        let address = |key: &str| ready[key].as_str().map(str::to_owned).context("ready line");
        Ok(Self {
            url: address("url")?,
            ops_url: address("ops_url")?,
            child,
            token,
            data_dir: data_dir.to_owned(),
            client: http(),
        })
    }

    /// The token of this server's administrator.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Its process.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// GET, which must succeed.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let request = self
            .client
            .get(format!("{}{path}", self.url))
            .bearer_auth(&self.token);
        let response = request.timeout(PATIENCE).send().await?;
        let status = response.status();
        ensure!(
            status.is_success(),
            "GET {path}: {status}: {}",
            response.text().await?
        );
        Ok(response.json().await?)
    }

    /// POST of a JSON body, whatever the answer.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Response> {
        let request = self
            .client
            .post(format!("{}{path}", self.url))
            .bearer_auth(&self.token);
        Ok(request.timeout(PATIENCE).json(body).send().await?)
    }

    /// POST of mentions as lines, whatever the answer.
    pub async fn post_mentions(&self, lines: String) -> Result<Response> {
        let url = format!("{}/api/v1/mentions", self.url);
        let request = self.client.post(url).bearer_auth(&self.token);
        let request = request
            .header("content-type", "application/x-ndjson")
            .body(lines);
        Ok(request.timeout(PATIENCE).send().await?)
    }

    /// A plain GET on the ops listener.
    pub async fn ops(&self, path: &str) -> Result<(StatusCode, String)> {
        let response = self
            .client
            .get(format!("{}{path}", self.ops_url))
            .send()
            .await?;
        Ok((response.status(), response.text().await?))
    }

    /// The value of one series of `/metrics`; 0 when it is not there yet.
    pub async fn metric(&self, series: &str) -> Result<f64> {
        let (_, text) = self.ops("/metrics").await?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        Ok(line.map_or(Ok(0.0), str::parse)?)
    }

    /// Waits until `path` satisfies `holds`.
    pub async fn wait_for<Holds>(&self, path: &str, holds: Holds) -> Result<Value>
    where
        Holds: Fn(&Value) -> bool,
    {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let last = self.get(path).await?;
            if holds(&last) {
                return Ok(last);
            }
            if tokio::time::Instant::now() > deadline {
                bail!("{path} stayed at {last}\n{}", said(&self.data_dir));
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Waits for the process to end by itself.
    pub async fn wait(&mut self) -> Result<ExitStatus> {
        self.wait_for_end(PATIENCE).await
    }

    /// As [`Server::wait`], for an end that takes its time.
    pub async fn wait_for_end(&mut self, limit: Duration) -> Result<ExitStatus> {
        Ok(tokio::time::timeout(limit, self.child.wait()).await??)
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// SIGKILL, and nothing else.
    pub async fn kill(&mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// SIGTERM, and waits for the end.
    pub async fn stop(&mut self) -> Result<ExitStatus> {
        let pid = self.child.id().context("it has ended already")?.to_string();
        Command::new("kill").args(["-TERM", &pid]).status().await?;
        self.wait().await
    }
}

/// What the server of that directory wrote to stderr, for the message of a failed test.
pub fn said(data_dir: &Path) -> String {
    let log = std::fs::read_to_string(data_dir.join("server.log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    let last = lines.len().saturating_sub(40);
    format!("the server said:\n{}", lines[last..].join("\n"))
}

/// Makes an administrator's token in that directory.
pub async fn token(data_dir: &Path) -> Result<String> {
    token_named(data_dir, "test").await
}

/// As [`token`], under another name: names are not used twice.
pub async fn token_named(data_dir: &Path, name: &str) -> Result<String> {
    let dir = data_dir.display().to_string();
    let create = [
        "token",
        "create",
        name,
        "--role",
        "admin",
        "--data-dir",
        &dir,
    ];
    let output = command(&create)
        .output()
        .await
        .context("no binary: run `make test`")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "token create: {stderr}");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

async fn ready_line(child: &mut Child) -> Result<Value> {
    let stdout = child.stdout.take().context("no stdout")?;
    let mut lines = BufReader::new(stdout).lines();
    let line = tokio::time::timeout(PATIENCE, lines.next_line()).await??;
    Ok(serde_json::from_str(
        &line.context("it ended before it was ready")?,
    )?)
}
