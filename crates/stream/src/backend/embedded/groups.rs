//! Groups as the file knows them: who must read what before it may go.

use super::catalog::Catalog;
use super::writer::Request;
use super::{EmbeddedLog, Shared, failure};
use crate::log::LogError;
use crate::topic::TopicName;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use tokio::sync::oneshot;

impl EmbeddedLog {
    /// Makes retention wait for the group in these topics, from now on and over restarts.
    /// A group that is new reads from the first record there is. Subscribing does this too.
    pub async fn register_group(&self, group: &str, topics: &[TopicName]) -> Result<(), LogError> {
        for topic in topics {
            self.shared.catalog.topic(topic)?;
        }
        let (group, topics) = (group.to_owned(), topics.to_vec());
        self.shared
            .administer(move |connection, catalog| {
                register(connection, &group, &topics)?;
                catalog.reload(connection)
            })
            .await
    }

    /// Forgets a group that will never read again, so that retention no longer waits for it.
    pub async fn forget_group(&self, group: &str) -> Result<(), LogError> {
        let group = group.to_owned();
        self.shared
            .administer(move |connection, catalog| {
                connection.execute("DELETE FROM group_offset WHERE group_name = ?1", [&group])?;
                catalog.progress().retain(|(name, _), _| **name != *group);
                Ok(())
            })
            .await
    }

    /// As [`EmbeddedLog::forget_group`], for all of a prefix but those that are kept.
    pub(super) async fn keep_groups_of(
        &self,
        prefix: &str,
        kept: &[String],
    ) -> Result<(), LogError> {
        let gone: Vec<String> = {
            let progress = self.shared.catalog.progress();
            let names: BTreeSet<&str> = progress.keys().map(|(name, _)| &**name).collect();
            let is_gone =
                |name: &&str| name.starts_with(prefix) && !kept.iter().any(|kept| kept == name);
            names
                .into_iter()
                .filter(is_gone)
                .map(str::to_owned)
                .collect()
        };
        for group in gone {
            self.forget_group(&group).await?;
        }
        Ok(())
    }
}

fn register(
    connection: &mut Connection,
    group: &str,
    topics: &[TopicName],
) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction()?;
    for topic in topics {
        transaction.execute(
            "INSERT OR IGNORE INTO group_offset
                 (group_name, partition_id, start_offset, next_offset)
             SELECT ?1, partition.id, low_offset, low_offset
             FROM partition JOIN topic ON topic.id = topic_id WHERE topic.name = ?2",
            params![group, topic.as_str()],
        )?;
    }
    transaction.commit()
}

impl Shared {
    pub(super) fn backlog(&self, group: &str, topic: &TopicName) -> Result<u64, LogError> {
        let topic = self.catalog.topic(topic)?;
        let progress = self.catalog.progress();
        let unread = topic.partitions.iter().map(|partition| {
            let next = progress.get(&(group.into(), partition.id)).copied();
            partition
                .high()
                .saturating_sub(next.unwrap_or_else(|| partition.low()))
        });
        Ok(unread.sum())
    }

    /// The time of the oldest record that the group has not read.
    pub(super) async fn oldest_unread(
        &self,
        group: &str,
        topic: &TopicName,
    ) -> Result<Option<Timestamp>, LogError> {
        let mut oldest = None;
        for partition in &self.catalog.topic(topic)?.partitions {
            let next = {
                let progress = self.catalog.progress();
                let known = progress.get(&(group.into(), partition.id)).copied();
                known.unwrap_or_else(|| partition.low())
            };
            if next < partition.high() {
                let found = self.fetch(partition, next.max(partition.low()), 1).await?;
                let time = found.first().map(|record| record.timestamp);
                oldest = oldest.into_iter().chain(time).min();
            }
        }
        Ok(oldest)
    }

    /// Runs rare work on the writer thread, between two commits.
    pub(super) async fn administer<T, F>(&self, work: F) -> Result<T, LogError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection, &Catalog) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let task = move |connection: &mut Connection, catalog: &Catalog| {
            // A caller that went away learns nothing; the work is done.
            let _ = reply.send(work(connection, catalog));
        };
        self.send(Request::Administer(Box::new(task))).await?;
        let answer = answer.await.map_err(|_| LogError::Closed)?;
        answer.map_err(|error| failure::log_error(&self.path, &error))
    }
}
