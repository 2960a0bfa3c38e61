//! `switchboard`: the command line.
//!
//! | module | holds |
//! |---|---|
//! | [`arguments`] | what one can type |
//! | [`command`] | one module per command |
//! | [`config`] | the root configuration, composed of each crate's own section |
//! | [`wiring`] | parts → one running process, in the order in which data flows |
//! | [`lifecycle`] | signals, the two ways to stop, what happens when a part dies |
//! | [`ops`] | `/metrics`, `/livez`, `/readyz` |
//! | [`disk`], [`waiting`] | gauges: the disk, and what waits for people |
//! | [`login_link`] | links that log somebody in, once; the first administrator's too |
//! | [`serve`] | connections: how many, and how long a silent one may stay |
//! | [`secrets`] | where references to secrets are looked up |
//! | [`backup`] | what a backup is, and how it comes to lie where it belongs |
//! | [`models`] | models learned here, and the way back |
//! | [`lock`] | the data directory belongs to one server at a time |
//!
//! A new command is a variant in `arguments` and a module in `command`.

mod arguments;
mod backup;
mod clock;
mod command;
mod config;
mod disk;
mod exit;
#[cfg(feature = "failpoints")]
mod failpoints;
mod lifecycle;
mod lock;
mod login_link;
mod models;
mod ops;
mod randomness;
mod secrets;
mod serve;
mod terminal;
mod waiting;
mod wiring;

use clap::Parser;
use std::process::ExitCode;

/// What `/metrics`, dead letters and `--version` call this build.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

fn main() -> ExitCode {
    keep_files_private();
    let arguments = arguments::Arguments::parse();
    let environment: config::Environment = std::env::vars().collect();
    exit::code(start(arguments, environment))
}

/// Data directories hold what people wrote: nobody else on the machine reads it.
fn keep_files_private() {
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

fn start(
    arguments: arguments::Arguments,
    environment: config::Environment,
) -> anyhow::Result<exit::Done> {
    #[cfg(feature = "failpoints")]
    failpoints::arm(&environment)?;
    command::dispatch(arguments, environment)
}
