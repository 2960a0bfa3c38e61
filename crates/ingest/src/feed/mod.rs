//! RSS, Atom and JSON feeds, read leniently: many are not well-formed, and one bad item never
//! takes the others with it.
//!
//! | module | holds |
//! |---|---|
//! | `charset` | bytes to text: marks, declarations, and what labels get wrong |
//! | `tree` | tag soup to elements, prefixes by what they are bound to |
//! | `date`, `loose_date` | the formats dates come in, and dates that keep to none |
//! | `declared` | entities that a document declares itself |
//! | `entry` | what an item says, whatever the format |
//! | `xml`, `json` | a document → entries |
//! | `map` | an entry → a mention, and what makes it the same item again |
//! | `client` | conditional GET, and which items are new |
//!
//! For users: `docs/connectors/feed.md`.

mod base64;
mod charset;
mod client;
mod date;
mod declared;
mod entry;
mod json;
mod loose_date;
mod map;
#[cfg(test)]
mod tests;
mod tree;
mod xml;

use crate::connector::{Connector, ConnectorPlan, Descriptor};
use crate::http::{HttpSettings, Reach, TimeLimits, parse_url, read_allowed};
use client::FeedConnector;
use reqwest::Url;
use std::sync::Arc;
use std::time::Duration;
use switchboard_config::Section;
use switchboard_domain::Clock;
use switchboard_telemetry::PlatformLabel;

/// `connector = "feed"`.
pub const DESCRIPTOR: Descriptor = Descriptor {
    name: "feed",
    platform: PlatformLabel::Feed,
    read: read_settings,
    sample: map::sample,
};

/// Feeds change by the minute at most; a server of many feeds is asked once for each.
const REQUESTS_PER_MINUTE: u32 = 60;

/// Polite to small servers, with conditional requests in between.
const POLL_INTERVAL: Duration = Duration::from_mins(5);

/// Every item is searched for each.
const WORDS_MAX: usize = 100;

/// `[sources.<name>.settings]`.
#[derive(Clone, Debug, PartialEq)]
struct FeedSettings {
    /// The feed's own address; part of every item's identity.
    url: Url,
    /// Where it is fetched from.
    http: HttpSettings,
    /// In lower case. Items with none of them are left out; without any, every item is taken.
    words: Vec<String>,
    poll_interval: Duration,
}

impl ConnectorPlan for FeedSettings {
    fn build(&self, clock: Arc<dyn Clock>) -> Box<dyn Connector> {
        Box::new(FeedConnector::new(self.clone(), clock))
    }
}

fn read_settings(section: &mut Section<'_>) -> Option<Arc<dyn ConnectorPlan>> {
    let poll_interval = section.duration_or("poll_interval", POLL_INTERVAL);
    let rate = section.in_range("requests_per_minute", 1..=6000);
    let allowed = read_allowed(section);
    let words = read_words(section)?;
    let rewritten = section.has("base_url");
    let reach = if rewritten {
        Reach::Configured
    } else {
        Reach::Public { allowed }
    };
    let base_url = rewritten.then(|| read_url(section, "base_url", &reach));
    let url = read_url(section, "url", &reach)?;
    let fetched = match base_url {
        Some(base_url) => below(base_url?, &url),
        None => url.clone(),
    };
    Some(Arc::new(FeedSettings {
        url,
        http: HttpSettings {
            base_url: fetched,
            reach,
            bearer: None,
            requests_per_minute: rate.unwrap_or(REQUESTS_PER_MINUTE),
            times: TimeLimits::default(),
        },
        words,
        poll_interval,
    }))
}

fn read_words(section: &mut Section<'_>) -> Option<Vec<String>> {
    let place = section.place("words");
    let words: Vec<String> = section.value_or("words", Vec::new());
    if words.len() > WORDS_MAX || words.iter().any(|word| word.trim().is_empty()) {
        section.problem(
            &place,
            format!("`words` needs at most {WORDS_MAX} of them, none empty"),
        );
        return None;
    }
    Some(
        words
            .iter()
            .map(|word| word.trim().to_lowercase())
            .collect(),
    )
}

fn read_url(section: &mut Section<'_>, key: &str, reach: &Reach) -> Option<Url> {
    let place = section.place(key);
    let written = section.required::<String>(key)?;
    let judged = parse_url(&written).and_then(|url| reach.judge(&url).map(|()| url));
    judged
        .map_err(|reason| section.problem(&place, format!("`{key}`: {reason}")))
        .ok()
}

/// The feed's path and query at another host.
fn below(mut base: Url, url: &Url) -> Url {
    let path = format!("{}{}", base.path().trim_end_matches('/'), url.path());
    base.set_path(&path);
    base.set_query(url.query());
    base
}
