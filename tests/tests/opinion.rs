//! A second opinion, through the real binary: the ticket is there at once, the opinion comes
//! later as its next revision, and an adviser that is dead costs nobody a ticket.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::Path;
use switchboard_tests::server::PATIENCE;
use switchboard_tests::webhook::Receiver;
use switchboard_tests::{Options, Server, posts};

/// In a language that neither rules nor model were made for: a person should look.
const DOUBTFUL: &str = "@acme wasz toster zapalił się wczoraj wieczorem w naszej kuchni i nikt z \
    was nie odpowiada, proszę dzwonić pod numer 600 700 800";

/// One post that is a risk is a crisis, and goes to the press.
const CONFIG: &str = r#"
[departments.support]
[departments.press]

[routing]
fallback = "support"

[[routing.rows]]
name = "risk"
label = ["pr_risk"]
department = "press"

[alert]
severity_min = 1
"#;

fn options(endpoint: &Receiver) -> Options {
    let url = endpoint.url.replace("/hook", "/v1");
    let config = format!(
        r#"{CONFIG}
[classify.opinion.remote]
url = "{url}"
model = "small-1"
token = "env:MODEL_TOKEN"
timeout = "10s"
allow_private = ["127.0.0.0/8"]
"#
    );
    Options {
        config,
        environment: vec![("MODEL_TOKEN".to_owned(), "hush".to_owned())],
        ..Options::default()
    }
}

/// What a model answers that is sure of a risk.
fn completion() -> String {
    let scores = r#"{"complaint":0.05,"lead":0,"pr_risk":0.95,"general":0}"#;
    let answer = json!({ "choices": [{ "message": { "role": "assistant", "content": scores } }] });
    answer.to_string()
}

async fn started(dir: &Path, endpoint: &Receiver) -> Result<Server> {
    let server = Server::start(dir, &options(endpoint)).await?;
    let post = json!({
        "platform": "x", "id": "1", "text": DOUBTFUL, "account": "Acme",
        "author": { "id": "author-17", "handle": "jo", "name": "Jo Doe" },
    });
    let answer = server.post_mentions(posts::lines(&[post])).await?;
    ensure!(answer.status() == 202, "{}", answer.text().await?);
    Ok(server)
}

async fn ticket(server: &Server, holds: impl Fn(&Value) -> bool) -> Result<Value> {
    let opened = |page: &Value| page["tickets"][0]["id"].is_string();
    server.wait_for("/api/v1/tickets", opened).await?;
    server.wait_for("/api/v1/tickets/1", holds).await
}

#[tokio::test]
async fn the_ticket_is_there_at_once_and_the_opinion_is_its_next_revision() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let endpoint = Receiver::held(&[], completion()).await?;
    let mut server = started(dir.path(), &endpoint).await?;
    // Nobody has answered yet.
    let first = ticket(&server, |_| true).await?;
    assert_eq!(first["department"], "support");
    assert_eq!(first["needs_review"], true);
    assert_eq!(first["classification"]["revision"], 1);
    endpoint.release();
    let second = ticket(&server, |ticket| ticket["classification"]["revision"] == 2).await?;
    assert_eq!(second["label"], "pr_risk");
    assert_eq!(second["department"], "press");
    assert_eq!(second["needs_review"], false);
    assert_eq!(second["mention_count"], 1);
    let verdict = &second["classification"];
    assert_eq!(verdict["reasons"][0]["by"], "model");
    assert_eq!(verdict["reasons"][0]["name"], "opinion/remote");
    let version = verdict["model_version"].as_str().context("a version")?;
    ensure!(version.ends_with("+remote:small-1"), "{version}");
    let facts = second["timeline"].to_string();
    ensure!(
        facts.contains("judged as pr_risk, and nobody needs to look"),
        "{facts}"
    );
    raised_once(&server).await?;
    asked_once(&endpoint)?;
    ensure!(server.stop().await?.success(), "a clean end");
    Ok(())
}

/// The opinion's signal raises the alarm that the first verdict did not.
async fn raised_once(server: &Server) -> Result<()> {
    let is_open = |page: &Value| page["incidents"][0]["id"].is_string();
    let page = server.wait_for("/api/v1/incidents", is_open).await?;
    let incidents = page["incidents"].as_array().context("incidents")?;
    ensure!(incidents.len() == 1, "{page}");
    Ok(())
}

/// And what was asked tells nothing of the person.
fn asked_once(endpoint: &Receiver) -> Result<()> {
    let calls = endpoint.calls();
    ensure!(calls.len() == 1, "{} questions", calls.len());
    assert_eq!(calls[0].header("authorization"), "Bearer hush");
    let question = calls[0].json()?;
    assert_eq!(question["model"], "small-1");
    let whole = question.to_string();
    ensure!(whole.contains("@someone wasz toster"), "{whole}");
    for personal in ["author-17", "Jo Doe", "\"jo\"", "600 700 800", "@acme"] {
        ensure!(!whole.contains(personal), "{personal} in {whole}");
    }
    Ok(())
}

#[tokio::test]
async fn an_adviser_that_is_dead_costs_nobody_a_ticket() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let endpoint = Receiver::start(&[500]).await?;
    let mut server = started(dir.path(), &endpoint).await?;
    let failed = r#"switchboard_opinions_total{adviser="remote",outcome="failed"}"#;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while server.metric(failed).await? < 0.5 {
        ensure!(tokio::time::Instant::now() < deadline, "nobody was asked");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let ticket = ticket(&server, |_| true).await?;
    assert_eq!(ticket["needs_review"], true);
    assert_eq!(ticket["classification"]["revision"], 1);
    ensure!(server.is_running()?, "it lives");
    ensure!(server.stop().await?.success(), "a clean end");
    Ok(())
}
