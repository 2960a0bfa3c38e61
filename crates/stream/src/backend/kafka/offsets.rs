//! Offsets that Kafka knows: where partitions begin and end, and where groups stand.

use super::Shared;
use super::catalog::Topic;
use super::client::{GroupClient, REQUEST_TIMEOUT, hear};
use super::failure::{joined, unavailable};
use crate::log::{LogError, LogRecord, Watermarks};
use crate::topic::TopicName;
use jiff::Timestamp;
use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use switchboard_domain::StoredOffset;

/// What stands beside a group's offset in Kafka: enough to know the log and the last record
/// again. Kafka keeps up to 4 KiB of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) incarnation: String,
    pub(super) last_hash: Option<String>,
    /// Where the group began in this partition.
    pub(super) start: u64,
}

/// A group's offset as Kafka keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Committed {
    pub(super) next: u64,
    /// `None` when somebody else set the offset, by hand as a rule.
    pub(super) note: Option<Note>,
}

impl Note {
    pub(super) fn encode(&self) -> String {
        let hash = self.last_hash.as_deref().unwrap_or("-");
        format!("1 {} {hash} {}", self.incarnation, self.start)
    }

    fn decode(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        if words.next() != Some("1") {
            return None;
        }
        let (incarnation, hash) = (words.next()?, words.next()?);
        Some(Self {
            incarnation: incarnation.to_owned(),
            last_hash: (hash != "-").then(|| hash.to_owned()),
            start: words.next()?.parse().ok()?,
        })
    }
}

impl Committed {
    /// As the store would say it. An offset set by hand counts in this log.
    pub(super) fn stored(&self, incarnation: &str) -> StoredOffset {
        let note = self.note.as_ref();
        StoredOffset {
            next: self.next,
            incarnation: note
                .map_or(incarnation, |note| &note.incarnation)
                .to_owned(),
            last_hash: note.and_then(|note| note.last_hash.clone()),
        }
    }
}

/// A partition of a topic, as Kafka's lists name it.
pub(super) fn native(partition: u32) -> i32 {
    i32::try_from(partition).unwrap_or(i32::MAX)
}

/// A partition of a topic, as we name it.
pub(super) fn ours(partition: i32) -> u32 {
    u32::try_from(partition).unwrap_or(0)
}

fn absolute(offset: Offset) -> Option<u64> {
    match offset {
        Offset::Offset(offset) => u64::try_from(offset).ok(),
        _ => None,
    }
}

/// Every partition of the topic, all at the same (special) offset.
fn list(topic: &Topic, offset: Offset) -> Result<TopicPartitionList, LogError> {
    let mut list = TopicPartitionList::new();
    for partition in 0..topic.partitions {
        list.add_partition_offset(&topic.full_name, native(partition), offset)
            .map_err(unavailable)?;
    }
    Ok(list)
}

/// A partition that changed its leader is asked for again, once by the old news and once by
/// the new.
const RESOLVE_ATTEMPTS: u32 = 3;

/// Asks the leaders for the offsets that the list names by time; blocks for one request, or a
/// few when leaders have changed.
fn resolve(
    client: &GroupClient,
    list: &TopicPartitionList,
) -> Result<Vec<(u32, Option<u64>)>, LogError> {
    let mut attempt = 1;
    loop {
        match resolve_once(client, list.clone()) {
            Err(error) if attempt < RESOLVE_ATTEMPTS => {
                tracing::debug!(%error, "asking who leads now");
                attempt += 1;
                client
                    .fetch_metadata(None, REQUEST_TIMEOUT)
                    .map_err(unavailable)?;
            }
            answer => return answer.map_err(unavailable),
        }
    }
}

fn resolve_once(
    client: &GroupClient,
    list: TopicPartitionList,
) -> Result<Vec<(u32, Option<u64>)>, KafkaError> {
    let answered = client.offsets_for_times(list, REQUEST_TIMEOUT)?;
    let mut found = Vec::with_capacity(answered.count());
    for element in answered.elements() {
        element.error()?;
        found.push((ours(element.partition()), absolute(element.offset())));
    }
    Ok(found)
}

fn committed_of(element: &TopicPartitionListElem<'_>) -> Option<Committed> {
    Some(Committed {
        next: absolute(element.offset())?,
        note: Note::decode(element.metadata()),
    })
}

impl Shared {
    /// Both ends of every partition.
    pub(super) async fn watermarks(
        self: &Arc<Self>,
        topic: &TopicName,
    ) -> Result<Vec<Watermarks>, LogError> {
        let topic = self.catalog.topic(topic)?;
        let shared = Arc::clone(self);
        let ask = move || {
            let meta = shared.meta();
            let ends = |offset| resolve(meta, &list(&topic, offset)?);
            let (low, high) = (ends(Offset::Beginning)?, ends(Offset::End)?);
            let pairs = low.into_iter().zip(high);
            let marks = pairs.map(|((partition, low), (_, high))| Watermarks {
                partition,
                low: low.unwrap_or(0),
                high: high.unwrap_or(0),
            });
            Ok(marks.collect())
        };
        joined(tokio::task::spawn_blocking(ask).await)
    }

    /// Both ends of one partition.
    pub(super) async fn ends(
        self: &Arc<Self>,
        topic: &TopicName,
        partition: u32,
    ) -> Result<Watermarks, LogError> {
        let topic = self.catalog.partition(topic, partition)?;
        let shared = Arc::clone(self);
        let ask = move || {
            let ends = |offset| {
                let mut list = TopicPartitionList::new();
                list.add_partition_offset(&topic.full_name, native(partition), offset)
                    .map_err(unavailable)?;
                let found = resolve(shared.meta(), &list)?;
                let end = found.first().and_then(|(_, offset)| *offset);
                Ok::<u64, LogError>(end.unwrap_or(0))
            };
            Ok(Watermarks {
                partition,
                low: ends(Offset::Beginning)?,
                high: ends(Offset::End)?,
            })
        };
        joined(tokio::task::spawn_blocking(ask).await)
    }

    /// The first record not older than `time`, in whole milliseconds, which is all Kafka knows.
    pub(super) async fn offset_at(
        self: &Arc<Self>,
        topic: &TopicName,
        partition: u32,
        time: Timestamp,
    ) -> Result<u64, LogError> {
        let high = self.ends(topic, partition).await?.high;
        let topic = self.catalog.partition(topic, partition)?;
        let shared = Arc::clone(self);
        let ask = move || {
            let rounded_up = time.as_microsecond().div_euclid(1_000)
                + i64::from(time.as_microsecond().rem_euclid(1_000) > 0);
            let mut list = TopicPartitionList::new();
            let offset = Offset::Offset(rounded_up.max(0));
            list.add_partition_offset(&topic.full_name, native(partition), offset)
                .map_err(unavailable)?;
            let found = resolve(shared.meta(), &list)?;
            Ok(found
                .first()
                .and_then(|(_, offset)| *offset)
                .unwrap_or(high))
        };
        joined(tokio::task::spawn_blocking(ask).await)
    }

    /// Where the group stands in the topic, by partition; `client` bears its name.
    pub(super) async fn committed(
        self: &Arc<Self>,
        client: Arc<GroupClient>,
        topic: &TopicName,
    ) -> Result<HashMap<u32, Committed>, LogError> {
        let topic = self.catalog.topic(topic)?;
        let ask = move || {
            let list = list(&topic, Offset::Invalid)?;
            let answered = client
                .committed_offsets(list, REQUEST_TIMEOUT)
                .map_err(unavailable)?;
            let mut found = HashMap::new();
            for element in answered.elements() {
                element.error().map_err(unavailable)?;
                if let Some(committed) = committed_of(&element) {
                    found.insert(ours(element.partition()), committed);
                }
            }
            Ok(found)
        };
        joined(tokio::task::spawn_blocking(ask).await)
    }

    /// A client that only asks where the group stands.
    fn observer(&self, group: &str) -> Result<Arc<GroupClient>, LogError> {
        let mut observers = self
            .observers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = observers.get(group) {
            hear(client);
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(self.clients.observer(&self.full_name(group))?);
        observers.insert(group.to_owned(), Arc::clone(&client));
        Ok(client)
    }

    /// The group's next record in each partition of the topic, with that partition's ends.
    pub(super) async fn standing(
        self: &Arc<Self>,
        group: &str,
        topic: &TopicName,
    ) -> Result<Vec<(u64, Watermarks)>, LogError> {
        let observer = self.observer(group)?;
        let committed = self.committed(observer, topic).await?;
        let marks = self.watermarks(topic).await?;
        let standing = marks.into_iter().map(|marks| {
            let committed = committed.get(&marks.partition).map(|found| found.next);
            let here = self.progress.get(group, topic, marks.partition);
            let next = committed.max(here).unwrap_or(marks.low);
            (next.clamp(marks.low, marks.high), marks)
        });
        Ok(standing.collect())
    }

    pub(super) async fn backlog(
        self: &Arc<Self>,
        group: &str,
        topic: &TopicName,
    ) -> Result<u64, LogError> {
        let standing = self.standing(group, topic).await?;
        Ok(standing.iter().map(|(next, marks)| marks.high - next).sum())
    }

    /// The time of the oldest record that the group has not read.
    pub(super) async fn oldest_unread(
        self: &Arc<Self>,
        group: &str,
        topic: &TopicName,
    ) -> Result<Option<Timestamp>, LogError> {
        let mut oldest: Option<Timestamp> = None;
        for (next, marks) in self.standing(group, topic).await? {
            if next < marks.high {
                let found = self
                    .read(topic, marks.partition, next, 1, std::time::Duration::ZERO)
                    .await?;
                let time = found.first().map(|record: &LogRecord| record.timestamp);
                oldest = oldest.into_iter().chain(time).min();
            }
        }
        Ok(oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::first(None)]
    #[case::later(Some("fdaf"))]
    fn a_note_comes_back(#[case] hash: Option<&str>) {
        let note = Note {
            incarnation: "cluster/topic".into(),
            last_hash: hash.map(str::to_owned),
            start: 7,
        };
        assert_eq!(Note::decode(&note.encode()), Some(note));
    }

    #[rstest]
    #[case::by_hand("")]
    #[case::another_program("2 x y z")]
    #[case::cut_short("1 cluster/topic -")]
    fn what_is_no_note_is_none(#[case] text: &str) {
        assert_eq!(Note::decode(text), None);
    }
}
