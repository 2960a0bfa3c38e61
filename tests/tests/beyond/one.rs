//! One process with every role.

use anyhow::{Result, ensure};
use std::time::{Duration, Instant};
use switchboard_tests::invariants::{self, SHORT_PROMISES};
use switchboard_tests::live::Listener;
use switchboard_tests::server::PATIENCE;
use switchboard_tests::{Installation, Server, posts, topics};

/// From SIGTERM to the end of the process.
const DRAIN_LIMIT: Duration = Duration::from_secs(25);

#[tokio::test(flavor = "multi_thread")]
async fn posts_become_tickets_and_a_restart_loses_nothing() -> Result<()> {
    let Some(installation) = Installation::on_shared_servers(SHORT_PROMISES).await? else {
        return Ok(());
    };
    let posts = posts::mixed(120, 4);
    let (first, second) = posts.split_at(posts.len() / 2);
    let mut server = installation.start("one", "").await?;
    check_operations(&server).await?;
    let mut listener = Listener::open(&server, 0).await?;
    send(&server, first).await?;
    let settled = invariants::wait_until_idle(&installation, &server, PATIENCE).await?;
    listener.hear_up_to(events(&server).await?).await?;
    ensure!(
        listener.resyncs == 0,
        "a stream that was there all the time"
    );
    installation.new_token("beside").await?;
    installation
        .tell(&["user", "create", "Ann Example", "--role", "admin"])
        .await?;

    send(&server, second).await?;
    let begin = Instant::now();
    let ended = server.stop().await?;
    let drained = begin.elapsed();
    ensure!(ended.success(), "{ended}: {}", installation.said());
    ensure!(drained < DRAIN_LIMIT, "it took {drained:?} to stop");

    let server = installation.start("one", "").await?;
    let mut listener = Listener::open(&server, listener.told).await?;
    invariants::wait_until_idle(&installation, &server, PATIENCE).await?;
    listener.hear_up_to(events(&server).await?).await?;
    ensure!(listener.resyncs == 0, "a restart is no reason to resync");
    invariants::check(&installation, &server, &posts, 0).await?;
    println!("idle after {settled:.1?}, stopped within {drained:.1?}");
    Ok(())
}

async fn send(server: &Server, posts: &[serde_json::Value]) -> Result<()> {
    let answer = server.post_mentions(posts::lines(posts)).await?;
    let status = answer.status();
    ensure!(status == 202, "{status}: {}", answer.text().await?);
    Ok(())
}

async fn events(server: &Server) -> Result<u64> {
    Ok(topics::check_event_numbers(server).await? as u64)
}

async fn check_operations(server: &Server) -> Result<()> {
    let (status, text) = server.ops("/readyz").await?;
    ensure!(status == 200, "{status}: {text}");
    let brokers = "switchboard_log_brokers_up";
    let begin = Instant::now();
    // librdkafka tells of itself every few seconds.
    while server.metric(brokers).await? < 1.0 {
        ensure!(begin.elapsed() < PATIENCE, "no broker is up");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
