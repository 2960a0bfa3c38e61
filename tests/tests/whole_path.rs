//! From a post to a department's queue, through the real binary: the counts agree wherever
//! one asks, hostile input harms nobody else, and deadlines survive a restart.

use anyhow::{Context, Result, ensure};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use switchboard_tests::store::StoreView;
use switchboard_tests::{Options, Server, posts, shared, topics};

/// Items in one request; well below the contract's limit.
const BATCH: usize = 1_000;

#[tokio::test]
async fn every_post_stands_in_exactly_one_ticket() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let posts = posts::mixed(600, 1);
    check_counts(dir.path(), &posts).await
}

#[tokio::test]
async fn the_airline_week_loses_nothing() -> Result<()> {
    let Some(file) = shared("stream/airline_2015-02.jsonl") else {
        return Ok(());
    };
    let dir = tempfile::tempdir()?;
    let text = std::fs::read_to_string(file)?;
    let posts = text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<Vec<Value>, _>>()?;
    check_counts(dir.path(), &posts).await
}

/// Sends all posts at full speed, waits until they are routed, and asks everybody.
async fn check_counts(dir: &Path, posts: &[Value]) -> Result<()> {
    let mut server = Server::start(dir, &Options::default()).await?;
    for batch in posts.chunks(BATCH) {
        let answer = server.post_mentions(posts::lines(batch)).await?;
        ensure!(
            answer.status() == 202,
            "{}: {}",
            answer.status(),
            answer.text().await?
        );
    }
    wait_until_routed(dir, posts.len()).await?;
    let listed = count_over_the_api(&server).await?;
    let store = StoreView::open(dir)?;
    store.check_laws()?;
    let tickets = usize::try_from(store.number("SELECT count(*) FROM ticket")?)?;
    let ids: BTreeSet<String> = posts.iter().map(|post| post["id"].to_string()).collect();
    let known = usize::try_from(store.number("SELECT count(*) FROM identity")?)?;
    assert_eq!(known, ids.len(), "each post has one identity");
    assert_eq!(listed.tickets, tickets, "API and database");
    assert_eq!(listed.mentions, ids.len(), "each post stands in one ticket");
    let series = "switchboard_mentions_received_total{platform=\"x\"}";
    assert_eq!(
        as_count(server.metric(series).await?),
        posts.len(),
        "metrics: received"
    );
    assert_eq!(
        outcomes(&server, "route").await?,
        posts.len(),
        "metrics: one outcome each"
    );
    assert_eq!(
        outcomes(&server, "classify").await?,
        posts.len(),
        "metrics: one outcome each"
    );
    ensure!(
        topics::read_all(&server, "dead.letter").await?.is_empty(),
        "dead letters"
    );
    ensure!(server.stop().await?.success(), "a clean end");
    Ok(())
}

async fn wait_until_routed(dir: &Path, records: usize) -> Result<()> {
    let store = StoreView::open(dir)?;
    let deadline = tokio::time::Instant::now() + switchboard_tests::server::PATIENCE;
    while usize::try_from(store.passed("route")?)? < records {
        let now = tokio::time::Instant::now();
        ensure!(
            now < deadline,
            "{} of {records} routed",
            store.passed("route")?
        );
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Ok(())
}

struct Listed {
    tickets: usize,
    mentions: usize,
}

/// Walks the whole list, page by page; no ticket may show up twice.
async fn count_over_the_api(server: &Server) -> Result<Listed> {
    let mut seen = BTreeSet::new();
    let mut mentions = 0;
    let mut cursor = String::new();
    loop {
        let page = server
            .get(&format!("/api/v1/tickets?limit=200{cursor}"))
            .await?;
        for ticket in page["tickets"].as_array().context("tickets")? {
            let id = ticket["id"].as_str().context("id")?.to_owned();
            ensure!(seen.insert(id.clone()), "ticket {id} is listed twice");
            mentions += ticket["mention_count"].as_u64().context("mention_count")?;
        }
        let Some(next) = page["next"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    Ok(Listed {
        tickets: seen.len(),
        mentions: usize::try_from(mentions)?,
    })
}

async fn outcomes(server: &Server, stage: &str) -> Result<usize> {
    let mut sum = 0;
    for outcome in [
        "forwarded",
        "duplicate",
        "superseded",
        "tombstoned",
        "dead_lettered",
    ] {
        let labels = format!("{{outcome=\"{outcome}\",stage=\"{stage}\"}}");
        sum += as_count(
            server
                .metric(&format!("switchboard_stage_events_total{labels}"))
                .await?,
        );
    }
    Ok(sum)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a counter's value"
)]
fn as_count(value: f64) -> usize {
    value as usize
}

#[rstest]
#[case::no_id(json!({ "text": "hello" }))]
#[case::empty_id(json!({ "id": "", "text": "hello" }))]
#[case::no_text(json!({ "id": "bad" }))]
#[case::ten_megabytes(json!({ "id": "bad", "text": "x".repeat(10_000_000) }))]
#[case::wrong_type(json!({ "id": "bad", "text": 7 }))]
#[case::wrong_date(json!({ "id": "bad", "text": "hello", "created_at": "yesterday" }))]
#[case::unknown_op(json!({ "id": "bad", "text": "hello", "op": "upsort" }))]
#[case::deep(json!({ "id": "bad", "text": "hello", "author": nested(400) }))]
#[tokio::test]
async fn a_bad_item_is_told_and_its_siblings_go_on(#[case] bad: Value) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let server = Server::start(dir.path(), &Options::default()).await?;
    let items = json!([{ "id": "1", "text": "before" }, bad, { "id": "2", "text": "after" }]);
    let answer = server.post("/api/v1/mentions", &items).await?;
    assert_eq!(answer.status(), 202);
    let answer: Value = answer.json().await?;
    assert_eq!(
        (&answer["accepted"], &answer["rejected"]),
        (&json!(2), &json!(1)),
        "{answer}"
    );
    assert_eq!(answer["errors"][0]["index"], 1, "{answer}");
    let all = |tickets: &Value| {
        tickets["tickets"]
            .as_array()
            .is_some_and(|it| it.len() == 2)
    };
    server.wait_for("/api/v1/tickets", all).await?;
    Ok(())
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!("core"), |inner, _| json!({ "x": inner }))
}

#[rstest]
#[case::empty_text(json!({ "id": "1", "text": "" }))]
#[case::year_one(json!({ "id": "1", "text": "old", "created_at": "0001-01-01T00:00:00Z" }))]
#[case::year_9999(json!({ "id": "1", "text": "new", "created_at": "9999-12-30T00:00:00Z" }))]
#[case::thousand_hashtags(json!({ "id": "1", "text": "#tag ".repeat(1_000) }))]
#[case::right_to_left(json!({ "id": "1", "text": "a\u{202e}b\u{200f}c" }))]
#[case::markup(json!({ "id": "1", "text": "<script>alert(1)</script><b>x</b>" }))]
#[case::unknown_fields(json!({ "id": "1", "text": "x", "mood": { "a": [1, 2] } }))]
#[tokio::test]
async fn odd_posts_become_tickets_with_their_words_unchanged(#[case] post: Value) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let server = Server::start(dir.path(), &Options::default()).await?;
    let answer = server.post("/api/v1/mentions", &post).await?;
    ensure!(answer.status() == 202, "{}", answer.text().await?);
    let one = |tickets: &Value| {
        tickets["tickets"]
            .as_array()
            .is_some_and(|it| it.len() == 1)
    };
    let tickets = server.wait_for("/api/v1/tickets", one).await?;
    assert_eq!(tickets["tickets"][0]["mention"]["text"], post["text"]);
    Ok(())
}

#[tokio::test]
async fn deadlines_that_pass_while_nobody_runs_fire_once_after_the_start() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let config = r#"
[departments.support]
[routing]
fallback = "support"
[[sla.policies]]
name = "soon"
first_response = { urgent = "1s", high = "1s", normal = "1s", low = "1s" }
warn_at_percent = [50]
"#;
    let options = Options {
        config: config.into(),
        ..Options::default()
    };
    let mut server = Server::start(dir.path(), &options).await?;
    let post = json!({ "id": "1", "text": "my parcel is lost and nobody answers, awful" });
    server.post("/api/v1/mentions", &post).await?;
    let ticking = |it: &Value| it["tickets"][0]["clocks"][0]["status"].is_string();
    server.wait_for("/api/v1/tickets", ticking).await?;
    server.kill().await?;
    let token = server.token().to_owned();
    let server = Server::start_with_token(dir.path(), &options, token).await?;
    let breached = |it: &Value| it["tickets"][0]["sla"] == "breached";
    server.wait_for("/api/v1/tickets", breached).await?;
    let ticket = server.get("/api/v1/tickets/1").await?;
    let fired = ticket["timeline"]
        .to_string()
        .matches("clock_fired")
        .count();
    assert_eq!(
        fired, 2,
        "one warning and one breach: {}",
        ticket["timeline"]
    );
    StoreView::open(dir.path())?.check_laws()
}
