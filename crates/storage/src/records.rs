//! The payloads of outbox rows. Readers keep to these; a field may be added, none removed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::ClockKind;
use switchboard_domain::ticket::{Actor, Ticket, TicketEvent, TicketId};
use switchboard_domain::{ClassifiedMention, Label, MentionKey, Slug};

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
    /// The same on every attempt: what it is about, and the recipient.
    pub idempotency_key: String,
    /// Who is told: `crisis`, or a notifier by its name.
    pub recipient: String,
    /// Of what; stands under its own name.
    #[serde(flatten)]
    pub subject: Subject,
}

/// What people are told of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A crisis.
    Incident(Box<Incident>),
    /// A ticket that waits for somebody.
    Ticket(Box<TicketCall>),
}

/// A step of an escalation chain calls people to a ticket, as it stood then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketCall {
    /// Which.
    pub ticket: TicketId,
    /// Whose accounts found it.
    pub brand: Slug,
    /// The department that holds it.
    pub department: Slug,
    /// The label it is routed by.
    pub label: Label,
    /// How much it presses.
    pub priority: Priority,
    /// Who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// The post that opened it.
    pub mention: MentionKey,
    /// The clock that calls.
    pub clock: ClockKind,
    /// Its cycle.
    pub cycle: u32,
    /// The step of its chain, from 1.
    pub step: u8,
    /// The policy that promised.
    pub policy: String,
    /// Where the clock started.
    pub started_at: Timestamp,
    /// The deadline; absent where it could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Who was on call, where the step asked for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_call: Option<String>,
    /// When the step was taken.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::of_an_incident(include_str!("../tests/golden/notification_incident_v1.json"))]
    #[case::of_a_ticket(include_str!("../tests/golden/notification_ticket_v1.json"))]
    fn a_notification_of_version_one_is_read_and_written_as_ever(#[case] golden: &str) {
        let read: NotificationRequested = serde_json::from_str(golden).unwrap();
        let mut written = serde_json::to_string_pretty(&read).unwrap();
        written.push('\n');
        assert_eq!(written, golden);
    }

    #[test]
    fn a_notification_of_nothing_is_none() {
        let text = r#"{"v":1,"idempotency_key":"a","recipient":"crisis"}"#;
        assert!(serde_json::from_str::<NotificationRequested>(text).is_err());
    }
}
