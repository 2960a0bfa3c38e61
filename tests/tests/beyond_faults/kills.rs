//! `kill -9` of every role under load, one by one and all at once.

use crate::load::Load;
use crate::{IDLE_LIMIT, number_from, seed};
use anyhow::{Context, Result};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::{Duration, Instant};
use switchboard_tests::invariants::{self, SHORT_PROMISES};
use switchboard_tests::{Installation, Server, posts};

/// Enough for every role in most runs.
const KILLS_DEFAULT: u64 = 5;

const POSTS_PER_KILL: usize = 60;

/// Load between two kills, at the most.
const LIFE_MILLIS_MAX: u64 = 1_500;

const ROLES: [(&str, &str); 4] = [
    ("receiver", "ingest,classify"),
    ("router-1", "route,alert"),
    ("router-2", "route"),
    ("inbox", "inbox"),
];

/// Where a process kills itself, and up to which pass.
const POINTS: [(&str, u32); 6] = [
    ("store.transaction.begin", 12),
    ("store.intake.before_commit", 4),
    ("store.intake.after_commit", 4),
    ("store.timers.before_commit", 2),
    ("store.apply.before_commit", 1),
    ("store.outbox.after_publish", 3),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_role_and_all_of_them_are_killed_under_load() -> Result<()> {
    let Some(installation) = Installation::on_shared_servers(SHORT_PROMISES).await? else {
        return Ok(());
    };
    let kills = number_from("SWITCHBOARD_FAULTS").unwrap_or(KILLS_DEFAULT);
    let seed = seed();
    let count = usize::try_from(kills)? * POSTS_PER_KILL;
    let mut load = Load::of(posts::mixed(count, seed));
    let mut team = Team::new(&installation, seed);
    for kill in 0..kills {
        let struck = team.live_and_die(&mut load).await;
        let struck = struck.with_context(|| format!("kill {kill}"))?;
        println!("kill {kill}: {struck}, {} posts sent", load.sent());
    }
    let begin = Instant::now();
    team.kill(ROLES.len()).await?;
    team.is_armed = false;
    team.revive().await?;
    let ready = begin.elapsed();
    let (receiver, inbox) = (team.member(0)?, team.member(3)?);
    load.finish(receiver, IDLE_LIMIT).await?;
    let idle = invariants::wait_until_idle(&installation, inbox, IDLE_LIMIT).await?;
    invariants::check(&installation, inbox, &load.posts, 0).await?;
    println!("all ready again after {ready:.1?}, idle after {idle:.1?} more");
    Ok(())
}

/// One process for each entry of [`ROLES`].
struct Team<'a> {
    installation: &'a Installation,
    members: Vec<Option<Server>>,
    random: StdRng,
    /// Whether those that start may kill themselves.
    is_armed: bool,
}

impl<'a> Team<'a> {
    fn new(installation: &'a Installation, seed: u64) -> Self {
        Self {
            installation,
            members: ROLES.iter().map(|_| None).collect(),
            random: StdRng::seed_from_u64(seed),
            is_armed: true,
        }
    }

    fn member(&self, index: usize) -> Result<&Server> {
        self.members[index].as_ref().context("it was started")
    }

    /// Starts whoever is dead, takes posts for a moment, and kills one, or all.
    async fn live_and_die(&mut self, load: &mut Load) -> Result<String> {
        self.revive().await?;
        let life = self.random.random_range(0..LIFE_MILLIS_MAX);
        load.trickle(self.member(0)?, Duration::from_millis(life), POSTS_PER_KILL)
            .await;
        let mut struck = vec![];
        for (index, (name, _)) in ROLES.iter().enumerate() {
            if !self.is_alive(index)? {
                struck.push(format!("{name} at its point"));
            }
        }
        let victim = self.random.random_range(0..=ROLES.len());
        self.kill(victim).await?;
        let victim = ROLES.get(victim).map_or("all of them", |(name, _)| *name);
        struck.push(victim.to_owned());
        Ok(struck.join(", "))
    }

    /// One, or all when there is none of that number.
    async fn kill(&mut self, victim: usize) -> Result<()> {
        for (index, member) in self.members.iter_mut().enumerate() {
            if (index == victim || victim == ROLES.len())
                && let Some(mut server) = member.take()
            {
                server.kill().await?;
            }
        }
        Ok(())
    }

    async fn revive(&mut self) -> Result<()> {
        for (index, (name, roles)) in ROLES.iter().enumerate() {
            if self.is_alive(index)? {
                continue;
            }
            let armed = self.point();
            let started = self.installation.start_with(name, roles, &armed).await;
            let started = match started {
                // It died before it was ready.
                Err(_) if !armed.is_empty() => self.installation.start(name, roles).await?,
                started => started?,
            };
            self.members[index] = Some(started);
        }
        Ok(())
    }

    fn point(&mut self) -> String {
        if !self.is_armed || self.random.random_ratio(1, 2) {
            return String::new();
        }
        let (point, passes_max) = POINTS[self.random.random_range(0..POINTS.len())];
        format!("{point}={}", self.random.random_range(1..=passes_max))
    }

    fn is_alive(&mut self, index: usize) -> Result<bool> {
        match &mut self.members[index] {
            None => Ok(false),
            Some(server) => server.is_running(),
        }
    }
}
