//! What connectors that read pages share: cursors as JSON, and mapped items as a batch.

use super::{Batch, BrokenItem, ConnectorError, Cursor};
use crate::mention::ItemError;
use crate::sample::{Refused, Sampled};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

impl Cursor {
    /// A position that was written as JSON, so that a person can read one and set one.
    pub(crate) fn read<Position>(cursor: Option<&Self>) -> Result<Position, ConnectorError>
    where
        Position: DeserializeOwned + Default,
    {
        let Some(Self(text)) = cursor else {
            return Ok(Position::default());
        };
        serde_json::from_str(text).map_err(|error| ConnectorError::Malformed {
            reason: format!("the stored cursor is not one of this connector: {error}"),
        })
    }

    pub(crate) fn write(position: &impl Serialize) -> Result<Self, ConnectorError> {
        let written = serde_json::to_string(position);
        written
            .map(Self)
            .map_err(|error| ConnectorError::Malformed {
                reason: error.to_string(),
            })
    }
}

impl Batch {
    pub(crate) const fn empty(poll_after: Duration) -> Self {
        Self {
            mentions: Vec::new(),
            broken: Vec::new(),
            next: Cursor(String::new()),
            poll_after,
        }
    }

    /// Adds what one response held.
    pub(crate) fn take(&mut self, sampled: Sampled) {
        self.mentions.extend(sampled.mentions);
        for refused in sampled.refused {
            let number = self.broken.len() as u64;
            self.broken.push(broken(refused, number));
        }
    }
}

fn broken(refused: Refused, number: u64) -> BrokenItem {
    let Refused {
        path,
        code,
        reason,
        bytes,
    } = refused;
    BrokenItem {
        error: ItemError {
            index: usize::try_from(number).unwrap_or(usize::MAX),
            id: None,
            code,
            field: Some(path.clone()),
            message: reason,
        },
        place: path,
        number,
        bytes,
    }
}
