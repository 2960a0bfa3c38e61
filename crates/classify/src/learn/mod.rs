//! From corrections to a better model, which is adopted only when it wins.
//!
//! | module | holds |
//! |---|---|
//! | [`lesson`] | which corrections train and which are held back, and how much each counts |
//! | [`adapt`] | a model moved towards the lessons |
//! | [`transfer`] | what corrections are worth on a stream never trained on |
//! | [`trial`] | the model in use and the candidate on the same held-back posts, and the verdict |
//!
//! The candidate is always the model the installation began with, moved by all corrections that
//! there are: nothing is learned twice, and a post that was erased is forgotten at the next
//! learning. All of this is pure and repeats itself bit for bit; `switchboard learn` brings the
//! corrections and puts the model into its place.

pub mod adapt;
pub mod lesson;
pub mod transfer;
pub mod trial;

pub use adapt::adapt;
pub use lesson::{Replayed, is_held_back, lessons, replay_weight};
pub use transfer::{Transfer, transfer};
pub use trial::{Comparison, Figures, Judged, Limits, compare};
