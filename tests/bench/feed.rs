//! Mentions of our own making, sent as fast as they are taken.

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use switchboard_tests::posts;
use switchboard_tests::server::Server;

/// Mentions in one request: what a connector sends at a time.
const REQUEST_MENTIONS: usize = 500;

/// Requests under way: enough that the log never waits for a client.
const REQUESTS_AT_ONCE: usize = 4;

/// Between two requests that were put off.
const BUSY_PAUSE: Duration = Duration::from_millis(50);

/// Sends so many mentions and says when the last was accepted. A server that puts a request
/// off is asked again for so long.
pub(crate) async fn all(server: &Server, count: usize, patience: Duration) -> Result<Instant> {
    let starts = (0..count).step_by(REQUEST_MENTIONS);
    stream::iter(starts)
        .map(|from| from..(from + REQUEST_MENTIONS).min(count))
        .map(|numbers| send(server, numbers, patience))
        .buffer_unordered(REQUESTS_AT_ONCE)
        .try_collect::<Vec<()>>()
        .await?;
    Ok(Instant::now())
}

/// Sends the mentions of those numbers in one request.
pub(crate) async fn send(
    server: &Server,
    numbers: std::ops::Range<usize>,
    patience: Duration,
) -> Result<()> {
    if numbers.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = numbers.map(|number| mention(number).to_string()).collect();
    let lines = lines.join("\n");
    let begun = Instant::now();
    let answer = loop {
        let answer = server.post_mentions(lines.clone()).await?;
        let is_busy = answer.status() == StatusCode::SERVICE_UNAVAILABLE;
        if !is_busy || begun.elapsed() >= patience {
            break answer;
        }
        tokio::time::sleep(BUSY_PAUSE).await;
    };
    let status = answer.status();
    ensure!(status == 202, "{status}: {}", answer.text().await?);
    let body: Value = answer.json().await.context("the answer is not JSON")?;
    ensure!(body["rejected"] == 0, "refused: {body}");
    Ok(())
}

/// Every author is a new one, so every mention opens a ticket with clock, event and audit.
fn mention(number: usize) -> Value {
    let sentence = posts::sentence(number);
    json!({
        "platform": "x",
        "id": format!("bench-{number}"),
        "text": format!("{sentence} (order {number})"),
        "author": {
            "id": format!("author-{number}"),
            "handle": format!("customer_{number}"),
            "followers": number % 5_000,
        },
        "account": "Acme",
        "lang": "en",
        "url": format!("https://social.example/posts/{number}"),
    })
}
