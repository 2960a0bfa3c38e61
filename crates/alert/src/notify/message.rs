//! What is told, whichever the channel.

use super::excerpt::excerpt;
use jiff::Timestamp;
use switchboard_domain::Slug;
use switchboard_domain::incident::Trigger;
use switchboard_domain::mention::Visibility;
use switchboard_storage::Incident;
use switchboard_storage::incidents::IncidentPost;
use switchboard_storage::records::NotificationRequested;

/// An incident, as people are told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// The same on every attempt, and never again: after a restored backup a number may be
    /// given a second time, so the instant is part of it.
    pub id: String,
    /// Sent to see whether the channel works.
    pub is_test: bool,
    /// What happened.
    pub incident: Incident,
    /// Of the gravest post, if anybody may read it: its beginning, and where it stands.
    pub post: Option<TopPost>,
    /// The incident's page.
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
        posts: &[IncidentPost],
        page_base: Option<&str>,
    ) -> Self {
        let incident = request.incident.clone();
        let opened_at = incident.opened_at.as_microsecond();
        Self {
            id: format!("{}-{opened_at}", request.idempotency_key),
            is_test: false,
            post: posts.iter().find_map(public_post),
            page_url: page_base.map(|base| {
                let base = base.trim_end_matches('/');
                format!("{base}/incidents/{}", incident.id)
            }),
            incident,
        }
    }

    /// A message that says that it is none.
    pub fn test(now: Timestamp, page_base: Option<&str>) -> Option<Self> {
        let brand = Slug::new("example").ok()?;
        let mention = switchboard_domain::MentionKey {
            platform: Slug::new("api").ok()?,
            id_scope: String::new(),
            id: "test".to_owned(),
        };
        Some(Self {
            id: format!("test-{}", now.as_microsecond()),
            is_test: true,
            incident: Incident {
                id: 0,
                brand,
                trigger: Trigger::Authors,
                opened_at: now,
                last_signal_at: now,
                mention,
                signal_count: 1,
            },
            post: None,
            page_url: page_base.map(|base| base.trim_end_matches('/').to_owned()),
        })
    }

    /// One line that says it all.
    pub fn title(&self) -> String {
        let brand = &self.incident.brand;
        if self.is_test {
            return "[TEST] Switchboard reaches this channel".to_owned();
        }
        format!("Crisis: {brand}")
    }

    /// Why people are called, as a sentence.
    pub const fn why(&self) -> &'static str {
        if self.is_test {
            return "This is a test. Nothing has happened.";
        }
        match self.incident.trigger {
            Trigger::Severity => "One post is grave enough to be a crisis by itself.",
            Trigger::Reach => "One risky post comes from an author whom very many people read.",
            Trigger::Authors => "Several people write of the same kind of risk within minutes.",
        }
    }

    /// The trigger's name on the wire.
    pub const fn trigger(&self) -> &'static str {
        match self.incident.trigger {
            Trigger::Severity => "severity",
            Trigger::Reach => "reach",
            Trigger::Authors => "authors",
        }
    }
}

/// What was written in private is not repeated in a channel.
fn public_post(post: &IncidentPost) -> Option<TopPost> {
    let content = post.post.as_ref()?.content.as_ref()?;
    let mention = &content.mention;
    if mention.visibility != Visibility::Public || mention.text.trim().is_empty() {
        return None;
    }
    let web = |url: &&String| url.starts_with("https://") || url.starts_with("http://");
    Some(TopPost {
        excerpt: excerpt(&mention.text),
        url: mention.url.as_ref().filter(web).cloned(),
    })
}
