//! The data directory belongs to one server at a time.
//!
//! The lock file is held with an advisory lock for as long as the process lives, and tells the
//! commands beside it where the server listens and the secret of this run, with which they
//! speak to it as an administrator. Who can read the file could read the data too.

use crate::exit::Failure;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

pub(crate) const FILE_NAME: &str = "switchboard.lock";

/// A folder in the data directory while a restore is under way.
pub(crate) const RESTORING_NAME: &str = "restoring";

/// What a running server says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Running {
    /// Its process.
    pub(crate) pid: u32,
    /// Where the API is.
    pub(crate) url: String,
    /// Where the metrics are.
    pub(crate) ops_url: String,
    /// Bearer secret of this run, role admin.
    pub(crate) secret: String,
}

/// The held lock; dropping it gives the directory back.
pub(crate) struct DataLock {
    file: File,
    path: PathBuf,
}

impl DataLock {
    /// Takes the directory for this process, creating it if need be.
    ///
    /// # Errors
    /// When another server has it, or it cannot be written.
    pub(crate) fn take(data_dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(data_dir).with_context(|| {
            format!("cannot create the data directory `{}`", data_dir.display())
        })?;
        let path = data_dir.join(FILE_NAME);
        let file = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("cannot open `{}`", path.display()))?;
        refuse_half_restored(data_dir)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file, path }),
            Err(TryLockError::WouldBlock) => Err(taken(data_dir)),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock `{}`", path.display()))
            }
        }
    }

    /// Tells the commands beside this server where it is.
    pub(crate) fn announce(&mut self, running: &Running) -> Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        serde_json::to_writer(&mut self.file, running)?;
        self.file
            .flush()
            .with_context(|| format!("cannot write `{}`", self.path.display()))
    }
}

impl Drop for DataLock {
    fn drop(&mut self) {
        // Stale words would send commands to a server that is gone; a failure leaves just that.
        let _emptied = self.file.set_len(0);
    }
}

/// The server that has the directory, if one does and has announced itself.
pub(crate) fn running(data_dir: &Path) -> Option<Running> {
    let mut file = File::open(data_dir.join(FILE_NAME)).ok()?;
    if file.try_lock_shared().is_ok() {
        // Nobody holds it: what stands there is left over.
        return None;
    }
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// Half of a backup would be taken for a log without its store, or the other way round.
fn refuse_half_restored(data_dir: &Path) -> Result<()> {
    if !data_dir.join(RESTORING_NAME).exists() {
        return Ok(());
    }
    let directory = data_dir.display();
    Err(Failure::Usage(format!(
        "a restore into `{directory}` is under way or was cut short: if none runs, empty the \
         directory and restore again"
    ))
    .into())
}

fn taken(data_dir: &Path) -> anyhow::Error {
    let who = running(data_dir).map_or_else(String::new, |server| {
        format!(" (process {}, {})", server.pid, server.url)
    });
    let directory = data_dir.display();
    Failure::Usage(format!(
        "the data directory `{directory}` belongs to a running server{who}: \
         stop it, or give this one another with --data-dir"
    ))
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_server() {
        let dir = tempfile::tempdir().unwrap();
        let mut lock = DataLock::take(dir.path()).unwrap();
        assert!(running(dir.path()).is_none(), "not announced yet");
        let me = Running {
            pid: 7,
            url: "http://127.0.0.1:1".into(),
            ops_url: "http://127.0.0.1:2".into(),
            secret: "s".into(),
        };
        lock.announce(&me).unwrap();
        assert_eq!(running(dir.path()).unwrap().url, me.url);
        let refused = DataLock::take(dir.path()).err().unwrap().to_string();
        assert!(
            refused.contains("process 7") && refused.contains("--data-dir"),
            "{refused}"
        );
        drop(lock);
        assert!(running(dir.path()).is_none());
        assert!(DataLock::take(dir.path()).is_ok());
    }

    #[test]
    fn no_server_starts_on_half_a_backup() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(RESTORING_NAME)).unwrap();
        let refused = DataLock::take(dir.path()).err().unwrap().to_string();
        assert!(refused.contains("restore again"), "{refused}");
    }
}
