//! Any receiver of signed webhooks: Standard Webhooks, with a body of our own.

use super::client::Post;
use super::message::{Alert, trigger_name};
use super::signature::SigningKeys;
use super::ticket_words::late_seconds;
use jiff::Timestamp;
use serde::Serialize;
use std::borrow::Cow;
use switchboard_domain::{MentionKey, Slug};
use switchboard_storage::Incident;
use switchboard_storage::records::{Subject, TicketCall};

/// The version that stands in every body; `docs/notifications.md` describes it.
const BODY_VERSION: u32 = 1;

/// The message, signed now. Id and body are the same on every attempt, the time is not.
pub fn post(alert: &Alert, keys: &SigningKeys, now: Timestamp) -> Post {
    // Numbers, texts and instants: there is nothing in it that JSON cannot hold.
    let body = serde_json::to_vec(&body(alert)).unwrap_or_default();
    let seconds = now.as_second();
    Post {
        headers: vec![
            ("webhook-id", alert.id.clone()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", keys.sign(&alert.id, seconds, &body)),
        ],
        body,
    }
}

#[derive(Serialize)]
struct Body<'a> {
    v: u32,
    r#type: &'static str,
    timestamp: Timestamp,
    test: bool,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Incident(IncidentData<'a>),
    Ticket(TicketData<'a>),
}

#[derive(Serialize)]
struct IncidentData<'a> {
    incident: i64,
    brand: &'a Slug,
    trigger: &'static str,
    why: Cow<'static, str>,
    opened_at: Timestamp,
    last_signal_at: Timestamp,
    signal_count: u64,
    mention: &'a MentionKey,
    #[serde(flatten)]
    links: Links<'a>,
}

#[derive(Serialize)]
struct TicketData<'a> {
    #[serde(flatten)]
    call: &'a TicketCall,
    why: Cow<'static, str>,
    late_seconds: i64,
    #[serde(flatten)]
    links: Links<'a>,
}

#[derive(Serialize)]
struct Links<'a> {
    excerpt: Option<&'a str>,
    post_url: Option<&'a str>,
    page_url: Option<&'a str>,
}

fn body(alert: &Alert) -> Body<'_> {
    let (r#type, timestamp, data) = match &alert.subject {
        Subject::Incident(incident) => (
            "incident.opened",
            incident.opened_at,
            Data::Incident(incident_data(alert, incident)),
        ),
        Subject::Ticket(call) => (
            "ticket.escalated",
            call.at,
            Data::Ticket(ticket_data(alert, call)),
        ),
    };
    Body {
        v: BODY_VERSION,
        r#type,
        timestamp,
        test: alert.is_test,
        data,
    }
}

fn incident_data<'a>(alert: &'a Alert, incident: &'a Incident) -> IncidentData<'a> {
    IncidentData {
        incident: incident.id,
        brand: &incident.brand,
        trigger: trigger_name(incident.trigger),
        why: alert.why(),
        opened_at: incident.opened_at,
        last_signal_at: incident.last_signal_at,
        signal_count: incident.signal_count,
        mention: &incident.mention,
        links: links(alert),
    }
}

fn ticket_data<'a>(alert: &'a Alert, call: &'a TicketCall) -> TicketData<'a> {
    TicketData {
        call,
        why: alert.why(),
        late_seconds: late_seconds(call),
        links: links(alert),
    }
}

fn links(alert: &Alert) -> Links<'_> {
    let post = alert.post.as_ref();
    Links {
        excerpt: post.map(|post| post.excerpt.as_str()),
        post_url: post.and_then(|post| post.url.as_deref()),
        page_url: alert.page_url.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::stage::tests::{alert, ticket_alert};
    use rstest::rstest;

    #[rstest]
    #[case::of_an_incident(
        &alert("the handle broke"),
        include_str!("../../tests/golden/webhook_v1.json")
    )]
    #[case::of_a_ticket(
        &ticket_alert("the handle broke"),
        include_str!("../../tests/golden/webhook_ticket_v1.json")
    )]
    fn the_body_is_as_documented(#[case] alert: &Alert, #[case] golden: &str) {
        let mut text = serde_json::to_string_pretty(&body(alert)).unwrap();
        text.push('\n');
        assert_eq!(text, golden);
        let documented = include_str!("../../../../docs/notifications.md");
        assert!(
            documented.contains(golden),
            "docs/notifications.md shows another body"
        );
    }

    #[test]
    fn the_id_stands_still_and_the_signature_holds_for_its_own_second_only() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let keys = SigningKeys::parse(secret).unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        let (first, second) = (
            post(&alert("a"), &keys, at(1_000)),
            post(&alert("a"), &keys, at(1_001)),
        );
        assert_eq!(first.headers[0], second.headers[0]);
        assert_eq!(first.body, second.body);
        let oracle = standardwebhooks::Webhook::new(secret).unwrap();
        let want = oracle
            .sign(&first.headers[0].1, 1_000, &first.body)
            .unwrap();
        assert_eq!(first.headers[2].1, want);
        assert_ne!(first.headers[2], second.headers[2]);
    }
}
