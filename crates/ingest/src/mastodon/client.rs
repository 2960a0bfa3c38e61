//! Timelines, page by page, without a gap.

use super::MastodonSettings;
use super::response::{instance_of, sample};
use crate::connector::{Batch, Connector, ConnectorError, Cursor};
use crate::http::{HttpClient, Reply};
use crate::sample::Sampled;
use async_trait::async_trait;
use reqwest::Url;
use reqwest::header::LINK;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use switchboard_domain::Clock;

/// Posts of one page: the most a server gives.
const PAGE_POSTS: usize = 40;

pub(super) struct MastodonConnector {
    settings: MastodonSettings,
    http: HttpClient,
}

/// Per hashtag the id up to which everything was taken; empty where there was nothing yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    after: BTreeMap<String, String>,
}

impl MastodonConnector {
    pub(super) fn new(settings: MastodonSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new(settings.http.clone(), clock);
        Self { settings, http }
    }

    /// The page after `after`; the newest one without it.
    async fn page(&self, hashtag: &str, after: Option<&str>) -> Result<Reply, ConnectorError> {
        let limit = PAGE_POSTS.to_string();
        let mut query = vec![("limit", limit.as_str())];
        // `min_id` goes forward from the id; `since_id` would give the newest page and skip
        // what lies between.
        if let Some(after) = after.filter(|after| !after.is_empty()) {
            query.push(("min_id", after));
        }
        let mut url = self.http.url("/api/v1/timelines/tag", &query)?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.push(hashtag);
        }
        self.http.get(url).await
    }

    fn map(&self, reply: &Reply, hashtag: &str, is_first: bool) -> Sampled {
        let base = &self.settings.http.base_url;
        let mut sampled = sample(&reply.body, Some(base.as_str()));
        for mention in &mut sampled.mentions {
            mention.id_scope = instance_of(base);
            mention.accounts.insert(format!("#{hashtag}"));
            mention.backfill = is_first;
        }
        // Newest first on the wire.
        sampled.mentions.reverse();
        sampled
    }
}

#[async_trait]
impl Connector for MastodonConnector {
    async fn poll(&mut self, from: Option<&Cursor>) -> Result<Batch, ConnectorError> {
        let mut position: Position = Cursor::read(from)?;
        let mut batch = Batch::empty(self.settings.poll_interval);
        for hashtag in self.settings.hashtags.clone() {
            let after = position.after.get(&hashtag).cloned();
            let reply = match self.page(&hashtag, after.as_deref()).await {
                Ok(reply) => reply,
                // What was read before it is kept; the failure comes again with the next poll.
                Err(error) if batch.mentions.is_empty() => return Err(error),
                Err(_) => break,
            };
            let sampled = self.map(&reply, &hashtag, after.is_none());
            let items = sampled.mentions.len() + sampled.refused.len();
            if items >= PAGE_POSTS && after.is_some() {
                batch.poll_after = std::time::Duration::ZERO;
            }
            let reached = reached(&reply, &sampled).or(after).unwrap_or_default();
            position.after.insert(hashtag, reached);
            batch.take(sampled);
        }
        batch.next = Cursor::write(&position)?;
        Ok(batch)
    }
}

/// The server's own word for the way forward, else the newest post of the page.
fn reached(reply: &Reply, sampled: &Sampled) -> Option<String> {
    let link = reply.headers.get(LINK).and_then(|link| link.to_str().ok());
    let named = link.and_then(forward).filter(|id| !id.is_empty());
    named.or_else(|| sampled.mentions.last().map(|mention| mention.id.clone()))
}

/// The `min_id` of `rel="prev"`. The address itself is never followed.
fn forward(link: &str) -> Option<String> {
    let part = link.split(',').find(|part| part.contains("rel=\"prev\""))?;
    let address = part.split_once('<')?.1.split_once('>')?.0;
    let url = Url::parse(address).ok()?;
    let found = url
        .query_pairs()
        .find(|(name, _)| name == "min_id" || name == "since_id");
    found.map(|(_, id)| id.into_owned())
}
