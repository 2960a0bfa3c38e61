//! What one poll collects.

use super::BlueskySettings;
use super::cursor::StreamCursor;
use super::event::{Change, Event};
use super::filter::HandedOn;
use super::identity::REPOST;
use super::json::text_at;
use crate::connector::{BATCH_MENTIONS_MAX, Batch, BrokenItem, ConnectorError};
use crate::mention::{ItemError, ItemErrorCode};
use crate::sample::{Refused, Sampled};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// Frames read in one poll while catching up: some ten seconds of work, so that the cursor
/// moves also where nothing is found.
const FRAMES_MAX: usize = 100_000;

/// Bytes of a broken frame that are kept for the dead letters.
const KEPT_BYTES_MAX: usize = 64 * 1024;

pub(super) struct Gathering<'a> {
    settings: &'a BlueskySettings,
    handed_on: &'a mut HandedOn,
    sampled: Sampled,
    broken: Vec<BrokenItem>,
    cursor: StreamCursor,
    frames: usize,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(
        settings: &'a BlueskySettings,
        handed_on: &'a mut HandedOn,
        cursor: StreamCursor,
    ) -> Self {
        Self {
            settings,
            handed_on,
            sampled: Sampled::default(),
            broken: Vec::new(),
            cursor,
            frames: 0,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.frames >= FRAMES_MAX
            || self.sampled.mentions.len() >= BATCH_MENTIONS_MAX
            || self.broken.len() >= BATCH_MENTIONS_MAX
    }

    pub(super) fn has_found(&self) -> bool {
        !self.sampled.mentions.is_empty() || !self.broken.is_empty()
    }

    /// Whether there is anything the source does not have to be asked for again.
    pub(super) fn gained(&self, start: &StreamCursor) -> bool {
        self.has_found() || self.cursor != *start
    }

    pub(super) fn take(&mut self, event: &Event<'_>, frame: &Value) {
        self.frames += 1;
        if let Some(change) = &event.change {
            self.take_change(change, frame);
        }
        self.cursor.advance(event, &self.settings.base_url);
    }

    /// A frame that cannot be read goes to the dead letters: it may have been about us.
    pub(super) fn set_aside(&mut self, bytes: &[u8], message: &str) {
        self.frames += 1;
        self.set_aside_as(ItemErrorCode::InvalidJson, message.to_owned(), bytes);
    }

    pub(super) fn into_batch(self) -> Result<Batch, ConnectorError> {
        Ok(Batch {
            mentions: self.sampled.mentions,
            broken: self.broken,
            next: self.cursor.write()?,
            poll_after: Duration::ZERO,
        })
    }

    fn take_change(&mut self, change: &Change<'_>, frame: &Value) {
        let matched = self.settings.filter.matches(change);
        if matched.is_empty() && !self.follows_one_of_ours(change) {
            return;
        }
        let Some(mapped) = change.map() else { return };
        let mapped = mapped.map(|mut mention| {
            mention.accounts = self.accounts(matched);
            mention
        });
        self.sampled.take("$", frame, mapped);
        if let Some(mention) = self.sampled.mentions.last() {
            self.handed_on.add(&mention.id);
        }
        for Refused {
            path,
            code,
            reason,
            bytes,
        } in std::mem::take(&mut self.sampled.refused)
        {
            self.set_aside_as(code, format!("{path}: {reason}"), &bytes);
        }
    }

    /// What a removal, an edit or a repost is about matters even where its words do not.
    fn follows_one_of_ours(&self, change: &Change<'_>) -> bool {
        let own = change.name().map(|name| name.to_string());
        let is_known = |id: &str| self.handed_on.contains(id);
        let repeats = change.collection() == REPOST;
        let repeated = change
            .record()
            .filter(|_| repeats)
            .and_then(|record| text_at(record, "/subject/uri"));
        own.is_some_and(|own| is_known(&own))
            || repeated.is_some_and(is_known)
            || (change.is_delete() && self.settings.all_deletions && !repeats)
    }

    /// With one account configured everything is found by it.
    fn accounts(&self, matched: BTreeSet<String>) -> BTreeSet<String> {
        match &self.settings.account {
            Some(account) => BTreeSet::from([account.clone()]),
            None => matched,
        }
    }

    fn set_aside_as(&mut self, code: ItemErrorCode, message: String, bytes: &[u8]) {
        self.broken.push(BrokenItem {
            place: self.settings.base_url.clone(),
            number: u64::try_from(self.cursor.time_us).unwrap_or_default(),
            error: ItemError {
                index: 0,
                id: None,
                code,
                field: None,
                message,
            },
            bytes: bytes[..bytes.len().min(KEPT_BYTES_MAX)].to_vec(),
        });
    }
}
