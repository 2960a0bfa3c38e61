//! `switchboard restore FROM`: a backup into an empty data directory.

use super::backup::embedded_dir;
use super::principal::actor;
use crate::arguments::Restore;
use crate::backup::{Manifest, UnfinishedRestore, copy_file, names, require_room};
use crate::clock::SystemClock;
use crate::config::Environment;
use crate::exit::{Done, Failure};
use crate::lock::{self, DataLock};
use crate::{randomness, terminal};
use anyhow::{Context, Result};
use indicatif::ProgressBar;
use serde_json::json;
use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};
use switchboard_domain::Clock;
use switchboard_storage::sqlite::snapshot::check_integrity;
use switchboard_storage::{AuditEntry, SqliteOptions, SqliteStore, sqlite};
use switchboard_stream::backend::embedded::{self, EmbeddedOptions, renew_incarnation};
use switchboard_telemetry::Metrics;

/// What a new file system or an earlier server leaves behind, and no data.
const HARMLESS: [&str; 2] = [lock::FILE_NAME, "lost+found"];

/// Names in a message, of a directory that is not empty.
const NAMES_MAX: usize = 5;

pub(crate) async fn run(arguments: Restore, environment: Environment) -> Result<Done> {
    let began = Instant::now();
    let data_dir = embedded_dir(&arguments.installation, &environment)?;
    // Whoever mistypes hears so before anything is read through.
    if lock::running(&data_dir).is_none() {
        require_empty(&data_dir)?;
    }
    let manifest = Manifest::read(&arguments.from)?;
    let bar = terminal::progress_bar();
    bar.set_length(manifest.bytes() * 3);
    verify(&manifest, &arguments.from, &bar)?;
    let _lock = DataLock::take(&data_dir)?;
    require_empty(&data_dir)?;
    require_room(&data_dir, manifest.bytes())?;
    let unfinished = UnfinishedRestore::begin(&data_dir)?;
    copy(&manifest, &arguments.from, unfinished.path(), &bar)?;
    begin_anew(&manifest, unfinished.path()).await?;
    unfinished.finish()?;
    bar.finish_and_clear();
    report(&arguments, &manifest, &data_dir, began.elapsed());
    Ok(Done::Fully)
}

/// Nothing is ever written over.
fn require_empty(dir: &Path) -> Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    let mut found = names(dir)?;
    found.retain(|name| !HARMLESS.iter().any(|harmless| name == harmless));
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::Usage(not_empty(dir, &found)).into())
}

fn not_empty(dir: &Path, found: &[OsString]) -> String {
    let shown = found.iter().take(NAMES_MAX);
    let shown: Vec<_> = shown.map(|name| name.to_string_lossy()).collect();
    let (dir, shown) = (dir.display(), shown.join(", "));
    format!(
        "`{dir}` is not empty ({shown}), and nothing is written over: move it away, for example \
         `mv {dir} {dir}.before`, or name another with --data-dir"
    )
}

fn verify(manifest: &Manifest, dir: &Path, bar: &ProgressBar) -> Result<()> {
    manifest.verify(dir, |file| bar.inc(file.bytes))
}

/// Copies every file and looks at the copies: they are what will be worked with.
fn copy(manifest: &Manifest, from: &Path, to: &Path, bar: &ProgressBar) -> Result<()> {
    for file in &manifest.files {
        bar.set_message(format!("{},", file.path));
        let place = to.join(&file.path);
        copy_file(&from.join(&file.path), &place)
            .with_context(|| format!("cannot write `{}`", place.display()))?;
        bar.inc(file.bytes);
    }
    verify(manifest, to, bar)?;
    for name in [embedded::FILE_NAME, sqlite::FILE_NAME] {
        check_integrity(&to.join(name))?;
    }
    Ok(())
}

/// What was appended after the backup is not in this log, and other records will stand there:
/// a log of its own, so that no position handed out meanwhile is taken for one in it.
async fn begin_anew(manifest: &Manifest, dir: &Path) -> Result<()> {
    let options = EmbeddedOptions::new(dir, randomness::bytes());
    let (before, after) = renew_incarnation(&options)?;
    let store = SqliteStore::open(SqliteOptions {
        dir: dir.to_owned(),
        writer: format!("restore-{}", hex::encode(randomness::bytes::<4>())),
        metrics: Metrics::new(crate::VERSION)?,
    })?;
    let deed = AuditEntry {
        at: SystemClock.now(),
        actor: actor(),
        action: "backup.restored".to_owned(),
        subject: format!("log:{after}"),
        detail: json!({ "made_at": manifest.made_at, "made_by": manifest.made_by }).to_string(),
    };
    Ok(store.follow_log(&before, &after, deed).await?)
}

fn report(arguments: &Restore, manifest: &Manifest, data_dir: &Path, elapsed: Duration) {
    let (dir, made_at) = (data_dir.display(), manifest.made_at);
    let (files, bytes) = (manifest.files.len(), manifest.bytes());
    let seconds = elapsed.as_secs_f64();
    if arguments.json {
        let told = json!({
            "data_dir": dir.to_string(), "made_at": made_at, "files": files, "bytes": bytes,
            "seconds": seconds,
        });
        terminal::line(&told.to_string());
        return;
    }
    terminal::line(&format!(
        "{dir}: as of {made_at:.0}, {files} files, {bytes} bytes, in {seconds:.1} s"
    ));
    terminal::note(
        "start it as before; what came in later has to be sent again, and tokens, sessions and \
         users are as they were then",
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::empty(&[], true)]
    #[case::of_a_new_disk(&["lost+found", "switchboard.lock"], true)]
    #[case::data(&["store.db"], false)]
    #[case::cut_short(&["restoring"], false)]
    fn only_an_empty_directory_is_restored_into(#[case] files: &[&str], #[case] want: bool) {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            std::fs::write(dir.path().join(file), "").unwrap();
        }
        let found = require_empty(dir.path());
        assert_eq!(found.is_ok(), want, "{found:?}");
        assert!(require_empty(&dir.path().join("nowhere")).is_ok());
    }
}
