//! What is told, whichever the channel.

use super::excerpt::excerpt;
use super::ticket_words::{self, ticket_title};
use jiff::Timestamp;
use std::borrow::Cow;
use switchboard_domain::incident::Trigger;
use switchboard_domain::mention::Visibility;
use switchboard_domain::{MentionKey, Slug};
use switchboard_storage::records::{NotificationRequested, Subject};
use switchboard_storage::{Incident, StoredMention};

/// A crisis or a ticket that waits, as people are told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// The same on every attempt, and never again: after a restored backup a number may be
    /// given a second time, so the instant is part of it.
    pub id: String,
    /// Sent to see whether the channel works.
    pub is_test: bool,
    /// What happened.
    pub subject: Subject,
    /// Of the gravest post, if anybody may read it: its beginning, and where it stands.
    pub post: Option<TopPost>,
    /// The page of the incident or the ticket.
    pub page_url: Option<String>,
}

/// The post people would look at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopPost {
    /// Its beginning, without addresses and long numbers. Hostile: never markup.
    pub excerpt: String,
    /// Where a person can read it; `http` or `https`.
    pub url: Option<String>,
}

impl Alert {
    /// What to tell of a request. `page_base` is the inbox's address without a slash.
    pub fn of(
        request: &NotificationRequested,
        post: Option<TopPost>,
        page_base: Option<&str>,
    ) -> Self {
        let (since, page) = match &request.subject {
            Subject::Incident(incident) => {
                (incident.opened_at, format!("incidents/{}", incident.id))
            }
            Subject::Ticket(call) => (call.at, format!("tickets/{}", call.ticket)),
        };
        let since = since.as_microsecond();
        Self {
            id: format!("{}-{since}", request.idempotency_key),
            is_test: false,
            subject: request.subject.clone(),
            post,
            page_url: page_base.map(|base| format!("{}/{page}", base.trim_end_matches('/'))),
        }
    }

    /// A message that says that it is none.
    pub fn test(now: Timestamp, page_base: Option<&str>) -> Option<Self> {
        let brand = Slug::new("example").ok()?;
        let mention = MentionKey {
            platform: Slug::new("api").ok()?,
            id_scope: String::new(),
            id: "test".to_owned(),
        };
        Some(Self {
            id: format!("test-{}", now.as_microsecond()),
            is_test: true,
            subject: Subject::Incident(Box::new(Incident {
                id: 0,
                brand,
                trigger: Trigger::Authors,
                opened_at: now,
                last_signal_at: now,
                mention,
                signal_count: 1,
            })),
            post: None,
            page_url: page_base.map(|base| base.trim_end_matches('/').to_owned()),
        })
    }

    /// One line that says it all.
    pub fn title(&self) -> String {
        if self.is_test {
            return "[TEST] Switchboard reaches this channel".to_owned();
        }
        match &self.subject {
            Subject::Incident(incident) => format!("Crisis: {}", incident.brand),
            Subject::Ticket(call) => ticket_title(call),
        }
    }

    /// Why people are called, in a sentence or two.
    pub fn why(&self) -> Cow<'static, str> {
        if self.is_test {
            return "This is a test. Nothing has happened.".into();
        }
        match &self.subject {
            Subject::Incident(incident) => incident_words(incident.trigger).into(),
            Subject::Ticket(call) => ticket_words::why(call).into(),
        }
    }
}

const fn incident_words(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Severity => "One post is grave enough to be a crisis by itself.",
        Trigger::Reach => "One risky post comes from an author whom very many people read.",
        Trigger::Authors => "Several people write of the same kind of risk within minutes.",
    }
}

/// The trigger's name on the wire.
pub(super) const fn trigger_name(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Severity => "severity",
        Trigger::Reach => "reach",
        Trigger::Authors => "authors",
    }
}

/// What was written in private is not repeated in a channel.
pub(super) fn public_post(post: &StoredMention) -> Option<TopPost> {
    let mention = &post.content.as_ref()?.mention;
    if mention.visibility != Visibility::Public || mention.text.trim().is_empty() {
        return None;
    }
    let web = |url: &&String| url.starts_with("https://") || url.starts_with("http://");
    Some(TopPost {
        excerpt: excerpt(&mention.text),
        url: mention.url.as_ref().filter(web).cloned(),
    })
}
