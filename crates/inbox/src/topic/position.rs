//! Where a reader stands in a log topic: one offset per partition, in one opaque word.

use sha2::{Digest, Sha256};

/// Grows when the layout changes, so that an old position is refused and not misread.
const VERSION: u8 = 1;

/// Enough to tell one log topic from another; the offsets are not secret.
const FINGERPRINT_BYTES: usize = 8;

/// More partitions than any topic of ours has; bounds what a client can make us parse.
const PARTITIONS_MAX: usize = 1_024;

/// The offset to read next, by partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TopicPosition(pub(crate) Vec<u64>);

/// The word is not a position in this topic of this log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PositionError {
    #[error("`from` is no position: use `earliest`, `latest`, an RFC 3339 time, or a `next`")]
    Unreadable,
    #[error("`from` is a position in another log topic or another log: start at `earliest`")]
    Elsewhere,
}

impl TopicPosition {
    /// URL-safe; good only for this topic of this log.
    pub(crate) fn encode(&self, incarnation: &str, topic: &str) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(fingerprint(incarnation, topic));
        bytes.extend(self.0.iter().flat_map(|offset| offset.to_be_bytes()));
        hex::encode(bytes)
    }

    /// Reads what [`TopicPosition::encode`] wrote.
    pub(crate) fn decode(
        word: &str,
        incarnation: &str,
        topic: &str,
    ) -> Result<Self, PositionError> {
        let longest = 2 * (1 + FINGERPRINT_BYTES + 8 * PARTITIONS_MAX);
        if word.len() > longest {
            return Err(PositionError::Unreadable);
        }
        let bytes = hex::decode(word).map_err(|_| PositionError::Unreadable)?;
        let (head, offsets) = bytes
            .split_at_checked(1 + FINGERPRINT_BYTES)
            .ok_or(PositionError::Unreadable)?;
        let (offsets, rest) = offsets.as_chunks::<8>();
        match head.split_first() {
            Some((&VERSION, print)) if rest.is_empty() => {
                let here = print == fingerprint(incarnation, topic);
                let offsets = offsets
                    .iter()
                    .map(|bytes| u64::from_be_bytes(*bytes))
                    .collect();
                here.then_some(Self(offsets))
                    .ok_or(PositionError::Elsewhere)
            }
            _ => Err(PositionError::Unreadable),
        }
    }
}

fn fingerprint(incarnation: &str, topic: &str) -> [u8; FINGERPRINT_BYTES] {
    let digest = Sha256::new()
        .chain_update((incarnation.len() as u64).to_be_bytes())
        .chain_update(incarnation.as_bytes())
        .chain_update(topic.as_bytes())
        .finalize();
    let mut print = [0; FINGERPRINT_BYTES];
    print.copy_from_slice(&digest[..FINGERPRINT_BYTES]);
    print
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::no_partition(&[])]
    #[case::one(&[7])]
    #[case::several(&[0, 1, u64::MAX])]
    fn comes_back(#[case] offsets: &[u64]) {
        let position = TopicPosition(offsets.to_vec());
        let word = position.encode("log", "ticket.events");
        assert_eq!(
            TopicPosition::decode(&word, "log", "ticket.events"),
            Ok(position)
        );
    }

    #[rstest]
    #[case::another_topic("log", "queue.support", PositionError::Elsewhere)]
    #[case::another_log("gol", "ticket.events", PositionError::Elsewhere)]
    #[case::shifted("logt", "icket.events", PositionError::Elsewhere)]
    fn is_good_only_where_it_was_given(
        #[case] log: &str,
        #[case] topic: &str,
        #[case] want: PositionError,
    ) {
        let word = TopicPosition(vec![7]).encode("log", "ticket.events");
        assert_eq!(TopicPosition::decode(&word, log, topic), Err(want));
    }

    #[rstest]
    #[case::empty("")]
    #[case::word("yesterday")]
    #[case::another_version("02")]
    #[case::cut_short("01aabb")]
    fn refuses(#[case] word: &str) {
        let refused = TopicPosition::decode(word, "log", "ticket.events");
        assert_eq!(refused, Err(PositionError::Unreadable));
    }

    #[test]
    fn refuses_half_an_offset() {
        let mut word = TopicPosition(vec![7]).encode("log", "t");
        word.truncate(word.len() - 2);
        assert_eq!(
            TopicPosition::decode(&word, "log", "t"),
            Err(PositionError::Unreadable)
        );
    }
}
