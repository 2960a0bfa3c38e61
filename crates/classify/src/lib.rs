//! The stage that labels a mention, with its reasons.
//!
//! | module | holds |
//! |---|---|
//! | [`normalise`] | the plain form that rules read, with the way back to the original |
//! | [`rules`] | the rule set: TOML, its checks, one pass over all patterns |
//! | [`features`] | the plain form's words, letter groups and signs, hashed |
//! | [`model`] | the seam for a trained model |
//! | [`linear`] | the shipped kind of model, its file and its arithmetic |
//! | [`train`] | from labelled posts to such a model, and its figures |
//! | [`learn`] | from corrections to a better model, adopted only when it wins |
//! | [`combine`] | rules and model become four scores and one label |
//! | [`sentiment`] | whether a post speaks well or ill |
//! | [`duplicate`] | one key for posts that say the same in the same words |
//! | [`severity`] | 0 to 10, with its arithmetic |
//! | [`language`] | which language a post is in |
//! | [`classifier`] | all of it together: a mention in, a classification out |
//! | [`line`] | the same for JSON lines on the command line |
//! | [`stage`] | the same for the log: one lane, one signal, dead letters |
//! | [`encoder`] | a small sentence encoder from a model folder, as a second opinion |
//! | [`opinion`] | a second opinion on doubtful posts, off the hot path |
//! | [`drift`] | how the stream changes under the model, as gauges |
//! | [`config`] | the section `[classify]` |
//!
//! To add a rule, write it into `config/rules.toml` with a sentence it must match and one it
//! must not; the tests read both. To add a language, give it a list of small words in
//! [`language`] and a place in [`rules::RULE_LANGUAGES`]. To add a model, implement
//! [`model::Model`].

pub mod classifier;
pub mod combine;
pub mod config;
pub mod drift;
pub mod duplicate;
pub mod encoder;
pub mod features;
mod fold;
mod lanes;
pub mod language;
pub mod learn;
mod lexicon;
pub mod line;
pub mod linear;
pub mod model;
pub mod normalise;
pub mod opinion;
mod pool;
mod post;
pub mod rules;
pub mod sentiment;
pub mod severity;
mod signs;
pub mod stage;
pub mod train;
mod verdict;

pub use classifier::Classifier;
pub use combine::Thresholds;
pub use config::ClassifyConfig;
pub use drift::Drift;
pub use line::{ClassifiedLine, LineError, classify_into, classify_json};
pub use linear::{LinearModel, ModelFileError};
pub use model::{Model, ModelScores, NoModel, Wording};
pub use rules::{Problem, RuleSet};
pub use stage::ClassifyStage;
