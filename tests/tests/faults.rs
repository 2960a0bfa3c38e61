//! `kill -9` at any moment: nothing lost, one effect.
//!
//! A server is killed again and again while posts come in, every second time inside an append
//! or a store transaction, at a point and a pass chosen by the seed. Then it is left alone,
//! catches up, and every law is checked. `SWITCHBOARD_FAULTS=200` asks for more kills than
//! the few of `make test`; `SWITCHBOARD_SEED` repeats a run; `SWITCHBOARD_POSTS` names a file of
//! mentions to be sent instead of our own posts.

#![expect(
    clippy::print_stderr,
    reason = "a fault run tells its seed and its kills"
)]

use anyhow::{Context, Result, ensure};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use switchboard_tests::server::{self, PATIENCE};
use switchboard_tests::store::StoreView;
use switchboard_tests::{Options, Server, posts, topics};

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

/// Deadlines so short that they pass while servers die.
const CONFIG: &str = r#"
[departments.support]
[departments.pr]
[departments.sales]
[departments.community]

[routing]
fallback = "community"

[[routing.rows]]
name = "risk"
label = ["pr_risk"]
department = "pr"

[[routing.rows]]
name = "complaint"
label = ["complaint"]
department = "support"

[[routing.rows]]
name = "lead"
label = ["lead"]
department = "sales"

[[sla.policies]]
name = "at once"
label = ["complaint", "lead", "pr_risk"]
first_response = { urgent = "2s", high = "2s", normal = "3s", low = "4s" }
warn_at_percent = [50]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_nothing_is_lost_and_nothing_happens_twice() -> Result<()> {
    let kills = number_from("SWITCHBOARD_FAULTS").unwrap_or(KILLS_DEFAULT);
    let seed = number_from("SWITCHBOARD_SEED").unwrap_or_else(rand::random);
    eprintln!("{kills} kills, SWITCHBOARD_SEED={seed}");
    let dir = tempfile::tempdir()?;
    let mut story = Story::new(dir.path(), kills, seed).await?;
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
    dir: &'a Path,
    token: String,
    random: StdRng,
    posts: Vec<Value>,
    /// Acknowledged so far; what follows is sent again after a kill.
    sent: usize,
}

impl<'a> Story<'a> {
    async fn new(dir: &'a Path, kills: u64, seed: u64) -> Result<Self> {
        let count = usize::try_from(kills)? * POSTS_PER_KILL;
        let file = variable("SWITCHBOARD_POSTS");
        Ok(Self {
            dir,
            token: server::token(dir).await?,
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
        let options = Options {
            config: CONFIG.into(),
            failpoints: failpoints.into(),
            ..Options::default()
        };
        Server::start_with_token(self.dir, &options, self.token.clone()).await
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
        self.wait_until_idle(&server).await?;
        let events = topics::check_event_numbers(&server).await?;
        let letters = topics::read_all(&server, "dead.letter").await?;
        ensure!(letters.is_empty(), "dead letters: {letters:?}");
        let ended = server.stop().await?;
        ensure!(ended.success(), "{ended}: {}", server::said(self.dir));
        self.check(events)?;
        self.check_audit().await
    }

    /// Everything received is classified, everything classified is a ticket, every deadline
    /// has passed, and everything is told.
    async fn wait_until_idle(&self, server: &Server) -> Result<()> {
        let store = StoreView::open(self.dir)?;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let received = topics::read_all(server, "mention.received").await?.len();
            let urgent = topics::read_all(server, "mention.classified.urgent")
                .await?
                .len();
            let classified = urgent + topics::read_all(server, "mention.classified").await?.len();
            let routed = usize::try_from(store.passed("route")?)?;
            let open_outbox = store.number("SELECT count(*) FROM outbox")?;
            let ticking =
                store.number("SELECT count(*) FROM ticket WHERE next_due_at IS NOT NULL")?;
            if classified >= received && routed == classified && open_outbox + ticking == 0 {
                return Ok(());
            }
            ensure!(
                tokio::time::Instant::now() < deadline,
                "not idle: {received} received, {classified} classified, {routed} routed, \
                 {open_outbox} untold, {ticking} ticking; {}",
                server::said(self.dir),
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    fn check(&self, events: usize) -> Result<()> {
        let store = StoreView::open(self.dir)?;
        let distinct: BTreeSet<&str> = self
            .posts
            .iter()
            .filter_map(|post| post["id"].as_str())
            .collect();
        let known = usize::try_from(store.number("SELECT count(*) FROM identity")?)?;
        ensure!(
            known == distinct.len(),
            "{} posts, {known} identities",
            distinct.len()
        );
        store.check_laws()?;
        let stored = usize::try_from(store.number("SELECT count(*) FROM ticket_event")?)?;
        ensure!(
            events == stored,
            "{stored} events in the store, {events} told"
        );
        Ok(())
    }

    async fn check_audit(&self) -> Result<()> {
        let dir = self.dir.display().to_string();
        let verify = server::command(&["audit", "verify", "--data-dir", &dir])
            .output()
            .await?;
        let said = String::from_utf8_lossy(&verify.stderr);
        ensure!(verify.status.success(), "audit verify: {said}");
        Ok(())
    }
}

fn number_from(name: &str) -> Option<u64> {
    variable(name)?.parse().ok()
}

fn variable(name: &str) -> Option<String> {
    std::env::vars().find_map(|(known, value)| (known == name).then_some(value))
}
