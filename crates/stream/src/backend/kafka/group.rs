//! What the group decides, kept until the member looks.
//!
//! librdkafka tells of a rebalance while it is polled, between two batches. It waits for an
//! answer, so nothing is taken from a member that is busy, and a new partition is not read
//! before its offset is known.

use super::client::{Context, GroupClient};
use rdkafka::TopicPartitionList;
use rdkafka::bindings::rd_kafka_resp_err_t;
use rdkafka::consumer::{BaseConsumer, Consumer};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// One step of a rebalance.
#[derive(Clone)]
pub(super) enum Change {
    /// These are the member's from now on.
    Given(TopicPartitionList),
    /// These are no longer.
    Taken(TopicPartitionList),
}

/// The steps a member has not yet taken, and its bell.
#[derive(Default)]
pub(super) struct GroupEvents {
    changes: Mutex<VecDeque<Change>>,
    leaving: AtomicBool,
    bell: Arc<Notify>,
}

impl GroupEvents {
    /// Rings when there may be something to do.
    pub(super) fn bell(&self) -> Arc<Notify> {
        Arc::clone(&self.bell)
    }

    pub(super) fn rebalance(
        &self,
        client: &BaseConsumer<Context>,
        kind: rd_kafka_resp_err_t,
        partitions: &TopicPartitionList,
    ) {
        let change = match kind {
            rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                Change::Given(partitions.clone())
            }
            _ => Change::Taken(partitions.clone()),
        };
        if self.leaving.load(Ordering::Acquire) {
            accept(client, &change);
            return;
        }
        self.lock().push_back(change);
        self.bell.notify_one();
    }

    /// The next step; it stays the next until [`GroupEvents::done`], so that a caller who was
    /// interrupted takes it again.
    pub(super) fn next(&self) -> Option<Change> {
        self.lock().front().cloned()
    }

    pub(super) fn done(&self) {
        self.lock().pop_front();
    }

    /// Whether the partition is about to be another's.
    pub(super) fn is_taking(&self, full_name: &str, partition: i32) -> bool {
        let takes = |change: &Change| match change {
            Change::Given(_) => false,
            Change::Taken(list) => list.find_partition(full_name, partition).is_some(),
        };
        self.lock().iter().any(takes)
    }

    /// From now on every step is answered at once, for a member that reads no more.
    pub(super) fn leave(&self, client: &GroupClient) {
        self.leaving.store(true, Ordering::Release);
        let open: Vec<Change> = self.lock().drain(..).collect();
        for change in open {
            accept(client, &change);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Change>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the group have its way; there is nobody left who could care.
fn accept(client: &GroupClient, change: &Change) {
    let answered = match change {
        Change::Given(partitions) => client.incremental_assign(partitions),
        Change::Taken(partitions) => client.incremental_unassign(partitions),
    };
    if let Err(error) = answered {
        tracing::debug!(%error, "a member that leaves could not answer its group");
    }
}
