//! Mastodon and servers that speak its API: hashtag timelines.
//!
//! | module | holds |
//! |---|---|
//! | `map` | a status, a deletion → a mention |
//! | `response` | which items a response or a stream holds |
//! | `client` | timelines, page by page, without a gap |
//!
//! For users: `docs/connectors/mastodon.md`.

mod client;
mod map;
mod response;
#[cfg(test)]
mod tests;

use crate::connector::{Connector, ConnectorPlan, Descriptor};
use crate::http::{HttpSettings, read_http};
use client::MastodonConnector;
use std::sync::Arc;
use std::time::Duration;
use switchboard_config::Section;
use switchboard_domain::Clock;
use switchboard_telemetry::PlatformLabel;

/// `connector = "mastodon"`.
pub const DESCRIPTOR: Descriptor = Descriptor {
    name: "mastodon",
    platform: PlatformLabel::Mastodon,
    read: read_settings,
    sample: response::sample,
};

/// Three quarters of the 300 in five minutes that a server gives one address.
const REQUESTS_PER_MINUTE: u32 = 45;

/// Between polls that brought nothing more.
const POLL_INTERVAL: Duration = Duration::from_mins(1);

/// One poll reads a page of 40 of each, and a batch holds 500.
const HASHTAGS_MAX: usize = 12;

/// `[sources.<name>.settings]`.
#[derive(Clone, Debug, PartialEq)]
struct MastodonSettings {
    http: HttpSettings,
    /// Without `#`.
    hashtags: Vec<String>,
    poll_interval: Duration,
}

impl ConnectorPlan for MastodonSettings {
    fn build(&self, clock: Arc<dyn Clock>) -> Box<dyn Connector> {
        Box::new(MastodonConnector::new(self.clone(), clock))
    }
}

fn read_settings(section: &mut Section<'_>) -> Option<Arc<dyn ConnectorPlan>> {
    let http = read_http(section, None, REQUESTS_PER_MINUTE);
    let hashtags = read_hashtags(section);
    let poll_interval = section.duration_or("poll_interval", POLL_INTERVAL);
    Some(Arc::new(MastodonSettings {
        http: http?,
        hashtags: hashtags?,
        poll_interval,
    }))
}

fn read_hashtags(section: &mut Section<'_>) -> Option<Vec<String>> {
    let place = section.place("hashtags");
    let written = section.required::<Vec<String>>("hashtags")?;
    let hashtags: Vec<String> = written
        .iter()
        .map(|tag| tag.trim_start_matches('#').to_lowercase())
        .collect();
    let is_hashtag = |tag: &String| {
        let fits = |character: char| character.is_alphanumeric() || "_·・".contains(character);
        !tag.is_empty() && tag.chars().all(fits)
    };
    if let Some(wrong) = hashtags.iter().find(|tag| !is_hashtag(tag)) {
        section.problem(&place, format!("`{wrong}` is no hashtag"));
        return None;
    }
    if hashtags.is_empty() || hashtags.len() > HASHTAGS_MAX {
        let message = format!("`hashtags` needs 1 to {HASHTAGS_MAX} of them");
        section.problem(&place, message);
        return None;
    }
    Some(hashtags)
}
