//! Puts the seed corpus together: one file of JSON lines, in the order of the paths.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=seed");
    let mut files = Vec::new();
    collect(Path::new("seed"), &mut files)?;
    files.sort();
    let mut corpus = String::new();
    for file in files {
        corpus.push_str(&fs::read_to_string(&file)?);
        if !corpus.ends_with('\n') {
            corpus.push('\n');
        }
    }
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("seed.jsonl"), corpus)
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
