//! `switchboard backup TO`: log, store and learned models as they are at one instant.
//!
//! It reads the files beside the server, which need not run: what a stopped or hung server has
//! left is backed up in the same way, and one that runs waits for some milliseconds at the most.

use super::local;
use crate::arguments::{Backup, Installation};
use crate::backup::{Copied, FORMAT, Manifest, NewFolder, copy_file, require_room};
use crate::clock::SystemClock;
use crate::config::{Config, Environment};
use crate::exit::{Done, Failure};
use crate::models::learned_models;
use crate::terminal;
use anyhow::{Context, Result};
use indicatif::ProgressBar;
use serde_json::json;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use switchboard_domain::Clock;
use switchboard_storage::sqlite;
use switchboard_storage::sqlite::snapshot::{Snapshot, at_one_instant, check_integrity};
use switchboard_stream::backend::{BackendConfig, embedded};

/// The log first: while it is held nothing new comes to the store, which comes to rest.
const DATABASES: [&str; 2] = [embedded::FILE_NAME, sqlite::FILE_NAME];

pub(crate) fn run(arguments: &Backup, environment: &Environment) -> Result<Done> {
    let began = Instant::now();
    let data_dir = embedded_dir(&arguments.installation, environment)?;
    let databases = databases(&data_dir)?;
    let folder = NewFolder::begin(&arguments.to)?;
    let manifest = copy(&data_dir, &databases, folder.path())?;
    manifest.write(folder.path())?;
    folder.finish()?;
    report(arguments, &manifest, began.elapsed());
    Ok(Done::Fully)
}

/// The data directory of an installation that keeps log and store in it.
///
/// # Errors
/// Exit code 2 when one of them is on a server, with what to use there.
pub(super) fn embedded_dir(
    installation: &Installation,
    environment: &Environment,
) -> Result<PathBuf> {
    let config = Config::load(installation.config.as_deref(), environment)?;
    let mut elsewhere = vec![];
    if !matches!(config.log.backend, BackendConfig::Embedded) {
        elsewhere.push(
            "the log is on Kafka, where replicas keep it for `[log] retention`: copy it with \
             a mirror, if at all",
        );
    }
    if !config.store.is_embedded() {
        elsewhere.push(
            "the store is on PostgreSQL: take `pg_dump`, or a base backup with its WAL archive \
             for a recovery to any moment",
        );
    }
    if elsewhere.is_empty() {
        return local::data_dir(installation, environment);
    }
    let told = elsewhere.join("; ");
    let message = format!("{told}. How the two belong together stands in docs/operations.md");
    Err(Failure::Usage(message).into())
}

/// Log and store, which must be there.
fn databases(data_dir: &Path) -> Result<Vec<PathBuf>> {
    let paths: Vec<PathBuf> = DATABASES.map(|name| data_dir.join(name)).into();
    for path in &paths {
        if !path.exists() {
            let message = format!(
                "there is no `{}`: name the data directory of an installation that has run with \
                 --data-dir, or its configuration with --config",
                path.display()
            );
            return Err(Failure::Usage(message).into());
        }
    }
    Ok(paths)
}

fn copy(data_dir: &Path, databases: &[PathBuf], to: &Path) -> Result<Manifest> {
    // Asked before the instant: whoever was answered until then is in the backup.
    let made_at = SystemClock.now();
    let snapshots = at_one_instant(databases)?;
    let (log_format, store_schema) = schema(&snapshots)?;
    copy_databases(snapshots, to)?;
    copy_models(data_dir, to)?;
    Ok(Manifest {
        format: FORMAT,
        made_by: crate::VERSION.to_owned(),
        made_at,
        log_format,
        store_schema,
        files: listed(to)?,
    })
}

/// The format of the log and the schema of the store.
fn schema(snapshots: &[Snapshot]) -> Result<(u32, String)> {
    let [log, store] = snapshots else {
        anyhow::bail!("a backup has one log and one store");
    };
    Ok((log.user_version()?, store.newest_migration()?))
}

fn copy_databases(snapshots: Vec<Snapshot>, to: &Path) -> Result<()> {
    let mut total = 0;
    for snapshot in &snapshots {
        total += snapshot.bytes()?;
    }
    require_room(to, total)?;
    let bar = terminal::progress_bar();
    bar.set_length(total);
    let mut done = 0;
    for (snapshot, name) in snapshots.into_iter().zip(DATABASES) {
        bar.set_message(format!("{name},"));
        snapshot.copy_to(&to.join(name), |bytes| bar.set_position(done + bytes))?;
        done += snapshot.bytes()?;
        // From here on the server need not keep what the copy has seen.
        drop(snapshot);
    }
    check(&bar, to)?;
    bar.finish_and_clear();
    Ok(())
}

/// A copy of damaged data is found out now, and not when it is needed.
fn check(bar: &ProgressBar, dir: &Path) -> Result<()> {
    for name in DATABASES {
        bar.set_message(format!("checking {name},"));
        check_integrity(&dir.join(name)).with_context(|| {
            format!("what `{name}` holds cannot be trusted: restore an earlier backup")
        })?;
    }
    Ok(())
}

fn copy_models(data_dir: &Path, to: &Path) -> Result<()> {
    for path in learned_models(data_dir)? {
        match copy_file(&data_dir.join(&path), &to.join(&path)) {
            Ok(()) => {}
            // Learning lets the oldest go.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot copy `{}`", path.display()));
            }
        }
    }
    Ok(())
}

fn listed(dir: &Path) -> Result<Vec<Copied>> {
    let models = learned_models(dir)?;
    let names = DATABASES.map(PathBuf::from).into_iter().chain(models);
    names
        .map(|path| {
            let name = path.to_str().context("a model has an odd name")?;
            Copied::of(dir, name)
        })
        .collect()
}

fn report(arguments: &Backup, manifest: &Manifest, elapsed: Duration) {
    let (to, made_at) = (arguments.to.display(), manifest.made_at);
    let (files, bytes) = (manifest.files.len(), manifest.bytes());
    let seconds = elapsed.as_secs_f64();
    terminal::line(&if arguments.json {
        json!({
            "backup": to.to_string(), "made_at": made_at, "files": files, "bytes": bytes,
            "seconds": seconds,
        })
        .to_string()
    } else {
        format!("{to}: as of {made_at:.0}, {files} files, {bytes} bytes, in {seconds:.1} s")
    });
}
