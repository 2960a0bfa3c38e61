//! Topics, watermarks and group progress in memory, as the file holds them.

use crate::log::{LogError, Watermarks};
use crate::topic::{TopicName, TopicSpec};
use rusqlite::{Connection, Transaction, params};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// Shared by readers; changed by the writer thread only.
pub(super) struct Catalog {
    topics: RwLock<HashMap<TopicName, Arc<TopicState>>>,
    /// The next offset of each group in each partition.
    progress: Mutex<HashMap<(Arc<str>, i64), u64>>,
}

pub(super) struct TopicState {
    pub(super) partitions: Vec<Arc<PartitionState>>,
}

pub(super) struct PartitionState {
    pub(super) id: i64,
    pub(super) topic: TopicName,
    pub(super) number: u32,
    low: AtomicU64,
    high: AtomicU64,
}

impl Catalog {
    pub(super) fn load(connection: &Connection) -> Result<Self, rusqlite::Error> {
        let catalog = Self {
            topics: RwLock::new(HashMap::new()),
            progress: Mutex::new(HashMap::new()),
        };
        catalog.reload(connection)?;
        Ok(catalog)
    }

    pub(super) fn topic(&self, name: &TopicName) -> Result<Arc<TopicState>, LogError> {
        self.find(name).ok_or_else(|| LogError::NoSuchTopic {
            topic: name.clone(),
            partition: 0,
        })
    }

    pub(super) fn partition(
        &self,
        name: &TopicName,
        number: u32,
    ) -> Result<Arc<PartitionState>, LogError> {
        let missing = || LogError::NoSuchTopic {
            topic: name.clone(),
            partition: number,
        };
        let topic = self.topic(name)?;
        topic
            .partitions
            .get(number as usize)
            .cloned()
            .ok_or_else(missing)
    }

    pub(super) fn find(&self, name: &TopicName) -> Option<Arc<TopicState>> {
        self.topics
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    /// Creates and widens topics, in one transaction.
    pub(super) fn ensure(
        &self,
        connection: &mut Connection,
        specs: &[TopicSpec],
    ) -> Result<(), rusqlite::Error> {
        let transaction = connection.transaction()?;
        for spec in specs {
            ensure_topic(&transaction, spec)?;
        }
        transaction.commit()?;
        self.reload(connection)
    }

    /// Reads topics and progress from the file; partitions already known keep their state.
    pub(super) fn reload(&self, connection: &Connection) -> Result<(), rusqlite::Error> {
        let mut topics: HashMap<TopicName, Vec<Arc<PartitionState>>> = HashMap::new();
        let mut statement = connection.prepare(
            "SELECT topic.name, partition.id, number, low_offset, next_offset
             FROM topic JOIN partition ON topic_id = topic.id ORDER BY topic.id, number",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let partition = PartitionState::from_row(row)?;
            let known = self.find(&partition.topic);
            let known =
                known.and_then(|topic| topic.partitions.get(partition.number as usize).cloned());
            topics
                .entry(partition.topic.clone())
                .or_default()
                .push(known.unwrap_or_else(|| Arc::new(partition)));
        }
        *self.topics.write().unwrap_or_else(PoisonError::into_inner) = topics
            .into_iter()
            .map(|(name, partitions)| (name, Arc::new(TopicState { partitions })))
            .collect();
        self.reload_progress(connection)
    }

    fn reload_progress(&self, connection: &Connection) -> Result<(), rusqlite::Error> {
        let mut statement =
            connection.prepare("SELECT group_name, partition_id, next_offset FROM group_offset")?;
        let mut rows = statement.query([])?;
        let mut progress = self.progress();
        while let Some(row) = rows.next()? {
            let group: String = row.get(0)?;
            // What memory knows is newer: floors are written to the file now and then.
            progress
                .entry((group.into(), row.get(1)?))
                .or_insert(row.get(2)?);
        }
        Ok(())
    }

    /// Every group's next offset in every partition it is registered for.
    pub(super) fn progress(&self) -> MutexGuard<'_, HashMap<(Arc<str>, i64), u64>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_progress(&self, group: &Arc<str>, partition_id: i64, next: u64) {
        self.progress()
            .insert((Arc::clone(group), partition_id), next);
    }

    pub(super) fn partitions(&self) -> Vec<Arc<PartitionState>> {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        topics
            .values()
            .flat_map(|topic| topic.partitions.iter().cloned())
            .collect()
    }
}

fn ensure_topic(transaction: &Transaction<'_>, spec: &TopicSpec) -> Result<(), rusqlite::Error> {
    transaction.execute(
        "INSERT INTO topic (name, retention_seconds, retention_bytes) VALUES (?1, ?2, ?3)
         ON CONFLICT (name) DO UPDATE SET retention_seconds = excluded.retention_seconds,
                                          retention_bytes = excluded.retention_bytes",
        params![
            spec.name.as_str(),
            spec.retention.age.as_secs(),
            spec.retention.bytes,
        ],
    )?;
    for number in 0..spec.partitions.max(1) {
        transaction.execute(
            "INSERT INTO partition (topic_id, number)
             SELECT id, ?2 FROM topic WHERE name = ?1 ON CONFLICT DO NOTHING",
            params![spec.name.as_str(), number],
        )?;
    }
    // A new partition begins at 0 for every group that reads the topic: no retention may
    // pass what the group has not seen.
    transaction.execute(
        "INSERT OR IGNORE INTO group_offset (group_name, partition_id, start_offset, next_offset)
         SELECT DISTINCT reader.group_name, added.id, 0, 0
         FROM topic
         JOIN partition AS added ON added.topic_id = topic.id
         JOIN partition AS known ON known.topic_id = topic.id
         JOIN group_offset AS reader ON reader.partition_id = known.id
         WHERE topic.name = ?1",
        [spec.name.as_str()],
    )?;
    Ok(())
}

impl TopicState {
    pub(super) fn watermarks(&self) -> Vec<Watermarks> {
        let mark = |partition: &Arc<PartitionState>| Watermarks {
            partition: partition.number,
            low: partition.low(),
            high: partition.high(),
        };
        self.partitions.iter().map(mark).collect()
    }
}

impl PartitionState {
    fn from_row(row: &rusqlite::Row<'_>) -> Result<Self, rusqlite::Error> {
        let name: String = row.get(0)?;
        let topic = TopicName::new(&name).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(
                0,
                rusqlite::types::Type::Text,
                Box::new(error),
            )
        })?;
        Ok(Self {
            topic,
            id: row.get(1)?,
            number: row.get(2)?,
            low: AtomicU64::new(row.get(3)?),
            high: AtomicU64::new(row.get(4)?),
        })
    }

    pub(super) fn low(&self) -> u64 {
        self.low.load(Ordering::Acquire)
    }

    pub(super) fn high(&self) -> u64 {
        self.high.load(Ordering::Acquire)
    }

    /// Only after the commit that made it true.
    pub(super) fn set_high(&self, offset: u64) {
        self.high.store(offset, Ordering::Release);
    }

    /// Only after the commit that made it true.
    pub(super) fn set_low(&self, offset: u64) {
        self.low.store(offset, Ordering::Release);
    }

    pub(super) fn out_of_range(&self, offset: u64) -> LogError {
        LogError::OutOfRange {
            topic: self.topic.clone(),
            partition: self.number,
            offset,
            low: self.low(),
            high: self.high(),
        }
    }
}
