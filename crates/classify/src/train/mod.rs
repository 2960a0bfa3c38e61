//! From labelled posts to a model, and the figures that go with it.
//!
//! | module | holds |
//! |---|---|
//! | [`corpus`] | labelled posts from JSON lines, bad lines refused one by one |
//! | [`example`] | a post as the trainer sees it |
//! | [`descent`] | gradient descent for one head |
//! | [`fit`] | the three heads over one set of posts |
//! | [`validate`] | training without a source, or without a fifth, and judging what was left out |
//! | [`report`] | precision, recall, F1, confusion, calibration |
//!
//! To try another way of training, change [`fit`] and compare what
//! `switchboard eval --cross-validate` says before and after: the row of left-out sources is
//! the one that counts.

pub mod corpus;
pub mod descent;
pub mod example;
pub mod fit;
pub mod report;
pub mod validate;

pub use corpus::{LabelledPost, RefusedLine, read_posts, seed_posts};
pub use fit::{TrainSettings, TrainingSet, train};
pub use report::{Judgement, Report};
pub use validate::{Split, cross_validate};
