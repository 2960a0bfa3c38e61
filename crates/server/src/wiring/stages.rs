//! The stages, in the order in which data flows.

use super::Parts;
use crate::arguments::Role;
use crate::randomness;
use anyhow::Result;
use std::sync::Arc;
use switchboard_alert::WatchStage;
use switchboard_classify::{ClassifyStage, Drift};
use switchboard_route::stage::BATCH_RECORDS as ROUTE_RECORDS;
use switchboard_route::{RouteStage, StoreOffsets};
use switchboard_stream::log::{Consumer, OffsetHome, Subscription};
use switchboard_stream::runner::{Progress, Runner, RunnerOptions, Stage, Watched};
use switchboard_stream::topic::{self, TopicName};

/// Records that are classified at a time: about a tenth of a second's work, beside which the
/// wait for the log's last acknowledgement is short.
const CLASSIFY_RECORDS: usize = 8_000;

/// Signals that one transaction counts: a few rows, whatever their number, so that it stays far
/// below the 20 ms that a person may wait.
const SIGNAL_RECORDS: usize = 256;

/// A stage as it is to be run: what it reads, and who keeps its offset.
pub(super) struct Reading {
    pub(super) stage: Arc<dyn Stage>,
    pub(super) group: String,
    pub(super) topics: Vec<TopicName>,
    pub(super) offsets: OffsetHome,
    pub(super) options: RunnerOptions,
}

impl Parts {
    /// The stages of the roles, in the order in which data flows.
    pub(super) fn readings(&self) -> Result<Vec<Reading>> {
        let mut readings = Vec::new();
        if self.has(Role::Classify) {
            readings.push(self.classify());
            readings.extend(self.opinion()?);
        }
        if self.has(Role::Route) {
            readings.push(self.route()?);
        }
        if self.has(Role::Alert) {
            readings.push(self.alert());
            readings.extend(self.notifiers()?);
        }
        Ok(readings)
    }

    fn classify(&self) -> Reading {
        let stage = ClassifyStage {
            classifier: Arc::clone(&self.classifier),
            brands: Arc::clone(&self.config.brands),
            log: self.log(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            drift: Arc::new(Drift::new(self.metrics.clone())),
        };
        Reading {
            stage: Arc::new(stage),
            group: switchboard_classify::stage::CONSUMER.to_owned(),
            topics: vec![topic::MENTION_RECEIVED],
            offsets: OffsetHome::Log,
            options: options(CLASSIFY_RECORDS),
        }
    }

    fn route(&self) -> Result<Reading> {
        let stage = RouteStage {
            ownership: Arc::clone(&self.ownership.route),
            authors: self.authors()?,
            intake: Arc::clone(&self.store.intake),
            offsets: Arc::clone(&self.store.offsets),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
        };
        Ok(Reading {
            stage: Arc::new(stage),
            group: switchboard_route::stage::CONSUMER.to_owned(),
            // Urgent first: chatter waits for a crisis, never the other way round.
            topics: vec![topic::MENTION_CLASSIFIED_URGENT, topic::MENTION_CLASSIFIED],
            offsets: self.store_offsets(),
            options: options(ROUTE_RECORDS),
        })
    }

    fn alert(&self) -> Reading {
        let stage = WatchStage {
            rule: self.config.alert.rule,
            incidents: Arc::clone(&self.store.incidents),
            letters: Arc::clone(&self.store.intake),
            offsets: Arc::clone(&self.store.offsets),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
        };
        Reading {
            stage: Arc::new(stage),
            group: switchboard_alert::stage::CONSUMER.to_owned(),
            topics: vec![topic::MENTION_SIGNAL],
            offsets: self.store_offsets(),
            options: options(SIGNAL_RECORDS),
        }
    }

    /// Subscribes every stage of the roles and checks that its offset counts in this log,
    /// before any of them moves anything.
    ///
    /// # Errors
    /// When the log is not the one the store's offsets count in.
    pub(super) async fn subscribe_stages(&self) -> Result<Vec<(Reading, Box<dyn Consumer>)>> {
        let mut subscribed = Vec::new();
        for reading in self.readings()? {
            let subscription = Subscription {
                group: reading.group.clone(),
                topics: reading.topics.clone(),
                offsets: reading.offsets.clone(),
            };
            let mut consumer = self.log.subscribe(subscription).await?;
            consumer.check_offsets().await?;
            subscribed.push((reading, consumer));
        }
        Ok(subscribed)
    }

    pub(super) fn start_stage(&self, reading: Reading, consumer: Box<dyn Consumer>) -> Watched {
        let Reading {
            stage,
            group,
            topics,
            options,
            ..
        } = reading;
        let name = stage.name();
        let progress = Progress::default();
        let watched = Watched {
            stage: name,
            progress: progress.clone(),
            group,
            topics,
        };
        let runner = Runner {
            stage,
            consumer,
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
            progress,
            options,
            jitter_seed: u64::from_le_bytes(randomness::bytes()),
        };
        let stop = self.lifecycle.stop.clone();
        self.lifecycle
            .start(name.as_str(), async move { Ok(runner.run(&stop).await?) });
        watched
    }

    fn store_offsets(&self) -> OffsetHome {
        OffsetHome::Store(Arc::new(StoreOffsets(Arc::clone(&self.store.offsets))))
    }
}

fn options(batch_records_max: usize) -> RunnerOptions {
    RunnerOptions {
        batch_records_max,
        ..RunnerOptions::new(crate::VERSION)
    }
}
