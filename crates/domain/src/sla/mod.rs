//! SLA clocks: what is promised, when it falls due, how it was kept, as pure arithmetic.
//!
//! | module | holds |
//! |---|---|
//! | [`kind`] | the words: clocks, milestones, holds, why a clock stops, how it stands |
//! | [`policy`] | promises: targets, warnings, escalation chains, for whom |
//! | [`book`] | all promises and calendars of the installation at one moment |
//! | [`duty`] | who is called, who answers, what they wait for |
//! | [`segment`] | a clock's life as intervals with causes |
//! | [`clock`] | one clock: terms, schedule, standing |
//! | [`proof`] | the same clock counted again from its events |
//!
//! Which event does what to which clock is the table in [`crate::ticket`]'s `clocks`.
//!
//! Semantics follow what Zendesk, `ServiceNow` and Jira have in common: reply clocks begin
//! anew with each unanswered post, the resolution clock pauses and resumes, a target that
//! changes counts from the original start, and a breach is never taken back.

pub mod book;
pub mod clock;
pub mod duty;
pub mod kind;
pub mod policy;
pub mod proof;
pub mod segment;

pub use book::SlaBook;
pub use clock::{DueMilestone, Holder, Point, SlaClock, Stop, Terms};
pub use duty::{Duty, HoldState, ReplyPolicy};
pub use kind::{ClockKind, ClockStatus, HoldKind, Milestone, StopCause};
pub use policy::{
    Escalation, EscalationAction, EscalationPoint, ON_CALL, PolicyFacts, PolicyScope, SlaPolicy,
    Targets,
};
pub use segment::{Segment, SegmentCause};
