//! The one reading of `ticket.events` in a process: all partitions, without a group, so that
//! every process hears of every change.

use super::Live;
use super::ring::{Entry, RING_AGE};
use crate::topic::position::TopicPosition;
use crate::topic::reader::{self, ReadError, Start};
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::ticket::TicketId;
use switchboard_domain::{Clock, Slug};
use switchboard_stream::log::{Log, LogError, LogRecord, Watermarks};
use switchboard_stream::topic::TICKET_EVENTS;
use tokio_util::sync::CancellationToken;

/// One reading: some seconds of a busy day, and a few megabytes.
const RECORDS_MAX: usize = 2_000;

/// The longest a reading waits for news: holes are looked at in between.
const READ_WAIT: Duration = Duration::from_secs(1);

/// How long to leave a log alone that cannot answer.
const RETRY_WAIT: Duration = Duration::from_secs(1);

/// Fills the ring until `stop`.
pub(crate) async fn run(
    live: &Live,
    log: &Arc<dyn Log>,
    clock: &dyn Clock,
    stop: &CancellationToken,
) {
    let mut feed = Feed::default();
    while !stop.is_cancelled() {
        let reading = feed.step(live, log, clock);
        match stop.run_until_cancelled(reading).await {
            None | Some(Ok(())) => {}
            Some(Err(error)) => {
                tracing::warn!(%error, "live updates wait for the log");
                if matches!(error, ReadError::AfterEnd) {
                    feed = Feed::default();
                }
                stop.run_until_cancelled(tokio::time::sleep(RETRY_WAIT))
                    .await;
            }
        }
    }
}

#[derive(Default)]
struct Feed {
    /// Where the next reading begins; `None` before the first.
    position: Option<TopicPosition>,
    /// The departments seen, so that a hundred thousand entries share a few names.
    names: BTreeSet<Arc<Slug>>,
}

impl Feed {
    async fn step(
        &mut self,
        live: &Live,
        log: &Arc<dyn Log>,
        clock: &dyn Clock,
    ) -> Result<(), ReadError> {
        let Some(position) = self.position.take() else {
            return self.load(live, log, clock).await;
        };
        // Put back at once: a reading that is cancelled or fails is made again.
        self.position = Some(position.clone());
        let start = Start::Position(position);
        let reading = reader::read(log, &TICKET_EVENTS, start, (RECORDS_MAX, READ_WAIT)).await?;
        self.position = Some(reading.next);
        let entries: Vec<_> = reading
            .records
            .iter()
            .filter_map(|placed| self.entry(&placed.record))
            .collect();
        let newest = {
            let mut ring = live.ring();
            for (number, entry) in entries {
                ring.insert(number, entry);
            }
            ring.settle(clock.now())
        };
        live.announce(newest);
        Ok(())
    }

    /// Reads what the ring should hold. Of each partition at least the last record, so that
    /// the newest number is known after a quiet night, too.
    async fn load(
        &mut self,
        live: &Live,
        log: &Arc<dyn Log>,
        clock: &dyn Clock,
    ) -> Result<(), ReadError> {
        let now = clock.now();
        let marks = log.watermarks(&TICKET_EVENTS).await?;
        let mut offsets = vec![];
        let mut found = BTreeMap::new();
        let mut floor = None;
        for mark in &marks {
            let start = begin(log, mark, now).await?;
            let records = self.partition(log, mark, start).await?;
            // What stands before the first record read is not known.
            if start > 0
                && let Some((first, _)) = records.first()
            {
                floor = floor.max(Some(first - 1));
            }
            found.extend(records);
            offsets.push(mark.high);
        }
        let oldest = found.keys().next().map(|first| first - 1);
        let newest = {
            let mut ring = live.ring();
            ring.restart(floor.or(oldest).unwrap_or_default());
            for (number, entry) in found {
                ring.insert(number, entry);
            }
            ring.settle(now)
        };
        self.position = Some(TopicPosition(offsets));
        live.announce(newest);
        Ok(())
    }

    async fn partition(
        &mut self,
        log: &Arc<dyn Log>,
        mark: &Watermarks,
        start: u64,
    ) -> Result<Vec<(u64, Entry)>, LogError> {
        let (mut from, mut entries) = (start, vec![]);
        while from < mark.high {
            let records = log
                .read(
                    &TICKET_EVENTS,
                    mark.partition,
                    from,
                    RECORDS_MAX,
                    Duration::ZERO,
                )
                .await?;
            let Some(last) = records.last() else { break };
            from = last.offset + 1;
            entries.extend(records.iter().filter_map(|record| self.entry(record)));
        }
        Ok(entries)
    }

    /// A record that cannot be read leaves a hole, which the ring gives up in time.
    fn entry(&mut self, record: &LogRecord) -> Option<(u64, Entry)> {
        let told: Numbered = match serde_json::from_slice(&record.payload) {
            Ok(told) => told,
            Err(error) => {
                tracing::warn!(%error, offset = record.offset, "a ticket event cannot be read");
                return None;
            }
        };
        let entry = Entry {
            ticket: told.event.ticket,
            department: self.name(told.event.department),
            moved_from: told.event.moved_from.map(|left| self.name(left)),
            at: told.event.at,
        };
        Some((told.number, entry))
    }

    fn name(&mut self, name: Slug) -> Arc<Slug> {
        if let Some(known) = self.names.get(&name) {
            return Arc::clone(known);
        }
        let name = Arc::new(name);
        self.names.insert(Arc::clone(&name));
        name
    }
}

/// Ten minutes back, and at least one record.
async fn begin(log: &Arc<dyn Log>, mark: &Watermarks, now: Timestamp) -> Result<u64, LogError> {
    let since = now.saturating_sub(RING_AGE).unwrap_or(Timestamp::MIN);
    let offset = log.offset_at(&TICKET_EVENTS, mark.partition, since).await?;
    Ok(offset.min(mark.high.saturating_sub(1)).max(mark.low))
}

/// A record of `ticket.events`, as far as streams need it.
#[derive(Deserialize)]
struct Numbered {
    number: u64,
    event: Told,
}

#[derive(Deserialize)]
struct Told {
    ticket: TicketId,
    department: Slug,
    #[serde(default)]
    moved_from: Option<Slug>,
    at: Timestamp,
}
