//! What keeps an installation well.

use super::Installation;
use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct Backup {
    /// The directory that is made; nothing may be there yet
    #[arg(value_name = "TO")]
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) installation: Installation,
    /// Print what was copied as one JSON line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Restore {
    /// A directory that `backup` has made
    #[arg(value_name = "FROM")]
    pub(crate) from: PathBuf,
    #[command(flatten)]
    pub(crate) installation: Installation,
    /// Print what was put back as one JSON line
    #[arg(long)]
    pub(crate) json: bool,
}
