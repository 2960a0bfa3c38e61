//! How commands reach the installation they are about.

use crate::arguments::Installation;
use crate::config::{Config, Environment};
use crate::exit::Failure;
use crate::lock::{self, Running};
use anyhow::Result;
use std::path::PathBuf;
use switchboard_ingest::api_client::{ApiClient, ApiError};

/// The data directory a command means: the one given, else the configured one.
pub(crate) fn data_dir(installation: &Installation, environment: &Environment) -> Result<PathBuf> {
    if let Some(dir) = &installation.data_dir {
        return Ok(dir.clone());
    }
    Ok(Config::load(installation.config.as_deref(), environment)?
        .server
        .data_dir)
}

/// The running server of the installation.
///
/// # Errors
/// Exit code 4 when none runs there.
pub(crate) fn server(installation: &Installation, environment: &Environment) -> Result<Running> {
    let dir = data_dir(installation, environment)?;
    lock::running(&dir).ok_or_else(|| {
        Failure::Unreachable(format!(
            "no server runs on `{}`: start one with `switchboard run --data-dir {0}`, \
             or name its directory with --data-dir",
            dir.display()
        ))
        .into()
    })
}

/// A client of that server, with its administrator's secret.
pub(crate) fn client(installation: &Installation, environment: &Environment) -> Result<ApiClient> {
    let running = server(installation, environment)?;
    ApiClient::new(&running.url, Some(running.secret)).map_err(failure)
}

/// Gives an unreachable server its own exit code.
pub(crate) fn failure(error: ApiError) -> anyhow::Error {
    failure_of(error.exit_code(), error)
}

/// An error of the exit code it says it has.
pub(crate) fn failure_of<E>(exit_code: u8, error: E) -> anyhow::Error
where
    E: std::error::Error + Send + Sync + 'static,
{
    match exit_code {
        2 => Failure::Usage(error.to_string()).into(),
        4 => Failure::Unreachable(error.to_string()).into(),
        _ => error.into(),
    }
}
