//! Publishes what transactions left to be told.
//!
//! Rows go out in commit order; a row is removed only after the log has acknowledged it. A
//! crash in between publishes it again under the same number, which readers drop.

use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::Clock;
use switchboard_storage::{Outbox, OutboxRow};
use switchboard_stream::log::{Log, NewRecord};
use switchboard_stream::topic::{TICKET_EVENTS, TopicName};
use switchboard_telemetry::{Counter, Gauge, Metrics, Outcome, Stage};
use tokio_util::sync::CancellationToken;

/// One append: far below what a log takes at once, and with any one record on top still so.
const APPEND_BYTES_MAX: usize = 8 << 20;

/// How long what another process has written may wait to be told (our own transactions wake
/// the relay); an idle look costs microseconds.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The pause between two batches while transactions come one after the other: a tenth of
/// what a live page waits between two frames, and enough to share a sync of the log.
const GATHER_INTERVAL: Duration = Duration::from_millis(10);

/// The pause after a batch of [`CROWD_ROWS`]: so many changes a moment are a flood, in which
/// nobody follows one with the eyes. A batch costs the store a transaction and the log a round
/// of requests, however few rows it has.
const CROWD_INTERVAL: Duration = Duration::from_millis(50);

/// Rows of one batch from which on it is a flood: 2,500 tickets a second and more.
const CROWD_ROWS: usize = 100;

/// How long to wait when store or log are away: long enough not to spin.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The relay between the store's outbox and the log.
pub struct OutboxRelay {
    /// Where rows wait.
    pub outbox: Arc<dyn Outbox>,
    /// Where they go.
    pub log: Arc<dyn Log>,
    /// The time that published records carry.
    pub clock: Arc<dyn Clock>,
    /// Where it is counted.
    pub metrics: Metrics,
}

/// Why a batch was not published. It stays in the outbox and is tried again.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The store is away.
    #[error("outbox: {0}")]
    Store(#[from] switchboard_storage::StorageError),
    /// The log is away or refuses.
    #[error("log: {0}")]
    Log(#[from] switchboard_stream::log::LogError),
    /// The row names a topic that cannot be.
    #[error("outbox row {seq}: {reason}")]
    Row {
        /// Which row.
        seq: i64,
        /// What is wrong with it.
        reason: String,
    },
}

impl OutboxRelay {
    /// Publishes until `stop`; what is in hand is finished.
    pub async fn run(&self, stop: CancellationToken) {
        let mut published = vec![];
        while !stop.is_cancelled() {
            let told = self.publish_next(&mut published).await;
            stop.run_until_cancelled(self.pause(told)).await;
        }
        if let Err(error) = self.remove(&published).await {
            tracing::warn!(%error, "the last batch will be told once more");
        }
    }

    async fn pause(&self, told: Result<usize, RelayError>) {
        match told {
            Ok(rows) if rows >= self.outbox.batch_rows_max() => {}
            Ok(0) => {
                let news = self.outbox.stirred();
                // Nothing new is as good as news: a look follows either way.
                let _ = tokio::time::timeout(POLL_INTERVAL, news).await;
            }
            Ok(rows) if rows >= CROWD_ROWS => tokio::time::sleep(CROWD_INTERVAL).await,
            Ok(_) => tokio::time::sleep(GATHER_INTERVAL).await,
            Err(error) => {
                tracing::warn!(%error, "the outbox waits");
                tokio::time::sleep(RETRY_INTERVAL).await;
            }
        }
    }

    /// Publishes the oldest rows, removes them, and says how many.
    ///
    /// # Errors
    /// When store or log are away; nothing is lost, call again.
    pub async fn publish_batch(&self) -> Result<usize, RelayError> {
        let mut published = vec![];
        let told = self.publish_next(&mut published).await?;
        self.remove(&published).await?;
        Ok(told)
    }

    /// Removes what was published before, publishes the rows that are the oldest then, and says
    /// how many; the next call, or [`Self::remove`], is to remove them.
    async fn publish_next(&self, published: &mut Vec<i64>) -> Result<usize, RelayError> {
        let limit = self.outbox.batch_rows_max();
        let rows = self.outbox.exchange(published, limit).await?;
        published.clear();
        let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
        self.append(rows).await?;
        fail::fail_point!("store.outbox.after_publish");
        self.count(seqs.len());
        *published = seqs;
        Ok(published.len())
    }

    async fn remove(&self, published: &[i64]) -> Result<(), RelayError> {
        if published.is_empty() {
            return Ok(());
        }
        Ok(self.outbox.mark_published(published).await?)
    }

    /// In their order, in as many appends as their size asks for.
    async fn append(&self, rows: Vec<OutboxRow>) -> Result<(), RelayError> {
        let records: Vec<NewRecord> = rows
            .into_iter()
            .map(|row| self.record(row))
            .collect::<Result<_, _>>()?;
        let (mut append, mut bytes) = (vec![], 0);
        for record in records {
            bytes += record.payload.len();
            append.push(record);
            if bytes >= APPEND_BYTES_MAX {
                self.log.append(std::mem::take(&mut append)).await?;
                bytes = 0;
            }
        }
        if !append.is_empty() {
            self.log.append(append).await?;
        }
        Ok(())
    }

    /// Sets the gauges that show whether the outbox keeps up.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn measure(&self) -> Result<(), RelayError> {
        let depth = self.outbox.depth().await?;
        #[expect(clippy::cast_precision_loss, reason = "a gauge; 2^52 rows never wait")]
        self.metrics.set(Gauge::OutboxDepth, depth as f64);
        let oldest = self.outbox.oldest_at().await?;
        let now = self.clock.now();
        let age = oldest.map_or(0.0, |oldest| now.duration_since(oldest).as_secs_f64());
        self.metrics.set(Gauge::OutboxOldestAge, age.max(0.0));
        Ok(())
    }

    fn record(&self, row: OutboxRow) -> Result<NewRecord, RelayError> {
        let topic = TopicName::new(&row.topic).map_err(|error| RelayError::Row {
            seq: row.seq,
            reason: error.to_string(),
        })?;
        let payload = if topic == TICKET_EVENTS {
            numbered(&row)
        } else {
            row.payload
        };
        let timestamp = self.clock.now();
        Ok(NewRecord {
            topic,
            key: row.key,
            payload: Bytes::from(payload),
            timestamp,
        })
    }

    fn count(&self, rows: usize) {
        let rows = rows as u64;
        self.metrics.add(Counter::OutboxPublished, rows);
        let forwarded = Counter::StageEvents {
            stage: Stage::Outbox,
            outcome: Outcome::Forwarded,
        };
        self.metrics.add(forwarded, rows);
    }
}

/// A ticket event under the number that live updates resume by.
fn numbered(row: &OutboxRow) -> Vec<u8> {
    let number = row.number.unwrap_or_default().to_string();
    let parts: [&[u8]; 5] = [
        br#"{"v":1,"number":"#,
        number.as_bytes(),
        br#","event":"#,
        &row.payload,
        b"}",
    ];
    parts.concat()
}
