//! What Switchboard knows and decides, with no I/O at all.
//!
//! Every function here takes facts and returns a decision; time, randomness and the
//! environment are arguments. The crates around it carry decisions out.
//!
//! | module | holds |
//! |---|---|
//! | [`mention`] | a post as it came in, and its identity |
//! | [`classification`] | what a post is, and why we think so |
//! | [`routing`] | who owns it: the routing table, explained |
//! | [`ticket`] | the ticket: commands, events, and the fold that rebuilds it |
//! | [`intake`] | what a classified mention does to the tickets there are |
//! | [`sla`] | clocks, deadlines, milestones |
//! | [`calendar`] | when a department is at work |
//! | [`incident`] | when several posts are a crisis |
//! | [`author`] | what is known of who wrote a post: one of us, a customer, a stranger |
//! | [`access`] | who may do what |
//! | [`personal_data`] | what of a text is left out before others see it |
//! | [`current`] | a configuration that may be replaced while it is in use |
//! | [`version`] | names for what a configuration says at one moment |
//!
//! Types derive `serde`; what stands on a log topic is a record type in
//! `switchboard-stream` and is pinned by golden files there.

pub mod access;
pub mod author;
pub mod brand;
pub mod calendar;
pub mod classification;
pub mod clock;
pub mod current;
pub mod incident;
pub mod intake;
pub mod mention;
pub mod offset;
pub mod personal_data;
pub mod routing;
pub mod sla;
pub mod slug;
pub mod ticket;
mod version;

pub use brand::BrandTable;
pub use classification::{Classification, Label, NoAnswer, Reason, ReasonSource, Scores};
pub use clock::{Clock, ManualClock};
pub use current::Current;
pub use intake::ClassifiedMention;
pub use mention::{Author, Form, Mention, MentionKey, Op, ReceivedMention, Visibility};
pub use offset::{OffsetMove, StoredOffset};
pub use slug::{Slug, SlugError};
