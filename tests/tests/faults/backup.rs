//! The machine is lost and a backup is put back: it is the state of one instant, whatever came
//! in while it was taken, and a damaged one is refused.

use super::kills::number_from;
use anyhow::{Context, Result, ensure};
use rstest::rstest;
use serde_json::Value;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use switchboard_tests::invariants::{self, SHORT_PROMISES};
use switchboard_tests::server::{PATIENCE, command};
use switchboard_tests::{Installation, Options, Server, posts, topics};

const POSTS: usize = 3_000;

/// Small, so that an instant falls into many different places.
const POSTS_PER_REQUEST: usize = 15;

/// A backup begins when so many posts of a thousand were acknowledged.
const BACKUPS_AT: [usize; 3] = [150, 400, 650];

const LOOK_INTERVAL: Duration = Duration::from_millis(5);

/// What `learn` leaves behind, on another model than the shipped one.
const LEARNED: &str = "models/linear-former/0001-linear-better.bin";

/// All that lies in the backup of a server that has learned once.
const FILES: [&str; 5] = [
    "log.db",
    "store.db",
    LEARNED,
    "manifest.json",
    "manifest.sha256",
];

/// A backup, and how many posts were acknowledged before it began.
struct Taken {
    path: PathBuf,
    acknowledged: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_before_a_backup_is_there_once_after_a_restore() -> Result<()> {
    let seed = number_from("SWITCHBOARD_SEED").unwrap_or_else(rand::random);
    eprintln!("SWITCHBOARD_SEED={seed}");
    let installation = Installation::on_files(SHORT_PROMISES).await?;
    let data_dir = installation.data_dir("only")?;
    learned(&data_dir)?;
    let sent = posts::mixed(POSTS, seed);
    let mut server = installation.start("only", "").await?;
    let acknowledged = AtomicUsize::new(0);
    let load = load(&server, &sent, &acknowledged);
    let ((), backups) = tokio::try_join!(load, backups(&installation, &acknowledged))?;
    let position = position(&server).await?;
    server.kill().await?;
    for taken in backups {
        std::fs::remove_dir_all(&data_dir)?;
        come_back(&installation, &taken, &sent, &position)
            .await
            .with_context(|| format!("{}: {}", taken.path.display(), installation.said()))?;
    }
    Ok(())
}

fn learned(data_dir: &Path) -> Result<()> {
    let path = data_dir.join(LEARNED);
    std::fs::create_dir_all(path.parent().context("a folder")?)?;
    Ok(std::fs::write(path, b"weights")?)
}

async fn load(server: &Server, sent: &[Value], acknowledged: &AtomicUsize) -> Result<()> {
    for part in sent.chunks(POSTS_PER_REQUEST) {
        let answer = server.post_mentions(posts::lines(part)).await?;
        ensure!(answer.status() == 202, "{}", answer.text().await?);
        acknowledged.fetch_add(part.len(), Ordering::SeqCst);
    }
    Ok(())
}

async fn backups(installation: &Installation, acknowledged: &AtomicUsize) -> Result<Vec<Taken>> {
    let mut taken = vec![];
    for share in BACKUPS_AT {
        while acknowledged.load(Ordering::SeqCst) < POSTS * share / 1_000 {
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        let path = installation.folder().join(format!("backup-{share}"));
        let before = acknowledged.load(Ordering::SeqCst);
        let place = path.display().to_string();
        let told = installation.tell(&["backup", &place, "--json"]).await?;
        let told: Value = serde_json::from_str(&told)?;
        let meanwhile = acknowledged.load(Ordering::SeqCst) - before;
        eprintln!("{before} acknowledged before, {meanwhile} meanwhile: {told}");
        ensure!(meanwhile > 0, "posts come in while it is taken");
        ensure!(told["files"] == 3, "log, store and what was learned");
        taken.push(Taken {
            path,
            acknowledged: before,
        });
    }
    Ok(taken)
}

/// Where a department's own system reads on, as it knows before the machine is lost.
async fn position(server: &Server) -> Result<String> {
    let page = server
        .get("/api/v1/topics/queue.support?from=latest")
        .await?;
    Ok(page["next"].as_str().context("a position")?.to_owned())
}

async fn come_back(
    installation: &Installation,
    taken: &Taken,
    sent: &[Value],
    position: &str,
) -> Result<()> {
    let data_dir = installation.data_dir("only")?;
    let restored = restore(&taken.path, &data_dir).await?;
    ensure!(restored.status.success(), "{}", stderr(&restored));
    ensure!(std::fs::read(data_dir.join(LEARNED))? == b"weights");
    let mut server = installation.start("only", "").await?;
    invariants::wait_until_idle(installation, &server, PATIENCE).await?;
    let known = known(&server).await?;
    let is_known = |post: &&Value| post["id"].as_str().is_some_and(|id| known.contains(id));
    let lost = sent[..taken.acknowledged].iter().filter(|it| !is_known(it));
    let lost = lost.count();
    ensure!(lost == 0, "{lost} acknowledged posts are lost");
    let there: Vec<Value> = sent.iter().filter(is_known).cloned().collect();
    ensure!(there.len() < sent.len(), "it is of an earlier moment");
    invariants::check(installation, &server, &there, 0).await?;
    let path = format!("/api/v1/topics/queue.support?from={position}");
    let elsewhere = server
        .get(&path)
        .await
        .err()
        .context("a foreign position")?;
    ensure!(elsewhere.to_string().contains("another log"), "{elsewhere}");
    load(&server, sent, &AtomicUsize::new(0)).await?;
    invariants::wait_until_idle(installation, &server, PATIENCE).await?;
    invariants::check(installation, &server, sent, 0).await?;
    ensure!(server.stop().await?.success(), "a clean end");
    Ok(())
}

/// The posts that are in the log.
async fn known(server: &Server) -> Result<BTreeSet<String>> {
    let records = topics::read_all(server, "mention.received").await?;
    let id = |record: &Value| {
        let id = record["value"]["mention"]["id"].as_str();
        id.map(str::to_owned)
            .with_context(|| format!("no id in {record}"))
    };
    records.iter().map(id).collect()
}

async fn restore(from: &Path, to: &Path) -> Result<Output> {
    let mut restore = command(&["restore", "--json"]);
    restore.arg(from).arg("--data-dir").arg(to);
    Ok(restore.output().await?)
}

async fn backup(data_dir: &Path, to: &Path) -> Result<Output> {
    let mut backup = command(&["backup", "--json"]);
    backup.arg(to).arg("--data-dir").arg(data_dir);
    Ok(backup.output().await?)
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn is_refused(output: &Output, code: i32, want: &str) -> Result<()> {
    let said = stderr(output);
    ensure!(
        output.status.code() == Some(code),
        "{}: {said}",
        output.status
    );
    ensure!(said.contains(want), "`{want}` is not in: {said}");
    Ok(())
}

/// A data directory in which some posts have become tickets, its server, and a backup of it.
async fn lived_in(dir: &Path) -> Result<(Server, PathBuf)> {
    let data_dir = dir.join("data");
    std::fs::create_dir(&data_dir)?;
    learned(&data_dir)?;
    let server = Server::start(&data_dir, &Options::default()).await?;
    let lines = posts::lines(&posts::mixed(50, 7));
    ensure!(server.post_mentions(lines).await?.status() == 202);
    let some = |it: &Value| it["tickets"].as_array().is_some_and(|it| it.len() > 5);
    server.wait_for("/api/v1/tickets", some).await?;
    let to = dir.join("backup");
    let taken = backup(&data_dir, &to).await?;
    ensure!(taken.status.success(), "{}", stderr(&taken));
    Ok((server, to))
}

#[tokio::test]
async fn a_damaged_backup_is_refused_and_the_file_named() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (mut server, from) = lived_in(dir.path()).await?;
    server.stop().await?;
    let to = dir.path().join("new");
    for file in FILES {
        let path = from.join(file);
        let good = std::fs::read(&path)?;
        let mut bad = good.clone();
        bad[good.len() / 2] ^= 4;
        std::fs::write(&path, bad)?;
        is_refused(&restore(&from, &to).await?, 1, file)?;
        ensure!(!to.exists(), "{file}: nothing is written");
        std::fs::write(&path, good)?;
    }
    let restored = restore(&from, &to).await?;
    ensure!(restored.status.success(), "{}", stderr(&restored));
    is_refused(&restore(&from, &to).await?, 2, "is not empty")?;
    Ok(())
}

#[tokio::test]
async fn nothing_is_written_over() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (mut server, from) = lived_in(dir.path()).await?;
    let data_dir = dir.path().join("data");
    is_refused(&restore(&from, &data_dir).await?, 2, "a running server")?;
    is_refused(&backup(&data_dir, &from).await?, 2, "is there already")?;
    server.stop().await?;
    is_refused(&restore(&from, &data_dir).await?, 2, "move it away")?;
    let nowhere = dir.path().join("no/where");
    is_refused(&backup(&data_dir, &nowhere).await?, 2, "make it first")?;
    let after_the_end = dir.path().join("again");
    let taken = backup(&data_dir, &after_the_end).await?;
    ensure!(taken.status.success(), "{}", stderr(&taken));
    Ok(())
}

#[tokio::test]
async fn only_the_owner_reads_a_backup() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (mut server, from) = lived_in(dir.path()).await?;
    server.stop().await?;
    let mode = |path: &Path| Ok::<u32, anyhow::Error>(path.metadata()?.permissions().mode());
    for path in ["", "models", "models/linear-former"] {
        ensure!(mode(&from.join(path))? & 0o777 == 0o700, "{path}");
    }
    for file in FILES {
        ensure!(mode(&from.join(file))? & 0o777 == 0o600, "{file}");
    }
    Ok(())
}

#[rstest]
#[case::store("[store]\nurl = 'postgres://me@db/x'", "pg_dump")]
#[case::log("[log]\nurl = 'kafka://broker:9092'", "Kafka")]
#[tokio::test]
async fn what_is_kept_on_servers_is_theirs_to_back_up(
    #[case] config: &str,
    #[case] want: &str,
) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("test.toml");
    std::fs::write(&file, config)?;
    for words in ["backup", "restore"] {
        let mut asked = command(&[words]);
        asked
            .arg(dir.path().join("there"))
            .arg("--config")
            .arg(&file);
        is_refused(&asked.output().await?, 2, want)?;
    }
    Ok(())
}
