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

/// How long no post may be taken while the other two brokers share out what one led.
const SHARE_OUT_LIMIT: Duration = Duration::from_secs(30);

/// Every record on all three brokers, acknowledged by two.
const THREE_COPIES: &str = "[log.kafka]\nreplication = 3\nmin_insync_replicas = 2\n";

/// The two servers of one test.
struct Ground {
    kafka: Kafka,
    postgres: Postgres,
}

impl Ground {
    fn new(brokers: usize) -> Result<Option<Self>> {
        if kafka::is_skipped() || Postgres::shared()?.is_none() {
            return Ok(None);
        }
        let (kafka, postgres) = (Kafka::start(brokers)?, Postgres::start(true)?);
        Ok(Some(Self { kafka, postgres }))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_brokers_stop_and_come_back() -> Result<()> {
    let Some(ground) = tokio::task::block_in_place(|| Ground::new(1))? else {
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
    let Some(ground) = tokio::task::block_in_place(|| Ground::new(1))? else {
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

#[tokio::test(flavor = "multi_thread")]
async fn one_of_three_brokers_is_killed_and_nobody_is_refused_for_long() -> Result<()> {
    let Some(ground) = tokio::task::block_in_place(|| Ground::new(3))? else {
        return Ok(());
    };
    let Ground { kafka, postgres } = ground;
    let config = format!("{SHORT_PROMISES}\n{THREE_COPIES}");
    let bootstrap = kafka.bootstrap();
    let installation = Installation::on_servers(&bootstrap, postgres.url(), &config).await?;
    let mut load = Load::of(posts::mixed(POSTS, seed()));
    let mut server = installation.start("all", "").await?;
    while load.sent() < POSTS / 3 {
        load.send(&server).await;
    }
    // The one the clients asked first.
    kafka.kill(0);
    let longest = longest_refusal(&mut load, &server, POSTS * 2 / 3).await?;
    let (ready, checks) = server.ops("/readyz").await?;
    ensure!(ready == StatusCode::OK, "two brokers are enough: {checks}");
    tokio::task::block_in_place(|| kafka.restart(0))?;
    load.finish(&server, IDLE_LIMIT).await?;
    let idle = invariants::wait_until_idle(&installation, &server, IDLE_LIMIT).await?;
    invariants::check(&installation, &server, &load.posts, 0).await?;
    ensure!(server.is_running()?, "{}", installation.said());
    println!("one of three brokers killed: no post taken for {longest:.1?}, idle {idle:.1?} later");
    Ok(())
}

/// Sends until so many are taken, and says how long it took for the slowest of them.
async fn longest_refusal(load: &mut Load, server: &Server, until: usize) -> Result<Duration> {
    let mut longest = Duration::ZERO;
    while load.sent() < until {
        let (begin, before) = (Instant::now(), load.sent());
        while load.sent() == before {
            load.send(server).await;
            let waited = begin.elapsed();
            ensure!(waited < SHARE_OUT_LIMIT, "no post was taken for {waited:?}");
        }
        longest = longest.max(begin.elapsed());
    }
    Ok(longest)
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
