//! What a source is to the worker: a cursor goes in, posts and the next cursor come out.

use crate::mention::ItemError;
use crate::sample::Sampled;
use crate::{bluesky, feed, file, hackernews, mastodon};
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use switchboard_config::Section;
use switchboard_domain::{Clock, Mention};
use switchboard_telemetry::PlatformLabel;

/// Most mentions (and as many broken items) a connector may hand out in one batch: the log
/// makes them durable in one go, and a crash reads no more than these again.
pub const BATCH_MENTIONS_MAX: usize = 500;

/// A platform, or anything else that posts come from.
///
/// It holds no position: polling with the same cursor gives the same posts again, plus what
/// has come since. What it keeps between polls (a connection, a token) may be lost at any
/// time.
#[async_trait]
pub trait Connector: Send {
    /// The posts after `from`, oldest first; `None` begins where the source begins.
    async fn poll(&mut self, from: Option<&Cursor>) -> Result<Batch, ConnectorError>;
}

/// A connector's place in its source, in the connector's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub String);

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What one poll gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// At most [`BATCH_MENTIONS_MAX`].
    pub mentions: Vec<Mention>,
    /// Items that could not be read, with their bytes: they go to the dead letters.
    pub broken: Vec<BrokenItem>,
    /// Stored only after the log has everything above, so a crash re-reads and never skips.
    pub next: Cursor,
    /// How long to wait before the next poll; zero for at once.
    pub poll_after: Duration,
}

/// An item of a source that is no mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenItem {
    /// Where it stood, for a person: a line, an address.
    pub place: String,
    /// Counts within the source; a line number where there are lines.
    pub number: u64,
    /// Why.
    pub error: ItemError,
    /// The item as it came.
    pub bytes: Vec<u8>,
}

/// Why a poll gave nothing, by what the worker does about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectorError {
    /// The credentials are not accepted: it will not get better by itself, so the worker
    /// asks rarely and a person must act.
    #[error("the credentials are refused, give the source new ones: {reason}")]
    Unauthorized {
        /// What the platform said, without the credentials.
        reason: String,
    },
    /// Too many requests: the worker waits exactly as told.
    #[error("asked to come again in {} s", retry_after.as_secs())]
    RateLimited {
        /// How long.
        retry_after: Duration,
    },
    /// It may work again: the worker backs off.
    #[error("not reachable now: {reason}")]
    Unavailable {
        /// What went wrong.
        reason: String,
    },
    /// An answer that cannot be understood as a whole, or a cursor that is not the
    /// connector's own: the worker backs off and keeps the cursor.
    #[error("cannot be understood: {reason}")]
    Malformed {
        /// What was expected.
        reason: String,
    },
}

/// A connector that was configured and not yet started: nothing is opened before `build`.
pub trait ConnectorPlan: Send + Sync + fmt::Debug {
    /// The connector, ready to be polled.
    fn build(&self, clock: Arc<dyn Clock>) -> Box<dyn Connector>;
}

/// One entry of [`CONNECTORS`].
#[derive(Clone, Copy)]
pub struct Descriptor {
    /// What stands after `connector =`; snake case, also the name of its page in
    /// `docs/connectors`.
    pub name: &'static str,
    /// The platform its series are counted under.
    pub platform: PlatformLabel,
    /// Reads `[sources.<name>.settings]`, noting every problem in the section; `None` when
    /// there is one. Touches no disk and no network.
    pub read: fn(&mut Section<'_>) -> Option<Arc<dyn ConnectorPlan>>,
    /// Maps one recorded response, stream or feed; the address it came from tells the
    /// instance and the endpoint where the bytes do not. Takes any bytes.
    pub sample: fn(&[u8], Option<&str>) -> Sampled,
}

/// Every connector in the binary, sorted by name. A plain list on purpose: it can be read,
/// diffed and stepped through.
pub const CONNECTORS: &[Descriptor] = &[
    bluesky::DESCRIPTOR,
    feed::DESCRIPTOR,
    file::DESCRIPTOR,
    hackernews::DESCRIPTOR,
    mastodon::DESCRIPTOR,
];

mod page;
#[cfg(test)]
mod tests;
