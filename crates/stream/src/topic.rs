//! The names of the log topics, and how many partitions and how much time each gets.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::Slug;

/// Posts as they came in.
pub const MENTION_RECEIVED: TopicName = TopicName::literal("mention.received");
/// Classified posts that can wait.
pub const MENTION_CLASSIFIED: TopicName = TopicName::literal("mention.classified");
/// Classified posts that cannot: `pr_risk` or high severity.
pub const MENTION_CLASSIFIED_URGENT: TopicName = TopicName::literal("mention.classified.urgent");
/// What crisis detection needs of each post, and no more.
pub const MENTION_SIGNAL: TopicName = TopicName::literal("mention.signal");
/// Every change of every ticket, numbered in commit order.
pub const TICKET_EVENTS: TopicName = TopicName::literal("ticket.events");
/// Answers that wait to be sent.
pub const REPLY_REQUESTED: TopicName = TopicName::literal("reply.requested");
/// What became of an answer.
pub const REPLY_OUTCOME: TopicName = TopicName::literal("reply.outcome");
/// Messages to people that wait to be sent.
pub const NOTIFICATION_REQUESTED: TopicName = TopicName::literal("notification.requested");
/// Records no stage could handle, with the reason.
pub const DEAD_LETTER: TopicName = TopicName::literal("dead.letter");

/// The topic a department's own systems read.
pub fn queue(department: &Slug) -> TopicName {
    TopicName(Text::Shared(format!("queue.{department}").into()))
}

/// Longer than any name of ours (`queue.` and a slug of 40), within Kafka's 249.
const MAX_NAME_LENGTH: usize = 100;

/// The contract's retention: tickets live in the store, the log only carries them there.
pub const DEFAULT_RETENTION: Duration = Duration::from_hours(14 * 24);

/// The name of a log topic: 1 to 100 characters from `a-z`, `0-9`, `.` and `-`.
///
/// Cheap to clone.
#[derive(Clone)]
pub struct TopicName(Text);

#[derive(Clone)]
enum Text {
    Literal(&'static str),
    Shared(Arc<str>),
}

/// The text is not the name of a log topic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a log topic name: 1 to 100 characters from a-z, 0-9, `.` and `-`")]
pub struct TopicNameError(String);

impl TopicName {
    /// # Errors
    /// Fails when `text` is empty, too long, or has another character.
    pub fn new(text: &str) -> Result<Self, TopicNameError> {
        let fits = (1..=MAX_NAME_LENGTH).contains(&text.len());
        if fits && text.bytes().all(is_name_byte) {
            Ok(Self(Text::Shared(text.into())))
        } else {
            Err(TopicNameError(text.chars().take(120).collect()))
        }
    }

    const fn literal(text: &'static str) -> Self {
        Self(Text::Literal(text))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Literal(text) => text,
            Text::Shared(text) => text,
        }
    }
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.'
}

/// A topic as it must exist before anything is written to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSpec {
    /// Its name.
    pub name: TopicName,
    /// At least 1. More partitions spread work; order holds within one only.
    pub partitions: u32,
    /// When its records may go.
    pub retention: Retention,
}

/// When records may go: when either limit is passed, and every registered group has read
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// By the records' own timestamps.
    pub age: Duration,
    /// Bytes of the whole topic as stored (compressed); `None` for no limit.
    pub bytes: Option<u64>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            age: DEFAULT_RETENTION,
            bytes: None,
        }
    }
}

impl TopicSpec {
    /// A topic with the contract's retention.
    pub fn new(name: TopicName, partitions: u32) -> Self {
        Self {
            name,
            partitions,
            retention: Retention::default(),
        }
    }
}

/// Every topic of the contract but the departments' queues, which [`queue_topics`] lists.
///
/// `ticket.events` has one partition: its offset is the number browsers resume from.
pub fn standard_topics(partitions: u32) -> Vec<TopicSpec> {
    [
        (MENTION_RECEIVED, partitions),
        (MENTION_CLASSIFIED, partitions),
        (MENTION_CLASSIFIED_URGENT, partitions),
        (MENTION_SIGNAL, partitions),
        (TICKET_EVENTS, 1),
        (REPLY_REQUESTED, partitions),
        (REPLY_OUTCOME, partitions),
        (NOTIFICATION_REQUESTED, partitions),
        (DEAD_LETTER, partitions),
    ]
    .map(|(name, partitions)| TopicSpec::new(name, partitions))
    .to_vec()
}

/// One topic per department.
pub fn queue_topics<'a>(
    departments: impl IntoIterator<Item = &'a Slug>,
    partitions: u32,
) -> Vec<TopicSpec> {
    departments
        .into_iter()
        .map(|department| TopicSpec::new(queue(department), partitions))
        .collect()
}

impl fmt::Display for TopicName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for TopicName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl PartialEq for TopicName {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for TopicName {}

impl Hash for TopicName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialOrd for TopicName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TopicName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Borrow<str> for TopicName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::ours("mention.classified.urgent", true)]
    #[case::queue("queue.team-7", true)]
    #[case::empty("", false)]
    #[case::capital("Mention", false)]
    #[case::space("mention received", false)]
    fn accepts_only_topic_names(#[case] text: &str, #[case] ok: bool) {
        assert_eq!(TopicName::new(text).is_ok(), ok);
    }

    #[test]
    fn a_built_name_equals_the_constant() {
        assert_eq!(TopicName::new("ticket.events").unwrap(), TICKET_EVENTS);
        assert_eq!(queue(&Slug::from_any("Support")).as_str(), "queue.support");
    }

    #[test]
    fn every_standard_name_is_valid_and_unique() {
        let specs = standard_topics(4);
        let names: std::collections::BTreeSet<_> = specs.iter().map(|spec| &spec.name).collect();
        assert_eq!(names.len(), specs.len());
        for spec in &specs {
            assert!(TopicName::new(spec.name.as_str()).is_ok());
            let want = if spec.name == TICKET_EVENTS { 1 } else { 4 };
            assert_eq!(spec.partitions, want);
        }
    }
}
