//! One poll: lines to a batch.

use super::FileSettings;
use super::cursor::FileCursor;
use super::lines::{Line, Lines, kept, read_lines};
use super::pace::Pace;
use crate::connector::{BATCH_MENTIONS_MAX, Batch, BrokenItem, Connector, ConnectorError, Cursor};
use crate::mention::{ParseLimits, parse_mention};
use async_trait::async_trait;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::Clock;

/// How soon a line that is appended is seen.
const FOLLOW_INTERVAL: Duration = Duration::from_secs(1);

/// How often a file that was read to its end is looked at: people do append to them.
const FINISHED_INTERVAL: Duration = Duration::from_mins(1);

/// The longest wait for a post that is not due, so that a clock set forward is noticed.
const PACE_WAIT_MAX: Duration = Duration::from_mins(1);

pub(super) struct FileConnector {
    settings: FileSettings,
    clock: Arc<dyn Clock>,
}

impl FileConnector {
    pub(super) const fn new(settings: FileSettings, clock: Arc<dyn Clock>) -> Self {
        Self { settings, clock }
    }
}

#[async_trait]
impl Connector for FileConnector {
    async fn poll(&mut self, from: Option<&Cursor>) -> Result<Batch, ConnectorError> {
        let cursor = FileCursor::read(from)?;
        let Some(path) = self.settings.paths.get(cursor.file).cloned() else {
            return Err(ConnectorError::Malformed {
                reason: format!(
                    "the cursor stands in file {} of {}; put the path back",
                    cursor.file + 1,
                    self.settings.paths.len()
                ),
            });
        };
        let is_last = cursor.file + 1 == self.settings.paths.len();
        let follows = is_last && self.settings.follow;
        let lines = match read(path.clone(), cursor.offset, !follows).await? {
            Lines::Some(lines) => lines,
            Lines::Shorter { length } => return Err(shorter(&path, length, cursor.offset)),
            Lines::End if is_last => return self.nothing_new(&cursor),
            Lines::End => return next_file(cursor),
        };
        self.batch(&path, cursor, lines)
    }
}

impl FileConnector {
    /// Takes lines up to the first that is not due.
    fn batch(
        &self,
        path: &Path,
        mut cursor: FileCursor,
        lines: Vec<Line>,
    ) -> Result<Batch, ConnectorError> {
        let mut pace = Pace::new(&self.settings, cursor.start, self.clock.now());
        let mut batch = empty_batch(Duration::ZERO);
        for line in lines {
            let number = cursor.line + 1;
            if !line.bytes.trim_ascii().is_empty() {
                match parse_mention(&line.bytes, &ParseLimits::default()) {
                    Ok(mut mention) => {
                        let wait = pace.wait_for(&mention);
                        if !wait.is_zero() {
                            batch.poll_after = wait.min(PACE_WAIT_MAX);
                            break;
                        }
                        pace.shift(&mut mention);
                        mention.backfill |= self.settings.as_recorded;
                        batch.mentions.push(mention);
                    }
                    Err(error) => batch.broken.push(BrokenItem {
                        place: format!("{}:{number}", path.display()),
                        number,
                        error,
                        bytes: kept(line.bytes),
                    }),
                }
            }
            cursor.line = number;
            cursor.offset += line.length;
        }
        cursor.start = pace.start();
        Ok(Batch {
            next: cursor.write()?,
            ..batch
        })
    }

    fn nothing_new(&self, cursor: &FileCursor) -> Result<Batch, ConnectorError> {
        let interval = if self.settings.follow {
            FOLLOW_INTERVAL
        } else {
            FINISHED_INTERVAL
        };
        Ok(Batch {
            next: cursor.write()?,
            ..empty_batch(interval)
        })
    }
}

async fn read(path: PathBuf, offset: u64, take_unfinished: bool) -> Result<Lines, ConnectorError> {
    let shown = path.display().to_string();
    let reading = tokio::task::spawn_blocking(move || {
        read_lines(&path, offset, BATCH_MENTIONS_MAX, take_unfinished)
    });
    let unavailable = |reason: String| ConnectorError::Unavailable { reason };
    let read = reading
        .await
        .map_err(|error| unavailable(error.to_string()))?;
    read.map_err(|error| unavailable(format!("`{shown}`: {error}")))
}

fn next_file(cursor: FileCursor) -> Result<Batch, ConnectorError> {
    let next = FileCursor {
        file: cursor.file + 1,
        offset: 0,
        line: 0,
        start: cursor.start,
    };
    Ok(Batch {
        next: next.write()?,
        ..empty_batch(Duration::ZERO)
    })
}

const fn empty_batch(poll_after: Duration) -> Batch {
    Batch {
        mentions: Vec::new(),
        broken: Vec::new(),
        next: Cursor(String::new()),
        poll_after,
    }
}

fn shorter(path: &Path, length: u64, offset: u64) -> ConnectorError {
    ConnectorError::Malformed {
        reason: format!(
            "`{}` has {length} bytes and was read up to {offset}; put the file back, or give \
             the source another name to begin anew",
            path.display()
        ),
    }
}
