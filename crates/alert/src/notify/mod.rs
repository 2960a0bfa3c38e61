//! Telling people: `notification.requested` → Slack, or any receiver of signed webhooks.
//!
//! | module | holds |
//! |---|---|
//! | [`settings`] | `[alert.notifiers.<name>]`, and the notifier it becomes |
//! | [`guard`] | which addresses may be reached, checked again after the name is resolved |
//! | [`client`] | one POST: limits, time-outs, and what a failure means |
//! | [`signature`] | Standard Webhooks |
//! | [`message`] | what is told, whichever the channel |
//! | `ticket_words` | how people are told of a ticket that waits |
//! | [`slack`], [`webhook`] | how each kind of channel wants it |
//! | [`pace`] | how often a channel may be called |
//! | [`stage`] | the stage of one notifier: each request delivered, or set aside with a reason |
//!
//! Each notifier reads the topic as a group of its own, so a dead channel holds up nobody
//! else. Delivery is at least once; the message's id is the same on every attempt.
//!
//! # Adding a kind of channel
//! A variant of [`settings::Kind`] with its keys, a module beside `slack` that makes a
//! [`client::Post`] of a [`message::Alert`], and a label in
//! [`switchboard_telemetry::ChannelLabel`].

pub mod client;
mod excerpt;
pub mod guard;
pub mod message;
pub mod pace;
pub mod settings;
pub mod signature;
pub mod slack;
pub mod stage;
mod ticket_words;
pub mod webhook;

pub use client::{Answer, Delivery, Post};
pub use message::{Alert, TopPost};
pub use settings::{Notifier, NotifierConfig, NotifierError};
pub use stage::{NotifyStage, Pause, RuntimePause, runner_options};
