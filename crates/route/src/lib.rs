//! The stage that turns a classification into a ticket in a department's queue.
//!
//! | module | holds |
//! |---|---|
//! | [`config`] | departments, the routing table, the promises |
//! | [`authors`] | who an author is, asked before the decision |
//! | [`enrich`] | the company's records of its customers: asked, remembered, never waited for long |
//! | [`stage`] | classified mentions → tickets, in one transaction per batch |
//! | [`sla_timer`] | fires what is due, once, in deadline order |
//! | [`outbox`] | publishes what transactions left to be told |
//! | [`orphans`] | hands on the tickets of departments that are gone |
//! | [`upkeep`] | seals the audit chain, keeps the gauges that come from the store |
//! | [`offsets`] | where the stages' offsets live: beside their effects |
//!
//! A new promise or column is a matter of `switchboard-domain`; this crate carries decisions
//! to the store. A new background duty is one module with a `run` that ends on `stop`.

pub mod authors;
pub mod config;
pub mod enrich;
mod labels;
pub mod offsets;
pub mod orphans;
pub mod outbox;
pub mod sla_timer;
pub mod stage;
pub mod upkeep;

pub use authors::Authors;
pub use config::RouteConfig;
pub use enrich::Enricher;
pub use offsets::StoreOffsets;
pub use stage::RouteStage;
