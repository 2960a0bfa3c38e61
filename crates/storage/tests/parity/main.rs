//! What every store must hold, written against the traits alone. `place` is the only module
//! that knows a database; `parity_postgres` runs the same cases with a `place` of its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

mod access;
mod answers;
mod audit;
mod calendars;
mod changes;
mod disk;
mod incidents;
mod intake;
mod laws;
mod lists;
mod place;
mod post;
mod profiles;
mod regroup;
mod scope;
mod sessions;
mod simulation;
mod stream_state;
mod threads;
mod timers;
mod world;
