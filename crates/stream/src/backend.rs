//! What stands behind the [`Log`](crate::Log) trait.

pub mod embedded;
