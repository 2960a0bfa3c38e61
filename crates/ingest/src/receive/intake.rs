//! From the bytes of a body to records, and to the answer about them. Pure.

use super::limits::ReceiveLimits;
use super::problem::Problem;
use crate::mention::{BodyFormat, ItemError, parse_mentions};
use crate::record::{platform_label, received_record};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::HashMap;
use switchboard_domain::Mention;
use switchboard_stream::NewRecord;
use switchboard_telemetry::{Counter, Metrics, PlatformLabel, RejectReason};

/// What stands in the answer to a body that could be cut into items.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Summary {
    accepted: usize,
    rejected: usize,
    errors: Vec<ItemError>,
}

/// A body, read.
pub(super) struct Intake {
    pub(super) records: Vec<NewRecord>,
    pub(super) summary: Summary,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    received: HashMap<PlatformLabel, u64>,
    rejected: HashMap<RejectReason, u64>,
}

impl Intake {
    pub(super) fn read(
        body: &[u8],
        format: BodyFormat,
        limits: &ReceiveLimits,
        received_at: Timestamp,
    ) -> Result<Self, Problem> {
        let mut intake = Self::empty();
        for item in parse_mentions(body, format, &limits.parse)? {
            match item {
                Ok(mention) => intake.take(mention, received_at)?,
                Err(error) => intake.refuse(error),
            }
        }
        intake.summary.accepted = intake.records.len();
        intake.summary.rejected = intake.summary.errors.len();
        Ok(intake)
    }

    fn empty() -> Self {
        let summary = Summary {
            accepted: 0,
            rejected: 0,
            errors: Vec::new(),
        };
        Self {
            records: Vec::new(),
            summary,
            counts: Counts::default(),
        }
    }

    fn take(&mut self, mention: Mention, received_at: Timestamp) -> Result<(), Problem> {
        let platform = platform_label(&mention);
        let record = received_record(mention, received_at).map_err(|error| {
            tracing::error!(%error, "a mention that was read could not be written");
            Problem::Busy {
                reason: "a mention could not be written as a record",
            }
        })?;
        self.records.push(record);
        *self.counts.received.entry(platform).or_default() += 1;
        Ok(())
    }

    fn refuse(&mut self, error: ItemError) {
        *self.counts.rejected.entry(error.code.reason()).or_default() += 1;
        self.summary.errors.push(error);
    }
}

impl Intake {
    /// Call it once the log has the records.
    pub(super) fn count(&self, metrics: &Metrics) {
        for (&platform, &amount) in &self.counts.received {
            metrics.add(Counter::MentionsReceived { platform }, amount);
        }
        for (&reason, &amount) in &self.counts.rejected {
            let platform = PlatformLabel::Api;
            metrics.add(Counter::MentionsRejected { platform, reason }, amount);
        }
    }
}

impl Summary {
    /// Refused only when there was something and all of it was wrong.
    pub(super) const fn status(&self) -> StatusCode {
        if self.accepted == 0 && self.rejected > 0 {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::ACCEPTED
        }
    }
}
