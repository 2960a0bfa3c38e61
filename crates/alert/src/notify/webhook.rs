//! Any receiver of signed webhooks: Standard Webhooks, with a body of our own.

use super::client::Post;
use super::message::Alert;
use super::signature::SigningKeys;
use jiff::Timestamp;
use serde::Serialize;
use switchboard_domain::{MentionKey, Slug};

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
struct Data<'a> {
    incident: i64,
    brand: &'a Slug,
    trigger: &'static str,
    why: &'static str,
    opened_at: Timestamp,
    last_signal_at: Timestamp,
    signal_count: u64,
    mention: &'a MentionKey,
    excerpt: Option<&'a str>,
    post_url: Option<&'a str>,
    page_url: Option<&'a str>,
}

fn body(alert: &Alert) -> Body<'_> {
    let incident = &alert.incident;
    let post = alert.post.as_ref();
    Body {
        v: BODY_VERSION,
        r#type: "incident.opened",
        timestamp: incident.opened_at,
        test: alert.is_test,
        data: Data {
            incident: incident.id,
            brand: &incident.brand,
            trigger: alert.trigger(),
            why: alert.why(),
            opened_at: incident.opened_at,
            last_signal_at: incident.last_signal_at,
            signal_count: incident.signal_count,
            mention: &incident.mention,
            excerpt: post.map(|post| post.excerpt.as_str()),
            post_url: post.and_then(|post| post.url.as_deref()),
            page_url: alert.page_url.as_deref(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::stage::tests::alert;

    const GOLDEN: &str = include_str!("../../tests/golden/webhook_v1.json");

    #[test]
    fn the_body_is_as_documented() {
        let mut text = serde_json::to_string_pretty(&body(&alert("the handle broke"))).unwrap();
        text.push('\n');
        assert_eq!(text, GOLDEN);
        let documented = include_str!("../../../../docs/notifications.md");
        assert!(
            documented.contains(GOLDEN),
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
