//! Sends a file of mentions to a server: the client's side of `switchboard replay`.

use crate::api_client::{ApiAnswer, ApiClient, ApiError};
use crate::connector::BATCH_MENTIONS_MAX;
use crate::file::{FileSettings, Line, Lines, Pace, ReplayStart, read_lines};
use crate::mention::{ParseLimits, parse_mention};
use jiff::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::time::Duration;
use switchboard_domain::Clock;

#[cfg(test)]
mod tests;

/// How often the same batch is sent to a server that has no room or has gone away: with the
/// waits below about two minutes, longer than any restart.
pub const TRIES_MAX: u32 = 25;

/// The wait before a batch is sent again when the server names none.
const RETRY_WAIT: Duration = Duration::from_secs(2);

/// The longest wait that a server may ask for; a person sits in front of the command.
const RETRY_WAIT_MAX: Duration = Duration::from_secs(30);

/// Refused items that are told one by one; the rest is counted.
pub const FIRST_ERRORS_MAX: usize = 20;

/// What to send, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayOptions {
    /// JSON lines.
    pub file: PathBuf,
    /// How much faster than it was written; `None` for as fast as the server takes it.
    pub speed: Option<f64>,
    /// Marks every mention as history.
    pub as_recorded: bool,
    /// Most mentions of one request, at most [`BATCH_MENTIONS_MAX`].
    pub batch: usize,
}

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReplayTotals {
    /// Lines sent and answered for.
    pub sent: u64,
    /// Of these, taken.
    pub accepted: u64,
    /// Of these, refused.
    pub rejected: u64,
    /// Bytes of the file that are done.
    pub bytes_done: u64,
    /// Bytes of the file.
    pub bytes_total: u64,
    /// Since the beginning.
    pub elapsed: Duration,
    /// The first [`FIRST_ERRORS_MAX`] refusals.
    pub first_errors: Vec<LineError>,
}

/// A line that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineError {
    /// In the file, from 1.
    pub line: u64,
    /// The server's word for it.
    pub code: String,
    /// The server's explanation.
    pub message: String,
}

/// Why a replay ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The server cannot be used, or does not take the requests.
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl ReplayError {
    /// The command line's exit code.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::File { .. } => 2,
            Self::Api(error) => error.exit_code(),
        }
    }
}

/// Sends the whole file in order, one request at a time, and calls `progress` after each.
/// Every request carries a key made of its content, so that sending one again, also in a
/// second run, adds nothing.
pub async fn replay(
    client: &ApiClient,
    options: &ReplayOptions,
    clock: &dyn Clock,
    mut progress: impl FnMut(&ReplayTotals) + Send,
) -> Result<ReplayTotals, ReplayError> {
    let mut replay = Replay::new(client, options, clock)?;
    while let Some(lines) = replay.next_lines().await? {
        let lines = replay.wait_until_due(lines).await;
        replay.send(lines).await?;
        progress(&replay.totals);
    }
    Ok(replay.totals)
}

struct Replay<'a> {
    client: &'a ApiClient,
    options: &'a ReplayOptions,
    clock: &'a dyn Clock,
    started_at: Timestamp,
    start: Option<ReplayStart>,
    line: u64,
    totals: ReplayTotals,
}

/// What the server says about a batch.
#[derive(Deserialize)]
struct Summary {
    accepted: u64,
    rejected: u64,
    errors: Vec<SummaryError>,
}

#[derive(Deserialize)]
struct SummaryError {
    index: usize,
    code: String,
    message: String,
}

/// A body, and the line of the file that each of its items stands on.
struct Body {
    bytes: Vec<u8>,
    lines: Vec<u64>,
}

impl<'a> Replay<'a> {
    fn new(
        client: &'a ApiClient,
        options: &'a ReplayOptions,
        clock: &'a dyn Clock,
    ) -> Result<Self, ReplayError> {
        let failed = |source| ReplayError::File {
            path: options.file.clone(),
            source,
        };
        let bytes_total = std::fs::metadata(&options.file).map_err(failed)?.len();
        let totals = ReplayTotals {
            bytes_total,
            ..ReplayTotals::default()
        };
        let started_at = clock.now();
        Ok(Self {
            client,
            options,
            clock,
            started_at,
            start: None,
            line: 0,
            totals,
        })
    }

    async fn next_lines(&self) -> Result<Option<Vec<Line>>, ReplayError> {
        let (path, offset) = (self.options.file.clone(), self.totals.bytes_done);
        let most = self.options.batch.clamp(1, BATCH_MENTIONS_MAX);
        let reading = tokio::task::spawn_blocking(move || read_lines(&path, offset, most, true));
        let read = reading
            .await
            .unwrap_or_else(|error| Err(std::io::Error::other(error)));
        let path = self.options.file.clone();
        match read.map_err(|source| ReplayError::File { path, source })? {
            Lines::Some(lines) => Ok(Some(lines)),
            Lines::End | Lines::Shorter { .. } => Ok(None),
        }
    }

    /// The lines that are due; waits for the first of them.
    async fn wait_until_due(&mut self, mut lines: Vec<Line>) -> Vec<Line> {
        if self.options.speed.is_none() {
            return lines;
        }
        if let Some(first) = lines.first() {
            let wait = self.wait_for(first);
            tokio::time::sleep(wait).await;
        }
        let due = lines
            .iter()
            .skip(1)
            .take_while(|line| self.wait_for(line).is_zero())
            .count();
        lines.truncate(due + 1);
        lines
    }

    /// A line that is no mention is due at once: the server will say what is wrong with it.
    fn wait_for(&mut self, line: &Line) -> Duration {
        let Ok(mention) = parse_mention(&line.bytes, &ParseLimits::default()) else {
            return Duration::ZERO;
        };
        let settings = FileSettings {
            speed: self.options.speed,
            ..FileSettings::new(Vec::new())
        };
        let mut pace = Pace::new(&settings, self.start, self.clock.now());
        let wait = pace.wait_for(&mention);
        self.start = pace.start();
        wait
    }

    async fn send(&mut self, lines: Vec<Line>) -> Result<(), ReplayError> {
        let length: u64 = lines.iter().map(|line| line.length).sum();
        let body = self.body_of(&lines);
        self.line += lines.len() as u64;
        self.totals.bytes_done += length;
        if !body.lines.is_empty() {
            let summary = self.send_until_answered(&body).await?;
            self.add(summary, &body.lines);
        }
        let elapsed = self.clock.now().duration_since(self.started_at);
        self.totals.elapsed = Duration::try_from(elapsed).unwrap_or_default();
        Ok(())
    }

    fn body_of(&self, lines: &[Line]) -> Body {
        let mut body = Body {
            bytes: Vec::new(),
            lines: Vec::new(),
        };
        for (number, line) in (self.line + 1..).zip(lines) {
            let item = line.bytes.trim_ascii();
            if item.is_empty() {
                continue;
            }
            match self.options.as_recorded.then(|| as_history(item)).flatten() {
                Some(marked) => body.bytes.extend_from_slice(&marked),
                None => body.bytes.extend_from_slice(item),
            }
            body.bytes.push(b'\n');
            body.lines.push(number);
        }
        body
    }

    async fn send_until_answered(&self, body: &Body) -> Result<Summary, ReplayError> {
        let key = key_of(self.line, &body.bytes);
        let headers = [
            ("content-type", "application/x-ndjson"),
            ("idempotency-key", key.as_str()),
        ];
        let mut tries = 0;
        loop {
            tries += 1;
            let (path, body) = ("/api/v1/mentions", body.bytes.clone());
            match self
                .client
                .request(Method::POST, path, &headers, body)
                .await
            {
                Ok(answer) => return Ok(summary_of(answer)?),
                Err(error) => {
                    let wait = self.wait_after(&error).filter(|_| tries < TRIES_MAX);
                    let Some(wait) = wait else {
                        return Err(error.into());
                    };
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// `None` when trying again is of no use. A server that was never there is not waited for.
    fn wait_after(&self, error: &ApiError) -> Option<Duration> {
        match error {
            ApiError::Busy { retry_after, .. } => {
                Some(retry_after.unwrap_or(RETRY_WAIT).min(RETRY_WAIT_MAX))
            }
            ApiError::Unreachable { .. } if self.totals.sent > 0 => Some(RETRY_WAIT),
            _ => None,
        }
    }

    fn add(&mut self, summary: Summary, lines: &[u64]) {
        self.totals.sent += lines.len() as u64;
        self.totals.accepted += summary.accepted;
        self.totals.rejected += summary.rejected;
        let room = FIRST_ERRORS_MAX.saturating_sub(self.totals.first_errors.len());
        let errors = summary
            .errors
            .into_iter()
            .take(room)
            .map(|error| LineError {
                line: lines.get(error.index).copied().unwrap_or_default(),
                code: error.code,
                message: error.message,
            });
        self.totals.first_errors.extend(errors);
    }
}

/// 202 and 422 both carry a summary; a problem of the whole request carries none.
fn summary_of(answer: ApiAnswer) -> Result<Summary, ApiError> {
    match answer.status {
        202 | 422 => Summary::deserialize(&answer.body).map_err(|_| answer.into_refusal()),
        _ => Err(answer.into_refusal()),
    }
}

/// The item with `"backfill": true`; `None` when it is no object.
fn as_history(item: &[u8]) -> Option<Vec<u8>> {
    let mut fields: Map<String, Value> = serde_json::from_slice(item).ok()?;
    fields.insert("backfill".to_owned(), Value::Bool(true));
    serde_json::to_vec(&fields).ok()
}

/// The same lines at the same place have the same key.
fn key_of(last_line: u64, body: &[u8]) -> String {
    let digest = Sha256::new()
        .chain_update(last_line.to_le_bytes())
        .chain_update(body)
        .finalize();
    format!("replay-{}", hex::encode(digest))
}
