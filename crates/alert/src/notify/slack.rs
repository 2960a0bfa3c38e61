//! Slack's incoming webhooks: blocks, with every stranger's word as plain text.

use super::client::Post;
use super::excerpt::cut;
use super::message::Alert;
use super::ticket_words::circumstances;
use serde_json::{Value, json};
use switchboard_storage::records::Subject;

/// A header block's text, by Slack's reference.
const HEADER_CHARS_MAX: usize = 150;

/// A section's text, by Slack's reference.
const SECTION_CHARS_MAX: usize = 3_000;

/// A button's address, by Slack's reference; a longer one is left out, a cut one leads nowhere.
const BUTTON_URL_CHARS_MAX: usize = 3_000;

/// The message as Slack takes it.
pub fn post(alert: &Alert) -> Post {
    Post {
        headers: vec![],
        body: body(alert).to_string().into_bytes(),
    }
}

fn body(alert: &Alert) -> Value {
    let title = cut(&alert.title(), HEADER_CHARS_MAX);
    let call = call(alert);
    let mut blocks = vec![
        json!({ "type": "header", "text": plain(&title, HEADER_CHARS_MAX) }),
        json!({ "type": "section", "text": {
            "type": "mrkdwn",
            "text": format!("{call}{}", escaped(&alert.why(), SECTION_CHARS_MAX)),
        }}),
        context(alert),
    ];
    if let Some(post) = &alert.post {
        let quoted = format!("“{}”", post.excerpt);
        blocks.push(json!({ "type": "section", "text": plain(&quoted, SECTION_CHARS_MAX) }));
    }
    let buttons = buttons(alert);
    if !buttons.is_empty() {
        blocks.push(json!({ "type": "actions", "elements": buttons }));
    }
    json!({
        // What a telephone shows; the blocks are the message.
        "text": escaped(&format!("{title}. {}", alert.why()), SECTION_CHARS_MAX),
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

/// A crisis wakes everybody, a late ticket those who are there.
const fn call(alert: &Alert) -> &'static str {
    match &alert.subject {
        _ if alert.is_test => "",
        Subject::Incident(_) => "<!channel> ",
        Subject::Ticket(_) => "<!here> ",
    }
}

fn context(alert: &Alert) -> Value {
    let (since, circumstances) = match &alert.subject {
        Subject::Incident(incident) => {
            let posts = match incident.signal_count {
                1 => "1 post so far".to_owned(),
                count => format!("{count} posts so far"),
            };
            (incident.opened_at, posts)
        }
        Subject::Ticket(call) => (call.started_at, circumstances(call)),
    };
    let seconds = since.as_second();
    let circumstances = escaped(&circumstances, SECTION_CHARS_MAX);
    json!({ "type": "context", "elements": [{
        "type": "mrkdwn",
        "text": format!(
            "Since <!date^{seconds}^{{date_short}} {{time}}|{since:.0}> · {circumstances}"
        ),
    }]})
}

fn buttons(alert: &Alert) -> Vec<Value> {
    let post_url = alert.post.as_ref().and_then(|post| post.url.as_ref());
    let open = match &alert.subject {
        Subject::Incident(_) => "Open the incident",
        Subject::Ticket(_) => "Open the ticket",
    };
    let links = [(open, alert.page_url.as_ref()), ("Open the post", post_url)];
    let buttons = links.into_iter().filter_map(|(name, url)| {
        let url = url.filter(|url| url.chars().count() <= BUTTON_URL_CHARS_MAX)?;
        Some(json!({ "type": "button", "text": plain(name, HEADER_CHARS_MAX), "url": url }))
    });
    buttons.collect()
}

/// Slack reads no `*`, `_` or `<!channel>` in a plain text, and no `:emoji:` where told so.
fn plain(text: &str, chars_max: usize) -> Value {
    json!({ "type": "plain_text", "text": escaped(text, chars_max), "emoji": false })
}

/// The three characters that begin something in Slack. Cut first: half an escape is garbage.
fn escaped(text: &str, chars_max: usize) -> String {
    let mut shown = String::new();
    let mut chars = 0;
    for letter in text.chars() {
        let written = match letter {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            other => other.to_string(),
        };
        chars += written.chars().count();
        if chars > chars_max {
            break;
        }
        shown.push_str(&written);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::TopPost;
    use crate::notify::stage::tests::{alert, ticket_alert};
    use proptest::prelude::*;

    /// One line a text, so that the order of keys does not matter.
    fn shown(body: &Value) -> String {
        let mut lines = vec![format!("{}", body["text"])];
        for block in body["blocks"].as_array().unwrap() {
            let texts = [&block["text"], &block["elements"][0], &block["elements"][1]];
            for text in texts.into_iter().filter(|text| !text.is_null()) {
                let words = if text["text"].is_object() {
                    &text["text"]["text"]
                } else {
                    &text["text"]
                };
                let url = text["url"].as_str().unwrap_or_default();
                let line = format!("{} {} {words} {url}", block["type"], text["type"]);
                lines.push(line.trim_end().to_owned());
            }
        }
        lines.join("\n")
    }

    #[test]
    fn a_crisis_as_slack_gets_it() {
        let body = body(&alert("fire & <!channel> *now*"));
        insta::assert_snapshot!(shown(&body), @r#"
        "Crisis: acme. Several people write of the same kind of risk within minutes."
        "header" "plain_text" "Crisis: acme"
        "section" "mrkdwn" "<!channel> Several people write of the same kind of risk within minutes."
        "context" "mrkdwn" "Since <!date^1772352000^{date_short} {time}|2026-03-01T08:00:00Z> · 5 posts so far"
        "section" "plain_text" "“fire &amp; &lt;!channel&gt; *now*”"
        "actions" "button" "Open the incident" https://inbox.example/incidents/7
        "actions" "button" "Open the post" https://social.example/@jo/116
        "#);
    }

    #[test]
    fn a_late_ticket_as_slack_gets_it() {
        let body = body(&ticket_alert("where is *my* bag?"));
        insta::assert_snapshot!(shown(&body), @r#"
        "Ticket 42 of pr is late. The first answer is 15 min late: it was due at 2026-03-01 07:45 UTC. Nobody has it. On call: maria."
        "header" "plain_text" "Ticket 42 of pr is late"
        "section" "mrkdwn" "<!here> The first answer is 15 min late: it was due at 2026-03-01 07:45 UTC. Nobody has it. On call: maria."
        "context" "mrkdwn" "Since <!date^1772350200^{date_short} {time}|2026-03-01T07:30:00Z> · acme · pr_risk · urgent · policy crisis, step 2"
        "section" "plain_text" "“where is *my* bag?”"
        "actions" "button" "Open the ticket" https://inbox.example/tickets/42
        "actions" "button" "Open the post" https://social.example/@jo/116
        "#);
    }

    #[test]
    fn a_test_calls_nobody() {
        let now = "2026-03-01T08:00:00Z".parse().unwrap();
        let body = body(&Alert::test(now, None).unwrap()).to_string();
        assert!(
            body.contains("[TEST]") && !body.contains("<!channel>"),
            "{body}"
        );
    }

    proptest! {
        #[test]
        fn no_word_of_a_stranger_is_markup_or_too_long(text in "[<>&*_~`:!@a-z#|]{0,400}|\\PC{0,4000}") {
            let mut alert = alert("");
            alert.post = Some(TopPost { excerpt: text, url: None });
            let body = body(&alert);
            let block = &body["blocks"][3]["text"];
            prop_assert_eq!(&block["type"], "plain_text");
            let shown = block["text"].as_str().unwrap();
            prop_assert!(!shown.contains(['<', '>']), "{}", shown);
            prop_assert!(shown.chars().count() <= SECTION_CHARS_MAX);
            let harmless = shown.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
            prop_assert!(!harmless.contains('&'), "{}", shown);
            prop_assert_eq!(body.to_string().matches("<!channel>").count(), 1);
        }
    }
}
