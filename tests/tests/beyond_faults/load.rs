//! Posts that keep coming; what was not acknowledged is sent again.

use anyhow::{Result, ensure};
use reqwest::StatusCode;
use serde_json::Value;
use std::time::{Duration, Instant};
use switchboard_tests::{Server, posts};

/// Small, so that a fault falls between many of them.
const POSTS_PER_REQUEST: usize = 15;

/// Between two requests that were refused.
const REFUSED_PAUSE: Duration = Duration::from_millis(200);

/// Between two requests of a trickle, at the least.
const BEAT_MIN: Duration = Duration::from_millis(5);

/// All posts of a run, and how many were acknowledged.
pub(crate) struct Load {
    pub(crate) posts: Vec<Value>,
    sent: usize,
}

impl Load {
    pub(crate) const fn of(posts: Vec<Value>) -> Self {
        Self { posts, sent: 0 }
    }

    /// Sends the next; the answer, if there was one.
    pub(crate) async fn send(&mut self, server: &Server) -> Option<StatusCode> {
        let end = (self.sent + POSTS_PER_REQUEST).min(self.posts.len());
        let lines = posts::lines(&self.posts[self.sent..end]);
        let status = server.post_mentions(lines).await.ok()?.status();
        if status == StatusCode::ACCEPTED {
            self.sent = end;
        }
        Some(status)
    }

    /// Sends for so long, or until there is nothing more.
    pub(crate) async fn send_for(&mut self, server: &Server, time: Duration) {
        let begin = Instant::now();
        while begin.elapsed() < time && self.sent < self.posts.len() {
            let answer = self.send(server).await;
            if answer != Some(StatusCode::ACCEPTED) {
                tokio::time::sleep(REFUSED_PAUSE).await;
            }
        }
    }

    /// Sends up to so many posts, spread over so long: the last comes when the time is up.
    pub(crate) async fn trickle(&mut self, server: &Server, time: Duration, most: usize) {
        let end = (self.sent + most).min(self.posts.len());
        let requests = u32::try_from(most.div_ceil(POSTS_PER_REQUEST)).unwrap_or(u32::MAX);
        let mut beats = tokio::time::interval((time / requests.max(1)).max(BEAT_MIN));
        let begin = Instant::now();
        while begin.elapsed() < time && self.sent < end {
            beats.tick().await;
            // What was refused is sent at the next beat.
            let _answer = self.send(server).await;
        }
    }

    /// Sends all that is left, and says how long it took until the first was taken.
    pub(crate) async fn finish(&mut self, server: &Server, limit: Duration) -> Result<Duration> {
        let begin = Instant::now();
        let mut first = None;
        while self.sent < self.posts.len() {
            let before = self.sent;
            self.send_for(server, REFUSED_PAUSE).await;
            if self.sent > before {
                first.get_or_insert_with(|| begin.elapsed());
            }
            ensure!(begin.elapsed() < limit, "posts are refused for {limit:?}");
        }
        Ok(first.unwrap_or_default())
    }

    pub(crate) const fn sent(&self) -> usize {
        self.sent
    }
}
