//! What is told and counted: milestones, the outbox, tallies.

use super::Sent;
use crate::postgres::value::{micros, storable};
use crate::postgres::workspace::Pending;
use std::borrow::Cow;

#[derive(Default)]
pub(super) struct MilestoneRows {
    ticket: Vec<i64>,
    clock: Vec<&'static str>,
    cycle: Vec<i64>,
    milestone: Vec<String>,
    due_at: Vec<i64>,
    fired_at: Vec<i64>,
}

impl MilestoneRows {
    pub(super) fn of(pending: &Pending) -> Self {
        let mut rows = Self::default();
        for milestone in &pending.milestones {
            rows.ticket.push(milestone.ticket.0);
            rows.clock.push(milestone.due.clock.as_str());
            rows.cycle.push(i64::from(milestone.due.cycle));
            rows.milestone.push(milestone.due.milestone.to_string());
            rows.due_at.push(micros(milestone.due.due_at));
            rows.fired_at.push(milestone.fired_at);
        }
        rows
    }

    pub(super) fn insert(&self) -> Sent<'_> {
        Sent {
            text: "INSERT INTO sla_milestone (ticket_id, clock, cycle, milestone, due_at,
                       fired_at)
                   SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[],
                       $5::bigint[], $6::bigint[])",
            parameters: vec![
                &self.ticket,
                &self.clock,
                &self.cycle,
                &self.milestone,
                &self.due_at,
                &self.fired_at,
            ],
            rows: self.ticket.len(),
        }
    }
}

#[derive(Default)]
pub(super) struct OutboxRows<'p> {
    topic: Vec<&'p str>,
    key: Vec<Cow<'p, str>>,
    payload: Vec<Option<&'p [u8]>>,
    ticket: Vec<Option<i64>>,
    version: Vec<Option<i64>>,
    at: Vec<i64>,
}

impl<'p> OutboxRows<'p> {
    pub(super) fn of(pending: &'p Pending) -> Self {
        let mut rows = Self::default();
        for told in &pending.outbox {
            rows.topic.push(&told.topic);
            rows.key.push(storable(&told.key));
            rows.payload.push(told.payload.as_deref());
            rows.ticket.push(told.event.map(|(ticket, _)| ticket.0));
            rows.version.push(told.event.map(|(_, version)| version));
            rows.at.push(told.at);
        }
        rows
    }

    pub(super) fn insert(&self) -> Sent<'_> {
        Sent {
            text: "INSERT INTO outbox (topic, key, payload, ticket_id, ticket_version, created_at)
                   SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[],
                       $5::bigint[], $6::bigint[])",
            parameters: vec![
                &self.topic,
                &self.key,
                &self.payload,
                &self.ticket,
                &self.version,
                &self.at,
            ],
            rows: self.topic.len(),
        }
    }
}

#[derive(Default)]
pub(super) struct TallyRows<'p> {
    department: Vec<&'p str>,
    status: Vec<&'p str>,
    label: Vec<&'p str>,
    priority: Vec<&'p str>,
    count: Vec<i64>,
}

impl<'p> TallyRows<'p> {
    pub(super) fn of(pending: &'p Pending) -> Self {
        let mut rows = Self::default();
        for ((department, [status, label, priority]), count) in &pending.tallies {
            if *count != 0 {
                rows.department.push(department.as_str());
                rows.status.push(status);
                rows.label.push(label);
                rows.priority.push(priority);
                rows.count.push(*count);
            }
        }
        rows
    }

    pub(super) fn insert(&self) -> Sent<'_> {
        Sent {
            text: "INSERT INTO ticket_tally (department, status, label, priority, count)
                   SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[],
                       $5::bigint[])",
            parameters: vec![
                &self.department,
                &self.status,
                &self.label,
                &self.priority,
                &self.count,
            ],
            rows: self.department.len(),
        }
    }
}
