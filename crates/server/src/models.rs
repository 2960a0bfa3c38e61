//! Models that were learned here, in the data directory.
//!
//! `models/<version of the model they began with>/<number>-<version>.bin`: the highest number is
//! in use, and taking it away puts the one before it back. An installation that begins with
//! another model, after an update or a change of `[classify] model`, leaves what was learned on
//! the former one aside until it learns again: corrections are kept, so nothing is lost.

use anyhow::{Context, Result};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use switchboard_classify::{LinearModel, Model};

/// Models kept, the one in use among them: a month of weekly learning to go back through, at
/// 1.6 MB each.
const MODELS_KEPT_MAX: usize = 5;

/// The folder in the data directory.
pub(crate) const FOLDER_NAME: &str = "models";

const EXTENSION: &str = "bin";

/// Not yet a model: no start ever reads it.
const UNFINISHED: &str = "unfinished";

/// The models learned on top of one.
#[derive(Clone, Debug)]
pub(crate) struct ModelFolder {
    path: PathBuf,
}

/// What the folder has to offer.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The newest model that can be used, and where it lies.
    pub(crate) model: Option<(LinearModel, PathBuf)>,
    /// What is wrong with newer ones.
    pub(crate) problems: Vec<String>,
}

/// Every model that was learned in a data directory, whatever it began with: where it lies
/// below the directory.
pub(crate) fn learned_models(data_dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![];
    for base in subfolders(&data_dir.join(FOLDER_NAME))? {
        let files = ModelFolder { path: base }.files()?;
        let below = files
            .iter()
            .filter_map(|(_, path)| path.strip_prefix(data_dir).ok());
        found.extend(below.map(Path::to_owned));
    }
    Ok(found)
}

fn subfolders(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
        Err(error) => {
            let path = folder.display();
            return Err(error).with_context(|| format!("cannot read `{path}`"));
        }
    };
    let mut folders = vec![];
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

impl ModelFolder {
    /// Where models learned on top of `base` lie; nothing is made yet.
    pub(crate) fn of(data_dir: &Path, base: &LinearModel) -> Self {
        Self {
            path: data_dir.join(FOLDER_NAME).join(base.version()),
        }
    }

    /// The newest model that is neither damaged nor foreign.
    pub(crate) fn newest(&self) -> Result<Found> {
        let mut found = Found::default();
        for (_, path) in self.files()?.into_iter().rev() {
            match read(&path) {
                Ok(model) => {
                    found.model = Some((model, path));
                    break;
                }
                Err(problem) => found.problems.push(problem),
            }
        }
        Ok(found)
    }

    /// Puts a model on top, whole or not at all, and lets go of the oldest beyond the limit.
    pub(crate) fn adopt(&self, model: &LinearModel) -> Result<PathBuf> {
        fs::create_dir_all(&self.path)
            .with_context(|| format!("cannot make `{}`", self.path.display()))?;
        let files = self.files()?;
        let number = files.last().map_or(1, |(number, _)| number + 1);
        let name = format!("{number:04}-{}.{EXTENSION}", model.version());
        let path = self.path.join(name);
        self.write(&path, &model.to_bytes())
            .with_context(|| format!("cannot write `{}`", path.display()))?;
        let too_many = (files.len() + 1).saturating_sub(MODELS_KEPT_MAX);
        for (_, old) in files.into_iter().take(too_many) {
            fs::remove_file(&old).with_context(|| format!("cannot remove `{}`", old.display()))?;
        }
        Ok(path)
    }

    /// Takes the newest model away and says where it lay; `None` when none was learned.
    pub(crate) fn roll_back(&self) -> Result<Option<PathBuf>> {
        let Some((_, newest)) = self.files()?.pop() else {
            return Ok(None);
        };
        fs::remove_file(&newest)
            .and_then(|()| self.sync())
            .with_context(|| format!("cannot remove `{}`", newest.display()))?;
        Ok(Some(newest))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let beside = self.path.join(UNFINISHED);
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        self.sync()
    }

    /// A rename is on the disk only when its directory is.
    fn sync(&self) -> std::io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    /// By number, oldest first; other files are none of ours.
    fn files(&self) -> Result<Vec<(u32, PathBuf)>> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
            Err(error) => {
                let path = self.path.display();
                return Err(error).with_context(|| format!("cannot read `{path}`"));
            }
        };
        let mut files = vec![];
        for entry in entries {
            let path = entry?.path();
            if let Some(number) = number_of(&path) {
                files.push((number, path));
            }
        }
        files.sort();
        Ok(files)
    }
}

fn number_of(path: &Path) -> Option<u32> {
    if path.extension()? != EXTENSION {
        return None;
    }
    let (number, _) = path.file_stem()?.to_str()?.split_once('-')?;
    number.parse().ok()
}

fn read(path: &Path) -> Result<LinearModel, String> {
    let name = path.display();
    let bytes = fs::read(path).map_err(|error| format!("cannot read `{name}`: {error}"))?;
    LinearModel::from_bytes(&bytes).map_err(|error| format!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use switchboard_classify::linear::Decision;

    /// The shipped weights under another temperature: another model, and quickly made.
    fn model(temperature: u8) -> LinearModel {
        LinearModel::shipped().unwrap().with_decision(Decision {
            temperature: f32::from(temperature),
            ..Decision::default()
        })
    }

    fn folder(dir: &tempfile::TempDir) -> ModelFolder {
        ModelFolder::of(dir.path(), &LinearModel::shipped().unwrap())
    }

    fn in_use(folder: &ModelFolder) -> Option<Vec<u8>> {
        let found = folder.newest().unwrap();
        found.model.map(|(model, _)| model.to_bytes())
    }

    #[test]
    fn a_rollback_gives_the_former_model_byte_for_byte() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(&dir);
        assert_eq!(in_use(&folder), None);
        let mut former = vec![];
        for temperature in 1..=3 {
            former.push(in_use(&folder));
            folder.adopt(&model(temperature)).unwrap();
            assert_eq!(in_use(&folder), Some(model(temperature).to_bytes()));
        }
        for before in former.into_iter().rev() {
            assert!(folder.roll_back().unwrap().is_some());
            assert!(in_use(&folder) == before);
        }
        assert!(folder.roll_back().unwrap().is_none());
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(&dir);
        for temperature in 1..=7 {
            folder.adopt(&model(temperature)).unwrap();
        }
        let numbers: Vec<u32> = folder.files().unwrap().iter().map(|file| file.0).collect();
        assert_eq!(numbers, [3, 4, 5, 6, 7]);
    }

    #[rstest]
    #[case::empty(b"".to_vec(), "not a model file")]
    #[case::foreign(b"hello, world".to_vec(), "not a model file")]
    #[case::cut_off({ let mut bytes = model(2).to_bytes(); bytes.truncate(9_000); bytes }, "damaged")]
    #[case::one_bit({ let mut bytes = model(2).to_bytes(); bytes[70_000] ^= 1; bytes }, "damaged")]
    fn a_bad_file_is_named_and_the_former_model_stays(#[case] bytes: Vec<u8>, #[case] why: &str) {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(&dir);
        folder.adopt(&model(1)).unwrap();
        fs::write(folder.path.join("0002-linear-00000000.bin"), bytes).unwrap();
        fs::write(folder.path.join(UNFINISHED), b"half").unwrap();
        let found = folder.newest().unwrap();
        assert!(found.model.unwrap().0 == model(1));
        assert_eq!(found.problems.len(), 1);
        assert!(found.problems[0].contains("0002-") && found.problems[0].contains(why));
    }

    #[test]
    fn all_that_was_learned_is_listed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(learned_models(dir.path()).unwrap(), Vec::<PathBuf>::new());
        let folder = folder(&dir);
        let path = folder.adopt(&model(1)).unwrap();
        let other = ModelFolder::of(dir.path(), &model(9)).adopt(&model(2));
        let other = other.unwrap();
        fs::write(folder.path.join(UNFINISHED), b"half").unwrap();
        fs::write(dir.path().join("models/notes.txt"), b"ours").unwrap();
        let mut want = [path, other].map(|it| it.strip_prefix(dir.path()).unwrap().to_owned());
        want.sort();
        assert_eq!(learned_models(dir.path()).unwrap(), want);
    }

    #[test]
    fn another_model_to_begin_with_has_its_own() {
        let dir = tempfile::tempdir().unwrap();
        folder(&dir).adopt(&model(1)).unwrap();
        assert_eq!(in_use(&ModelFolder::of(dir.path(), &model(9))), None);
    }
}
