//! A second opinion on doubtful posts, off the hot path.
//!
//! The classifier answers at once and every post gets its ticket from that answer. Posts that
//! may be a risk, and posts it is unsure of, are then shown to an adviser: a larger model, in
//! this process or behind an endpoint. Where its advice changes something, the post goes into
//! its lane once more, as the next revision of its classification, and the ticket follows.
//!
//! | module | holds |
//! |---|---|
//! | [`adviser`] | who can be asked, what advice is, what goes wrong |
//! | [`candidate`] | which posts are asked about |
//! | [`weigh`] | first verdict and advice become one: who wins when |
//! | [`desk`] | one adviser with its time-out, budget, memory and pauses |
//! | `budget`, `memory`, `circuit` | these, each a value that is told the time |
//! | [`remote`] | an adviser behind chat completions: the question, the answer read strictly |
//! | `mask` | what of a post leaves the house |
//! | [`local`] | a model of this process as an adviser |
//! | [`stage`] | the stage: both lanes in, revisions out |
//! | [`config`] | the section `[classify.opinion]` |
//!
//! To add an adviser, implement [`Adviser`], give it a label in
//! [`switchboard_telemetry::AdviserLabel`], and put it among the desks where the server wires
//! the stage.

pub mod adviser;
mod budget;
pub mod candidate;
mod circuit;
pub mod config;
pub mod desk;
pub mod local;
mod mask;
mod memory;
pub mod remote;
pub mod stage;
pub mod weigh;

pub use adviser::{Advice, AdviceError, Adviser};
pub use config::OpinionConfig;
pub use desk::{Desk, DeskLimits};
pub use local::{Judge, LocalAdviser};
pub use remote::{Exchange, RemoteAdviser, RemoteConfig, Reply};
pub use stage::OpinionStage;
