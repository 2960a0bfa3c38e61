//! What a backup is: copies of log, store and learned models, and a manifest that says what
//! each of them must be.
//!
//! `manifest.sha256` holds the manifest's own sum, in the form that `sha256sum -c` reads: no
//! byte of a backup changes unseen. Sums find damage, not malice; who may write to a backup can
//! also write new sums.

mod place;

pub(crate) use place::{NewFolder, UnfinishedRestore, copy_file, names, require_room};

use crate::exit::Failure;
use crate::models;
use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Component, Path};
use switchboard_storage::sqlite;
use switchboard_stream::backend::embedded;

/// Raised with every change that an older program cannot read.
pub(crate) const FORMAT: u32 = 1;

const MANIFEST_NAME: &str = "manifest.json";
const SUM_NAME: &str = "manifest.sha256";

/// Of a manifest: thousands of learned models, of which a few are kept.
const MANIFEST_BYTES_MAX: u64 = 1 << 20;

/// Read at a time: large enough that the sum is what takes the time.
const READ_BYTES: usize = 1 << 20;

/// What stands in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    /// The program that made it.
    pub(crate) made_by: String,
    /// All that was acknowledged before this is in it.
    pub(crate) made_at: Timestamp,
    pub(crate) log_format: u32,
    /// The last migration of the store.
    pub(crate) store_schema: String,
    pub(crate) files: Vec<Copied>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Copied {
    /// Below the data directory, and below the backup.
    pub(crate) path: String,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

impl Copied {
    /// What lies at `path` below `dir`.
    pub(crate) fn of(dir: &Path, path: &str) -> Result<Self> {
        let (bytes, sha256) = sum(&dir.join(path))?;
        Ok(Self {
            path: path.to_owned(),
            bytes,
            sha256,
        })
    }
}

impl Manifest {
    /// Writes it beside the files it tells of.
    pub(crate) fn write(&self, dir: &Path) -> Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        let sum = hex::encode(Sha256::digest(&text));
        write_synced(&dir.join(MANIFEST_NAME), &text)?;
        write_synced(&dir.join(SUM_NAME), &format!("{sum}  {MANIFEST_NAME}\n"))
    }

    /// Reads what [`Self::write`] wrote, and refuses what this program could not put back.
    ///
    /// # Errors
    /// Exit code 2 when there is no backup in `dir`.
    pub(crate) fn read(dir: &Path) -> Result<Self> {
        let text = read_manifest(dir)?;
        check_sum(dir, &text)?;
        let manifest: Self = serde_json::from_str(&text)
            .map_err(|error| newer_or(&text, error))
            .with_context(|| format!("cannot read `{}`", dir.join(MANIFEST_NAME).display()))?;
        manifest.check_versions()?;
        manifest.check_paths()?;
        Ok(manifest)
    }

    /// What all files take together.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Whether each file below `dir` is what it was; `told` hears of each that is.
    ///
    /// # Errors
    /// With the first that is not.
    pub(crate) fn verify(&self, dir: &Path, mut told: impl FnMut(&Copied)) -> Result<()> {
        for file in &self.files {
            let path = dir.join(&file.path);
            let name = path.display();
            let (bytes, sha256) = sum(&path)?;
            ensure!(
                bytes == file.bytes,
                "`{name}` has {bytes} bytes and had {}: take another backup",
                file.bytes
            );
            ensure!(
                sha256 == file.sha256,
                "`{name}` is not what it was when it was copied: take another backup"
            );
            told(file);
        }
        Ok(())
    }

    fn check_versions(&self) -> Result<()> {
        let (format, schema) = (self.log_format, &self.store_schema);
        if self.format > FORMAT {
            bail!("it has format {}: {}", self.format, self.newer());
        }
        if format > embedded::FORMAT {
            bail!("its log has format {format}: {}", self.newer());
        }
        if !sqlite::knows_migration(schema) {
            bail!("its store has the schema `{schema}`: {}", self.newer());
        }
        Ok(())
    }

    fn newer(&self) -> String {
        let (by, me) = (&self.made_by, crate::VERSION);
        format!("it was made by version {by}, and this one, {me}, does not know it; install that")
    }

    /// What a manifest names is written below the data directory: nothing else may be named.
    fn check_paths(&self) -> Result<()> {
        let names: BTreeSet<&str> = self.files.iter().map(|file| &*file.path).collect();
        ensure!(names.len() == self.files.len(), "a file is named twice");
        for required in [embedded::FILE_NAME, sqlite::FILE_NAME] {
            ensure!(names.contains(required), "`{required}` is not in it");
        }
        for name in names {
            ensure!(is_ours(name), "`{name}` belongs into no backup");
        }
        Ok(())
    }
}

fn is_ours(name: &str) -> bool {
    let path = Path::new(name);
    let is_plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let is_database = [embedded::FILE_NAME, sqlite::FILE_NAME].contains(&name);
    is_database || (is_plain && path.starts_with(models::FOLDER_NAME))
}

fn read_manifest(dir: &Path) -> Result<String> {
    let path = dir.join(MANIFEST_NAME);
    let name = path.display();
    let file = File::open(&path).map_err(|error| {
        let dir = dir.display();
        Failure::Usage(format!(
            "there is no backup in `{dir}`: `{name}`: {error}; name the directory that \
             `switchboard backup` has made"
        ))
    })?;
    let mut text = String::new();
    file.take(MANIFEST_BYTES_MAX)
        .read_to_string(&mut text)
        .with_context(|| format!("cannot read `{name}`"))?;
    Ok(text)
}

fn check_sum(dir: &Path, text: &str) -> Result<()> {
    let path = dir.join(SUM_NAME);
    let line = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read `{}`", path.display()))?;
    let expected = format!("{}  {MANIFEST_NAME}\n", hex::encode(Sha256::digest(text)));
    ensure!(
        line == expected,
        "`{}` is not what it was, or `{SUM_NAME}` beside it: take another backup",
        dir.join(MANIFEST_NAME).display()
    );
    Ok(())
}

/// A manifest of a later format may look otherwise.
fn newer_or(text: &str, error: serde_json::Error) -> anyhow::Error {
    let value: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    match value["format"].as_u64() {
        Some(format) if format > u64::from(FORMAT) => anyhow::anyhow!(
            "it has format {format}, and this version knows {FORMAT}: install the one that made it"
        ),
        _ => error.into(),
    }
}

/// Size and SHA-256 of a file.
fn sum(path: &Path) -> Result<(u64, String)> {
    let read = || -> std::io::Result<(u64, String)> {
        let mut file = File::open(path)?;
        let (mut digest, mut bytes) = (Sha256::new(), 0);
        let mut part = vec![0; READ_BYTES];
        loop {
            let count = file.read(&mut part)?;
            if count == 0 {
                return Ok((bytes, hex::encode(digest.finalize())));
            }
            digest.update(part.get(..count).unwrap_or_default());
            bytes += count as u64;
        }
    };
    read().with_context(|| format!("cannot read `{}`", path.display()))
}

fn write_synced(path: &Path, text: &str) -> Result<()> {
    File::create_new(path)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .with_context(|| format!("cannot write `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const SCHEMA: &str = "20261122010000_create_tickets";

    fn write(dir: &Path, change: impl FnOnce(&mut Manifest)) {
        std::fs::create_dir(dir.join("models")).unwrap();
        let files = ["log.db", "store.db", "models/0001-a.bin"];
        for (size, file) in files.iter().enumerate() {
            std::fs::write(dir.join(file), vec![7; 100 + size]).unwrap();
        }
        let mut manifest = Manifest {
            format: FORMAT,
            made_by: "0.1.0".into(),
            made_at: Timestamp::UNIX_EPOCH,
            log_format: embedded::FORMAT,
            store_schema: SCHEMA.into(),
            files: files
                .map(|file| Copied::of(dir, file).unwrap())
                .into_iter()
                .collect(),
        };
        change(&mut manifest);
        manifest.write(dir).unwrap();
    }

    fn checked(dir: &Path) -> Result<Manifest> {
        let manifest = Manifest::read(dir)?;
        manifest.verify(dir, |_| {})?;
        Ok(manifest)
    }

    #[test]
    fn what_was_written_is_read_and_fits() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), |_| {});
        let manifest = checked(dir.path()).unwrap();
        assert_eq!((manifest.bytes(), manifest.files.len()), (303, 3));
    }

    #[test]
    fn the_form_of_a_manifest_stays() {
        let manifest = Manifest {
            format: FORMAT,
            made_by: "0.1.0".into(),
            made_at: Timestamp::UNIX_EPOCH,
            log_format: 1,
            store_schema: SCHEMA.into(),
            files: vec![Copied {
                path: "log.db".into(),
                bytes: 100,
                sha256: "00ff".into(),
            }],
        };
        insta::assert_snapshot!(serde_json::to_string_pretty(&manifest).unwrap(), @r#"
        {
          "format": 1,
          "made_by": "0.1.0",
          "made_at": "1970-01-01T00:00:00Z",
          "log_format": 1,
          "store_schema": "20261122010000_create_tickets",
          "files": [
            {
              "path": "log.db",
              "bytes": 100,
              "sha256": "00ff"
            }
          ]
        }
        "#);
    }

    /// Every byte of every file, turned over one at a time.
    #[test]
    fn no_byte_changes_unseen() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), |_| {});
        let files = [
            "log.db",
            "store.db",
            "models/0001-a.bin",
            MANIFEST_NAME,
            SUM_NAME,
        ];
        for file in files {
            let path = dir.path().join(file);
            let good = std::fs::read(&path).unwrap();
            for place in 0..good.len() {
                let mut bad = good.clone();
                bad[place] ^= 1;
                std::fs::write(&path, bad).unwrap();
                let refused = checked(dir.path()).unwrap_err();
                assert!(
                    format!("{refused:#}").contains(file),
                    "{place}: {refused:#}"
                );
            }
            std::fs::write(&path, good).unwrap();
        }
        checked(dir.path()).unwrap();
    }

    #[rstest]
    #[case::shorter(&[7; 99], "99 bytes and had 100")]
    #[case::longer(&[7; 101], "101 bytes and had 100")]
    fn a_file_of_another_size_is_named(#[case] bytes: &[u8], #[case] want: &str) {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), |_| {});
        std::fs::write(dir.path().join("log.db"), bytes).unwrap();
        let refused = checked(dir.path()).unwrap_err().to_string();
        assert!(
            refused.contains("log.db") && refused.contains(want),
            "{refused}"
        );
    }

    #[rstest]
    #[case::newer_form(|it: &mut Manifest| it.format += 1, "it has format 2")]
    #[case::newer_log(|it: &mut Manifest| it.log_format += 1, "its log has format 2")]
    #[case::newer_store(|it: &mut Manifest| it.store_schema = "29990101_x".into(), "`29990101_x`")]
    #[case::out_of_the_directory(|it: &mut Manifest| it.files[2].path = "../x".into(), "`../x`")]
    #[case::out_of_the_models(|it: &mut Manifest| it.files[2].path = "models/../../x".into(), "`models/../../x`")]
    #[case::from_the_root(|it: &mut Manifest| it.files[2].path = "/etc/passwd".into(), "`/etc/passwd`")]
    #[case::of_somebody_else(|it: &mut Manifest| it.files[2].path = "switchboard.lock".into(), "`switchboard.lock`")]
    #[case::twice(|it: &mut Manifest| it.files[2].path = "log.db".into(), "named twice")]
    #[case::without_a_store(|it: &mut Manifest| { it.files.remove(1); }, "`store.db` is not in it")]
    fn what_cannot_be_put_back_is_refused(#[case] change: fn(&mut Manifest), #[case] want: &str) {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), change);
        let refused = format!("{:#}", Manifest::read(dir.path()).unwrap_err());
        assert!(refused.contains(want), "{refused}");
    }

    #[test]
    fn a_later_format_is_told_as_such() {
        let error = || serde_json::from_str::<Manifest>("{}").unwrap_err();
        let told = newer_or(r#"{"format":2,"parts":[]}"#, error());
        assert!(told.to_string().contains("it has format 2"), "{told}");
        let told = newer_or(r#"{"format":1}"#, error()).to_string();
        assert!(told.contains("missing field"), "{told}");
    }

    #[test]
    fn a_directory_without_a_manifest_is_no_backup() {
        let dir = tempfile::tempdir().unwrap();
        let refused = Manifest::read(dir.path()).unwrap_err();
        let usage = refused.downcast_ref::<Failure>();
        assert!(matches!(usage, Some(Failure::Usage(_))), "{refused}");
    }
}
