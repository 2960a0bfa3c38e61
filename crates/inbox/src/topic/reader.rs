//! Reads a log topic without a group: every partition from where the caller stands.

use super::position::TopicPosition;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use switchboard_stream::log::{Log, LogError, LogRecord, Watermarks};
use switchboard_stream::topic::TopicName;

/// Bytes of records in one answer: the largest batch a client should hold in memory, and
/// room for the largest single record.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Where a reading begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// At the oldest record there is.
    Earliest,
    /// After the newest.
    Latest,
    /// At the first record that is not older.
    Time(Timestamp),
    /// Where an earlier reading ended.
    Position(TopicPosition),
}

/// A record with the partition it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlacedRecord {
    pub(crate) partition: u32,
    pub(crate) record: LogRecord,
}

/// What was read.
#[derive(Debug)]
pub(crate) struct Reading {
    /// By time over all partitions; within one in its own order.
    pub(crate) records: Vec<PlacedRecord>,
    /// Where the next reading begins.
    pub(crate) next: TopicPosition,
    /// Records that retention removed before they were read.
    pub(crate) skipped: u64,
    /// Whether nothing was left to read.
    pub(crate) at_end: bool,
}

/// Up to `limit` records; waits up to `wait` for a first one.
pub(crate) async fn read(
    log: &Arc<dyn Log>,
    topic: &TopicName,
    start: Start,
    (limit, wait): (usize, Duration),
) -> Result<Reading, ReadError> {
    let marks = log.watermarks(topic).await?;
    let (mut next, skipped) = begin(log, topic, &marks, start).await?;
    let mut found = fetch(log, topic, &next, limit).await?;
    if found.iter().all(Vec::is_empty) && !wait.is_zero() {
        wait_for_any(log, topic, &next, wait).await?;
        found = fetch(log, topic, &next, limit).await?;
    }
    let available: usize = found.iter().map(Vec::len).sum();
    let records = merge(found, &mut next, limit);
    let at_end = records.len() == available && available < limit;
    Ok(Reading {
        records,
        next,
        skipped,
        at_end,
    })
}

/// A reading that could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The position lies after the end: it is from another history.
    #[error("`from` lies after the end of the log topic: start at `earliest`")]
    AfterEnd,
    #[error(transparent)]
    Log(#[from] LogError),
}

/// The offsets to read first, and how many records of the caller's position are gone.
async fn begin(
    log: &Arc<dyn Log>,
    topic: &TopicName,
    marks: &[Watermarks],
    start: Start,
) -> Result<(TopicPosition, u64), ReadError> {
    match start {
        Start::Earliest => Ok((
            TopicPosition(marks.iter().map(|mark| mark.low).collect()),
            0,
        )),
        Start::Latest => Ok((
            TopicPosition(marks.iter().map(|mark| mark.high).collect()),
            0,
        )),
        Start::Time(time) => {
            let mut offsets = Vec::with_capacity(marks.len());
            for mark in marks {
                offsets.push(log.offset_at(topic, mark.partition, time).await?);
            }
            Ok((TopicPosition(offsets), 0))
        }
        Start::Position(position) => resume(marks, &position),
    }
}

/// Partitions that a topic gained since are read from their beginning.
fn resume(
    marks: &[Watermarks],
    position: &TopicPosition,
) -> Result<(TopicPosition, u64), ReadError> {
    let mut skipped = 0;
    let mut offsets = Vec::with_capacity(marks.len());
    for (at, mark) in marks.iter().enumerate() {
        let offset = position.0.get(at).copied().unwrap_or(mark.low);
        if offset > mark.high {
            return Err(ReadError::AfterEnd);
        }
        skipped += mark.low.saturating_sub(offset);
        offsets.push(offset.max(mark.low));
    }
    if position.0.len() > marks.len() {
        return Err(ReadError::AfterEnd);
    }
    Ok((TopicPosition(offsets), skipped))
}

async fn fetch(
    log: &Arc<dyn Log>,
    topic: &TopicName,
    from: &TopicPosition,
    limit: usize,
) -> Result<Vec<Vec<LogRecord>>, LogError> {
    let mut found = Vec::with_capacity(from.0.len());
    for (partition, offset) in (0_u32..).zip(&from.0) {
        found.push(
            log.read(topic, partition, *offset, limit, Duration::ZERO)
                .await?,
        );
    }
    Ok(found)
}

/// Returns as soon as one partition has something, at the latest after `wait`.
async fn wait_for_any(
    log: &Arc<dyn Log>,
    topic: &TopicName,
    from: &TopicPosition,
    wait: Duration,
) -> Result<(), LogError> {
    let mut waiting: FuturesUnordered<_> = (0_u32..)
        .zip(&from.0)
        .map(|(partition, offset)| log.read(topic, partition, *offset, 1, wait))
        .collect();
    while let Some(answer) = waiting.next().await {
        if !answer?.is_empty() {
            break;
        }
    }
    Ok(())
}

/// The oldest records of all partitions, and `next` moved past exactly those: a busy
/// partition does not keep the others waiting.
fn merge(found: Vec<Vec<LogRecord>>, next: &mut TopicPosition, limit: usize) -> Vec<PlacedRecord> {
    let mut partitions: Vec<_> = found
        .into_iter()
        .map(|records| records.into_iter().peekable())
        .collect();
    let mut merged = Vec::new();
    let mut bytes = 0;
    while merged.len() < limit {
        let heads = partitions.iter_mut().enumerate();
        let oldest = heads
            .filter_map(|(at, records)| records.peek().map(|record| (record.timestamp, at)))
            .min();
        let Some((at, record)) = oldest.and_then(|(_, at)| {
            partitions
                .get_mut(at)
                .and_then(Iterator::next)
                .map(|r| (at, r))
        }) else {
            break;
        };
        bytes += record.payload.len();
        if bytes > ANSWER_BYTES_MAX && !merged.is_empty() {
            break;
        }
        if let Some(offset) = next.0.get_mut(at) {
            *offset = record.offset + 1;
        }
        let partition = u32::try_from(at).unwrap_or(u32::MAX);
        merged.push(PlacedRecord { partition, record });
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn record(offset: u64, second: i64) -> LogRecord {
        LogRecord {
            offset,
            key: "k".into(),
            payload: Bytes::from_static(b"{}"),
            timestamp: Timestamp::from_second(second).unwrap(),
        }
    }

    fn marks(low_high: &[(u64, u64)]) -> Vec<Watermarks> {
        (0_u32..)
            .zip(low_high)
            .map(|(partition, &(low, high))| Watermarks {
                partition,
                low,
                high,
            })
            .collect()
    }

    #[test]
    fn merges_by_time_and_moves_only_past_what_it_took() {
        let busy = vec![record(10, 1), record(11, 3), record(12, 5)];
        let quiet = vec![record(0, 2)];
        let mut next = TopicPosition(vec![10, 0]);
        let taken = merge(vec![busy, quiet], &mut next, 3);
        let order: Vec<_> = taken
            .iter()
            .map(|t| (t.partition, t.record.offset))
            .collect();
        assert_eq!(order, [(0, 10), (1, 0), (0, 11)]);
        assert_eq!(next, TopicPosition(vec![12, 1]));
    }

    #[test]
    fn one_partition_keeps_its_order_whatever_its_times_say() {
        let mut next = TopicPosition(vec![0]);
        let taken = merge(vec![vec![record(0, 9), record(1, 1)]], &mut next, 10);
        let order: Vec<_> = taken.iter().map(|t| t.record.offset).collect();
        assert_eq!(order, [0, 1]);
    }

    #[test]
    fn an_answer_has_a_size() {
        let large = |offset| LogRecord {
            payload: Bytes::from(vec![b' '; ANSWER_BYTES_MAX]),
            ..record(offset, 1)
        };
        let mut next = TopicPosition(vec![0]);
        let taken = merge(vec![vec![large(0), large(1)]], &mut next, 10);
        assert_eq!((taken.len(), next), (1, TopicPosition(vec![1])));
    }

    #[test]
    fn resuming_counts_what_retention_removed_and_begins_new_partitions() {
        let (next, skipped) = resume(&marks(&[(5, 9), (2, 4)]), &TopicPosition(vec![3])).unwrap();
        assert_eq!((next, skipped), (TopicPosition(vec![5, 2]), 2));
    }

    #[test]
    fn a_position_after_the_end_is_refused() {
        assert!(resume(&marks(&[(0, 9)]), &TopicPosition(vec![10])).is_err());
        assert!(resume(&marks(&[(0, 9)]), &TopicPosition(vec![9, 0])).is_err());
        assert!(resume(&marks(&[(0, 9)]), &TopicPosition(vec![9])).is_ok());
    }
}
