//! The loop around every stage: take a batch, make its effects durable, move on.
//!
//! | module | holds |
//! |---|---|
//! | `stage` | what a stage must do, and how it says what went wrong |
//! | `attempt` | one call of a stage: time-out, panic, checked outcomes |
//! | `running` | the loop itself |
//! | `retry` | how long to wait between attempts |
//! | `limits` | when dead letters mean that the code is wrong |
//! | `watchdog` | noticing a stage that hangs |
//!
//! The next batch is taken only when the effects of the one before are durable. So a stage
//! that cannot place its results takes nothing, and the pressure walks upstream.

mod attempt;
mod limits;
mod retry;
mod running;
mod stage;
mod watchdog;

pub use limits::DeadLetterLimits;
pub use retry::RetryPolicy;
pub use stage::{Stage, StageError};
pub use watchdog::{Progress, STALL_LIMIT, Stalled, Watched, watch};

use crate::log::{Consumer, LogError};
use running::Running;
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::Clock;
use switchboard_telemetry::Metrics;
use tokio_util::sync::CancellationToken;

/// How a stage is run.
#[derive(Clone, Debug)]
pub struct RunnerOptions {
    /// Records of one batch; a stage whose transaction must stay short takes few.
    pub batch_records_max: usize,
    /// One call of the stage; a longer one counts as a failed attempt.
    pub attempt_timeout: Duration,
    /// Waiting between attempts.
    pub retry: RetryPolicy,
    /// When to stop instead of setting more aside.
    pub dead_letters: DeadLetterLimits,
    /// The version that stands in dead letters.
    pub build: String,
}

impl RunnerOptions {
    /// What suits a stage that handles a thousand records in a fraction of a second.
    pub fn new(build: impl Into<String>) -> Self {
        Self {
            batch_records_max: 1_000,
            attempt_timeout: Duration::from_secs(30),
            retry: RetryPolicy::default(),
            dead_letters: DeadLetterLimits::default(),
            build: build.into(),
        }
    }
}

/// How a process tells its stages to end.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// Finish what is in hand, take nothing more, wait for no retry.
    pub soft: CancellationToken,
    /// Drop everything now; whatever was not durable is read again at the next start.
    pub hard: CancellationToken,
}

/// Why a stage ended by itself. The process should exit non-zero.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// The log cannot go on with this stage; the source says why.
    #[error("stage `{stage}` stopped")]
    Log {
        /// Which stage.
        stage: &'static str,
        /// What the log said.
        source: LogError,
    },
    /// The stage said so.
    #[error("stage `{stage}` stopped: {reason}")]
    Fatal {
        /// Which stage.
        stage: &'static str,
        /// Its reason.
        reason: String,
    },
    /// So many records failed that the code must be wrong, not the data.
    #[error(
        "stage `{stage}` stopped: {reason}; the last failure was: {last}. Nothing more was set \
         aside; repair the cause and start again"
    )]
    TooManyDeadLetters {
        /// Which stage.
        stage: &'static str,
        /// Which limit.
        reason: String,
        /// What the last record failed with.
        last: String,
    },
}

/// Everything one running stage needs.
pub struct Runner {
    /// What is run.
    pub stage: Arc<dyn Stage>,
    /// Where its records come from.
    pub consumer: Box<dyn Consumer>,
    /// Dates dead letters and progress.
    pub clock: Arc<dyn Clock>,
    /// Where outcomes are counted.
    pub metrics: Metrics,
    /// Shared with the watchdog.
    pub progress: Progress,
    /// How it is run.
    pub options: RunnerOptions,
    /// Spreads the retries of several processes; any number will do.
    pub jitter_seed: u64,
}

impl Runner {
    /// Runs until stopped (`Ok`) or until it cannot go on.
    pub async fn run(self, stop: &Stop) -> Result<(), RunnerError> {
        let run = Running::new(self, stop.soft.clone()).take_batches();
        stop.hard.run_until_cancelled(run).await.unwrap_or(Ok(()))
    }
}
