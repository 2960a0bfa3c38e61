//! Mentions of our own making, sent as fast as they are taken or at a pace.

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use switchboard_tests::posts;
use switchboard_tests::server::Server;

/// Mentions in one request: what a connector sends at a time.
const REQUEST_MENTIONS: usize = 500;

/// Requests under way: enough that the log never waits for a client.
const REQUESTS_AT_ONCE: usize = 4;

/// How often the pace is kept. Shorter would measure the requests, not the path.
const BEAT: Duration = Duration::from_millis(50);

/// Sends so many mentions and says when the last was accepted.
pub(crate) async fn all(server: &Server, count: usize) -> Result<Instant> {
    let starts = (0..count).step_by(REQUEST_MENTIONS);
    stream::iter(starts)
        .map(|from| send(server, from..(from + REQUEST_MENTIONS).min(count)))
        .buffer_unordered(REQUESTS_AT_ONCE)
        .try_collect::<Vec<()>>()
        .await?;
    Ok(Instant::now())
}

/// Sends `rate` mentions a second for so long, numbered from `first`; says how many they were.
pub(crate) async fn paced(
    server: &Server,
    rate: f64,
    length: Duration,
    first: usize,
) -> Result<usize> {
    let mut beats = tokio::time::interval(BEAT);
    let begun = Instant::now();
    let mut sent = 0;
    while begun.elapsed() < length {
        beats.tick().await;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive count far below 2^52"
        )]
        let due = (begun.elapsed().as_secs_f64() * rate) as usize;
        send(server, first + sent..first + due).await?;
        sent = due;
    }
    Ok(sent)
}

async fn send(server: &Server, numbers: std::ops::Range<usize>) -> Result<()> {
    if numbers.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = numbers.map(|number| mention(number).to_string()).collect();
    let answer = server.post_mentions(lines.join("\n")).await?;
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
