//! The recordings, where they are at hand.

use serde_json::Value;
use std::path::{Path, PathBuf};
use switchboard_ingest::connector::{CONNECTORS, Descriptor};
use switchboard_ingest::sample::Sampled;

/// One line of a manifest, with the bytes it names.
pub(super) struct Recording {
    pub(super) file: String,
    pub(super) method: String,
    pub(super) url: String,
    pub(super) bytes: Vec<u8>,
}

impl Recording {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    pub(super) fn path(&self) -> &str {
        let path = self.url.split_once("://").map_or(&*self.url, |(_, rest)| {
            rest.find('/').map_or("", |at| &rest[at..])
        });
        path.split('?').next().unwrap_or_default()
    }

    pub(super) fn sampled(&self, connector: &str) -> Sampled {
        let url = Some(self.url.as_str()).filter(|url| url.starts_with("http"));
        (descriptor(connector).sample)(&self.bytes, url)
    }
}

pub(super) fn descriptor(name: &str) -> &'static Descriptor {
    CONNECTORS.iter().find(|known| known.name == name).unwrap()
}

/// `None`, and a line that says so, where the recordings are not at hand.
pub(super) fn folder(platform: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::vars_os()
        .find(|(name, _)| name == "SWITCHBOARD_SHARED")
        .map_or(beside, |(_, path)| PathBuf::from(path));
    let folder = shared.join("fixtures").join(platform);
    if folder.join("manifest.jsonl").is_file() {
        return Some(folder);
    }
    skipped(&format!(
        "no recordings of {platform} in {}",
        folder.display()
    ));
    None
}

pub(super) fn recordings(platform: &str) -> Option<Vec<Recording>> {
    let folder = folder(platform)?;
    let manifest = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    let recording = |line: &str| {
        let entry: Value = serde_json::from_str(line).unwrap();
        let field = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        Recording {
            bytes: std::fs::read(folder.join(field("file"))).unwrap(),
            file: field("file"),
            method: field("method"),
            url: field("url"),
        }
    };
    Some(manifest.lines().map(recording).collect())
}

/// Tells what was left out and why.
#[expect(clippy::print_stderr, reason = "a test that checks nothing says so")]
pub(super) fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}
