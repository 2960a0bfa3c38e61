//! Which member of a group reads which partition, within this process.
//!
//! A partition changes hands only when its owner lets go of it between two batches, so no
//! two members ever work on one.

use super::catalog::{Catalog, PartitionState};
use crate::topic::TopicName;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

pub(super) struct Coordinator {
    groups: Mutex<HashMap<String, Group>>,
    /// Counts changes of membership and ownership; members that wait wake up on each.
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct Group {
    members: BTreeMap<u64, Vec<TopicName>>,
    owners: HashMap<i64, u64>,
    last_member: u64,
}

impl Coordinator {
    pub(super) fn new() -> Self {
        Self {
            groups: Mutex::default(),
            changes: watch::channel(0).0,
        }
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Adds a member and answers its number in the group.
    pub(super) fn join(&self, group: &str, topics: &[TopicName]) -> u64 {
        let mut groups = self.lock();
        let group = groups.entry(group.to_owned()).or_default();
        group.last_member += 1;
        group.members.insert(group.last_member, topics.to_vec());
        let member = group.last_member;
        drop(groups);
        self.tell();
        member
    }

    pub(super) fn leave(&self, group: &str, member: u64) {
        let mut groups = self.lock();
        if let Some(state) = groups.get_mut(group) {
            state.members.remove(&member);
            state.owners.retain(|_, owner| *owner != member);
            if state.members.is_empty() {
                groups.remove(group);
            }
        }
        drop(groups);
        self.tell();
    }

    /// Lets go of what is no longer the member's, takes what is free and its own, and
    /// answers what it owns now.
    pub(super) fn settle(
        &self,
        group: &str,
        member: u64,
        catalog: &Catalog,
    ) -> Vec<Arc<PartitionState>> {
        let mut groups = self.lock();
        let Some(state) = groups.get_mut(group) else {
            return Vec::new();
        };
        let target = state.share_of(member, catalog);
        let wanted: BTreeSet<i64> = target.iter().map(|partition| partition.id).collect();
        let before = state.owners.len();
        state
            .owners
            .retain(|id, owner| *owner != member || wanted.contains(id));
        let released = state.owners.len() < before;
        let owned = target
            .into_iter()
            .filter(|partition| *state.owners.entry(partition.id).or_insert(member) == member)
            .collect();
        drop(groups);
        if released {
            self.tell();
        }
        owned
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Group>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes every member look again at what it owns.
    pub(super) fn tell(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }
}

impl Group {
    /// Partitions are dealt out in order, going on from topic to topic, so that many small
    /// topics do not all fall to the first member.
    fn share_of(&self, member: u64, catalog: &Catalog) -> Vec<Arc<PartitionState>> {
        let topics: BTreeSet<&TopicName> = self.members.values().flatten().collect();
        let mut turn = 0;
        let mut share = Vec::new();
        for topic in topics {
            let Some(state) = catalog.find(topic) else {
                continue;
            };
            let readers: Vec<u64> = self.readers_of(topic);
            for partition in &state.partitions {
                if readers[turn % readers.len()] == member {
                    share.push(Arc::clone(partition));
                }
                turn += 1;
            }
        }
        share
    }

    fn readers_of(&self, topic: &TopicName) -> Vec<u64> {
        let reads = |topics: &Vec<TopicName>| topics.contains(topic);
        self.members
            .iter()
            .filter(|(_, topics)| reads(topics))
            .map(|(&member, _)| member)
            .collect()
    }
}
