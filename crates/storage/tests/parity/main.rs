//! What every store must hold, written against the traits alone. `world` is the only module
//! that knows a database; another one runs the same cases with a `world` of its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

mod access;
mod audit;
mod changes;
mod incidents;
mod intake;
mod laws;
mod lists;
mod post;
mod scope;
mod sessions;
mod stream_state;
mod threads;
mod timers;
mod world;
