//! The place in the files, as the store keeps it.

use crate::connector::{ConnectorError, Cursor};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Written as JSON, so that a person can read a cursor and set one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileCursor {
    /// Which of the paths, from 0.
    pub(super) file: usize,
    /// The first byte not yet read.
    pub(super) offset: u64,
    /// Lines of this file already read.
    pub(super) line: u64,
    /// When the replay began and with which post; set by the first dated post. A restart
    /// goes on in the same time, and what was missed meanwhile is due at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) start: Option<ReplayStart>,
}

/// The two moments that the pace hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReplayStart {
    /// By our clock.
    pub(crate) at: Timestamp,
    /// By the first dated post.
    pub(crate) first_post: Timestamp,
}

impl FileCursor {
    pub(super) fn read(cursor: Option<&Cursor>) -> Result<Self, ConnectorError> {
        let Some(Cursor(text)) = cursor else {
            return Ok(Self::default());
        };
        serde_json::from_str(text).map_err(|error| ConnectorError::Malformed {
            reason: format!("the stored cursor is not one of a file source: {error}"),
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
}
