//! How far this process's own consumers have come: fresher than what Kafka was told.

use crate::topic::TopicName;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

type Place = (String, TopicName, u32);

/// By group, topic and partition.
#[derive(Default)]
pub(super) struct Progress(Mutex<HashMap<Place, u64>>);

impl Progress {
    pub(super) fn set(&self, group: &str, topic: &TopicName, partition: u32, next: u64) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.insert((group.to_owned(), topic.clone(), partition), next);
    }

    pub(super) fn get(&self, group: &str, topic: &TopicName, partition: u32) -> Option<u64> {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places
            .get(&(group.to_owned(), topic.clone(), partition))
            .copied()
    }

    /// The partition is another's now, who alone knows.
    pub(super) fn forget(&self, group: &str, topic: &TopicName, partition: u32) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.remove(&(group.to_owned(), topic.clone(), partition));
    }
}
