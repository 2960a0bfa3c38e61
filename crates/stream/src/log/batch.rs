//! Records as they are read.

use crate::topic::TopicName;
use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use switchboard_domain::{OffsetMove, StoredOffset};

/// A record as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// Its number in its partition.
    pub offset: u64,
    /// The key it was appended with.
    pub key: String,
    /// The encoded record.
    pub payload: Bytes,
    /// The time it was appended with.
    pub timestamp: Timestamp,
}

/// 128 bits: enough that another record at the same offset is never taken for this one.
const HASH_BYTES: usize = 16;

impl LogRecord {
    /// Hex of the first 16 bytes of SHA-256 over the key's length (8 bytes, little endian),
    /// the key and the payload.
    pub fn hash(&self) -> String {
        let digest = Sha256::new()
            .chain_update((self.key.len() as u64).to_le_bytes())
            .chain_update(self.key.as_bytes())
            .chain_update(&self.payload)
            .finalize();
        hex::encode(&digest[..HASH_BYTES])
    }
}

/// Records of one partition, in order; never empty when a consumer hands it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Where they were read.
    pub topic: TopicName,
    /// In which partition.
    pub partition: u32,
    /// Oldest first.
    pub records: Vec<LogRecord>,
    /// Which log they count in.
    pub incarnation: Arc<str>,
    /// What the offset home held when they were read; `None` when it had nothing yet.
    pub expected: Option<u64>,
}

impl Batch {
    /// The offset after the last record.
    pub fn next_offset(&self) -> u64 {
        self.records
            .last()
            .map_or(self.expected.unwrap_or(0), |record| record.offset + 1)
    }

    /// The step to store in the transaction of the batch's effects.
    pub fn offset_move(&self, consumer: &str) -> OffsetMove {
        OffsetMove {
            consumer: consumer.to_owned(),
            topic: self.topic.to_string(),
            partition: self.partition,
            expected: self.expected,
            to: StoredOffset {
                next: self.next_offset(),
                incarnation: self.incarnation.to_string(),
                last_hash: self.records.last().map(LogRecord::hash),
            },
        }
    }

    /// Two halves, the first to be committed before the second; `None` for fewer than two
    /// records.
    pub fn split(self) -> Option<(Self, Self)> {
        let half = self.records.len() / 2;
        let (first, second) = self.split_at(half);
        second.filter(|_| half > 0).map(|second| (first, second))
    }

    /// The first `count` records, to be committed before the others, if there are any.
    pub fn split_at(mut self, count: usize) -> (Self, Option<Self>) {
        if count >= self.records.len() {
            return (self, None);
        }
        let rest = self.records.split_off(count);
        let second = Self {
            records: rest,
            expected: Some(self.next_offset()),
            topic: self.topic.clone(),
            partition: self.partition,
            incarnation: Arc::clone(&self.incarnation),
        };
        (self, Some(second))
    }

    /// The batch in parts of at most so many records, each to be committed before the next.
    pub fn parts(&self, records_max: usize) -> impl Iterator<Item = Self> + '_ {
        let mut expected = self.expected;
        self.records.chunks(records_max.max(1)).map(move |records| {
            let part = Self {
                records: records.to_vec(),
                expected,
                topic: self.topic.clone(),
                partition: self.partition,
                incarnation: Arc::clone(&self.incarnation),
            };
            expected = Some(part.next_offset());
            part
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(offsets: std::ops::Range<u64>) -> Batch {
        let records = offsets
            .clone()
            .map(|offset| LogRecord {
                offset,
                key: "k".into(),
                payload: Bytes::from(offset.to_string()),
                timestamp: Timestamp::UNIX_EPOCH,
            })
            .collect();
        Batch {
            topic: crate::topic::MENTION_RECEIVED,
            partition: 3,
            records,
            incarnation: "log".into(),
            expected: Some(offsets.start),
        }
    }

    #[test]
    fn the_second_half_expects_the_first_to_be_stored() {
        let (first, second) = batch(7..12).split().unwrap();
        assert_eq!((first.expected, first.next_offset()), (Some(7), 9));
        assert_eq!((second.expected, second.next_offset()), (Some(9), 12));
        assert_eq!(batch(7..8).split(), None);
    }

    #[test]
    fn the_rest_expects_what_stands_before_it_to_be_stored() {
        let (done, rest) = batch(7..12).split_at(4);
        assert_eq!((done.next_offset(), rest.unwrap().expected), (11, Some(11)));
        assert_eq!(batch(7..12).split_at(5), (batch(7..12), None));
    }

    #[test]
    fn each_part_expects_the_one_before_it_to_be_stored() {
        let parts: Vec<_> = batch(7..12).parts(2).collect();
        assert_eq!(parts, [batch(7..9), batch(9..11), batch(11..12)]);
    }

    #[test]
    fn the_offset_move_names_the_last_record() {
        let moved = batch(7..12).offset_move("route");
        insta::assert_debug_snapshot!(moved, @r#"
        OffsetMove {
            consumer: "route",
            topic: "mention.received",
            partition: 3,
            expected: Some(
                7,
            ),
            to: StoredOffset {
                next: 12,
                incarnation: "log",
                last_hash: Some(
                    "fdaf79753db893e2038f38ab0bf35be5",
                ),
            },
        }
        "#);
    }

    #[test]
    fn key_and_payload_cannot_be_shifted_into_each_other() {
        let record = |key: &str, payload: &'static str| LogRecord {
            offset: 0,
            key: key.into(),
            payload: Bytes::from_static(payload.as_bytes()),
            timestamp: Timestamp::UNIX_EPOCH,
        };
        assert_ne!(record("ab", "c").hash(), record("a", "bc").hash());
    }
}
