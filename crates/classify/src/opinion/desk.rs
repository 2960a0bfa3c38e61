//! One adviser with its time-out, budget, memory and pauses.

use super::adviser::{Advice, AdviceError, Adviser};
use super::budget::Budget;
use super::circuit::Circuit;
use super::memory::{Key, Memory};
use super::weigh::Signature;
use jiff::SignedDuration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use switchboard_domain::{ClassifiedMention, Clock};
use switchboard_telemetry::{AdviserLabel, Histogram, Metrics, OpinionOutcome};
use tokio::time::Instant;

/// What one adviser may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeskLimits {
    /// For one question.
    pub timeout: Duration,
    /// Questions within a minute of UTC, at most.
    pub budget_per_minute: u32,
    /// Questions within a day of UTC, at most.
    pub budget_per_day: u32,
    /// How long an advice counts for the same words.
    pub cache_for: SignedDuration,
    /// How many are remembered.
    pub cache_size: usize,
}

/// Where one adviser is asked. What it has cost is known to this process alone, and forgotten
/// at its end.
pub struct Desk {
    adviser: Arc<dyn Adviser>,
    timeout: Duration,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    state: Mutex<State>,
}

struct State {
    budget: Budget,
    circuit: Circuit,
    memory: Memory,
}

impl Desk {
    /// Nothing is asked yet.
    pub fn new(
        adviser: Arc<dyn Adviser>,
        limits: &DeskLimits,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
    ) -> Self {
        Self {
            adviser,
            timeout: limits.timeout,
            clock,
            metrics,
            state: Mutex::new(State {
                budget: Budget::new(limits.budget_per_minute, limits.budget_per_day),
                circuit: Circuit::default(),
                memory: Memory::new(limits.cache_for, limits.cache_size),
            }),
        }
    }

    /// Who sits there, in metrics.
    pub fn label(&self) -> AdviserLabel {
        self.adviser.label()
    }

    /// Who sits there, in a classification.
    pub fn signature(&self) -> Signature<'_> {
        Signature {
            adviser: self.adviser.label(),
            version: self.adviser.version(),
        }
    }

    /// The advice on a post, remembered or asked for; else why there is none. Nothing is asked
    /// once it is `late`.
    pub(super) async fn ask(
        &self,
        post: &ClassifiedMention,
        key: &Key,
        late: Instant,
    ) -> Result<Advice, OpinionOutcome> {
        let (mention, first) = (&post.mention, &post.classification);
        if let Some(declined) = self.adviser.declines(mention, first) {
            return Err(declined);
        }
        if let Some(advice) = self.admit(key, late)? {
            return Ok(advice);
        }
        let began = Instant::now();
        let asked = self.adviser.advise(mention, first);
        let answer = tokio::time::timeout(self.timeout, asked).await;
        let adviser = self.label();
        let taken = began.elapsed().as_secs_f64();
        self.metrics
            .observe(Histogram::OpinionDuration { adviser }, taken);
        match answer {
            Ok(Ok(advice)) => {
                let now = self.clock.now();
                let mut state = self.lock();
                state.circuit.succeeded();
                state.memory.keep(*key, advice, now);
                Ok(advice)
            }
            Ok(Err(error)) => {
                self.went_wrong(&error);
                Err(OpinionOutcome::Failed)
            }
            Err(_elapsed) => {
                let milliseconds = self.timeout.as_millis();
                let reason = format!("no answer within {milliseconds} ms");
                self.went_wrong(&AdviceError::Failed(reason));
                Err(OpinionOutcome::TimedOut)
            }
        }
    }

    /// What is remembered, or nothing where it may be asked for.
    fn admit(&self, key: &Key, late: Instant) -> Result<Option<Advice>, OpinionOutcome> {
        let now = self.clock.now();
        let mut state = self.lock();
        if let Some(advice) = state.memory.get(key, now) {
            return Ok(Some(advice));
        }
        if Instant::now() >= late {
            return Err(OpinionOutcome::SkippedLate);
        }
        if state.circuit.is_open(now) {
            return Err(OpinionOutcome::SkippedPause);
        }
        if !state.budget.take(now) {
            return Err(OpinionOutcome::SkippedBudget);
        }
        Ok(None)
    }

    fn went_wrong(&self, error: &AdviceError) {
        let now = self.clock.now();
        let mut state = self.lock();
        let pause = match error {
            AdviceError::Busy { wait, .. } => state.circuit.asked_for(now, *wait),
            AdviceError::Refused(_) => state.circuit.refused(now),
            AdviceError::Failed(_) => state.circuit.failed(now),
        };
        drop(state);
        let adviser = self.label().as_str();
        match pause {
            None => tracing::debug!(adviser, %error, "no second opinion"),
            Some(pause) => {
                let seconds = pause.as_secs();
                tracing::warn!(adviser, %error, seconds, "no second opinions for a while");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
