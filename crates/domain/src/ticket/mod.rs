//! The ticket: what it holds, how it changes, and how it is rebuilt from its events.
//!
//! | module | holds |
//! |---|---|
//! | [`state`] | [`Ticket`], its status, what people edited |
//! | [`fact`] | [`Fact`]: one thing that happened; [`TicketEvent`]: one version's facts |
//! | [`fold`] | facts → ticket, the only code that changes one |
//! | [`command`] | what people and timers ask for, decided into facts or refused |
//! | [`regroup`] | tickets merged, parted again, a post split out |
//! | `clocks` | the SLA contract: which event does what to which clock |
//! | `draft` | a change in the making: each fact sees those before it |
//! | `escalate` | what the timers do when a milestone falls due |
//!
//! A new kind of change is a [`Fact`] variant, its arm in `fold`, and the command or
//! [`crate::intake`] rule that produces it. Nothing else may write to a [`Ticket`].

pub(crate) mod clocks;
pub mod command;
pub(crate) mod draft;
mod escalate;
pub mod fact;
pub mod fold;
pub mod regroup;
pub mod state;

pub use command::{Command, Refusal, decide};
pub use fact::{Actor, Change, Fact, TicketEvent};
pub use regroup::{Absorbed, MergedInto, RegroupRefusal};
pub use state::{CloseReason, Edited, Hold, Status, Ticket, TicketId};
