//! Conditional GET, and which items are new.

use super::FeedSettings;
use super::map::read;
use crate::connector::{BATCH_MENTIONS_MAX, Batch, Connector, ConnectorError, Cursor};
use crate::http::{HttpClient, Reply, Validators};
use crate::words::has_word;
use async_trait::async_trait;
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::{Clock, Mention};

pub(super) struct FeedConnector {
    settings: FeedSettings,
    http: HttpClient,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Position {
    /// Of the answer whose items were all taken.
    validators: Validators,
    /// The items of the last answer that were taken, each with its version, as short hashes.
    /// An item that left the feed is forgotten, so the list is never longer than the feed.
    taken: BTreeSet<String>,
    /// The first answer was taken: what comes now is news.
    begun: bool,
}

impl FeedConnector {
    pub(super) fn new(settings: FeedSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new(settings.http.clone(), clock);
        Self { settings, http }
    }

    async fn fetch(&mut self, validators: &Validators) -> Result<Option<Reply>, ConnectorError> {
        self.http
            .get_if_changed(self.settings.http.base_url.clone(), validators)
            .await
    }
}

impl FeedConnector {
    fn keep_ours(&self, mentions: &mut Vec<Mention>) {
        let words = &self.settings.words;
        if words.is_empty() {
            return;
        }
        mentions.retain_mut(|mention| {
            let text = mention.text.to_lowercase();
            let found = words.iter().filter(|word| has_word(&text, word)).cloned();
            mention.accounts.extend(found);
            !mention.accounts.is_empty()
        });
    }
}

#[async_trait]
impl Connector for FeedConnector {
    async fn poll(&mut self, from: Option<&Cursor>) -> Result<Batch, ConnectorError> {
        let mut position: Position = Cursor::read(from)?;
        let mut batch = Batch::empty(self.settings.poll_interval);
        if let Some(reply) = self.fetch(&position.validators).await? {
            let content_type = reply
                .headers
                .get(CONTENT_TYPE)
                .and_then(|value| value.to_str().ok());
            let mut sampled = read(
                &reply.body,
                content_type.and_then(charset),
                Some(&self.settings.url),
            );
            let is_no_feed = sampled.mentions.is_empty()
                && sampled.refused.iter().any(|refused| refused.path == "$");
            if is_no_feed {
                let reason = sampled.refused.swap_remove(0).reason;
                return Err(ConnectorError::Malformed { reason });
            }
            self.keep_ours(&mut sampled.mentions);
            let is_whole = position.keep_new(&mut sampled.mentions);
            for mention in &mut sampled.mentions {
                mention.backfill = !position.begun;
            }
            sampled.refused.truncate(BATCH_MENTIONS_MAX);
            batch.take(sampled);
            if is_whole {
                position.validators = reply.validators;
                position.begun = true;
            } else {
                batch.poll_after = Duration::ZERO;
            }
        }
        batch.next = Cursor::write(&position)?;
        Ok(batch)
    }
}

impl Position {
    /// Leaves what was not taken before, oldest first and no more than a batch; whether that
    /// is all of it.
    fn keep_new(&mut self, mentions: &mut Vec<Mention>) -> bool {
        // Feeds put the newest first.
        mentions.reverse();
        let present: BTreeSet<String> = mentions.iter().map(mark).collect();
        self.taken.retain(|mark| present.contains(mark));
        mentions.retain(|mention| !self.taken.contains(&mark(mention)));
        let is_whole = mentions.len() <= BATCH_MENTIONS_MAX;
        mentions.truncate(BATCH_MENTIONS_MAX);
        self.taken.extend(mentions.iter().map(mark));
        is_whole
    }
}

/// Half a hash: enough for a feed, short enough to keep a thousand of them in a cursor.
fn mark(mention: &Mention) -> String {
    let digest = Sha256::digest(format!("{}\n{}", mention.id, mention.version));
    hex::encode(&digest[..8])
}

fn charset(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').skip(1).map(str::trim);
    let mut charsets = parameters.filter_map(|parameter| parameter.split_once('='));
    let found = charsets.find(|(name, _)| name.eq_ignore_ascii_case("charset"));
    found.map(|(_, value)| value.trim_matches('"'))
}
