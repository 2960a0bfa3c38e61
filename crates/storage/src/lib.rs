//! Where tickets live: what one may ask of a store, and the databases behind it.
//!
//! | module | holds |
//! |---|---|
//! | [`intake`] | classified mentions → tickets, with the consumer's offset, in one transaction |
//! | [`ticket`] | reading tickets within a department scope; changing one by a command |
//! | [`profiles`] | authors over platforms, the links between their accounts, their tickets |
//! | [`regroup`] | merging tickets, undoing it, splitting a post out |
//! | [`timers`] | firing what is due, once, in deadline order |
//! | [`outbox`] | what transactions left to be told |
//! | [`records`] | the payloads of outbox rows |
//! | [`offsets`] | how far a stage has come |
//! | [`incidents`] | risk signals, and the incidents they open |
//! | [`audit`] | the chained record of who did what |
//! | [`calendars`] | calendars as they were when promises were made in them |
//! | [`access`], [`authenticator`] | tokens, and whom a bearer secret belongs to |
//! | [`people`] | users: role, departments, password hash, whether they may still come in |
//! | [`sessions`] | who is logged in where, and one-time links |
//! | [`dead_letters`] | what people decided about dead letters |
//! | [`cursors`] | how far a source was read, under a lease |
//! | [`idempotency`] | answers remembered for a repeated request |
//! | [`sqlite`] | the store in one file |
//! | [`postgres`] | the store on a server, for several processes |
//! | `effect`, `row`, `lanes` | what both of them do the same |
//! | [`config`] | which of the two |
//! | [`store`] | all of them in one bundle |
//!
//! Conventions of every trait: object safe, so that parts hold `Arc<dyn Tickets>`; time is an
//! argument; "there is none" is `Ok(None)`; who lost a race is a value, and [`StorageError`]
//! is left for what the caller cannot answer.
//!
//! # Adding a repository
//! 1. A module here with its trait and types, and a field in [`Store`].
//! 2. A migration of the same name under `migrations/sqlite` and `migrations/postgres`, which
//!    opens with the reason for it.
//! 3. `sqlite/<name>.rs` and `postgres/<name>.rs` with the statements. What both decide or
//!    convert the same way stands once, in `effect` or `row`.
//! 4. Named cases in `tests/parity`, written against the trait alone; the same file is named
//!    in `tests/parity_postgres/main.rs`.

pub mod access;
pub mod audit;
pub mod authenticator;
pub mod calendars;
pub mod config;
pub mod cursors;
pub mod dead_letters;
mod effect;
pub mod error;
pub mod idempotency;
pub mod incidents;
pub mod intake;
mod lanes;
pub mod offsets;
pub mod outbox;
pub mod people;
pub mod postgres;
pub mod pressure;
pub mod profiles;
pub mod records;
pub mod regroup;
mod row;
pub mod sessions;
pub mod sqlite;
pub mod store;
pub mod ticket;
pub mod timers;

pub use access::{Access, NewToken, TokenInfo};
pub use audit::{Audit, AuditEntry, AuditFault, AuditReport, MAX_SEAL_BATCH};
pub use authenticator::Authenticator;
pub use calendars::Calendars;
pub use config::{StoreConfig, StoreUrl};
pub use cursors::{Cursors, StoredCursor};
pub use error::StorageError;
pub use idempotency::{IdempotencyKeys, RememberedResponse};
pub use incidents::{
    Handled, Incident, IncidentAction, IncidentNotification, IncidentQuery, IncidentRow,
    IncidentStep, Incidents, WatchBatch,
};
pub use intake::{Intake, IntakeBatch, MAX_INTAKE_BATCH, Opened, TakenIn};
pub use offsets::Offsets;
pub use outbox::{OUTBOX_BATCH, Outbox, OutboxRow};
pub use people::{PasswordHash, People, Person, User};
pub use postgres::{PostgresOptions, PostgresStore};
pub use pressure::{PRESSING_MAX, Pressure};
pub use profiles::{
    AuthorAccount, History, Link, Linked, NewAuthorLink, Profile, Profiles, Unlink,
};
pub use regroup::{Regroup, Regrouped, Regrouping, Regroups};
pub use sessions::{
    LoginKind, NewLink, NewSession, OpenSession, PeerKind, SessionId, SessionInfo, Sessions,
};
pub use sqlite::{SqliteOptions, SqliteStore};
pub use store::Store;
pub use ticket::{
    Applied, Assignee, Change, Cursor, ExplainedDecision, Page, Sort, StoredMention, TicketCount,
    TicketQuery, TicketRow, Tickets,
};
pub use timers::{Fired, Timers};
