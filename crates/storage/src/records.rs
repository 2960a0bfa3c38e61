//! The payloads of outbox rows. Readers keep to these; a field may be added, none removed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use switchboard_domain::ticket::{Actor, Ticket, TicketEvent, TicketId};
use switchboard_domain::{ClassifiedMention, MentionKey, Slug};

use crate::incidents::Incident;

/// The version that stands in every record below.
pub const RECORD_VERSION: u32 = 1;

/// Of `ticket.events`, keyed by ticket. The relay wraps it with the number it publishes
/// under: `{"v":1,"number":7,"event":…}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TicketChanged {
    /// The owner after the change: who may see it.
    pub department: Slug,
    /// The owner before, where the change moved it: their lists lose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<Slug>,
    /// The change.
    #[serde(flatten)]
    pub event: TicketEvent,
}

/// Of `queue.<department>`, keyed by ticket: the ticket has just come to this department.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queued {
    /// [`RECORD_VERSION`].
    pub v: u32,
    /// The ticket as it came.
    pub ticket: Ticket,
    /// The post that opened it or brought it here; absent where a person moved it and the
    /// post is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mention: Option<ClassifiedMention>,
}

/// Of `reply.requested`, keyed by ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyRequested {
    /// [`RECORD_VERSION`].
    pub v: u32,
    /// The ticket it answers.
    pub ticket: TicketId,
    /// Unique per ticket; with the ticket it is the idempotency key of the sending.
    pub reply: u64,
    /// What to send.
    pub text: String,
    /// The post it answers.
    pub mention: MentionKey,
    /// Who wrote it.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
}

/// Of `notification.requested`, keyed by recipient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotificationRequested {
    /// [`RECORD_VERSION`].
    pub v: u32,
    /// The same on every attempt: incident and recipient.
    pub idempotency_key: String,
    /// Who is told.
    pub recipient: String,
    /// Of what.
    pub incident: Incident,
}
