//! Noticing a stage that neither works nor crashes.

use crate::log::{Lag, Log};
use crate::topic::TopicName;
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use switchboard_domain::Clock;
use switchboard_telemetry::{Gauge, Metrics, Stage};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A stage with records waiting that shows no sign of life for so long is stalled: twice the
/// time-out of one attempt.
pub const STALL_LIMIT: Duration = Duration::from_mins(1);

/// Often enough to be within the limit by a small part of it.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// A stage's signs of life. A clone shares them.
///
/// They are counted, not dated: a jump of the wall clock must not look like a stall.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// The stage is alive: it has finished a batch, found nothing to do, or failed and will
    /// try again.
    pub fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn beats(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A stage to look after.
#[derive(Clone)]
pub struct Watched {
    /// Its name.
    pub stage: Stage,
    /// Shared with its runner.
    pub progress: Progress,
    /// Its group in the log.
    pub group: String,
    /// What it reads.
    pub topics: Vec<TopicName>,
}

/// A stage hangs: the process should exit non-zero and be started again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stage `{stage}` hangs: {backlog} records wait and nothing has moved for {seconds} s")]
pub struct Stalled {
    /// Which stage.
    pub stage: &'static str,
    /// How many records wait for it.
    pub backlog: u64,
    /// For how long it has shown no sign of life.
    pub seconds: u64,
}

/// Looks at the stages every five seconds until `stop`, and keeps the gauges of how far they
/// are behind, in records and in seconds.
pub async fn watch(
    log: Arc<dyn Log>,
    stages: Vec<Watched>,
    limit: Duration,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) -> Result<(), Stalled> {
    let now = Instant::now();
    let mut last_beats: Vec<_> = stages
        .iter()
        .map(|one| (one.progress.beats(), now))
        .collect();
    while stop
        .run_until_cancelled(tokio::time::sleep(LOOK_INTERVAL))
        .await
        .is_some()
    {
        let mut lags: Vec<(Stage, Lag)> = vec![];
        let mut stalled = Ok(());
        for (one, last) in stages.iter().zip(&mut last_beats) {
            let lag = one.lag(&*log).await;
            match lags.iter_mut().find(|(stage, _)| *stage == one.stage) {
                Some((_, sum)) => add(sum, lag),
                None => lags.push((one.stage, lag)),
            }
            stalled = stalled.and(one.check(last, lag.records, limit));
        }
        for (stage, lag) in lags {
            tell(stage, lag, clock.now(), &metrics);
        }
        stalled?;
    }
    Ok(())
}

/// Several consumers may bear one stage's name, each channel that people are told through for
/// example: what waits for any of them waits for the stage.
fn add(sum: &mut Lag, lag: Lag) {
    sum.records += lag.records;
    sum.oldest = sum.oldest.into_iter().chain(lag.oldest).min();
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge; nobody counts 2^52 records"
)]
fn tell(stage: Stage, lag: Lag, now: Timestamp, metrics: &Metrics) {
    metrics.set(Gauge::StageBacklog { stage }, lag.records as f64);
    let age = lag.oldest.map_or(0.0, |oldest| {
        now.duration_since(oldest).as_secs_f64().max(0.0)
    });
    metrics.set(Gauge::StageLag { stage }, age);
}

impl Watched {
    /// A topic that cannot be asked now counts as empty: the stage itself will say why.
    async fn lag(&self, log: &dyn Log) -> Lag {
        let mut all = Lag::default();
        for topic in &self.topics {
            add(
                &mut all,
                log.lag(&self.group, topic).await.unwrap_or_default(),
            );
        }
        all
    }

    fn check(
        &self,
        last: &mut (u64, Instant),
        backlog: u64,
        limit: Duration,
    ) -> Result<(), Stalled> {
        let beats = self.progress.beats();
        if beats != last.0 || backlog == 0 {
            *last = (beats, Instant::now());
            return Ok(());
        }
        let still = last.1.elapsed();
        if still < limit {
            return Ok(());
        }
        Err(Stalled {
            stage: self.stage.as_str(),
            backlog,
            seconds: still.as_secs(),
        })
    }
}
