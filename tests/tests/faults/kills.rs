//! `kill -9` at any moment: nothing lost, one effect.
//!
//! A server is killed again and again while posts come in, every second time inside an append
//! or a store transaction, at a point and a pass chosen by the seed. Then it is left alone,
//! catches up, and every law is checked. `SWITCHBOARD_FAULTS=200` asks for more kills than
//! the few of `make test`; `SWITCHBOARD_SEED` repeats a run; `SWITCHBOARD_POSTS` names a file of
//! mentions to be sent instead of our own posts.

use anyhow::{Context, Result, ensure};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use std::time::Duration;
use switchboard_tests::invariants::{self, SHORT_PROMISES};
use switchboard_tests::server::PATIENCE;
use switchboard_tests::{Installation, Server, posts};

/// Enough for every point to be hit in most runs, within a minute.
const KILLS_DEFAULT: u64 = 12;

/// Between two kills: several batches, so that some are under way whenever it strikes.
const POSTS_PER_KILL: usize = 120;

/// Small, so that a kill falls into many different places.
const POSTS_PER_REQUEST: usize = 15;

/// The points at which the process may kill itself, and up to which pass: what happens with
/// every batch may go on for a while, what people and timers do happens a few times in a life.
const POINTS: [(&str, u32); 12] = [
    ("log.append.begin", 25),
    ("log.append.before_commit", 25),
    ("log.append.after_commit", 25),
    ("log.offset.before_commit", 8),
    ("log.offset.after_commit", 8),
    ("store.transaction.begin", 25),
    ("store.intake.before_commit", 8),
    ("store.intake.after_commit", 8),
    ("store.apply.before_commit", 2),
    ("store.apply.after_commit", 2),
    ("store.timers.before_commit", 2),
    ("store.outbox.after_publish", 5),
];

/// Requests after which an armed point that was not passed often enough is given up.
const REQUESTS_MAX: usize = POSTS_PER_KILL / POSTS_PER_REQUEST * 2;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_nothing_is_lost_and_nothing_happens_twice() -> Result<()> {
    let kills = number_from("SWITCHBOARD_FAULTS").unwrap_or(KILLS_DEFAULT);
    let seed = number_from("SWITCHBOARD_SEED").unwrap_or_else(rand::random);
    eprintln!("{kills} kills, SWITCHBOARD_SEED={seed}");
    let installation = Installation::on_files(SHORT_PROMISES).await?;
    let mut story = Story::new(&installation, kills, seed)?;
    let mut inside = 0;
    for kill in 0..kills {
        let struck = story
            .kill(kill)
            .await
            .with_context(|| format!("kill {kill}"))?;
        inside += u64::from(struck.starts_with("at "));
        eprintln!(
            "kill {kill}: {struck}, {} of {} posts sent",
            story.sent,
            story.posts.len()
        );
    }
    ensure!(
        inside * 2 >= kills,
        "only {inside} of {kills} kills fell inside a write"
    );
    story.finish().await
}

struct Story<'a> {
    installation: &'a Installation,
    random: StdRng,
    posts: Vec<Value>,
    /// Acknowledged so far; what follows is sent again after a kill.
    sent: usize,
}

impl<'a> Story<'a> {
    fn new(installation: &'a Installation, kills: u64, seed: u64) -> Result<Self> {
        let count = usize::try_from(kills)? * POSTS_PER_KILL;
        let file = variable("SWITCHBOARD_POSTS");
        Ok(Self {
            installation,
            random: StdRng::seed_from_u64(seed),
            posts: file.map_or_else(|| Ok(posts::mixed(count, seed)), |file| posts::read(&file))?,
            sent: 0,
        })
    }

    /// One life of the server, from start to a violent end. Says how it ended.
    async fn kill(&mut self, kill: u64) -> Result<String> {
        if kill % 4 == 3 {
            return self.kill_from_outside().await;
        }
        let (point, passes_max) = POINTS[self.random.random_range(0..POINTS.len())];
        let armed = format!("{point}={}", self.random.random_range(1..=passes_max));
        let Ok(mut server) = self.start(&armed).await else {
            return Ok(format!("at {armed}, before it was ready"));
        };
        for _ in 0..REQUESTS_MAX {
            self.work_on_a_ticket(&server).await;
            if !self.send(&server).await {
                break;
            }
        }
        if self.died_by_itself(&mut server).await? {
            return Ok(format!("at {armed}"));
        }
        server.kill().await?;
        Ok(format!("from outside, {armed} was not reached"))
    }

    async fn kill_from_outside(&mut self) -> Result<String> {
        let mut server = self.start("").await?;
        let requests = self.random.random_range(1..=REQUESTS_MAX);
        for _ in 0..requests {
            self.send(&server).await;
        }
        server.kill().await?;
        Ok(format!("from outside after {requests} requests"))
    }

    async fn start(&self, failpoints: &str) -> Result<Server> {
        self.installation.start_with("only", "", failpoints).await
    }

    /// Sends the next posts; whether the server acknowledged them.
    async fn send(&mut self, server: &Server) -> bool {
        let end = (self.sent + POSTS_PER_REQUEST).min(self.posts.len());
        let lines = posts::lines(&self.posts[self.sent..end]);
        let acknowledged = server
            .post_mentions(lines)
            .await
            .is_ok_and(|it| it.status() == 202);
        if acknowledged {
            self.sent = end;
        }
        acknowledged
    }

    /// A person does something, so that their transactions are interrupted too.
    async fn work_on_a_ticket(&mut self, server: &Server) {
        let id = self.random.random_range(1..50);
        let step = ["claim", "resolve", "reopen"][self.random.random_range(0..3)];
        let path = format!("/api/v1/tickets/{id}/{step}");
        // Refusals and a dying server are part of the story.
        let _answer = server.post(&path, &serde_json::json!({})).await;
    }

    /// Gives an armed point the time to be passed often enough.
    async fn died_by_itself(&self, server: &mut Server) -> Result<bool> {
        for _ in 0..20 {
            if !server.is_running()? {
                return Ok(true);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(false)
    }

    async fn finish(mut self) -> Result<()> {
        let mut server = self.start("").await?;
        while self.sent < self.posts.len() {
            ensure!(self.send(&server).await, "a healthy server refuses posts");
        }
        invariants::wait_until_idle(self.installation, &server, PATIENCE).await?;
        invariants::check(self.installation, &server, &self.posts, 0).await?;
        let ended = server.stop().await?;
        ensure!(ended.success(), "{ended}: {}", self.installation.said());
        Ok(())
    }
}

pub(super) fn number_from(name: &str) -> Option<u64> {
    variable(name)?.parse().ok()
}

fn variable(name: &str) -> Option<String> {
    std::env::vars().find_map(|(known, value)| (known == name).then_some(value))
}
