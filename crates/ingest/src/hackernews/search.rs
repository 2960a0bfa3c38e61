//! Algolia: the newest hits down to the last ones known. Its index is at times late, so each
//! poll looks back; what was seen there already is in the cursor.

use super::HackerNewsSettings;
use super::response::sample;
use crate::connector::{Batch, Connector, ConnectorError, Cursor};
use crate::http::HttpClient;
use crate::sample::Sampled;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::{Clock, Mention};

/// Hits of one request.
const PAGE_HITS: usize = 200;

/// How late a hit may appear in the index and is still taken.
const LOOK_BACK_SECONDS: i64 = 3 * 60 * 60;

/// Ids kept to tell a late hit from one that was taken: two full pages.
const SEEN_MAX: usize = 2 * PAGE_HITS;

pub(super) struct SearchConnector {
    settings: HackerNewsSettings,
    http: HttpClient,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Position {
    /// Seconds since 1970; everything found up to here was taken.
    since: Option<i64>,
    /// While more than a page is new: the newest of it, and where the next page ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    descent: Option<Descent>,
    /// Newest last.
    seen: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Descent {
    newest: i64,
    until: i64,
}

impl SearchConnector {
    pub(super) fn new(settings: HackerNewsSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new(settings.http.clone(), clock);
        Self { settings, http }
    }

    async fn page(&self, position: &Position) -> Result<Sampled, ConnectorError> {
        let hits = PAGE_HITS.to_string();
        let filters = position.filters();
        let mut query = vec![
            ("query", self.settings.query.as_str()),
            ("tags", "(story,comment)"),
            ("hitsPerPage", hits.as_str()),
        ];
        if !filters.is_empty() {
            query.push(("numericFilters", filters.as_str()));
        }
        let url = self.http.url("/api/v1/search_by_date", &query)?;
        let reply = self.http.get(url).await?;
        let has_hits = serde_json::from_slice::<serde_json::Value>(&reply.body)
            .is_ok_and(|value| value.get("hits").is_some());
        if !has_hits {
            return Err(ConnectorError::Malformed {
                reason: "the answer is no list of `hits`".to_owned(),
            });
        }
        Ok(sample(&reply.body, None))
    }
}

#[async_trait]
impl Connector for SearchConnector {
    async fn poll(&mut self, from: Option<&Cursor>) -> Result<Batch, ConnectorError> {
        let mut position: Position = Cursor::read(from)?;
        let is_first = position.since.is_none();
        let mut sampled = self.page(&position).await?;
        let is_full = sampled.mentions.len() + sampled.refused.len() >= PAGE_HITS;
        let times = sampled.mentions.iter().filter_map(time_of);
        let (newest, oldest) = (times.clone().max(), times.min());
        sampled
            .mentions
            .retain(|mention| !position.seen.contains(&mention.id));
        sampled.mentions.reverse();
        for mention in &mut sampled.mentions {
            mention.accounts.insert(self.settings.query.clone());
            mention.backfill = is_first;
            position.seen.push(mention.id.clone());
        }
        let excess = position.seen.len().saturating_sub(SEEN_MAX);
        position.seen.drain(..excess);
        // The first page is where the source begins; what lies before it is not asked for.
        let goes_on = position.advance(newest, oldest, is_full && !is_first);
        let mut batch = Batch::empty(if goes_on {
            Duration::ZERO
        } else {
            self.settings.poll_interval
        });
        batch.take(sampled);
        batch.next = Cursor::write(&position)?;
        Ok(batch)
    }
}

impl Position {
    fn filters(&self) -> String {
        let since = self
            .since
            .map(|since| format!("created_at_i>{}", since - LOOK_BACK_SECONDS));
        let until = self
            .descent
            .map(|descent| format!("created_at_i<{}", descent.until));
        let both: Vec<String> = [since, until].into_iter().flatten().collect();
        both.join(",")
    }

    /// Whether there is another page below this one.
    fn advance(&mut self, newest: Option<i64>, oldest: Option<i64>, is_full: bool) -> bool {
        let newest = self.descent.map(|descent| descent.newest).or(newest);
        let (true, Some(newest), Some(oldest)) = (is_full, newest, oldest) else {
            self.since = newest.max(self.since).or(Some(0));
            self.descent = None;
            return false;
        };
        // Again the second of the oldest, which may hold more; unless it fills the page.
        let again = oldest + 1;
        let until = match self.descent {
            Some(descent) if descent.until <= again => oldest,
            _ => again,
        };
        self.descent = Some(Descent { newest, until });
        true
    }
}

fn time_of(mention: &Mention) -> Option<i64> {
    mention.created_at.map(jiff::Timestamp::as_second)
}
