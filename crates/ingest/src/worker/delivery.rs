//! A batch as records of the log.

use crate::connector::BrokenItem;
use crate::record::{platform_label, received_record};
use bytes::Bytes;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use switchboard_domain::Mention;
use switchboard_stream::record::{DeadLetter, ErrorClass, Failure, RecordError};
use switchboard_stream::topic::{DEAD_LETTER, MENTION_RECEIVED};
use switchboard_stream::{Batch as LogBatch, LogRecord, NewRecord};
use switchboard_telemetry::{Counter, Metrics, Outcome, PlatformLabel, RejectReason, Stage};

/// The name under which this crate sets records aside.
const STAGE: &str = "ingest";

/// Records of one batch, and what to count once the log has them.
#[derive(Default)]
pub(super) struct Delivery {
    pub(super) records: Vec<NewRecord>,
    received: HashMap<PlatformLabel, u64>,
    broken: HashMap<RejectReason, u64>,
}

/// Where a delivery comes from.
pub(super) struct Sender<'a> {
    pub(super) source: &'a str,
    pub(super) build: &'a str,
    pub(super) incarnation: Arc<str>,
}

impl Delivery {
    pub(super) fn of(
        sender: &Sender<'_>,
        mentions: Vec<Mention>,
        broken: &[BrokenItem],
        now: Timestamp,
    ) -> Result<Self, RecordError> {
        let mut delivery = Self::default();
        for mention in mentions {
            delivery.add_mention(sender, mention, now)?;
        }
        for item in broken {
            delivery.add_broken(sender, item, now)?;
        }
        Ok(delivery)
    }

    fn add_mention(
        &mut self,
        sender: &Sender<'_>,
        mut mention: Mention,
        now: Timestamp,
    ) -> Result<(), RecordError> {
        mention
            .source
            .get_or_insert_with(|| sender.source.to_owned());
        *self.received.entry(platform_label(&mention)).or_default() += 1;
        self.records.push(received_record(mention, now)?);
        Ok(())
    }

    /// The letter carries the item's own bytes: driven again unchanged it comes back, and a
    /// person who mends the source sees what came.
    fn add_broken(
        &mut self,
        sender: &Sender<'_>,
        item: &BrokenItem,
        now: Timestamp,
    ) -> Result<(), RecordError> {
        let key = format!("{}:{}", sender.source, item.number);
        let letter = dead_letter(sender, item, &key, now);
        self.records.push(NewRecord {
            topic: DEAD_LETTER,
            key,
            payload: letter.encode()?,
            timestamp: now,
        });
        *self.broken.entry(item.error.code.reason()).or_default() += 1;
        Ok(())
    }

    /// Call it once the log has the records.
    pub(super) fn count(&self, metrics: &Metrics, source_platform: PlatformLabel) {
        let stage = Stage::Ingest;
        for (&platform, &amount) in &self.received {
            metrics.add(Counter::MentionsReceived { platform }, amount);
        }
        for (&reason, &amount) in &self.broken {
            let platform = source_platform;
            metrics.add(Counter::MentionsRejected { platform, reason }, amount);
        }
        let (received, broken) = (self.received.values().sum(), self.broken.values().sum());
        metrics.add(
            Counter::StageEvents {
                stage,
                outcome: Outcome::Forwarded,
            },
            received,
        );
        metrics.add(
            Counter::StageEvents {
                stage,
                outcome: Outcome::DeadLettered,
            },
            broken,
        );
        metrics.add(Counter::DeadLetters { stage }, broken);
    }
}

fn dead_letter(sender: &Sender<'_>, item: &BrokenItem, key: &str, now: Timestamp) -> DeadLetter {
    let record = LogRecord {
        offset: item.number,
        key: key.to_owned(),
        payload: Bytes::copy_from_slice(&item.bytes),
        timestamp: now,
    };
    // It was never read from a log: the topic says where it was on its way to.
    let origin = LogBatch {
        topic: MENTION_RECEIVED,
        partition: 0,
        records: Vec::new(),
        incarnation: Arc::clone(&sender.incarnation),
        expected: None,
    };
    let failure = Failure {
        stage: STAGE,
        error_class: ErrorClass::Invalid,
        reason: format!("{}: {}", item.place, item.error.message),
        attempts: 1,
        first_failed_at: now,
        last_failed_at: now,
    };
    DeadLetter::new(&origin, &record, &failure, sender.build)
}
