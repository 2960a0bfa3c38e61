//! Reading tickets within a department scope, and changing one by a command.

use crate::{Pressure, Regroups, StorageError};
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::routing::{Decision, Priority};
use switchboard_domain::sla::{ClockStatus, SlaBook};
use switchboard_domain::ticket::{Actor, Command, Refusal, Status, Ticket, TicketEvent, TicketId};
use switchboard_domain::{ClassifiedMention, Label, MentionKey, Slug};

/// The most tickets on one page: the contract's limit.
pub const MAX_PAGE: usize = 200;

/// Tickets on a page when nobody says how many: the contract's default.
pub const DEFAULT_PAGE: usize = 50;

/// Tickets. What lies outside the scope does not exist for the caller.
#[async_trait]
pub trait Tickets: Regroups + Send + Sync {
    /// The ticket, with its first post and the decision that routed it.
    async fn get(
        &self,
        id: TicketId,
        scope: &DepartmentScope,
    ) -> Result<Option<TicketRow>, StorageError>;

    /// Those of `ids` that exist and lie in the scope, by number, each once; as
    /// [`Tickets::get`] gives them, from one look at the store.
    async fn find_many(
        &self,
        ids: &[TicketId],
        scope: &DepartmentScope,
    ) -> Result<Vec<TicketRow>, StorageError>;

    /// One page. Following `next` to the end visits every ticket that stands all the while
    /// exactly once, also while others are added.
    async fn list(
        &self,
        query: &TicketQuery,
        scope: &DepartmentScope,
    ) -> Result<Page<TicketRow>, StorageError>;

    /// The ticket's posts in the order in which they joined it; empty for an unknown ticket.
    async fn mentions(
        &self,
        id: TicketId,
        scope: &DepartmentScope,
    ) -> Result<Vec<StoredMention>, StorageError>;

    /// Everything that ever changed it, oldest first; empty for an unknown ticket.
    async fn events(
        &self,
        id: TicketId,
        scope: &DepartmentScope,
    ) -> Result<Vec<TicketEvent>, StorageError>;

    /// The latest routing decision that mattered to it.
    async fn explanation(
        &self,
        id: TicketId,
        scope: &DepartmentScope,
    ) -> Result<Option<ExplainedDecision>, StorageError>;

    /// Carries a command out, in one transaction with its event, outbox and audit rows.
    async fn apply(&self, change: Change, scope: &DepartmentScope)
    -> Result<Applied, StorageError>;

    /// Open tickets by department and priority; combinations without any are left out.
    async fn open_counts(&self) -> Result<Vec<(Slug, Priority, u64)>, StorageError>;

    /// What presses in the queues of the scope at `now`, with the deadlines before `soon`
    /// counted too.
    async fn pressure(
        &self,
        scope: &DepartmentScope,
        now: Timestamp,
        soon: Timestamp,
    ) -> Result<Vec<Pressure>, StorageError>;

    /// How many tickets there are; combinations without any are left out.
    async fn counts(&self, scope: &DepartmentScope) -> Result<Vec<TicketCount>, StorageError>;
}

/// A wish to change one ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub ticket: TicketId,
    /// How.
    pub command: Command,
    /// The version the caller saw; `None` takes whatever there is.
    pub expected_version: Option<u64>,
    /// Who asks.
    pub actor: Actor,
    /// The promises.
    pub book: Arc<SlaBook>,
    /// When.
    pub now: Timestamp,
}

/// What became of a [`Change`].
#[derive(Clone, Debug, PartialEq)]
pub enum Applied {
    /// Carried out; `changed` is false when it was so already.
    Done {
        /// The ticket as it is now.
        ticket: Box<Ticket>,
        /// Whether anything was written.
        changed: bool,
    },
    /// The ticket has another version than the caller saw, or somebody else has claimed it.
    Conflict {
        /// The ticket as it is.
        current: Box<Ticket>,
    },
    /// The ticket does not allow it now.
    Refused(Refusal),
    /// There is none, or it lies outside the scope.
    NotFound,
}

/// Which tickets, in which order, from where on. The default asks for the first page of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TicketQuery {
    /// Owned by it.
    pub department: Option<Slug>,
    /// Routed by it.
    pub label: Option<Label>,
    /// Standing so.
    pub status: Option<Status>,
    /// The worst of its clocks stands so.
    pub sla: Option<ClockStatus>,
    /// Held by them.
    pub assignee: Option<Assignee>,
    /// Whether a person should check the label.
    pub needs_review: Option<bool>,
    /// `Some(true)` leaves chatter out, `Some(false)` gives only chatter.
    pub default_view: Option<bool>,
    /// In which order.
    pub sort: Sort,
    /// Where the page before ended; must be of the same `sort`.
    pub after: Option<Cursor>,
    /// 1 to [`MAX_PAGE`]; 0 means [`DEFAULT_PAGE`], more is cut.
    pub limit: usize,
}

/// Who holds a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assignee {
    /// The person of that name.
    Person(String),
    /// Nobody.
    Nobody,
}

impl Assignee {
    /// The name, where it is a person.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Person(name) => Some(name),
            Self::Nobody => None,
        }
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// Oldest first; never changes for a ticket.
    #[default]
    Created,
    /// Newest first; never changes for a ticket.
    Newest,
    /// The next deadline first, those without one last.
    Deadline,
}

/// The last ticket of a page: what the next one begins after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cursor {
    /// Of [`Sort::Created`].
    Created {
        /// The last ticket's.
        created_at: Timestamp,
        /// The last ticket.
        id: TicketId,
    },
    /// Of [`Sort::Newest`].
    Newest {
        /// The last ticket's.
        created_at: Timestamp,
        /// The last ticket.
        id: TicketId,
    },
    /// Of [`Sort::Deadline`].
    Deadline {
        /// The last ticket's; `None` once those without one have begun.
        deadline_at: Option<Timestamp>,
        /// The last ticket.
        id: TicketId,
    },
}

impl Cursor {
    /// The order it belongs to.
    pub const fn sort(&self) -> Sort {
        match self {
            Self::Created { .. } => Sort::Created,
            Self::Newest { .. } => Sort::Newest,
            Self::Deadline { .. } => Sort::Deadline,
        }
    }

    /// As URL-safe text, for `next`.
    pub fn encode(&self) -> String {
        match self {
            Self::Created { created_at, id } => format!("c.{}.{id}", created_at.as_microsecond()),
            Self::Newest { created_at, id } => format!("n.{}.{id}", created_at.as_microsecond()),
            Self::Deadline {
                deadline_at: Some(at),
                id,
            } => {
                format!("d.{}.{id}", at.as_microsecond())
            }
            Self::Deadline {
                deadline_at: None,
                id,
            } => format!("d..{id}"),
        }
    }

    /// The cursor that [`Cursor::encode`] wrote; `None` for any other text.
    pub fn decode(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (kind, at, id) = (parts.next()?, parts.next()?, parts.next()?);
        let id = TicketId(id.parse().ok()?);
        let instant = |text: &str| Timestamp::from_microsecond(text.parse().ok()?).ok();
        let cursor = match (kind, at) {
            ("c", at) => Self::Created {
                created_at: instant(at)?,
                id,
            },
            ("n", at) => Self::Newest {
                created_at: instant(at)?,
                id,
            },
            ("d", "") => Self::Deadline {
                deadline_at: None,
                id,
            },
            ("d", at) => Self::Deadline {
                deadline_at: Some(instant(at)?),
                id,
            },
            _ => return None,
        };
        parts.next().is_none().then_some(cursor)
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// At most as many as asked for.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Cursor>,
}

/// A ticket as lists show it.
#[derive(Clone, Debug, PartialEq)]
pub struct TicketRow {
    /// The ticket.
    pub ticket: Ticket,
    /// The post that opened it.
    pub mention: Option<StoredMention>,
    /// The latest routing decision that mattered to it.
    pub explanation: Option<ExplainedDecision>,
}

/// A post as it stands beside its ticket.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredMention {
    /// Which post.
    pub key: MentionKey,
    /// Its latest version and verdict; `None` once its author has deleted it.
    pub content: Option<ClassifiedMention>,
}

/// Why a ticket is where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedDecision {
    /// The version of the ticket that the decision led to.
    pub ticket_version: u64,
    /// Which rows were tried, which matched, and why others did not. Holds no words.
    pub decision: Decision,
}

/// How many tickets share these.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the ticket's field of that name")]
pub struct TicketCount {
    pub department: Slug,
    pub status: Status,
    pub label: Label,
    pub count: u64,
}
