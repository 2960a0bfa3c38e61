//! One poller per source, and another when it dies.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use switchboard_tests::invariants::{self, SHORT_PROMISES};
use switchboard_tests::server::PATIENCE;
use switchboard_tests::{Installation, Server, posts};

/// A source whose process was killed is read again within this.
const HANDOVER_LIMIT: Duration = Duration::from_secs(15);

/// One whose process was told to stop, within this: it gives the source back.
const PASSING_LIMIT: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn a_source_passes_to_another_process_when_its_own_dies() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("posts.jsonl");
    let mut output = File::create(&file)?;
    let Some(installation) = Installation::on_shared_servers(&config(&file)).await? else {
        return Ok(());
    };
    let posts: Vec<Value> = posts::mixed(200, 6);
    let mut pollers = vec![
        installation.start("poller-1", "ingest").await?,
        installation.start("poller-2", "ingest").await?,
    ];
    let rest = installation.start("rest", "classify,route,inbox").await?;

    write!(output, "{}", posts::lines(&posts[..50]))?;
    wait_for_posts(&installation, &posts[..50]).await?;
    let (holder, mut killed) = take_holder(&mut pollers).await?;
    killed.kill().await?;
    let begin = Instant::now();
    write!(output, "{}", posts::lines(&posts[50..100]))?;
    wait_for_posts(&installation, &posts[..100]).await?;
    let handover = begin.elapsed();
    ensure!(handover < HANDOVER_LIMIT, "{handover:?} without a poller");
    check_epoch(&installation, 2)?;

    pollers.push(installation.start(&holder, "ingest").await?);
    let (_, mut stopped) = take_holder(&mut pollers).await?;
    ensure!(stopped.stop().await?.success(), "a clean end");
    let begin = Instant::now();
    write!(output, "{}", posts::lines(&posts[100..]))?;
    wait_for_posts(&installation, &posts).await?;
    let passing = begin.elapsed();
    ensure!(passing < PASSING_LIMIT, "{passing:?} without a poller");
    check_epoch(&installation, 3)?;

    invariants::wait_until_idle(&installation, &rest, PATIENCE).await?;
    invariants::check(&installation, &rest, &posts, 0).await?;
    println!("handed over within {handover:.1?} of kill -9, {passing:.1?} after SIGTERM");
    Ok(())
}

fn config(file: &Path) -> String {
    format!(
        "{SHORT_PROMISES}\n[sources.feed]\nconnector = \"file\"\n\
         settings = {{ paths = [\"{}\"], follow = true }}\n",
        file.display()
    )
}

async fn wait_for_posts(installation: &Installation, posts: &[Value]) -> Result<()> {
    let distinct: std::collections::BTreeSet<_> = posts
        .iter()
        .filter_map(|post| post["id"].as_str())
        .collect();
    let begin = Instant::now();
    let store = installation.store()?;
    while usize::try_from(store.number("SELECT count(*) FROM identity")?)? < distinct.len() {
        ensure!(begin.elapsed() < PATIENCE, "{}", installation.said());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// The process that has read posts, with its name.
async fn take_holder(pollers: &mut Vec<Server>) -> Result<(String, Server)> {
    let mut found = None;
    for (index, poller) in pollers.iter().enumerate() {
        let series = r#"switchboard_mentions_received_total{platform="x"}"#;
        if poller.metric(series).await? > 0.0 {
            ensure!(found.is_none(), "two processes read one source");
            found = Some(index);
        }
    }
    let holder = found.context("nobody reads the source")?;
    Ok((format!("poller-{}", holder + 1), pollers.remove(holder)))
}

fn check_epoch(installation: &Installation, wanted: i64) -> Result<()> {
    let epoch = installation
        .store()?
        .number("SELECT epoch FROM source_cursor")?;
    ensure!(epoch == wanted, "epoch {epoch}, not {wanted}");
    Ok(())
}
