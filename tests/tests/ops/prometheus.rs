//! A real Prometheus, and the tools that come with it.

use crate::files::{deploy, listed, yaml};
use crate::query::Query;
use anyhow::{Context, Result, bail, ensure};
use reqwest::{Client, Url};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use switchboard_tests::server::{PATIENCE, http};
use tempfile::TempDir;
use tokio::process::Child;

/// How often a condition is looked at while it is waited for.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// Short, so that a test need not wait for the next scrape.
const SCRAPE_INTERVAL: &str = "1s";

/// Whether the environment says to go without Prometheus.
pub(crate) fn is_skipped() -> bool {
    let skipped = std::env::var_os("SWITCHBOARD_SKIP_PROMETHEUS").is_some_and(|it| it == "1");
    if skipped {
        #[expect(clippy::print_stderr, reason = "a skipped test says so aloud")]
        {
            eprintln!("SKIPPED: SWITCHBOARD_SKIP_PROMETHEUS is set, no rule is evaluated");
        }
    }
    skipped
}

/// Runs a tool; fails with what it said.
pub(crate) fn tool(program: &str, arguments: &[&str], input: Option<&str>) -> Result<()> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let file = tempfile::tempfile()?;
    if let Some(text) = input {
        use std::io::{Seek, Write};
        let mut file = file.try_clone()?;
        file.write_all(text.as_bytes())?;
        file.rewind()?;
    }
    let output = command.stdin(file).output().with_context(|| {
        format!(
            "no `{program}`: apt-get install prometheus prometheus-alertmanager, or set \
             SWITCHBOARD_SKIP_PROMETHEUS=1 to go without"
        )
    })?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    ensure!(
        output.status.success(),
        "{program} {}: {said}",
        arguments.join(" ")
    );
    Ok(())
}

/// Whether all of them are `PromQL`.
pub(crate) fn check_expressions(queries: &[Query]) -> Result<()> {
    let rules: Vec<Value> = (0_usize..)
        .zip(queries)
        .map(|(number, query)| json!({ "record": format!("q:{number}"), "expr": query.filled() }))
        .collect();
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("rules.yaml");
    std::fs::write(
        &file,
        json!({ "groups": [{ "name": "q", "rules": rules }] }).to_string(),
    )?;
    tool(
        "promtool",
        &["check", "rules", &file.display().to_string()],
        None,
    )
}

/// A server that scrapes one target; stops when it is dropped.
pub(crate) struct Prometheus {
    url: String,
    client: Client,
    process: Child,
    dir: TempDir,
}

impl Prometheus {
    /// Runs on the shipped configuration and rules, with another target and a shorter interval.
    pub(crate) async fn start(target: &str) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        std::fs::write(
            dir.path().join("prometheus.yml"),
            config(target)?.to_string(),
        )?;
        let rules = dir.path().join("rules");
        std::fs::create_dir(&rules)?;
        for file in listed("prometheus/rules", "yaml")? {
            std::fs::copy(&file, rules.join(file.file_name().context("a name")?))?;
        }
        let address = format!("127.0.0.1:{}", free_port()?);
        let log = std::fs::File::create(dir.path().join("prometheus.log"))?;
        let process = tokio::process::Command::new("prometheus")
            .current_dir(dir.path())
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("no `prometheus`: apt-get install prometheus")?;
        let server = Self {
            url: format!("http://{address}"),
            client: http(),
            process,
            dir,
        };
        server.wait_until_scraped().await?;
        Ok(server)
    }

    /// A counter's first sample tells of no increase: what is counted before it is not seen.
    async fn wait_until_scraped(&self) -> Result<()> {
        let up = Query::new("up".to_owned(), "up == 1");
        let deadline = tokio::time::Instant::now() + PATIENCE;
        // Until it listens, it answers with an error.
        while !self
            .values(&up)
            .await
            .is_ok_and(|values| !values.is_empty())
        {
            if tokio::time::Instant::now() > deadline {
                bail!("prometheus scrapes nothing: {}", self.said());
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        Ok(())
    }

    /// The `data` of an answer.
    pub(crate) async fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Value> {
        let url = Url::parse_with_params(&format!("{}{path}", self.url), parameters)?;
        let mut answer: Value = self
            .client
            .get(url)
            .timeout(PATIENCE)
            .send()
            .await?
            .json()
            .await?;
        ensure!(
            answer["status"] == "success",
            "{path} {parameters:?}: {answer}"
        );
        Ok(answer["data"].take())
    }

    /// The values of a query at this moment.
    pub(crate) async fn values(&self, query: &Query) -> Result<Vec<f64>> {
        let data = self
            .get("/api/v1/query", &[("query", &query.filled())])
            .await;
        let data = data.with_context(|| query.place.clone())?;
        let results = data["result"].as_array().context("a vector")?;
        results
            .iter()
            .map(|it| Ok(it["value"][1].as_str().context("a value")?.parse()?))
            .collect()
    }

    /// What it wrote to stderr.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("prometheus.log")).unwrap_or_default()
    }

    /// Ends it and waits for the end.
    pub(crate) async fn stop(mut self) -> Result<()> {
        Ok(self.process.kill().await?)
    }
}

/// The shipped configuration for one target.
fn config(target: &str) -> Result<Value> {
    let mut config = yaml(&deploy("prometheus/prometheus.yml"))?;
    for key in ["scrape_interval", "evaluation_interval"] {
        config["global"][key] = SCRAPE_INTERVAL.into();
    }
    let jobs = config["scrape_configs"].as_array_mut().context("jobs")?;
    jobs.retain(|job| job["job_name"] == "switchboard");
    let job = jobs.first_mut().context("no job `switchboard`")?;
    job["static_configs"] = json!([{ "targets": [target] }]);
    if let Some(settings) = config.as_object_mut() {
        settings.remove("alerting");
    }
    Ok(config)
}

/// A port nobody listens on at this moment.
fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.port())
}

/// A file's path for a tool.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}
