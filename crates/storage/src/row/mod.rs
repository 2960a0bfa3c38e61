//! How values stand in columns, in every database: instants as microseconds since 1970,
//! closed sets and slugs as their names, the rest as JSON.

mod audit;
mod event;
mod secret;
mod ticket;

pub(crate) use audit::{AuditColumns, ChainHash, GENESIS, Sequences};
pub(crate) use event::{EventColumns, OpenedColumns};
pub(crate) use secret::{granted, is_stale, secret_hash};
pub(crate) use ticket::TicketColumns;

use crate::StorageError;
use crate::error::{corrupt, internal};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::fmt::Display;
use switchboard_domain::intake::ThreadKey;
use switchboard_domain::sla::ClockStatus;
use switchboard_domain::ticket::Status;
use switchboard_domain::{MentionKey, Slug};

/// Where a value stands, for the error that names it.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) row: &'a dyn Display,
}

impl<'a> Place<'a> {
    pub(crate) fn new(table: &'static str, column: &'static str, row: &'a dyn Display) -> Self {
        Self { table, column, row }
    }

    pub(crate) fn corrupt(self, reason: impl Display) -> StorageError {
        corrupt(self.table, self.column, self.row, reason)
    }

    pub(crate) fn instant(self, micros: i64) -> Result<Timestamp, StorageError> {
        Timestamp::from_microsecond(micros).map_err(|error| self.corrupt(error))
    }

    pub(crate) fn optional_instant(
        self,
        micros: Option<i64>,
    ) -> Result<Option<Timestamp>, StorageError> {
        micros.map(|micros| self.instant(micros)).transpose()
    }

    pub(crate) fn json<T: DeserializeOwned>(self, text: &str) -> Result<T, StorageError> {
        serde_json::from_str(text).map_err(|error| self.corrupt(error))
    }

    pub(crate) fn slug(self, text: &str) -> Result<Slug, StorageError> {
        Slug::new(text).map_err(|error| self.corrupt(error))
    }

    /// A value of a closed set.
    pub(crate) fn known<T>(self, text: &str, found: Option<T>) -> Result<T, StorageError> {
        found.ok_or_else(|| self.corrupt(format_args!("unknown value `{text}`")))
    }
}

pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, StorageError> {
    serde_json::to_string(value).map_err(internal)
}

/// Counters of ours never come near 2^63; one that did would be stored as the greatest.
pub(crate) fn to_column(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// No counter of ours is negative; one that is was tampered with, and counts as none.
pub(crate) fn from_column(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

pub(crate) fn parse_status(name: &str) -> Option<Status> {
    Status::ALL
        .into_iter()
        .find(|status| status.as_str() == name)
}

pub(crate) const fn clock_status(status: ClockStatus) -> &'static str {
    match status {
        ClockStatus::Running => "running",
        ClockStatus::Paused => "paused",
        ClockStatus::Met => "met",
        ClockStatus::Breached => "breached",
        ClockStatus::Cancelled => "cancelled",
    }
}

/// 128 bits of a hash: no two posts of one installation will ever share it.
pub(crate) type Hash16 = [u8; 16];

pub(crate) fn mention_hash(key: &MentionKey) -> Hash16 {
    let mut hasher = Sha256::new();
    for part in [key.platform.as_str(), &key.id_scope, &key.id] {
        // The length keeps ("ab", "c") apart from ("a", "bc").
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut hash = [0; 16];
    hash.copy_from_slice(&hasher.finalize()[..16]);
    hash
}

/// A thread's key as it is stored.
pub(crate) fn thread_hash(key: &ThreadKey) -> Result<Hash16, StorageError> {
    let mut bytes = Hash16::default();
    hex::decode_to_slice(key.as_str(), &mut bytes)
        .map_err(|error| Place::new("open_thread", "key", key).corrupt(error))?;
    Ok(bytes)
}
