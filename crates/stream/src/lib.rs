//! The log and the loop around it: topics, versioned records, backends, the stage runner.
//!
//! | module | holds |
//! |---|---|
//! | [`topic`] | the names of the log topics |
//! | [`record`] | what stands in a record, versioned, pinned by golden files |
//! | [`runner`] | the loop around a stage: retries, dead letters, outcomes, watchdog |
//! | [`log`] | the traits: append, subscribe, poll, commit |
//! | [`backend`] | what stands behind them: a file, or Apache Kafka |
//!
//! To add a record, add a module to `record::v1` with its golden file. To add a backend,
//! implement [`Log`] and run the parity suite (feature `parity`) against it.

pub mod backend;
pub mod log;
#[cfg(feature = "parity")]
pub mod parity;
pub mod record;
pub mod runner;
pub mod topic;

pub use log::{
    Batch, Consumer, Lag, Log, LogError, LogRecord, NewRecord, OffsetHome, OffsetStore,
    OffsetStoreError, Position, Subscription, Watermarks,
};
pub use runner::{Progress, Runner, RunnerError, RunnerOptions, Stage, StageError, Stop};
pub use topic::{TopicName, TopicSpec};
