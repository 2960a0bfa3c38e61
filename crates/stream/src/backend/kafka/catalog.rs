//! The topics as they were found at the start, or since.

use crate::log::LogError;
use crate::topic::TopicName;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// One topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Topic {
    pub(super) partitions: u32,
    /// As Kafka knows it, with the prefix.
    pub(super) full_name: Arc<str>,
    /// The cluster's id and the topic's: another topic of the same name has another.
    pub(super) incarnation: Arc<str>,
}

/// Topics by name. A process knows those it ensured.
#[derive(Default)]
pub(super) struct Catalog(RwLock<HashMap<TopicName, Topic>>);

impl Catalog {
    pub(super) fn topic(&self, name: &TopicName) -> Result<Topic, LogError> {
        let topics = self.0.read().unwrap_or_else(PoisonError::into_inner);
        topics.get(name).cloned().ok_or_else(|| missing(name, 0))
    }

    /// The topic, if it has the partition.
    pub(super) fn partition(&self, name: &TopicName, partition: u32) -> Result<Topic, LogError> {
        let topic = self.topic(name)?;
        if partition < topic.partitions {
            return Ok(topic);
        }
        Err(missing(name, partition))
    }

    pub(super) fn put(&self, name: TopicName, topic: Topic) {
        let mut topics = self.0.write().unwrap_or_else(PoisonError::into_inner);
        topics.insert(name, topic);
    }

    /// A partition somebody else added since.
    pub(super) fn grow(&self, name: &TopicName, partitions: u32) {
        let mut topics = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(topic) = topics.get_mut(name) {
            topic.partitions = topic.partitions.max(partitions);
        }
    }
}

fn missing(topic: &TopicName, partition: u32) -> LogError {
    LogError::NoSuchTopic {
        topic: topic.clone(),
        partition,
    }
}
