//! A store that fails in the ways a store can.

use async_trait::async_trait;
use jiff::Timestamp;
use switchboard_domain::Slug;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::routing::Priority;
use switchboard_domain::ticket::{TicketEvent, TicketId};
use switchboard_storage::{
    Applied, Change, ExplainedDecision, Page, Pressure, Regroup, Regrouped, Regroups, StorageError,
    StoredMention, TicketCount, TicketQuery, TicketRow, Tickets,
};

/// How it fails.
#[derive(Clone, Copy)]
pub(crate) enum BrokenTickets {
    Panics,
    Unavailable,
    Corrupt,
}

impl BrokenTickets {
    fn fail<T>(self) -> Result<T, StorageError> {
        match self {
            Self::Panics => panic!("SELECT secret FROM ticket"),
            Self::Unavailable => Err(StorageError::Unavailable {
                reason: "disk full".into(),
            }),
            Self::Corrupt => Err(StorageError::Corrupt {
                table: "ticket",
                column: "label",
                row: "1".into(),
                reason: "not a label".into(),
            }),
        }
    }
}

#[async_trait]
impl Tickets for BrokenTickets {
    async fn get(
        &self,
        _: TicketId,
        _: &DepartmentScope,
    ) -> Result<Option<TicketRow>, StorageError> {
        self.fail()
    }
    async fn find_many(
        &self,
        _: &[TicketId],
        _: &DepartmentScope,
    ) -> Result<Vec<TicketRow>, StorageError> {
        self.fail()
    }
    async fn list(
        &self,
        _: &TicketQuery,
        _: &DepartmentScope,
    ) -> Result<Page<TicketRow>, StorageError> {
        self.fail()
    }
    async fn mentions(
        &self,
        _: TicketId,
        _: &DepartmentScope,
    ) -> Result<Vec<StoredMention>, StorageError> {
        self.fail()
    }
    async fn events(
        &self,
        _: TicketId,
        _: &DepartmentScope,
    ) -> Result<Vec<TicketEvent>, StorageError> {
        self.fail()
    }
    async fn explanation(
        &self,
        _: TicketId,
        _: &DepartmentScope,
    ) -> Result<Option<ExplainedDecision>, StorageError> {
        self.fail()
    }
    async fn apply(&self, _: Change, _: &DepartmentScope) -> Result<Applied, StorageError> {
        self.fail()
    }
    async fn open_counts(&self) -> Result<Vec<(Slug, Priority, u64)>, StorageError> {
        self.fail()
    }
    async fn pressure(
        &self,
        _: &DepartmentScope,
        _: Timestamp,
        _: Timestamp,
    ) -> Result<Vec<Pressure>, StorageError> {
        self.fail()
    }
    async fn counts(&self, _: &DepartmentScope) -> Result<Vec<TicketCount>, StorageError> {
        self.fail()
    }
}

#[async_trait]
impl Regroups for BrokenTickets {
    async fn regroup(&self, _: Regroup, _: &DepartmentScope) -> Result<Regrouped, StorageError> {
        self.fail()
    }
}
