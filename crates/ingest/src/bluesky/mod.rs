//! Bluesky: the whole network's posts as they are made, by Jetstream over a WebSocket, of
//! which those that are about us are taken.
//!
//! | module | holds |
//! |---|---|
//! | `identity` | `at://` names: what makes a post the same post |
//! | `json` | looking into JSON without believing its types |
//! | `time` | which of the platform's times to believe |
//! | `post`, `embed` | a record → mention |
//! | `view` | posts as the XRPC interface shows them → mentions |
//! | `event` | frames of Jetstream, both protocols |
//! | `sample` | any recorded response → mentions |
//! | `filter` | what is about us |
//! | `cursor` | the place in the stream |
//! | `socket` | the handshake and the frames |
//! | `gather`, `poll` | one poll |
//!
//! The open socket is kept between polls and may be lost at any time; the place is the cursor
//! alone. A poll with another cursor than the last one handed out opens a new stream there.
//!
//! For users: `docs/connectors/bluesky.md`.

mod cursor;
mod embed;
mod event;
mod filter;
mod gather;
mod identity;
mod json;
mod poll;
mod post;
mod sample;
mod socket;
#[cfg(test)]
mod tests;
mod time;
mod view;

use crate::connector::{Connector, ConnectorPlan, Descriptor};
use filter::Filter;
use identity::is_did;
use poll::BlueskyConnector;
use std::sync::Arc;
use std::time::Duration;
use switchboard_config::Section;
use switchboard_domain::Clock;
use switchboard_telemetry::PlatformLabel;

/// `connector = "bluesky"`.
pub const DESCRIPTOR: Descriptor = Descriptor {
    name: "bluesky",
    platform: PlatformLabel::Bluesky,
    read: read_settings,
    sample: sample::sample,
};

/// One of the four public servers.
const BASE_URL: &str = "wss://jetstream2.us-east.bsky.network";

/// Words, handles and DIDs of one source: every post of the network is searched for each.
const NAMES_MAX: usize = 200;

/// `[sources.<name>.settings]` of Bluesky.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlueskySettings {
    filter: Filter,
    account: Option<String>,
    reposts: bool,
    all_deletions: bool,
    base_url: String,
    protocol: Option<Protocol>,
    timing: Timing,
}

/// The two ways Jetstream is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    /// `network.bsky.jetstream.subscribeEvents`, numbered events.
    Events,
    /// `/subscribe`, frozen in 2026 and still what many servers speak.
    Subscribe,
}

impl Protocol {
    const fn path(self) -> &'static str {
        match self {
            Self::Events => "/xrpc/network.bsky.jetstream.subscribeEvents",
            Self::Subscribe => "/subscribe",
        }
    }

    /// The name of the parameter that each collection goes into.
    const fn collections(self) -> &'static str {
        match self {
            Self::Events => "collections",
            Self::Subscribe => "wantedCollections",
        }
    }
}

/// How long things last.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Timing {
    /// A poll that finds nothing.
    span: Duration,
    /// What is found waits this long for company.
    linger: Duration,
    /// Silence after which a stream counts as dead; a ping is sent at every `span` of it.
    silence: Duration,
    /// The handshake.
    connect: Duration,
}

impl Default for Timing {
    /// A found post is in the log within a second; a dead stream is noticed within half a
    /// minute.
    fn default() -> Self {
        Self {
            span: Duration::from_secs(10),
            linger: Duration::from_millis(200),
            silence: Duration::from_secs(30),
            connect: Duration::from_secs(15),
        }
    }
}

impl BlueskySettings {
    /// The newest first.
    const fn protocols(&self) -> &'static [Protocol] {
        match self.protocol {
            None => &[Protocol::Events, Protocol::Subscribe],
            Some(Protocol::Events) => &[Protocol::Events],
            Some(Protocol::Subscribe) => &[Protocol::Subscribe],
        }
    }
}

impl ConnectorPlan for BlueskySettings {
    fn build(&self, clock: Arc<dyn Clock>) -> Box<dyn Connector> {
        Box::new(BlueskyConnector::new(self.clone(), clock))
    }
}

fn read_settings(section: &mut Section<'_>) -> Option<Arc<dyn ConnectorPlan>> {
    let filter = read_filter(section);
    let protocols = [
        ("auto", None),
        ("events", Some(Protocol::Events)),
        ("subscribe", Some(Protocol::Subscribe)),
    ];
    let settings = BlueskySettings {
        account: section.value("account"),
        reposts: section.value_or("reposts", true),
        all_deletions: section.value_or("all_deletions", false),
        base_url: String::new(),
        protocol: section.choice("protocol", &protocols).flatten(),
        filter: Filter::default(),
        timing: Timing::default(),
    };
    let base_url = read_base_url(section);
    Some(Arc::new(BlueskySettings {
        filter: filter?,
        base_url: base_url?,
        ..settings
    }))
}

fn read_base_url(section: &mut Section<'_>) -> Option<String> {
    let Some(base_url) = section.located::<String>("base_url") else {
        return (!section.has("base_url")).then(|| BASE_URL.to_owned());
    };
    let is_address = ["ws://", "wss://"].iter().any(|scheme| {
        let rest = base_url.value.strip_prefix(scheme);
        rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['?', '#']))
    }) && reqwest::Url::parse(&base_url.value).is_ok();
    if !is_address {
        let message = format!(
            "`base_url` is `{}`; it must be `wss://` (or `ws://`) and a host",
            base_url.value
        );
        section.problem(&base_url.place, message);
        return None;
    }
    Some(base_url.value.trim_end_matches('/').to_owned())
}

fn read_filter(section: &mut Section<'_>) -> Option<Filter> {
    let mut is_right = true;
    let mut names = |section: &mut Section<'_>, key: &str| {
        let mut names = Vec::new();
        for name in section.located_list(key).unwrap_or_default() {
            let text = name.value.trim().trim_start_matches('@').to_lowercase();
            if text.is_empty() || (key == "dids" && !is_did(&text)) {
                let wanted = if key == "dids" {
                    "a DID such as `did:plc:…`"
                } else {
                    "a name"
                };
                let message = format!("`{}` in `{key}` is not {wanted}", name.value);
                section.problem(&name.place, message);
                is_right = false;
            } else {
                names.push(text);
            }
        }
        names
    };
    let filter = Filter {
        words: names(section, "words"),
        handles: names(section, "handles"),
        dids: names(section, "dids").into_iter().collect(),
    };
    let count = filter.words.len() + filter.handles.len() + filter.dids.len();
    if is_right && !(1..=NAMES_MAX).contains(&count) {
        let message = format!(
            "`words`, `handles` and `dids` name {count} things to look for; name 1 to {NAMES_MAX}"
        );
        section.problem_here(message);
        is_right = false;
    }
    is_right.then_some(filter)
}
