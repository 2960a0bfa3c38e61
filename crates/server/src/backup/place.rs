//! Where backups and restored data come to lie: whole or not at all, and readable by the owner
//! only.

use crate::exit::Failure;
use crate::lock::RESTORING_NAME;
use anyhow::{Context, Result, ensure};
use rustix::fs::statvfs;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use switchboard_stream::backend::embedded::free_bytes;

/// Left free beside what is written: a server stops taking posts when less is, and a backup on
/// its disk must not be the reason.
const FREE_BYTES_MIN: u64 = 128 << 20;

/// A folder that has its name only once it is finished; dropped before, it is gone.
pub(crate) struct NewFolder {
    unfinished: PathBuf,
    place: PathBuf,
    is_finished: bool,
}

impl NewFolder {
    /// Makes it beside its place, where nothing may be yet.
    ///
    /// # Errors
    /// Exit code 2 when something is there, or the folder around it is not.
    pub(crate) fn begin(place: &Path) -> Result<Self> {
        let name = place.display();
        if fs::symlink_metadata(place).is_ok() {
            let message = format!(
                "`{name}` is there already: name a new directory, for example with the day in it"
            );
            return Err(Failure::Usage(message).into());
        }
        let unfinished = unfinished(place)?;
        match make_one(&unfinished) {
            Ok(()) => Ok(Self {
                unfinished,
                place: place.to_owned(),
                is_finished: false,
            }),
            Err(error) => Err(refused(&unfinished, &error)),
        }
    }

    /// Where to write until then.
    pub(crate) fn path(&self) -> &Path {
        &self.unfinished
    }

    /// Gives it its name, once all of it is on the disk.
    pub(crate) fn finish(mut self) -> Result<()> {
        sync_folders(&self.unfinished)?;
        let name = self.place.display();
        fs::rename(&self.unfinished, &self.place)
            .with_context(|| format!("cannot name the finished backup `{name}`"))?;
        self.is_finished = true;
        sync(parent(&self.place))
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if !self.is_finished {
            // What cannot be removed is named by the next backup to this place.
            let _gone = fs::remove_dir_all(&self.unfinished);
        }
    }
}

/// Data on its way into a data directory. No server starts while it is there.
pub(crate) struct UnfinishedRestore {
    data_dir: PathBuf,
    path: PathBuf,
    has_begun: bool,
}

impl UnfinishedRestore {
    pub(crate) fn begin(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join(RESTORING_NAME);
        make_one(&path).with_context(|| format!("cannot make `{}`", path.display()))?;
        Ok(Self {
            data_dir: data_dir.to_owned(),
            path,
            has_begun: false,
        })
    }

    /// Where to write until then.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Moves everything to its place. Cut short, it leaves a directory that no server starts on.
    pub(crate) fn finish(mut self) -> Result<()> {
        sync_folders(&self.path)?;
        sync(&self.data_dir)?;
        self.has_begun = true;
        for name in names(&self.path)? {
            let place = self.data_dir.join(&name);
            fs::rename(self.path.join(&name), &place)
                .with_context(|| format!("cannot move `{}` to its place", place.display()))?;
        }
        sync(&self.data_dir)?;
        fs::remove_dir(&self.path)
            .with_context(|| format!("cannot remove `{}`", self.path.display()))?;
        sync(&self.data_dir)
    }
}

impl Drop for UnfinishedRestore {
    fn drop(&mut self) {
        if !self.has_begun {
            let _gone = fs::remove_dir_all(&self.path);
        }
    }
}

/// The names of what lies in a directory.
pub(crate) fn names(dir: &Path) -> Result<Vec<OsString>> {
    let read = || -> std::io::Result<Vec<OsString>> {
        let mut names = vec![];
        for entry in fs::read_dir(dir)? {
            names.push(entry?.file_name());
        }
        names.sort();
        Ok(names)
    };
    read().with_context(|| format!("cannot read `{}`", dir.display()))
}

/// Copies a file, with the folders it lies in, and returns when it is on the disk.
pub(crate) fn copy_file(from: &Path, to: &Path) -> std::io::Result<()> {
    if let Some(folder) = to.parent() {
        make_dir(folder)?;
    }
    fs::copy(from, to)?;
    fs::set_permissions(to, Permissions::from_mode(0o600))?;
    File::open(to)?.sync_all()
}

/// Makes a directory, and those around it, for the owner only.
fn make_dir(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().mode(0o700).recursive(true).create(path)
}

/// Whether so many bytes may be written to `dir`.
///
/// # Errors
/// When too little would be left.
pub(crate) fn require_room(dir: &Path, bytes: u64) -> Result<()> {
    let found = statvfs(dir).with_context(|| format!("cannot look at `{}`", dir.display()))?;
    let free = free_bytes(&found);
    ensure!(
        is_enough(free, bytes),
        "`{}` has {free} bytes free, and {bytes} are to be written with {FREE_BYTES_MIN} to \
         spare: make room, or name another disk",
        dir.display()
    );
    Ok(())
}

const fn is_enough(free: u64, bytes: u64) -> bool {
    free >= bytes.saturating_add(FREE_BYTES_MIN)
}

fn make_one(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

fn unfinished(place: &Path) -> Result<PathBuf> {
    let Some(name) = place.file_name() else {
        let message = format!("`{}` is no name for a new directory", place.display());
        return Err(Failure::Usage(message).into());
    };
    let mut name = name.to_owned();
    name.push(".unfinished");
    Ok(place.with_file_name(name))
}

fn refused(unfinished: &Path, error: &std::io::Error) -> anyhow::Error {
    let name = unfinished.display();
    let message = match error.kind() {
        ErrorKind::AlreadyExists => format!(
            "`{name}` is there: another backup is being made, or was cut short; if none is, \
             remove it"
        ),
        ErrorKind::NotFound => format!(
            "there is no directory `{}`: make it first",
            parent(unfinished).display()
        ),
        _ => format!("cannot make `{name}`: {error}"),
    };
    Failure::Usage(message).into()
}

/// The folder around it; of a plain name the one we are in.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A name is on the disk only when its folder is.
fn sync(dir: &Path) -> Result<()> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .with_context(|| format!("cannot sync `{}`", dir.display()))
}

fn sync_folders(dir: &Path) -> Result<()> {
    for name in names(dir)? {
        let path = dir.join(name);
        if path.is_dir() {
            sync_folders(&path)?;
        }
    }
    sync(dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn a_folder_has_its_name_only_when_it_is_finished() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("monday");
        let folder = NewFolder::begin(&place).unwrap();
        fs::write(folder.path().join("file"), "half").unwrap();
        assert!(!place.exists());
        let second = NewFolder::begin(&place).err().unwrap().to_string();
        assert!(second.contains("monday.unfinished"), "{second}");
        drop(folder);
        assert_eq!(names(dir.path()).unwrap(), [""; 0], "nothing is left over");
        let folder = NewFolder::begin(&place).unwrap();
        fs::write(folder.path().join("file"), "whole").unwrap();
        folder.finish().unwrap();
        assert_eq!(names(dir.path()).unwrap(), ["monday"]);
        assert_eq!(fs::read_to_string(place.join("file")).unwrap(), "whole");
        let mode = fs::metadata(&place).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[rstest]
    #[case::there("there", "is there already")]
    #[case::nowhere("no/where", "make it first")]
    #[case::no_name("..", "is there already")]
    fn a_place_that_cannot_be_is_told(#[case] name: &str, #[case] want: &str) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("there")).unwrap();
        let refused = NewFolder::begin(&dir.path().join(name)).err().unwrap();
        assert!(matches!(
            refused.downcast_ref::<Failure>(),
            Some(Failure::Usage(text)) if text.contains(want)
        ));
    }

    #[test]
    fn restored_data_comes_to_its_place_together() {
        let dir = tempfile::tempdir().unwrap();
        let restore = UnfinishedRestore::begin(dir.path()).unwrap();
        fs::write(restore.path().join("log.db"), "log").unwrap();
        fs::create_dir(restore.path().join("models")).unwrap();
        restore.finish().unwrap();
        assert_eq!(names(dir.path()).unwrap(), ["log.db", "models"]);
        let restore = UnfinishedRestore::begin(dir.path()).unwrap();
        fs::write(restore.path().join("store.db"), "half").unwrap();
        drop(restore);
        assert_eq!(names(dir.path()).unwrap(), ["log.db", "models"]);
    }

    #[rstest]
    #[case::enough(200 << 20, 10 << 20, true)]
    #[case::the_server_would_stop(200 << 20, 100 << 20, false)]
    #[case::far_too_little(0, u64::MAX, false)]
    fn room_is_left_for_the_server(#[case] free: u64, #[case] bytes: u64, #[case] want: bool) {
        assert_eq!(is_enough(free, bytes), want);
    }

    #[test]
    fn a_copy_is_for_the_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a"), dir.path().join("models/x/b"));
        fs::write(&from, "x").unwrap();
        fs::set_permissions(&from, Permissions::from_mode(0o644)).unwrap();
        copy_file(&from, &to).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&to), 0o600);
        assert_eq!(mode(&dir.path().join("models")), 0o700);
    }
}
