//! The place in the stream, as the store keeps it.

use super::event::Event;
use crate::connector::{ConnectorError, Cursor};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How far behind the place a connection begins. Servers may drop and reorder events where
/// the replay meets the live stream, and their times are not strictly in order.
pub(super) const OVERLAP: SignedDuration = SignedDuration::from_secs(5);

/// The same in events: about as many happen in that time on the whole network.
pub(super) const OVERLAP_EVENTS: u64 = 10_000;

/// Written as JSON, so that a person can read a cursor and set one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamCursor {
    /// Microseconds since 1970 of the newest event taken.
    pub(super) time_us: i64,
    /// The number of the newest event taken, where the server numbers them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seq: Option<Numbered>,
}

/// Numbers belong to one server: another one counts differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Numbered {
    pub(super) server: String,
    pub(super) number: u64,
}

impl StreamCursor {
    /// A source without a cursor begins now.
    pub(super) fn read(cursor: Option<&Cursor>, now: Timestamp) -> Result<Self, ConnectorError> {
        let Some(Cursor(text)) = cursor else {
            return Ok(Self {
                time_us: now.as_microsecond(),
                seq: None,
            });
        };
        serde_json::from_str(text).map_err(|error| ConnectorError::Malformed {
            reason: format!("the stored cursor is not one of a Bluesky source: {error}"),
        })
    }

    pub(super) fn write(&self) -> Result<Cursor, ConnectorError> {
        let written = serde_json::to_string(self);
        written
            .map(Cursor)
            .map_err(|error| ConnectorError::Malformed {
                reason: error.to_string(),
            })
    }

    /// Moves on to `event`; never back.
    pub(super) fn advance(&mut self, event: &Event<'_>, server: &str) {
        if let Some(seen) = event.seen {
            self.time_us = self.time_us.max(seen.as_microsecond());
        }
        let Some(number) = event.seq else { return };
        let known = self.number_on(server).unwrap_or_default();
        self.seq = Some(Numbered {
            server: server.to_owned(),
            number: known.max(number),
        });
    }

    /// Where a connection that is told times begins.
    pub(super) fn resume_time(&self) -> i64 {
        let overlap = i64::try_from(OVERLAP.as_micros()).unwrap_or_default();
        self.time_us.saturating_sub(overlap).max(0)
    }

    /// Where a connection that is told numbers begins, if `server` gave out the last one.
    pub(super) fn resume_number(&self, server: &str) -> Option<u64> {
        let number = self.number_on(server)?;
        Some(number.saturating_sub(OVERLAP_EVENTS).max(1))
    }

    fn number_on(&self, server: &str) -> Option<u64> {
        let numbered = self.seq.as_ref()?;
        (numbered.server == server).then_some(numbered.number)
    }
}
