//! All brokers away, the database away: the processes stay, refuse what they cannot keep, and
//! go on by themselves.

use crate::load::Load;
use crate::{IDLE_LIMIT, number_from, seed};
use anyhow::{Result, ensure};
use reqwest::StatusCode;
use std::time::{Duration, Instant};
use switchboard_tests::invariants::{self, SHORT_PROMISES};
use switchboard_tests::kafka::{self, Kafka};
use switchboard_tests::postgres::Postgres;
use switchboard_tests::{Installation, Server, posts};

/// How long the servers are away, unless `SWITCHBOARD_OUTAGE_SECONDS` says otherwise: long
/// enough for every loop to meet the outage.
const OUTAGE_SECONDS_DEFAULT: u64 = 8;

const POSTS: usize = 150;

/// Whoever posts is refused within this.
const REFUSAL_LIMIT: Duration = Duration::from_secs(20);

/// Posts are taken again this long after the server is back.
const RECOVERY_LIMIT: Duration = Duration::from_secs(30);

/// The two servers of one test.
struct Ground {
    kafka: Kafka,
    postgres: Postgres,
}

impl Ground {
    fn new() -> Result<Option<Self>> {
        if kafka::is_skipped() || Postgres::shared()?.is_none() {
            return Ok(None);
        }
        let (kafka, postgres) = (Kafka::start(1)?, Postgres::start(true)?);
        Ok(Some(Self { kafka, postgres }))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_brokers_stop_and_come_back() -> Result<()> {
    let Some(ground) = tokio::task::block_in_place(Ground::new)? else {
        return Ok(());
    };
    let Ground { kafka, postgres } = ground;
    let stop = || {
        kafka.kill(0);
        Ok(())
    };
    let start = || kafka.restart(0);
    outage(&kafka.bootstrap(), postgres.url(), stop, start).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_stops_at_once_and_comes_back() -> Result<()> {
    let Some(ground) = tokio::task::block_in_place(Ground::new)? else {
        return Ok(());
    };
    let Ground { kafka, postgres } = ground;
    let url = postgres.url().to_owned();
    let postgres = std::sync::Mutex::new(postgres);
    let locked = || postgres.lock().map_err(|_| anyhow::anyhow!("poisoned"));
    let stop = || locked()?.stop_at_once();
    let start = || locked()?.start_again();
    outage(&kafka.bootstrap(), &url, stop, start).await
}

/// Half of the posts, the outage, the other half.
async fn outage(
    bootstrap: &str,
    database: &str,
    stop: impl Fn() -> Result<()>,
    start: impl Fn() -> Result<()>,
) -> Result<()> {
    let installation = Installation::on_servers(bootstrap, database, SHORT_PROMISES).await?;
    let seconds = number_from("SWITCHBOARD_OUTAGE_SECONDS").unwrap_or(OUTAGE_SECONDS_DEFAULT);
    let mut load = Load::of(posts::mixed(POSTS, seed()));
    let mut server = installation.start("all", "").await?;
    while load.sent() < POSTS / 2 {
        load.send(&server).await;
    }
    tokio::task::block_in_place(&stop)?;
    let refused = refusal(&mut load, &server).await?;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let (live, _) = server.ops("/livez").await?;
    let (ready, checks) = server.ops("/readyz").await?;
    ensure!(live == StatusCode::OK, "an outage must not get it killed");
    ensure!(ready == StatusCode::SERVICE_UNAVAILABLE, "ready: {checks}");
    tokio::task::block_in_place(&start)?;
    let taken = load.finish(&server, IDLE_LIMIT).await?;
    ensure!(taken < RECOVERY_LIMIT, "posts were taken after {taken:?}");
    let idle = invariants::wait_until_idle(&installation, &server, IDLE_LIMIT).await?;
    invariants::check(&installation, &server, &load.posts, 0).await?;
    ensure!(
        server.is_running()?,
        "the same process: {}",
        installation.said()
    );
    println!(
        "refused within {refused:.1?}; {seconds} s later the server came back: posts taken \
         after {taken:.1?}, idle after {idle:.1?} more"
    );
    Ok(())
}

/// How long it takes until a post is refused.
async fn refusal(load: &mut Load, server: &Server) -> Result<Duration> {
    let begin = Instant::now();
    // One that was on its way may still be taken.
    while begin.elapsed() < REFUSAL_LIMIT * 2 {
        let asked = Instant::now();
        let answer = load.send(server).await;
        ensure!(answer.is_some(), "no answer at all");
        if answer == Some(StatusCode::SERVICE_UNAVAILABLE) {
            let waited = asked.elapsed();
            ensure!(waited < REFUSAL_LIMIT, "it took {waited:?} to refuse");
            return Ok(waited);
        }
    }
    anyhow::bail!("posts are taken without a server to keep them")
}
