//! How commands reach the installation they are about.

use crate::arguments::Installation;
use crate::config::{Config, Environment};
use crate::exit::Failure;
use crate::lock::{self, Running};
use crate::wiring;
use anyhow::{Context, Result};
use std::path::PathBuf;
use switchboard_ingest::api_client::{ApiClient, ApiError};
use switchboard_storage::Store;
use switchboard_storage::sqlite::FILE_NAME as STORE_FILE_NAME;
use switchboard_telemetry::Metrics;

/// The data directory a command means: the one given, else the configured one.
pub(crate) fn data_dir(installation: &Installation, environment: &Environment) -> Result<PathBuf> {
    if let Some(dir) = &installation.data_dir {
        return Ok(dir.clone());
    }
    Ok(Config::load(installation.config.as_deref(), environment)?
        .server
        .data_dir)
}

/// The store of an installation that must be there: a mistyped directory is no empty one.
///
/// # Errors
/// Exit code 2 when there is no store in the directory, 4 when the server does not answer.
pub(crate) async fn store(installation: &Installation, environment: &Environment) -> Result<Store> {
    let config = Config::load(installation.config.as_deref(), environment)?;
    let dir = data_dir(installation, environment)?;
    if config.store.is_embedded() && !dir.join(STORE_FILE_NAME).exists() {
        let message = format!(
            "there is no {STORE_FILE_NAME} in `{}`: name the data directory with --data-dir, or \
             the configuration with --config",
            dir.display()
        );
        return Err(Failure::Usage(message).into());
    }
    wiring::open_store(&config, &dir, &Metrics::new(crate::VERSION)?).await
}

/// The store of an installation that may begin with this.
///
/// # Errors
/// As above, except that an embedded store is made when there is none.
pub(crate) async fn new_store(
    installation: &Installation,
    environment: &Environment,
) -> Result<Store> {
    let config = Config::load(installation.config.as_deref(), environment)?;
    let dir = data_dir(installation, environment)?;
    if config.store.is_embedded() {
        std::fs::create_dir_all(&dir)
            .with_context(|| format!("cannot create the data directory `{}`", dir.display()))?;
    }
    wiring::open_store(&config, &dir, &Metrics::new(crate::VERSION)?).await
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mistyped_directory_is_named_and_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let installation = Installation {
            config: None,
            data_dir: Some(dir.path().join("mistyped")),
        };
        let refused = store(&installation, &Environment::new())
            .await
            .err()
            .unwrap();
        assert!(matches!(
            refused.downcast_ref::<Failure>(),
            Some(Failure::Usage(text)) if text.contains("mistyped") && text.contains("--data-dir")
        ));
        assert!(!dir.path().join("mistyped").exists());
    }
}
