//! The product's classify stage, in processes of that role alone.

use crate::feed;
use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use std::time::{Duration, Instant};
use switchboard_tests::server::Server;
use switchboard_tests::{Installation, kafka};

/// How often the counters are read. A reading costs a process a millisecond.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// Of `/proc`, on every Linux that runs on x86 or ARM.
const TICKS_PER_SECOND: f64 = 100.0;

/// A stage that has moved nothing for so long does not move.
const PATIENCE: Duration = Duration::from_mins(1);

/// An installation whose `mention.received` is full, and nobody has classified yet.
pub(crate) struct Shared {
    installation: Installation,
    pub(crate) bootstrap: String,
    mentions: usize,
}

/// What classifying all of them took.
pub(crate) struct Cost {
    /// Records a second, all processes together.
    pub(crate) rate: f64,
    /// Of all threads of all processes, for each record.
    pub(crate) processor_micros: f64,
}

/// Counters of all processes together.
#[derive(Clone, Copy)]
struct Reading {
    at: Instant,
    records: f64,
    processor_seconds: f64,
}

impl Shared {
    pub(crate) async fn filled(mentions: usize) -> Result<Self> {
        let room = format!("[ingest]\nbacklog_max = {}\n", mentions * 2);
        let installation = Installation::on_shared_servers(&room).await?;
        let installation = installation.context("this needs Kafka and PostgreSQL")?;
        let mut server = installation.start("fill", "ingest").await?;
        // A broker that has just been started may keep a sender waiting.
        feed::all(&server, mentions, PATIENCE).await?;
        server.stop().await?;
        Ok(Self {
            installation,
            bootstrap: tokio::task::spawn_blocking(kafka::bootstrap).await?,
            mentions,
        })
    }

    pub(crate) fn prefix(&self) -> &str {
        self.installation.prefix()
    }

    /// Starts so many processes and waits until they have classified everything, once.
    pub(crate) async fn classified_by(&self, processes: usize) -> Result<Cost> {
        let names = ["a", "b", "c", "d"];
        let starts = names[..processes]
            .iter()
            .map(|name| self.installation.start(name, "classify"));
        let mut servers = try_join_all(starts).await?;
        let first = read(&servers).await?;
        let last = self.wait(&servers, first).await?;
        let each = try_join_all(servers.iter().map(records_of)).await?;
        println!("shares of the processes: {each:?}");
        for server in &mut servers {
            server.stop().await?;
        }
        let records = last.records - first.records;
        Ok(Cost {
            rate: records / last.at.duration_since(first.at).as_secs_f64(),
            processor_micros: (last.processor_seconds - first.processor_seconds) / records * 1e6,
        })
    }

    async fn wait(&self, servers: &[Server], first: Reading) -> Result<Reading> {
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let all = self.mentions as f64;
        let mut moved = first;
        loop {
            let now = read(servers).await?;
            ensure!(now.records <= all, "{} of {all}: some twice", now.records);
            if now.records >= all {
                return Ok(now);
            }
            if now.records > moved.records {
                moved = now;
            }
            ensure!(moved.at.elapsed() < PATIENCE, "the stage stands still");
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }
}

async fn read(servers: &[Server]) -> Result<Reading> {
    let (mut records, mut processor_seconds) = (0.0, 0.0);
    for server in servers {
        records += records_of(server).await?;
        processor_seconds += processor_seconds_of(server)?;
    }
    Ok(Reading {
        at: Instant::now(),
        records,
        processor_seconds,
    })
}

/// Of all its threads so far; the metric of that name counts whole seconds.
fn processor_seconds_of(server: &Server) -> Result<f64> {
    let pid = server.pid().context("it has ended")?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, after_name) = stat.rsplit_once(") ").context("a name in brackets")?;
    // `utime` and `stime`, the 14th and 15th field of all (proc(5)).
    let ticks = after_name.split(' ').skip(11).take(2);
    let ticks = ticks.map(|field| field.parse::<f64>().context("a number"));
    Ok(ticks.sum::<Result<f64>>()? / TICKS_PER_SECOND)
}

/// What the stage is done with, whatever became of it.
async fn records_of(server: &Server) -> Result<f64> {
    let (_, text) = server.ops("/metrics").await?;
    let lines = text.lines().filter(|line| {
        line.starts_with("switchboard_stage_events_total{") && line.contains("stage=\"classify\"")
    });
    let values = lines.filter_map(|line| line.rsplit_once(' '));
    values
        .map(|(_, value)| value.parse::<f64>().context("a count"))
        .sum()
}
