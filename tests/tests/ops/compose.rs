//! The composed installation, as far as that goes without a container engine: the file is
//! read, and what it says of us is tried.

use crate::files::{deploy, elements, yaml};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use switchboard_tests::server::command;
use switchboard_tests::{Options, Server};

/// Every part of the work.
const ROLES: [&str; 5] = ["alert", "classify", "inbox", "ingest", "route"];

/// Where a process tells how it is; the health check asks there.
const OPS_PORT: &str = "9464";

fn compose() -> Result<Value> {
    yaml(&deploy("compose/compose.yaml"))
}

fn services(compose: &Value) -> Result<Vec<(&String, &Value)>> {
    let services = compose["services"].as_object().context("services")?;
    Ok(services.iter().collect())
}

/// Those that run our binary.
fn ours(compose: &Value) -> Result<Vec<(&String, &Value)>> {
    let mut services = services(compose)?;
    services.retain(|(_, service)| service["build"].is_object());
    Ok(services)
}

/// The word after `--roles`.
fn roles(service: &Value) -> Vec<&str> {
    let words: Vec<&str> = elements(&service["command"])
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let after = words.iter().skip_while(|word| **word != "--roles").nth(1);
    after.map_or(vec![], |roles| roles.split(',').collect())
}

#[test]
fn every_role_runs_and_the_inbox_twice() -> Result<()> {
    let compose = compose()?;
    let mut all: Vec<&str> = ours(&compose)?
        .iter()
        .flat_map(|(_, it)| roles(it))
        .collect();
    all.sort_unstable();
    let distinct: BTreeSet<&str> = all.iter().copied().collect();
    assert_eq!(distinct.into_iter().collect::<Vec<_>>(), ROLES);
    assert_eq!(all.iter().filter(|role| **role == "inbox").count(), 2);
    Ok(())
}

#[test]
fn prometheus_scrapes_every_process() -> Result<()> {
    let compose = compose()?;
    let names = ours(&compose)?;
    let want: BTreeSet<String> = names
        .iter()
        .map(|(name, _)| format!("{name}:{OPS_PORT}"))
        .collect();
    let config = yaml(&deploy("prometheus/prometheus.yml"))?;
    let targets = &config["scrape_configs"][0]["static_configs"][0]["targets"];
    let targets = elements(targets)
        .iter()
        .filter_map(|it| it.as_str().map(str::to_owned));
    assert_eq!(targets.collect::<BTreeSet<_>>(), want);
    Ok(())
}

#[test]
fn every_service_is_pinned_watched_and_confined() -> Result<()> {
    let compose = compose()?;
    let mut problems = Vec::new();
    for (name, service) in services(&compose)? {
        let image = service["image"].as_str().unwrap_or_default();
        let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag);
        if !tag
            .trim_start_matches('v')
            .starts_with(|it: char| it.is_ascii_digit())
        {
            problems.push(format!("{name}: image `{image}`"));
        }
        for key in ["healthcheck", "restart", "security_opt"] {
            if service[key].is_null() {
                problems.push(format!("{name}: no `{key}`"));
            }
        }
        for port in elements(&service["ports"]) {
            if !port.as_str().is_some_and(|it| it.starts_with("127.0.0.1:")) {
                problems.push(format!("{name}: open to everybody: {port}"));
            }
        }
    }
    for (name, service) in ours(&compose)? {
        let confined = service["user"] == "10001"
            && service["read_only"] == true
            && service["cap_drop"][0] == "ALL"
            && service["depends_on"]["postgres"]["condition"] == "service_healthy";
        if !confined {
            problems.push(format!("{name}: is not confined"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

#[test]
fn what_is_mounted_is_there() -> Result<()> {
    let compose = compose()?;
    for (name, service) in services(&compose)? {
        for mount in elements(&service["volumes"]) {
            let source = mount.as_str().and_then(|it| it.split(':').next());
            let source = source.context("a mount")?;
            let known = if source.starts_with('.') {
                deploy("compose").join(source).exists()
            } else {
                compose["volumes"]
                    .as_object()
                    .is_some_and(|it| it.contains_key(source))
            };
            ensure!(known, "{name}: {source}");
        }
    }
    let build = &ours(&compose)?[0].1["build"];
    let root = deploy("compose").join(build["context"].as_str().context("a context")?);
    let recipe = root.join(build["dockerfile"].as_str().context("a recipe")?);
    let recipe = std::fs::read_to_string(recipe)?;
    ensure!(recipe.contains("\nUSER 10001\n"), "not root");
    let bases = recipe.lines().filter_map(|line| line.strip_prefix("FROM "));
    for base in bases {
        ensure!(
            base.contains(|it: char| it.is_ascii_digit()),
            "{base} is not pinned"
        );
    }
    Ok(())
}

#[test]
fn no_password_stands_in_the_files_and_none_is_shared() -> Result<()> {
    let compose = compose()?;
    let declared = compose["secrets"].as_object().context("secrets")?;
    let mut used = BTreeSet::new();
    for (name, service) in services(&compose)? {
        used.extend(
            elements(&service["secrets"])
                .iter()
                .filter_map(Value::as_str),
        );
        for (key, value) in service["environment"].as_object().into_iter().flatten() {
            let is_secret = ["PASSWORD", "SECRET", "TOKEN"]
                .iter()
                .any(|it| key.contains(it));
            let value = value.as_str().unwrap_or_default();
            let is_kept = value.starts_with("/run/secrets/");
            ensure!(!is_secret || is_kept, "{name}: {key}={value}");
            ensure!(!value.contains("${"), "{name}: {key} has a default");
        }
    }
    let declared: BTreeSet<&str> = declared.keys().map(String::as_str).collect();
    assert_eq!(used, declared);

    let (one, other) = (tempfile::tempdir()?, tempfile::tempdir()?);
    for name in &declared {
        let made = |dir: &tempfile::TempDir| -> Result<String> {
            make_secrets(dir)?;
            let file = dir.path().join(name);
            let mode = std::fs::metadata(&file)?.permissions().mode();
            ensure!(mode & 0o777 == 0o400, "{name}: {mode:o}");
            Ok(std::fs::read_to_string(file)?)
        };
        let (first, second) = (made(&one)?, made(&other)?);
        ensure!(first == made(&one)?, "{name}: what is there stays");
        ensure!(
            first != second || name.starts_with("alerts-"),
            "{name}: made at random"
        );
    }
    Ok(())
}

fn make_secrets(dir: &tempfile::TempDir) -> Result<()> {
    let made = Command::new(deploy("compose/make-secrets"))
        .arg(dir.path())
        .output()?;
    ensure!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    Ok(())
}

#[tokio::test]
async fn the_configuration_is_fine() -> Result<()> {
    let file = deploy("compose/switchboard.toml").display().to_string();
    let checked = command(&["check", &file]).output().await?;
    let said = String::from_utf8_lossy(&checked.stderr);
    ensure!(checked.status.success(), "{said}");
    Ok(())
}

#[tokio::test]
async fn the_health_check_tells_a_ready_server_from_none() -> Result<()> {
    let compose = compose()?;
    let check = &ours(&compose)?[0].1["healthcheck"]["test"];
    let script = check[3].as_str().context("a script")?.to_owned();
    ensure!(check[1] == "bash" && check[2] == "-c", "{check}");
    let dir = tempfile::tempdir()?;
    let mut server = Server::start(dir.path(), &Options::default()).await?;
    let port = server
        .ops_url
        .rsplit_once(':')
        .context("a port")?
        .1
        .to_owned();
    let script = script.replace(OPS_PORT, &port);
    let is_healthy = async || -> Result<bool> {
        let mut bash = tokio::process::Command::new("bash");
        Ok(bash.args(["-c", &script]).output().await?.status.success())
    };
    ensure!(is_healthy().await?, "a ready server is healthy: {script}");
    server.stop().await?;
    ensure!(!is_healthy().await?, "no server is not");
    Ok(())
}
