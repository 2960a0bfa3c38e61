//! The loop itself. Every record that is taken ends in one outcome, counted here, or is let
//! go and read again.

use super::attempt::{self, Failed};
use super::limits::LetterWindow;
use super::retry::Backoff;
use super::{Runner, RunnerError};
use crate::log::{Batch, LogError};
use crate::record::{DeadLetter, ErrorClass, Failure};
use jiff::Timestamp;
use std::time::Duration;
use switchboard_telemetry::{Counter, Gauge, Histogram, Outcome};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A poll returns at least this often, so that an idle stage shows that it is alive.
const POLL_WAIT: Duration = Duration::from_secs(5);

pub(super) struct Running {
    runner: Runner,
    backoff: Backoff,
    letters: LetterWindow,
    soft: CancellationToken,
}

/// What was tried with one batch, or part of one.
#[derive(Default)]
struct Tries {
    attempts: u32,
    /// Attempts since it last could not be set aside.
    round: u32,
    first_failed_at: Option<Timestamp>,
}

/// What follows a failed attempt.
enum Verdict {
    Retry,
    Halve,
    SetAside(ErrorClass, String),
    LetGo,
    Stop(RunnerError),
}

/// What follows a part of a batch.
enum Next {
    Rest,
    /// Another owner took over, or the process stops: what was not committed is read again.
    LetGo,
}

impl Running {
    pub(super) fn new(runner: Runner, soft: CancellationToken) -> Self {
        Self {
            backoff: Backoff::new(runner.options.retry, runner.jitter_seed),
            letters: LetterWindow::new(runner.options.dead_letters),
            soft,
            runner,
        }
    }

    pub(super) async fn take_batches(mut self) -> Result<(), RunnerError> {
        let soft = self.soft.clone();
        let mut failed_polls = 0;
        while !soft.is_cancelled() {
            let poll = self
                .runner
                .consumer
                .poll(self.runner.options.batch_records_max, POLL_WAIT);
            let Some(polled) = soft.run_until_cancelled(poll).await else {
                break;
            };
            self.runner.progress.beat();
            match polled {
                Ok(batch) => {
                    failed_polls = 0;
                    if let Some(batch) = batch {
                        self.finish(batch).await?;
                    }
                }
                Err(error) => {
                    failed_polls += 1;
                    self.wait_for_log(error, failed_polls).await?;
                }
            }
        }
        Ok(())
    }

    async fn finish(&mut self, batch: Batch) -> Result<(), RunnerError> {
        let mut parts = vec![batch];
        while let Some(part) = parts.pop() {
            if let Next::LetGo = self.finish_part(part, &mut parts).await? {
                break;
            }
        }
        Ok(())
    }

    async fn finish_part(
        &mut self,
        part: Batch,
        parts: &mut Vec<Batch>,
    ) -> Result<Next, RunnerError> {
        let mut tries = Tries::default();
        loop {
            let ready_before = self.is_last_try(&part, &tries) && self.is_ready().await;
            let failed = match self.attempt(&part).await {
                Ok(outcomes) => {
                    let (done, rest) = part.split_at(outcomes.len());
                    parts.extend(rest);
                    return self.move_past(&done, &outcomes).await;
                }
                Err(failed) => failed,
            };
            tries.count(self.runner.clock.now());
            let is_to_blame = ready_before && self.is_ready().await;
            match self.judge(&part, failed, &tries, is_to_blame) {
                Verdict::Retry => {}
                Verdict::Halve => return Ok(halve(part, parts)),
                Verdict::LetGo => return self.let_go(&part).await,
                Verdict::Stop(error) => return Err(error),
                Verdict::SetAside(class, reason) => {
                    let letter = self.letter(&part, class, reason, &tries)?;
                    if let Some(next) = self.set_aside(&part, letter).await? {
                        return Ok(next);
                    }
                    tries.round = 0;
                }
            }
            if !self.back_off(tries.attempts).await {
                return self.let_go(&part).await;
            }
        }
    }

    async fn attempt(&self, part: &Batch) -> Result<Vec<Outcome>, Failed> {
        let stage = self.runner.stage.name();
        let started = Instant::now();
        let timeout = self.runner.options.attempt_timeout;
        let result = attempt::process(&*self.runner.stage, part, timeout).await;
        let records = u32::try_from(part.records.len()).unwrap_or(u32::MAX).max(1);
        let seconds = started.elapsed().as_secs_f64() / f64::from(records);
        self.runner
            .metrics
            .observe(Histogram::StageDuration { stage }, seconds);
        result
    }

    fn judge(&self, part: &Batch, failed: Failed, tries: &Tries, is_to_blame: bool) -> Verdict {
        let alone = part.records.len() == 1;
        let policy = self.backoff.policy();
        match failed {
            Failed::Fatal(reason) => Verdict::Stop(self.fatal(reason)),
            Failed::Fenced => Verdict::LetGo,
            Failed::Poison(class, reason) if alone => Verdict::SetAside(class, reason),
            Failed::Poison(..) => Verdict::Halve,
            Failed::Later(class, reason) => {
                let stage = self.name();
                tracing::warn!(stage, attempts = tries.attempts, %reason, "an attempt failed");
                if is_to_blame {
                    Verdict::SetAside(class, reason)
                } else if !alone && tries.round >= policy.batch_attempts_max {
                    Verdict::Halve
                } else {
                    Verdict::Retry
                }
            }
        }
    }

    /// Whether a record that stands alone has had its tries. It stays at its last one while
    /// the dependency is down.
    fn is_last_try(&self, part: &Batch, tries: &Tries) -> bool {
        part.records.len() == 1 && tries.round + 1 >= self.backoff.policy().record_attempts_max
    }

    async fn is_ready(&self) -> bool {
        let ready = self.runner.stage.ready();
        tokio::time::timeout(self.runner.options.attempt_timeout, ready)
            .await
            .unwrap_or(false)
    }

    /// Sets the one record of `part` aside; `None` when that has to wait.
    async fn set_aside(
        &mut self,
        part: &Batch,
        letter: DeadLetter,
    ) -> Result<Option<Next>, RunnerError> {
        let stage = self.name();
        let (class, reason) = (letter.error_class, letter.reason.clone());
        let call = self.runner.stage.set_aside(part, letter);
        match attempt::guarded(call, self.runner.options.attempt_timeout).await {
            Ok(()) => {
                tracing::warn!(stage, ?class, %reason, "a record became a dead letter");
                self.move_past(part, &[Outcome::DeadLettered])
                    .await
                    .map(Some)
            }
            Err(Failed::Fenced) => self.let_go(part).await.map(Some),
            Err(Failed::Later(_, reason)) => {
                tracing::warn!(stage, %reason, "a dead letter has to wait");
                Ok(None)
            }
            Err(Failed::Poison(_, reason) | Failed::Fatal(reason)) => {
                Err(self.fatal(format!("a record cannot be set aside: {reason}")))
            }
        }
    }

    /// The letter for the one record of `part`, unless there are too many already.
    fn letter(
        &self,
        part: &Batch,
        error_class: ErrorClass,
        reason: String,
        tries: &Tries,
    ) -> Result<DeadLetter, RunnerError> {
        let stage = self.name();
        if let Some(limit) = self.letters.refuses_letter() {
            return Err(RunnerError::TooManyDeadLetters {
                stage,
                reason: limit,
                last: reason,
            });
        }
        let Some(record) = part.records.first() else {
            return Err(self.fatal("the log handed out an empty batch".to_owned()));
        };
        let now = self.runner.clock.now();
        let failure = Failure {
            stage,
            error_class,
            reason,
            attempts: tries.attempts,
            first_failed_at: tries.first_failed_at.unwrap_or(now),
            last_failed_at: now,
        };
        Ok(DeadLetter::new(
            part,
            record,
            &failure,
            &self.runner.options.build,
        ))
    }

    /// The effects are durable: commits, and only then counts.
    async fn move_past(&mut self, part: &Batch, outcomes: &[Outcome]) -> Result<Next, RunnerError> {
        let mut failed_commits = 0;
        loop {
            match self.runner.consumer.commit(part).await {
                Ok(()) => break,
                Err(LogError::Fenced { .. }) => return self.let_go(part).await,
                Err(error) => {
                    failed_commits += 1;
                    if !self.wait_for_log(error, failed_commits).await? {
                        return self.let_go(part).await;
                    }
                }
            }
        }
        self.count(outcomes);
        Ok(Next::Rest)
    }

    fn count(&mut self, outcomes: &[Outcome]) {
        let (stage, metrics) = (self.runner.stage.name(), &self.runner.metrics);
        for &outcome in Outcome::ALL {
            let amount = outcomes.iter().filter(|&&one| one == outcome).count() as u64;
            if amount > 0 {
                metrics.add(Counter::StageEvents { stage, outcome }, amount);
            }
            if amount > 0 && outcome == Outcome::DeadLettered {
                metrics.add(Counter::DeadLetters { stage }, amount);
            }
        }
        for outcome in outcomes {
            self.letters.count(*outcome == Outcome::DeadLettered);
        }
        self.runner.progress.beat();
        metrics.set(
            Gauge::StageProgress { stage },
            unix_seconds(self.runner.clock.now()),
        );
    }

    async fn let_go(&mut self, part: &Batch) -> Result<Next, RunnerError> {
        let rewound = self
            .runner
            .consumer
            .rewind(&part.topic, part.partition)
            .await;
        rewound
            .map(|()| Next::LetGo)
            .map_err(|source| self.log_error(source))
    }

    /// Waits before the next attempt; false when the process stops meanwhile.
    async fn back_off(&mut self, failed_attempts: u32) -> bool {
        let stage = self.runner.stage.name();
        self.runner.metrics.add(Counter::StageRetries { stage }, 1);
        self.runner.progress.beat();
        let wait = tokio::time::sleep(self.backoff.wait(failed_attempts));
        self.soft.run_until_cancelled(wait).await.is_some()
    }

    /// Waits if the log may come back, and fails if it never will.
    async fn wait_for_log(&mut self, error: LogError, failures: u32) -> Result<bool, RunnerError> {
        match error {
            LogError::Unavailable { .. } | LogError::Full { .. } => {
                tracing::warn!(stage = self.name(), %error, "the log has to be asked again");
                Ok(self.back_off(failures).await)
            }
            error => Err(self.log_error(error)),
        }
    }

    fn name(&self) -> &'static str {
        self.runner.stage.name().as_str()
    }

    fn fatal(&self, reason: String) -> RunnerError {
        RunnerError::Fatal {
            stage: self.name(),
            reason,
        }
    }

    fn log_error(&self, source: LogError) -> RunnerError {
        RunnerError::Log {
            stage: self.name(),
            source,
        }
    }
}

impl Tries {
    fn count(&mut self, now: Timestamp) {
        self.attempts += 1;
        self.round += 1;
        self.first_failed_at.get_or_insert(now);
    }
}

/// The earlier half comes first, so that the order stays.
fn halve(part: Batch, parts: &mut Vec<Batch>) -> Next {
    if let Some((first, second)) = part.split() {
        parts.push(second);
        parts.push(first);
    }
    Next::Rest
}

#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds since 1970 fit into 53 bits"
)]
fn unix_seconds(time: Timestamp) -> f64 {
    time.as_microsecond() as f64 / 1e6
}
