//! The stage that watches for trouble and opens incidents.
//!
//! | module | holds |
//! |---|---|
//! | [`config`] | when single posts or several people are a crisis |
//! | [`stage`] | mention signals → incidents, in one transaction per batch |
//!
//! The decision itself is [`switchboard_domain::incident`]. A notifier reads
//! `notification.requested`, which the transaction's outbox row reaches through the relay;
//! it is one module here with a client of its own.

pub mod config;
pub mod stage;

pub use config::AlertConfig;
pub use stage::WatchStage;
