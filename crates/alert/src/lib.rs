//! The stage that watches for trouble and opens incidents, and the notifiers that tell people.
//!
//! | module | holds |
//! |---|---|
//! | [`config`] | when single posts or several people are a crisis |
//! | [`stage`] | mention signals → incidents, in one transaction per batch |
//! | [`inquiry`] | questions to a service of the company, as guarded as the notifiers |
//! | [`notify`] | `notification.requested` → Slack and webhooks, one stage per channel |
//!
//! The decision itself is [`switchboard_domain::incident`]. A notifier reads
//! `notification.requested`, which the transaction's outbox row reaches through the relay;
//! [`notify`] says how to add a kind of channel.

pub mod config;
pub mod inquiry;
pub mod notify;
pub mod stage;

pub use config::AlertConfig;
pub use stage::WatchStage;
