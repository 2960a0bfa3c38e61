//! Hacker News: what Algolia's search finds, or every item of Firebase in turn.
//!
//! | module | holds |
//! |---|---|
//! | `map` | an item, a hit → a mention |
//! | `response` | which items a response holds |
//! | `search` | Algolia: the newest hits down to the last ones known |
//! | `walk` | Firebase: item by item up to the newest |
//!
//! For users: `docs/connectors/hackernews.md`.

mod map;
mod response;
mod search;
#[cfg(test)]
mod tests;
mod walk;

use crate::connector::{Connector, ConnectorPlan, Descriptor};
use crate::http::{HttpSettings, read_http};
use search::SearchConnector;
use std::sync::Arc;
use std::time::Duration;
use switchboard_config::Section;
use switchboard_domain::Clock;
use switchboard_telemetry::PlatformLabel;
use walk::WalkConnector;

/// `connector = "hackernews"`.
pub const DESCRIPTOR: Descriptor = Descriptor {
    name: "hackernews",
    platform: PlatformLabel::HackerNews,
    read: read_settings,
    sample: response::sample,
};

/// Algolia gives one address 10,000 requests an hour; Firebase names no limit.
const REQUESTS_PER_MINUTE: u32 = 120;

/// Between polls that brought nothing more.
const POLL_INTERVAL: Duration = Duration::from_mins(1);

/// Characters of the words searched for.
const QUERY_CHARACTERS_MAX: usize = 200;

/// Where the items come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Via {
    Algolia,
    Firebase,
}

/// `[sources.<name>.settings]`.
#[derive(Clone, Debug, PartialEq)]
struct HackerNewsSettings {
    http: HttpSettings,
    via: Via,
    query: String,
    poll_interval: Duration,
}

impl ConnectorPlan for HackerNewsSettings {
    fn build(&self, clock: Arc<dyn Clock>) -> Box<dyn Connector> {
        match self.via {
            Via::Algolia => Box::new(SearchConnector::new(self.clone(), clock)),
            Via::Firebase => Box::new(WalkConnector::new(self.clone(), clock)),
        }
    }
}

fn read_settings(section: &mut Section<'_>) -> Option<Arc<dyn ConnectorPlan>> {
    let known = [("algolia", Via::Algolia), ("firebase", Via::Firebase)];
    let via = section.choice("via", &known);
    let via_is_wrong = via.is_none() && section.has("via");
    let via = via.unwrap_or(Via::Algolia);
    let default_base_url = match via {
        Via::Algolia => "https://hn.algolia.com",
        Via::Firebase => "https://hacker-news.firebaseio.com",
    };
    let http = read_http(section, Some(default_base_url), REQUESTS_PER_MINUTE);
    let poll_interval = section.duration_or("poll_interval", POLL_INTERVAL);
    let place = section.place("query");
    let query = section.required::<String>("query")?;
    if query.trim().is_empty() || query.chars().count() > QUERY_CHARACTERS_MAX {
        let message = format!("`query` needs 1 to {QUERY_CHARACTERS_MAX} characters");
        section.problem(&place, message);
        return None;
    }
    (!via_is_wrong).then_some(())?;
    Some(Arc::new(HackerNewsSettings {
        http: http?,
        via,
        query: query.trim().to_owned(),
        poll_interval,
    }))
}
