//! The roles in processes of their own, some of them twice.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Instant;
use switchboard_tests::invariants::{self, SHORT_PROMISES};
use switchboard_tests::live::Listener;
use switchboard_tests::server::PATIENCE;
use switchboard_tests::{Installation, Server, posts, topics};

/// One request.
const POSTS_PER_REQUEST: usize = 40;

/// Requests sent at the most until both routers had something to do.
const REQUESTS_MAX: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn two_routers_share_the_work_and_every_inbox_hears_of_everything() -> Result<()> {
    let Some(installation) = Installation::on_shared_servers(SHORT_PROMISES).await? else {
        return Ok(());
    };
    let shared = share(&installation).await;
    shared.with_context(|| installation.said())
}

async fn share(installation: &Installation) -> Result<()> {
    let receiver = installation.start("receiver", "ingest,classify").await?;
    let routers = [
        installation.start("router-1", "route,alert").await?,
        installation.start("router-2", "route").await?,
    ];
    let inboxes = [
        installation.start("inbox-1", "inbox").await?,
        installation.start("inbox-2", "inbox").await?,
    ];
    let mut listeners = [
        Listener::open(&inboxes[0], 0).await?,
        Listener::open(&inboxes[1], 0).await?,
    ];
    let posts = send_until_both_route(&receiver, &routers).await?;
    work_on_tickets(&inboxes).await?;
    invariants::wait_until_idle(installation, &inboxes[0], PATIENCE).await?;
    let numbers = topics::check_event_numbers(&inboxes[1]).await? as u64;
    for listener in &mut listeners {
        listener.hear_up_to(numbers).await?;
        ensure!(listener.resyncs == 0, "it was there all the time");
    }
    invariants::check(installation, &inboxes[0], &posts, 0).await?;
    for router in &routers {
        println!("a router routed {} records", routed(router).await?);
    }
    println!("{} posts, {numbers} events", posts.len());
    Ok(())
}

/// The second router gets its share of the partitions a moment after it is ready.
async fn send_until_both_route(receiver: &Server, routers: &[Server]) -> Result<Vec<Value>> {
    let posts = posts::mixed(POSTS_PER_REQUEST * REQUESTS_MAX, 5);
    let begin = Instant::now();
    for (sent, batch) in (1..).zip(posts.chunks(POSTS_PER_REQUEST)) {
        let answer = receiver.post_mentions(posts::lines(batch)).await?;
        ensure!(answer.status() == 202, "{}", answer.text().await?);
        let mut all = true;
        for router in routers {
            all &= routed(router).await? > 0.0;
        }
        if all {
            return Ok(posts[..sent * POSTS_PER_REQUEST].to_vec());
        }
        ensure!(begin.elapsed() < PATIENCE, "one router does nothing");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    anyhow::bail!("one router does nothing, whatever is sent")
}

async fn routed(router: &Server) -> Result<f64> {
    let series = r#"switchboard_stage_events_total{outcome="forwarded",stage="route"}"#;
    router.metric(series).await
}

/// People at both inboxes, on the same tickets: of two who claim one, one is told.
async fn work_on_tickets(inboxes: &[Server; 2]) -> Result<()> {
    let some = |it: &Value| it["tickets"].as_array().is_some_and(|it| it.len() >= 5);
    let page = inboxes[0].wait_for("/api/v1/tickets?limit=5", some).await?;
    for ticket in page["tickets"].as_array().into_iter().flatten() {
        let path = format!(
            "/api/v1/tickets/{}/note",
            ticket["id"].as_str().unwrap_or("?")
        );
        for inbox in inboxes {
            let note = json!({ "text": "seen" });
            let status = inbox.post(&path, &note).await?.status();
            ensure!(status.is_success() || status == 409, "{path}: {status}");
        }
    }
    Ok(())
}
