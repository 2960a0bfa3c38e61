//! A stage that neither works nor crashes: the process says which one, ends, and the next one
//! finishes what was there.

use anyhow::{Result, ensure};
use reqwest::StatusCode;
use std::time::{Duration, Instant};
use switchboard_stream::runner::STALL_LIMIT;
use switchboard_tests::invariants::{self, SHORT_PROMISES};
use switchboard_tests::server::PATIENCE;
use switchboard_tests::{Installation, posts};

const POSTS: usize = 60;

/// Between two looks of the watchdog, and what a process may take to end: its drain, and the
/// thread that hangs is not waited for.
const END_LIMIT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_that_hangs_ends_the_process_which_says_so_and_the_next_goes_on() -> Result<()> {
    let installation = Installation::on_files(SHORT_PROMISES).await?;
    let sent = posts::mixed(POSTS, 7);
    let hanging = installation.start_with("only", "", "route.batch.begin=hang");
    let mut server = hanging.await?;
    let begin = Instant::now();
    let answer = server.post_mentions(posts::lines(&sent)).await?;
    ensure!(answer.status() == StatusCode::ACCEPTED);
    let ended = server.wait_for_end(STALL_LIMIT + END_LIMIT).await?;
    let after = begin.elapsed();
    let said = installation.said();
    ensure!(!ended.success(), "{ended}");
    ensure!(said.contains("stage `route` hangs"), "{said}");
    eprintln!("a stage that hangs: the process ended after {after:.1?}");

    let server = installation.start("only", "").await?;
    invariants::wait_until_idle(&installation, &server, PATIENCE).await?;
    invariants::check(&installation, &server, &sent, 0).await
}
