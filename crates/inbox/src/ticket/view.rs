//! A ticket's JSON.

use super::clock::ClockView;
use super::explanation::ExplanationView;
use super::post;
use super::timeline::EventView;
use crate::openapi::schema;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::ClockStatus;
use switchboard_domain::ticket::{CloseReason, Hold, Status, Ticket, TicketEvent, TicketId};
use switchboard_domain::{Classification, Label, Slug};
use switchboard_storage::{StoredMention, TicketRow};
use utoipa::ToSchema;

/// A ticket as lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketView {
    /// Its number.
    #[schema(schema_with = schema::text)]
    id: TicketId,
    /// Its version: what `If-Match` names.
    pub(crate) version: u64,
    /// The accountable owner.
    #[schema(schema_with = schema::text)]
    department: Slug,
    /// Departments that help.
    #[schema(value_type = Vec<String>)]
    helpers: Vec<Slug>,
    /// The label it is routed by.
    #[schema(schema_with = schema::label)]
    label: Label,
    /// Every label of its posts over the threshold.
    #[schema(schema_with = schema::labels)]
    labels: BTreeSet<Label>,
    #[schema(schema_with = schema::status)]
    status: Status,
    /// Why the system closed it; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::close_reason)]
    close_reason: Option<CloseReason>,
    #[schema(schema_with = schema::priority)]
    priority: Priority,
    /// Who works on it; `null` when nobody does.
    assignee: Option<String>,
    /// Whose accounts found it.
    #[schema(schema_with = schema::text)]
    brand: Slug,
    /// What names its author; absent when the platform does not say who it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    /// Where the conversation stands.
    #[schema(schema_with = schema::text)]
    platform: Slug,
    /// ISO 639-1 of the first post, or `und`.
    language: String,
    /// 0 to 10, the highest of its posts.
    severity: u8,
    /// What it is about, most specific first.
    topics: Vec<String>,
    /// Whether a person should check the label.
    needs_review: bool,
    #[schema(schema_with = schema::instant)]
    created_at: Timestamp,
    #[schema(schema_with = schema::instant)]
    updated_at: Timestamp,
    /// The post that opened it; only its identity and `"deleted": true` once it is gone.
    #[schema(schema_with = schema::mention)]
    mention: Value,
    /// Posts joined to it, deleted ones included.
    mention_count: u32,
    /// The classifier's verdict on the first post; absent once the post is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::object)]
    classification: Option<Classification>,
    /// Why it is where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<ExplanationView>,
    /// What it waits for; absent while it is our turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::object)]
    hold: Option<Hold>,
    /// The worst standing of its clocks; absent without clocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::clock_status)]
    sla: Option<ClockStatus>,
    /// The next deadline a person has to keep, a missed one included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::instant)]
    deadline_at: Option<Timestamp>,
    clocks: Vec<ClockView>,
    /// The ticket that has its posts now; absent unless it was merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::text)]
    merged_into: Option<TicketId>,
    /// Tickets merged into this one; absent when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    absorbed: Vec<TicketId>,
    /// The ticket from which its first post was split out; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::text)]
    split_from: Option<TicketId>,
}

/// A ticket with everything that happened to it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketDetail {
    #[serde(flatten)]
    pub(crate) ticket: TicketView,
    /// Its posts in the order in which they joined it, each with its `classification`.
    #[schema(schema_with = mentions)]
    mentions: Vec<Value>,
    /// Everything that ever changed it, oldest first.
    timeline: Vec<EventView>,
}

impl From<TicketRow> for TicketView {
    fn from(row: TicketRow) -> Self {
        let content = row
            .mention
            .as_ref()
            .and_then(|mention| mention.content.as_ref());
        let explained = row.explanation.as_ref();
        let explanation = explained.map(|explained| {
            let verdict = content.map(|content| &content.classification);
            ExplanationView::new(&explained.decision, verdict)
        });
        let mention = content.map(|content| post::standing(&content.mention));
        let ticket = row.ticket;
        Self {
            mention: mention.unwrap_or_else(|| missing(&ticket)),
            classification: content.map(|content| content.classification.clone()),
            explanation,
            ..Self::of(ticket)
        }
    }
}

/// A merged ticket's post is elsewhere, any other that is not there was deleted.
fn missing(ticket: &Ticket) -> Value {
    if ticket.merged_into.is_some() {
        post::named(&ticket.mention)
    } else {
        post::deleted(&ticket.mention)
    }
}

impl TicketView {
    fn of(ticket: Ticket) -> Self {
        Self {
            id: ticket.id,
            version: ticket.version,
            status: ticket.status,
            close_reason: ticket.close_reason,
            priority: ticket.priority,
            label: ticket.label,
            severity: ticket.severity,
            needs_review: ticket.needs_review,
            created_at: ticket.created_at,
            updated_at: ticket.updated_at,
            mention_count: ticket.mention_count,
            hold: ticket.hold.clone(),
            sla: ticket.sla_status(),
            deadline_at: ticket.deadline_at(),
            clocks: ticket.clocks.iter().map(ClockView::from).collect(),
            author: ticket.author().map(String::from),
            merged_into: ticket.merged_into.map(|into| into.ticket),
            absorbed: ticket.absorbed.iter().map(|other| other.ticket).collect(),
            split_from: ticket.split_from,
            mention: Value::Null,
            classification: None,
            explanation: None,
            department: ticket.department,
            helpers: ticket.helpers,
            labels: ticket.labels,
            assignee: ticket.assignee,
            brand: ticket.brand,
            platform: ticket.platform,
            language: ticket.language,
            topics: ticket.topics,
        }
    }
}

impl TicketDetail {
    pub(crate) fn new(
        row: TicketRow,
        mentions: &[StoredMention],
        events: Vec<TicketEvent>,
    ) -> Self {
        Self {
            ticket: TicketView::from(row),
            mentions: mentions.iter().map(post::joined).collect(),
            timeline: events.into_iter().map(EventView::from).collect(),
        }
    }
}

fn mentions() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    utoipa::openapi::schema::ArrayBuilder::new()
        .items(schema::mention())
        .into()
}
