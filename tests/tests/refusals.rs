//! A store and a log that do not belong together are refused before anybody is served:
//! going on would skip or repeat what was acknowledged.

use anyhow::{Result, ensure};
use serde_json::Value;
use std::path::Path;
use switchboard_tests::server::{PATIENCE, command};
use switchboard_tests::{Options, Server, posts};

/// A data directory in which some posts have become tickets, with a clean end.
async fn lived_in(dir: &Path) -> Result<()> {
    let mut server = Server::start(dir, &Options::default()).await?;
    send(&server, 40).await?;
    ensure!(server.stop().await?.success(), "a clean end");
    Ok(())
}

async fn send(server: &Server, seed: u64) -> Result<()> {
    server
        .post_mentions(posts::lines(&posts::mixed(30, seed)))
        .await?;
    let some = |it: &Value| it["tickets"].as_array().is_some_and(|it| it.len() > 5);
    server.wait_for("/api/v1/tickets", some).await?;
    Ok(())
}

async fn refusal(dir: &Path) -> Result<String> {
    let dir = dir.display().to_string();
    let listeners = ["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
    let mut run = command(&[&["run", "--json", "--data-dir", &dir], &listeners[..]].concat());
    let output = tokio::time::timeout(PATIENCE, run.output()).await??;
    ensure!(
        output.status.code() == Some(1),
        "it ends with 1, not {}",
        output.status
    );
    ensure!(output.stdout.is_empty(), "it never says that it is ready");
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test]
async fn a_new_log_under_an_old_store() -> Result<()> {
    let dir = tempfile::tempdir()?;
    lived_in(dir.path()).await?;
    for file in ["log.db", "log.db-wal", "log.db-shm"] {
        // A clean end may have left only the first.
        let _absent = std::fs::remove_file(dir.path().join(file));
    }
    let said = refusal(dir.path()).await?;
    ensure!(said.contains("counts in the log"), "{said}");
    ensure!(said.contains("same backup"), "it says what to do: {said}");
    Ok(())
}

#[tokio::test]
async fn an_older_log_under_a_newer_store() -> Result<()> {
    let dir = tempfile::tempdir()?;
    lived_in(dir.path()).await?;
    let older = dir.path().join("older.db");
    std::fs::copy(dir.path().join("log.db"), &older)?;
    let token = switchboard_tests::server::token_named(dir.path(), "second").await?;
    let mut server = Server::start_with_token(dir.path(), &Options::default(), token).await?;
    let more = posts::lines(&posts::mixed(200, 41)).replace("post-", "later-");
    server.post_mentions(more).await?;
    let many = |it: &Value| it["tickets"].as_array().is_some_and(|it| it.len() > 80);
    server.wait_for("/api/v1/tickets?limit=200", many).await?;
    ensure!(server.stop().await?.success(), "a clean end");
    std::fs::copy(&older, dir.path().join("log.db"))?;
    let said = refusal(dir.path()).await?;
    ensure!(said.contains("is not in the log"), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_no_log() -> Result<()> {
    let dir = tempfile::tempdir()?;
    std::fs::write(dir.path().join("log.db"), vec![7_u8; 40_000])?;
    let said = refusal(dir.path()).await?;
    ensure!(said.contains("log.db") && said.contains("backup"), "{said}");
    Ok(())
}
