//! An incident's JSON.

use crate::openapi::schema;
use jiff::Timestamp;
use serde::Serialize;
use switchboard_domain::Slug;
use switchboard_domain::incident::Trigger;
use switchboard_domain::ticket::Actor;
use switchboard_storage::IncidentRow;
use utoipa::ToSchema;

/// An incident as lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IncidentView {
    /// Its number.
    id: String,
    /// Whose crisis.
    #[schema(schema_with = schema::text)]
    brand: Slug,
    #[schema(schema_with = statuses)]
    status: &'static str,
    /// What opened it.
    #[schema(schema_with = triggers)]
    trigger: Trigger,
    /// The same in words; goes on from "opened because of".
    why: &'static str,
    /// Posts in it so far.
    signal_count: u64,
    #[schema(schema_with = schema::instant)]
    opened_at: Timestamp,
    /// When its latest post came in.
    #[schema(schema_with = schema::instant)]
    last_signal_at: Timestamp,
    /// Who took it up; absent while nobody has.
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::instant)]
    acknowledged_at: Option<Timestamp>,
    /// Who ended it; `alert` where it had been quiet for long. Absent while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::instant)]
    closed_at: Option<Timestamp>,
}

impl From<&IncidentRow> for IncidentView {
    fn from(row: &IncidentRow) -> Self {
        let incident = &row.incident;
        let status = match &row.closed {
            None => "open",
            Some(closed) if closed.false_alarm => "false_alarm",
            Some(_) => "closed",
        };
        Self {
            id: incident.id.to_string(),
            brand: incident.brand.clone(),
            status,
            trigger: incident.trigger,
            why: why(incident.trigger),
            signal_count: incident.signal_count,
            opened_at: incident.opened_at,
            last_signal_at: incident.last_signal_at,
            acknowledged_by: row.acknowledged.as_ref().map(|(by, _)| name(by)),
            acknowledged_at: row.acknowledged.as_ref().map(|(_, at)| *at),
            closed_by: row.closed.as_ref().map(|closed| name(&closed.by)),
            closed_at: row.closed.as_ref().map(|closed| closed.at),
        }
    }
}

/// Who acted, without saying whether it is a person.
pub(super) fn name(actor: &Actor) -> String {
    match actor {
        Actor::Person(name) | Actor::System(name) => name.clone(),
    }
}

/// The trigger in words that go on from "opened because of".
pub(super) const fn why(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Severity => "a post that is grave enough by itself",
        Trigger::Reach => "an author who reaches a great many people",
        Trigger::Authors => "several different authors within a short time",
    }
}

fn statuses() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    schema::one_of(["open", "closed", "false_alarm"])
}

fn triggers() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    schema::one_of(["severity", "reach", "authors"])
}
