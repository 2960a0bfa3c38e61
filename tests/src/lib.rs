//! What the suites share: the real binary, started and stopped by the test that needs it.
//!
//! The binary is the one `make test` has built; `SWITCHBOARD_BIN` names another.

pub mod installation;
pub mod invariants;
pub mod kafka;
pub mod live;
pub mod postgres;
pub mod posts;
pub mod server;
pub mod store;
pub mod topics;
pub mod webhook;

pub use installation::Installation;
pub use server::{Options, Server};

use std::path::PathBuf;

/// The workspace.
pub fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the shared material, or `None` with a word about it: the suites pass without.
pub fn shared(path: &str) -> Option<PathBuf> {
    let found = workspace().join("../shared").join(path);
    if found.exists() {
        return Some(found);
    }
    #[expect(clippy::print_stderr, reason = "a skipped test says so aloud")]
    {
        eprintln!("SKIPPED: `shared/{path}` is not there");
    }
    None
}
