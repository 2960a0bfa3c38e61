//! Events, and the posts beside the tickets.

use super::Sent;
use crate::StorageError;
use crate::effect::MentionPlace;
use crate::postgres::value::{json, storable};
use crate::postgres::workspace::{NewMention, Pending};
use std::collections::BTreeMap;
use switchboard_domain::ClassifiedMention;

#[derive(Default)]
pub(super) struct EventRows<'p> {
    ticket: Vec<i64>,
    version: Vec<i64>,
    department: Vec<&'p str>,
    change: Vec<&'p str>,
    decision: Vec<Option<&'p str>>,
}

impl<'p> EventRows<'p> {
    pub(super) fn of(pending: &'p Pending) -> Self {
        let mut rows = Self::default();
        for event in &pending.events {
            rows.ticket.push(event.ticket.0);
            rows.version.push(event.version);
            rows.department.push(&event.department);
            rows.change.push(&event.change);
            rows.decision.push(event.decision.as_deref());
        }
        rows
    }

    pub(super) fn insert(&self) -> Sent<'_> {
        Sent {
            text: "INSERT INTO ticket_event (ticket_id, version, department, change, decision)
                   SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[],
                       $5::text[])",
            parameters: vec![
                &self.ticket,
                &self.version,
                &self.department,
                &self.change,
                &self.decision,
            ],
            rows: self.ticket.len(),
        }
    }
}

#[derive(Default)]
pub(super) struct MentionRows {
    ticket: Vec<i64>,
    id: Vec<i64>,
    platform: Vec<String>,
    id_scope: Vec<String>,
    native_id: Vec<String>,
    content: Vec<Option<String>>,
}

impl MentionRows {
    pub(super) fn of(mentions: Vec<NewMention>) -> Self {
        let mut rows = Self::default();
        for mention in mentions {
            rows.ticket.push(mention.place.ticket.0);
            rows.id.push(mention.place.id);
            rows.platform.push(mention.key.platform.to_string());
            rows.id_scope
                .push(storable(&mention.key.id_scope).into_owned());
            rows.native_id.push(storable(&mention.key.id).into_owned());
            rows.content.push(mention.content);
        }
        rows
    }

    pub(super) fn insert(&self) -> Sent<'_> {
        Sent {
            text: "INSERT INTO mention (ticket_id, id, platform, id_scope, native_id, content)
                   SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[],
                       $5::text[], $6::text[])",
            parameters: vec![
                &self.ticket,
                &self.id,
                &self.platform,
                &self.id_scope,
                &self.native_id,
                &self.content,
            ],
            rows: self.ticket.len(),
        }
    }
}

#[derive(Default)]
pub(super) struct MovedRows {
    ticket: Vec<i64>,
    id: Vec<i64>,
    to_ticket: Vec<i64>,
    to_id: Vec<i64>,
}

impl MovedRows {
    pub(super) fn of(pending: &Pending) -> Self {
        let mut rows = Self::default();
        for (from, to) in &pending.moved {
            rows.ticket.push(from.ticket.0);
            rows.id.push(from.id);
            rows.to_ticket.push(to.ticket.0);
            rows.to_id.push(to.id);
        }
        rows
    }

    pub(super) fn update(&self) -> Sent<'_> {
        Sent {
            text: "UPDATE mention SET ticket_id = moved.to_ticket, id = moved.to_id
                   FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
                        AS moved (ticket_id, id, to_ticket, to_id)
                   WHERE mention.ticket_id = moved.ticket_id AND mention.id = moved.id",
            parameters: vec![&self.ticket, &self.id, &self.to_ticket, &self.to_id],
            rows: self.ticket.len(),
        }
    }
}

#[derive(Default)]
pub(super) struct WordRows {
    ticket: Vec<i64>,
    id: Vec<i64>,
    content: Vec<Option<String>>,
}

impl WordRows {
    pub(super) fn of(
        words: &BTreeMap<MentionPlace, Option<ClassifiedMention>>,
    ) -> Result<Self, StorageError> {
        let mut rows = Self::default();
        for (place, content) in words {
            rows.ticket.push(place.ticket.0);
            rows.id.push(place.id);
            rows.content.push(content.as_ref().map(json).transpose()?);
        }
        Ok(rows)
    }

    pub(super) fn update(&self) -> Sent<'_> {
        Sent {
            text: "UPDATE mention SET content = new.content
                   FROM unnest($1::bigint[], $2::bigint[], $3::text[])
                        AS new (ticket_id, id, content)
                   WHERE mention.ticket_id = new.ticket_id AND mention.id = new.id",
            parameters: vec![&self.ticket, &self.id, &self.content],
            rows: self.ticket.len(),
        }
    }
}
