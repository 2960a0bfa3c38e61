//! Firebase: item by item up to the newest, and what was changed or taken back since.

use super::HackerNewsSettings;
use super::response::{changed, sample};
use crate::connector::{Batch, Connector, ConnectorError, Cursor};
use crate::http::HttpClient;
use crate::sample::Sampled;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::{Clock, Mention, Op};

/// Items of one poll: at two requests a second it stays within the time of a poll.
const ITEMS_OF_A_POLL: u64 = 60;

/// How far behind the newest item an item that is still `null` is given up: about an hour of
/// the busiest day. Before that it may only not be replicated.
const GIVEN_UP_BEHIND: u64 = 2000;

/// Matching items kept, to ask for again when they change.
const WATCHED_MAX: usize = 400;

pub(super) struct WalkConnector {
    settings: HackerNewsSettings,
    http: HttpClient,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Position {
    /// The next item to read.
    next: Option<u64>,
    /// Items that matched, newest last.
    watched: Vec<String>,
}

impl WalkConnector {
    pub(super) fn new(settings: HackerNewsSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new(settings.http.clone(), clock);
        Self { settings, http }
    }

    async fn get(&self, path: &str) -> Result<Vec<u8>, ConnectorError> {
        let url = self.http.url(path, &[])?;
        Ok(self.http.get(url).await?.body)
    }

    async fn newest(&self) -> Result<u64, ConnectorError> {
        let body = self.get("/v0/maxitem.json").await?;
        serde_json::from_slice(&body).map_err(|error| ConnectorError::Malformed {
            reason: format!("the newest item's number was expected: {error}"),
        })
    }

    /// Items from `next` on; stops at one that is not there yet.
    async fn walk(
        &self,
        position: &mut Position,
        newest: u64,
        batch: &mut Batch,
    ) -> Result<(), ConnectorError> {
        let mut next = position.next.unwrap_or(newest);
        let end = next
            .saturating_add(ITEMS_OF_A_POLL)
            .min(newest.saturating_add(1));
        while next < end {
            let body = match self.get(&format!("/v0/item/{next}.json")).await {
                Ok(body) => body,
                Err(error) if batch.mentions.is_empty() && position.next == Some(next) => {
                    return Err(error);
                }
                Err(_) => break,
            };
            let is_missing = body.trim_ascii() == b"null";
            if is_missing && newest.saturating_sub(next) < GIVEN_UP_BEHIND {
                break;
            }
            if !is_missing {
                let found = self.matching(sample(&body, None));
                let ids = found.mentions.iter().map(|mention| mention.id.clone());
                position.watched.extend(ids);
                batch.take(found);
            }
            next += 1;
            position.next = Some(next);
        }
        position.next = Some(next);
        Ok(())
    }

    /// What `updates.json` names of the items we have brought.
    async fn look_again(
        &self,
        position: &Position,
        batch: &mut Batch,
    ) -> Result<(), ConnectorError> {
        let named = changed(&self.get("/v0/updates.json").await?);
        let again = named.iter().filter(|id| position.watched.contains(id));
        for id in again.take(WATCHED_MAX) {
            let body = self.get(&format!("/v0/item/{id}.json")).await?;
            let mut sampled = sample(&body, None);
            sampled.mentions.retain(|mention| mention.op == Op::Delete);
            batch.take(sampled);
        }
        Ok(())
    }

    /// Deletions are left out: nothing of ours could be meant by them.
    fn matching(&self, mut sampled: Sampled) -> Sampled {
        let words = self.settings.query.to_lowercase();
        sampled.mentions.retain_mut(|mention| {
            mention.accounts.insert(self.settings.query.clone());
            mention.op == Op::Upsert && has_words(mention, &words)
        });
        sampled
    }
}

fn has_words(mention: &Mention, words: &str) -> bool {
    let link = mention.extra.get("link").and_then(|link| link.as_str());
    let text = format!("{} {}", mention.text, link.unwrap_or_default()).to_lowercase();
    words.split_whitespace().all(|word| text.contains(word))
}

#[async_trait]
impl Connector for WalkConnector {
    async fn poll(&mut self, from: Option<&Cursor>) -> Result<Batch, ConnectorError> {
        let mut position: Position = Cursor::read(from)?;
        let newest = self.newest().await?;
        let mut batch = Batch::empty(self.settings.poll_interval);
        let asked_again = self.look_again(&position, &mut batch).await;
        self.walk(&mut position, newest, &mut batch).await?;
        if let (Err(error), true) = (asked_again, batch.mentions.is_empty()) {
            return Err(error);
        }
        let excess = position.watched.len().saturating_sub(WATCHED_MAX);
        position.watched.drain(..excess);
        if position
            .next
            .is_some_and(|next| next + ITEMS_OF_A_POLL <= newest)
        {
            batch.poll_after = Duration::ZERO;
        }
        batch.next = Cursor::write(&position)?;
        Ok(batch)
    }
}
