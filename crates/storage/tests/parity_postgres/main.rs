//! The cases of `parity` on PostgreSQL, and what only a server shared by several processes can
//! suffer.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

#[path = "../parity/access.rs"]
mod access;
#[path = "../parity/answers.rs"]
mod answers;
#[path = "../parity/audit.rs"]
mod audit;
#[path = "../parity/calendars.rs"]
mod calendars;
#[path = "../parity/changes.rs"]
mod changes;
mod faults;
#[path = "../parity/incidents.rs"]
mod incidents;
#[path = "../parity/intake.rs"]
mod intake;
#[path = "../parity/laws.rs"]
mod laws;
#[path = "../parity/lists.rs"]
mod lists;
mod place;
#[path = "../parity/post.rs"]
mod post;
#[path = "../parity/profiles.rs"]
mod profiles;
mod races;
#[path = "../parity/regroup.rs"]
mod regroup;
#[path = "../parity/scope.rs"]
mod scope;
#[path = "../parity/sessions.rs"]
mod sessions;
#[path = "../parity/simulation.rs"]
mod simulation;
#[path = "../parity/stream_state.rs"]
mod stream_state;
#[path = "../parity/threads.rs"]
mod threads;
#[path = "../parity/timers.rs"]
mod timers;
#[path = "../parity/world.rs"]
mod world;
