//! People are called: from a post to a signed webhook, through the real binary.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use switchboard_tests::webhook::{Call, Receiver};
use switchboard_tests::{Options, Server, posts};

const SECRET: &str = "whsec_c3dpdGNoYm9hcmQtdGVzdHMtc2lnbi13aXRoLXRoaXM=";

/// A risk in nobody's doubt, and not so grave that one of it is a crisis.
const RISK: &str = "boycott them, they leaked our addresses and said nothing";

fn notifier(dir: &Path, receiver: &Receiver, recipients: &str) -> Result<String> {
    let secret = dir.join("webhook-secret");
    std::fs::write(&secret, SECRET)?;
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600))?;
    let (secret, url) = (secret.display(), &receiver.url);
    Ok(format!(
        r#"
[alert.notifiers.ops]
kind = "webhook"
url = "{url}"
secret = "file:{secret}"
recipients = {recipients}
allow_private = ["127.0.0.0/8"]
"#
    ))
}

/// Everything goes to support, which has a second to answer and calls `ops` a second later.
const SHORT_PROMISE: &str = r#"
[inbox]
public_url = "https://inbox.example"

[departments.support]

[routing]
fallback = "support"

[[sla.policies]]
name = "short"
first_response = { urgent = "1s", high = "1s", normal = "1s", low = "1s" }

[[sla.policies.escalations]]
clock = "first_response"
after_breach = "1s"
notify = ["ops"]
"#;

async fn send(server: &Server, mentions: &[Value]) -> Result<()> {
    let answer = server.post_mentions(posts::lines(mentions)).await?;
    ensure!(answer.status() == 202, "{}", answer.text().await?);
    Ok(())
}

fn verify(call: &Call) -> Result<()> {
    let mut headers = reqwest::header::HeaderMap::new();
    for (name, value) in &call.headers {
        let name: reqwest::header::HeaderName = name.parse()?;
        headers.insert(name, value.parse()?);
    }
    let verdict = Webhook::new(SECRET)?.verify(&call.body, &headers);
    verdict.context("the signature does not hold")
}

#[tokio::test]
async fn a_broken_promise_calls_the_webhook_once_and_proves_who_calls() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let receiver = Receiver::start(&[]).await?;
    let options = Options {
        config: format!("{SHORT_PROMISE}{}", notifier(dir.path(), &receiver, "[]")?),
        ..Options::default()
    };
    let mut server = Server::start(dir.path(), &options).await?;
    let post = json!({
        "platform": "x", "id": "1", "text": "my order still has not arrived and nobody answers",
        "author": { "id": "a" }, "account": "Acme", "url": "https://x.example/1",
    });
    send(&server, &[post]).await?;
    let calls = receiver.wait_for(1).await?;
    verify(&calls[0])?;
    let body = calls[0].json()?;
    assert_eq!(body["type"], "ticket.escalated");
    let data = &body["data"];
    assert_eq!(data["ticket"], "1");
    assert_eq!(data["clock"], "first_response");
    assert_eq!(data["step"], 1);
    assert_eq!(data["page_url"], "https://inbox.example/tickets/1");
    assert_eq!(data["post_url"], "https://x.example/1");
    ensure!(data["late_seconds"].as_i64() >= Some(1), "{data}");
    // A second ticket is called for next, and nothing comes twice in the meantime or after a
    // restart.
    let other = json!({
        "platform": "x", "id": "2", "text": "my order still has not arrived and nobody answers", "account": "Acme",
        "author": { "id": "b" },
    });
    send(&server, &[other]).await?;
    receiver.wait_for(2).await?;
    server.stop().await?;
    let token = server.token().to_owned();
    let mut server = Server::start_with_token(dir.path(), &options, token).await?;
    let last = json!({
        "platform": "x", "id": "3", "text": "my order still has not arrived and nobody answers", "account": "Acme",
        "author": { "id": "c" },
    });
    send(&server, &[last]).await?;
    let calls = receiver.wait_for(3).await?;
    let tickets: Vec<Value> = calls
        .iter()
        .map(|call| Ok(call.json()?["data"]["ticket"].clone()))
        .collect::<Result<_>>()?;
    assert_eq!(tickets, ["1", "2", "3"]);
    server.stop().await?;
    Ok(())
}

#[tokio::test]
async fn who_answered_meanwhile_is_not_called_to_answer() -> Result<()> {
    let dir = tempfile::tempdir()?;
    // Away for the first attempts, so that the answer comes before the message leaves.
    let receiver = Receiver::start(&[503; 3]).await?;
    let options = Options {
        config: format!("{SHORT_PROMISE}{}", notifier(dir.path(), &receiver, "[]")?),
        ..Options::default()
    };
    let mut server = Server::start(dir.path(), &options).await?;
    let post = json!({
        "platform": "x", "id": "1", "text": "my order still has not arrived", "account": "Acme",
        "author": { "id": "a" },
    });
    send(&server, &[post]).await?;
    let first = receiver.wait_for(1).await?;
    let reply = json!({ "text": "it is on its way" });
    let answer = server.post("/api/v1/tickets/1/reply", &reply).await?;
    ensure!(answer.status().is_success(), "{}", answer.text().await?);
    let skipped = "switchboard_notify_attempts_total{channel=\"webhook\",outcome=\"skipped\"}";
    wait_for_metric(&server, skipped, 1.0).await?;
    let delivered = "switchboard_notify_attempts_total{channel=\"webhook\",outcome=\"delivered\"}";
    ensure!(server.metric(delivered).await? < 0.5, "somebody was called");
    let calls = receiver.calls();
    for call in &calls {
        assert_eq!(call.header("webhook-id"), first[0].header("webhook-id"));
        assert_eq!(
            call.body, first[0].body,
            "the same message on every attempt"
        );
    }
    server.stop().await?;
    Ok(())
}

#[tokio::test]
async fn five_people_within_ten_minutes_are_one_incident_and_one_call() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let receiver = Receiver::start(&[]).await?;
    let config = format!(
        "[alert]\nseverity_min = 10\n{}",
        notifier(dir.path(), &receiver, "[\"crisis\"]")?
    );
    let options = Options {
        config,
        ..Options::default()
    };
    let mut server = Server::start(dir.path(), &options).await?;
    let risk = |author: usize| {
        json!({
            "platform": "x", "id": format!("risk-{author}"), "text": RISK, "account": "Acme",
            "author": { "id": format!("author-{author}") },
        })
    };
    let mentions: Vec<Value> = (1..=4).map(risk).collect();
    send(&server, &mentions).await?;
    // One person twice is still one person.
    let again = json!({
        "platform": "x", "id": "again", "text": RISK, "account": "Acme",
        "author": { "id": "author-1" },
    });
    send(&server, &[again]).await?;
    let watched = "switchboard_stage_events_total{outcome=\"forwarded\",stage=\"alert\"}";
    wait_for_metric(&server, watched, 5.0).await?;
    let none = server.get("/api/v1/incidents").await?;
    assert_eq!(none["incidents"], json!([]), "four people are none");
    let more: Vec<Value> = (5..=8).map(risk).collect();
    send(&server, &more).await?;
    let calls = receiver.wait_for(1).await?;
    verify(&calls[0])?;
    let body = calls[0].json()?;
    assert_eq!(body["type"], "incident.opened");
    assert_eq!(body["data"]["trigger"], "authors");
    assert_eq!(body["data"]["brand"], "acme");
    let number = &body["data"]["incident"];
    let all_told = |page: &Value| page["signal_count"] == 9;
    let path = format!("/api/v1/incidents/{number}");
    let page = server.wait_for(&path, all_told).await?;
    assert_eq!(page["notifications"][0]["channel"], "ops");
    let incidents = server.get("/api/v1/incidents").await?;
    assert_eq!(incidents["incidents"].as_array().map(Vec::len), Some(1));
    assert_eq!(receiver.calls().len(), 1);
    server.stop().await?;
    Ok(())
}

async fn wait_for_metric(server: &Server, series: &str, at_least: f64) -> Result<()> {
    let deadline = tokio::time::Instant::now() + switchboard_tests::server::PATIENCE;
    while server.metric(series).await? < at_least {
        let now = tokio::time::Instant::now();
        ensure!(now < deadline, "{series} stays below {at_least}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Ok(())
}
