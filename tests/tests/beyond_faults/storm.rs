//! Processes that come and go while posts come in.

use crate::load::Load;
use crate::{IDLE_LIMIT, number_from, seed};
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};
use switchboard_tests::invariants::{self, SHORT_PROMISES};
use switchboard_tests::{Installation, posts};

/// Joins and leavings of a second router; a tenth of `SWITCHBOARD_FAULTS` when that is asked.
const STEPS_DEFAULT: u64 = 4;

/// The table of faults asks for one every five seconds.
const STEP: Duration = Duration::from_secs(5);

const POSTS_PER_STEP: usize = 150;

/// From SIGTERM to the end.
const DRAIN_LIMIT: Duration = Duration::from_secs(25);

#[tokio::test(flavor = "multi_thread")]
async fn a_second_router_joins_and_leaves_again_and_again() -> Result<()> {
    let Some(installation) = Installation::on_shared_servers(SHORT_PROMISES).await? else {
        return Ok(());
    };
    let steps = number_from("SWITCHBOARD_FAULTS").map_or(STEPS_DEFAULT, |kills| kills / 10);
    let seed = seed();
    let count = usize::try_from(steps.max(STEPS_DEFAULT))? * POSTS_PER_STEP;
    let mut load = Load::of(posts::mixed(count, seed));
    let server = installation.start("all", "").await?;
    let mut second = None;
    for _ in 0..steps.max(STEPS_DEFAULT) {
        second = match second {
            None => Some(installation.start("second", "route,alert").await?),
            Some(mut leaving) => {
                ensure!(
                    switchboard_tests::Server::stop(&mut leaving)
                        .await?
                        .success()
                );
                None
            }
        };
        load.send_for(&server, STEP).await;
    }
    load.finish(&server, IDLE_LIMIT).await?;
    let idle = invariants::wait_until_idle(&installation, &server, IDLE_LIMIT).await?;
    invariants::check(&installation, &server, &load.posts, 0).await?;
    println!(
        "{} joins and leavings, idle after {idle:.1?}",
        steps.max(STEPS_DEFAULT)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_under_load_it_ends_in_time_and_cleanly() -> Result<()> {
    let Some(installation) = Installation::on_shared_servers(SHORT_PROMISES).await? else {
        return Ok(());
    };
    let mut load = Load::of(posts::mixed(400, seed()));
    let mut longest = Duration::ZERO;
    for _ in 0..3 {
        let mut server = installation.start("all", "").await?;
        load.send_for(&server, Duration::from_secs(1)).await;
        let begin = Instant::now();
        let ended = server.stop().await?;
        longest = longest.max(begin.elapsed());
        ensure!(ended.success(), "{ended}: {}", installation.said());
    }
    ensure!(longest < DRAIN_LIMIT, "it took {longest:?} to stop");
    let server = installation.start("all", "").await?;
    load.finish(&server, IDLE_LIMIT).await?;
    invariants::wait_until_idle(&installation, &server, IDLE_LIMIT).await?;
    invariants::check(&installation, &server, &load.posts, 0).await?;
    println!("stopped within {longest:.1?}");
    Ok(())
}
