//! Records that come twice, in the wrong order, or broken; and a log topic made anew.

use crate::load::Load;
use crate::{IDLE_LIMIT, seed};
use anyhow::{Context, Result, ensure};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use switchboard_tests::invariants::{self, SHORT_PROMISES};
use switchboard_tests::server::PATIENCE;
use switchboard_tests::{Installation, kafka, posts};

/// Each post comes so often.
const COPIES: usize = 5;

/// A broken record is among the dead letters within this.
const LETTER_LIMIT: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
async fn posts_come_five_times_in_any_order() -> Result<()> {
    let Some(installation) = Installation::on_shared_servers(SHORT_PROMISES).await? else {
        return Ok(());
    };
    let seed = seed();
    let mut copies: Vec<Value> = vec![];
    for _ in 0..COPIES {
        copies.extend(posts::mixed(80, seed));
    }
    copies.shuffle(&mut StdRng::seed_from_u64(seed));
    let mut load = Load::of(copies);
    let server = installation.start("all", "").await?;
    load.finish(&server, IDLE_LIMIT).await?;
    invariants::wait_until_idle(&installation, &server, IDLE_LIMIT).await?;
    invariants::check(&installation, &server, &load.posts, 0).await?;
    check_versions(&installation, &load.posts)?;
    println!("{} posts, each {COPIES} times", load.posts.len() / COPIES);
    Ok(())
}

/// The newest words stand in the store, whatever came last. Of two that are equally new the
/// first stays, whichever that was; of a deleted post nothing does.
fn check_versions(installation: &Installation, posts: &[Value]) -> Result<()> {
    let mut by_id: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for post in posts {
        by_id
            .entry(post["id"].as_str().context("an id")?)
            .or_default()
            .push(post);
    }
    let store = installation.store()?;
    let mut compared = 0;
    for row in store.rows("SELECT native_id, content FROM mention")? {
        let sent = by_id.get(row[0].as_str()).context("a post that was sent")?;
        if sent.iter().any(|post| post["op"] == "delete") {
            continue;
        }
        let newest = sent
            .iter()
            .filter_map(|post| post["version"].as_i64())
            .max();
        let stands = |post: &&Value| {
            post["version"].as_i64() == newest && row[1].contains(&post["text"].to_string())
        };
        ensure!(sent.iter().any(stands), "{}: not {}", row[0], row[1]);
        compared += 1;
    }
    ensure!(compared > 0, "there were texts to compare");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_nobody_can_read_is_set_aside_and_the_others_go_on() -> Result<()> {
    let Some(installation) = Installation::on_shared_servers(SHORT_PROMISES).await? else {
        return Ok(());
    };
    let mut load = Load::of(posts::mixed(60, seed()));
    let server = installation.start("all", "").await?;
    load.send_for(&server, Duration::from_millis(500)).await;
    let begin = Instant::now();
    poison(&format!("{}mention.classified", installation.prefix())).await?;
    load.finish(&server, IDLE_LIMIT).await?;
    let letter = |it: &Value| it["letters"].as_array().is_some_and(|it| !it.is_empty());
    let letters = server.wait_for("/api/v1/dead-letters", letter).await?;
    let waited = begin.elapsed();
    ensure!(waited < LETTER_LIMIT, "{waited:?} for a dead letter");
    ensure!(letters.to_string().contains("route"), "{letters}");
    invariants::wait_until_idle(&installation, &server, IDLE_LIMIT).await?;
    invariants::check(&installation, &server, &load.posts, 1).await?;
    println!("among the dead letters after {waited:.1?}");
    Ok(())
}

/// A record that is not ours, as a program that errs in the topic would leave it.
async fn poison(topic: &str) -> Result<()> {
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap().await?)
        .create()?;
    let record = FutureRecord::to(topic).key("poison").payload("{\"v\":1,");
    let sent = producer.send(record, PATIENCE).await;
    sent.map_err(|(error, _)| error)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_made_anew_is_refused_and_not_skipped() -> Result<()> {
    let Some(installation) = Installation::on_shared_servers(SHORT_PROMISES).await? else {
        return Ok(());
    };
    let mut load = Load::of(posts::mixed(40, seed()));
    let mut server = installation.start("all", "").await?;
    load.finish(&server, IDLE_LIMIT).await?;
    invariants::wait_until_idle(&installation, &server, IDLE_LIMIT).await?;
    ensure!(server.stop().await?.success(), "a clean end");
    delete(&format!("{}mention.classified", installation.prefix())).await?;
    let refused = installation.start("all", "").await.err();
    let said = refused.context("it serves as if nothing had happened")?;
    let said = format!("{said:#}");
    ensure!(said.contains("counts in the log topic"), "{said}");
    ensure!(said.contains("same backup"), "it says what to do: {said}");
    Ok(())
}

async fn delete(topic: &str) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", bootstrap().await?)
        .create()?;
    let deleted = admin.delete_topics(&[topic], &AdminOptions::new()).await?;
    for answer in deleted {
        answer.map_err(|(name, code)| anyhow::anyhow!("{name}: {code}"))?;
    }
    Ok(())
}

async fn bootstrap() -> Result<String> {
    Ok(tokio::task::spawn_blocking(kafka::bootstrap).await?)
}
