//! Puts the seed corpus together: one file of JSON lines, in the order of the paths,
//! each with the language of its folder.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=seed");
    let mut files = Vec::new();
    collect(Path::new("seed"), &mut files)?;
    files.sort();
    let mut corpus = String::new();
    for file in files {
        let language = language_of(&file)?;
        let text = fs::read_to_string(&file)?;
        for fields in text
            .lines()
            .filter_map(|line| line.trim().strip_prefix('{'))
        {
            corpus.extend(["{\"lang\":\"", language, "\",", fields, "\n"]);
        }
    }
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("seed.jsonl"), corpus)
}

/// The folder a file lies in names its posts' language.
fn language_of(file: &Path) -> io::Result<&str> {
    file.parent()
        .and_then(Path::file_name)
        .and_then(|folder| folder.to_str())
        .ok_or_else(|| {
            io::Error::other(format!("`{}` lies in no language's folder", file.display()))
        })
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            files.push(path);
        }
    }
    Ok(())
}
