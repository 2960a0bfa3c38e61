//! Classified mentions → tickets.
//!
//! A part of a batch is one transaction: tickets, identities, events, outbox, audit and the
//! offset become durable together or not at all, so a crash at any moment repeats nothing.
//! The next part is decided while the store writes. It expects the offset of the one before:
//! where that is not written, the store refuses what follows.

use crate::authors::Authors;
use crate::config::RouteConfig;
use crate::labels;
use async_trait::async_trait;
use futures::stream::FuturesOrdered;
use futures::{FutureExt, StreamExt};
use jiff::Timestamp;
use std::sync::Arc;
use switchboard_domain::intake::{Incoming, IntakeOutcome};
use switchboard_domain::routing::{Facts, route};
use switchboard_domain::ticket::Actor;
use switchboard_domain::{ClassifiedMention, Clock, Current, OffsetMove};
use switchboard_storage::{
    Intake, IntakeBatch, MAX_INTAKE_BATCH, Offsets, Opened, StorageError, TakenIn,
};
use switchboard_stream::log::Batch;
use switchboard_stream::record::{self, DeadLetter};
use switchboard_stream::runner::{Stage, StageError};
use switchboard_telemetry::{self as telemetry, Counter, Histogram, Metrics, Outcome};

/// The name of this stage's offsets and of the actor in its events.
pub const CONSUMER: &str = "route";

/// Records of one batch: enough transactions that the store does not wait between two batches,
/// and few enough that a crisis behind them waits for a tenth of a second at most.
pub const BATCH_RECORDS: usize = 8 * MAX_INTAKE_BATCH;

/// Everything a post's way to its ticket depends on besides the post itself.
pub struct RouteStage {
    /// Who owns what, and by when.
    pub ownership: Arc<Current<RouteConfig>>,
    /// Who an author is.
    pub authors: Authors,
    /// Where tickets live.
    pub intake: Arc<dyn Intake>,
    /// Asked whether the store answers at all.
    pub offsets: Arc<dyn Offsets>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where it is counted.
    pub metrics: Metrics,
}

#[async_trait]
impl Stage for RouteStage {
    fn name(&self) -> telemetry::Stage {
        telemetry::Stage::Route
    }

    async fn process(&self, batch: &Batch) -> Result<Vec<Outcome>, StageError> {
        fail::fail_point!("route.batch.begin");
        let ownership = self.ownership.get();
        let mut routed = Routed::default();
        let mut under_way = FuturesOrdered::new();
        let mut undecided = None;
        for part in batch.parts(self.intake.batch_max()) {
            let decided = self.decide(&ownership, &part).await;
            while under_way.len() >= self.intake.batches_at_once()
                && let Some(taken) = under_way.next().await
            {
                routed.add(taken);
            }
            match decided {
                Ok(_) if routed.failure.is_some() => break,
                Ok(decided) => under_way.push_back(self.take_in(decided)),
                Err(failure) => {
                    undecided = Some(failure);
                    break;
                }
            }
            // A future begins when it is first asked.
            while let Some(Some(taken)) = under_way.next().now_or_never() {
                routed.add(taken);
            }
        }
        while let Some(taken) = under_way.next().await {
            routed.add(taken);
        }
        // It stands behind all that were handed over.
        routed.failure = routed.failure.or(undecided);
        routed.answer()
    }

    /// A record is only to blame while the store answers.
    async fn ready(&self) -> bool {
        let probe = self.offsets.load_offset(CONSUMER, "", 0);
        probe.await.is_ok()
    }

    async fn set_aside(&self, batch: &Batch, letter: DeadLetter) -> Result<(), StageError> {
        let key = letter.origin.key.clone();
        let payload = letter
            .encode()
            .map_err(|error| StageError::Fatal(error.to_string()))?;
        let step = batch.offset_move(CONSUMER);
        let kept = self
            .intake
            .set_aside(key, payload.to_vec(), step, self.clock.now())
            .await;
        kept.map_err(stage_error)
    }
}

impl RouteStage {
    /// Everything here depends on the records, the configuration and what is known of their
    /// authors alone, so it is done before the transaction begins.
    async fn decide(
        &self,
        ownership: &RouteConfig,
        part: &Batch,
    ) -> Result<IntakeBatch, StageError> {
        let posts = part.records.iter().map(|record| decode(&record.payload));
        let posts = posts.collect::<Result<Vec<_>, _>>()?;
        let authors = self.authors.of(&posts).await;
        let decided = posts.into_iter().zip(authors).map(|(classified, author)| {
            let facts = Facts {
                author_tier: author.tier(&classified.mention.author),
                ..Facts::of(&classified)
            };
            Incoming {
                decision: route(&ownership.table, &facts),
                classified,
                author,
            }
        });
        let items = decided.collect();
        let step = part.offset_move(CONSUMER);
        Ok(intake(ownership, items, step, self.clock.now()))
    }

    /// Writes a part, and counts it once it lasts.
    async fn take_in(&self, batch: IntakeBatch) -> Result<Vec<Outcome>, StageError> {
        let routed: Vec<_> = batch.items.iter().map(|item| self.routed(item)).collect();
        let taken = self.intake.take_in(batch).await.map_err(stage_error)?;
        // Whoever waits for a ticket waits until it lasts.
        let done = self.clock.now();
        for (one, routed) in taken.iter().zip(routed) {
            self.count(one, routed, done);
        }
        Ok(taken.iter().map(|one| outcome(one.outcome)).collect())
    }

    /// How an item counts once it has reached a ticket.
    fn routed(&self, item: &Incoming) -> Counter {
        let department = item.decision.department.as_str();
        Counter::MentionsRouted {
            department: self.metrics.department(department),
            label: labels::class(item.classified.classification.label),
        }
    }

    fn count(&self, taken: &TakenIn, routed: Counter, done: Timestamp) {
        if outcome(taken.outcome) == Outcome::Forwarded {
            self.metrics.add(routed, 1);
        }
        let Some(Opened {
            department,
            label,
            received_at,
            posted_at,
            ..
        }) = &taken.opened
        else {
            return;
        };
        let department = self.metrics.department(department.as_str());
        let label = labels::class(*label);
        self.metrics
            .add(Counter::TicketsOpened { department, label }, 1);
        self.metrics
            .observe(Histogram::MentionToTicket, seconds(*received_at, done));
        let age = Histogram::EventAge {
            stage: telemetry::Stage::Route,
        };
        self.metrics.observe(age, seconds(*posted_at, done));
    }
}

/// What became of a batch, part by part.
#[derive(Default)]
struct Routed {
    outcomes: Vec<Outcome>,
    /// Of the first part that failed; those behind it are fenced by it.
    failure: Option<StageError>,
}

impl Routed {
    fn add(&mut self, part: Result<Vec<Outcome>, StageError>) {
        match part {
            Ok(outcomes) if self.failure.is_none() => self.outcomes.extend(outcomes),
            part => self.failure = self.failure.take().or(part.err()),
        }
    }

    /// What is written counts; who is called again with the rest meets the failure there.
    fn answer(self) -> Result<Vec<Outcome>, StageError> {
        match self.failure {
            Some(failure) if self.outcomes.is_empty() => Err(failure),
            _ => Ok(self.outcomes),
        }
    }
}

fn decode(payload: &[u8]) -> Result<ClassifiedMention, StageError> {
    record::decode_classified(payload).map_err(|error| StageError::Invalid(error.to_string()))
}

fn intake(
    ownership: &RouteConfig,
    items: Vec<Incoming>,
    offset: OffsetMove,
    now: Timestamp,
) -> IntakeBatch {
    IntakeBatch {
        items,
        offset,
        join_window: ownership.join_window,
        book: Arc::clone(&ownership.book),
        now,
        actor: Actor::System(CONSUMER.into()),
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

const fn outcome(outcome: IntakeOutcome) -> Outcome {
    match outcome {
        IntakeOutcome::Opened | IntakeOutcome::Changed | IntakeOutcome::Answered => {
            Outcome::Forwarded
        }
        IntakeOutcome::Ours => Outcome::Skipped,
        IntakeOutcome::Duplicate => Outcome::Duplicate,
        IntakeOutcome::Superseded => Outcome::Superseded,
        IntakeOutcome::Tombstoned => Outcome::Tombstoned,
    }
}

/// What the runner does about a fault of the store.
fn stage_error(error: StorageError) -> StageError {
    match error {
        StorageError::Fenced { .. } => StageError::Fenced,
        error if error.is_transient() => StageError::Transient(error.to_string()),
        error => StageError::Fatal(error.to_string()),
    }
}
