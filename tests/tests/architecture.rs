//! The house stands as drawn: who may depend on whom, checked over `cargo metadata`.

use anyhow::{Context, Result, ensure};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};
use std::collections::{BTreeMap, BTreeSet};

const STAGES: [&str; 5] = [
    "switchboard-ingest",
    "switchboard-classify",
    "switchboard-route",
    "switchboard-alert",
    "switchboard-inbox",
];

/// Crates that would bring I/O or a runtime into the pure centre.
const IO_CRATES: [&str; 9] = [
    "tokio",
    "mio",
    "axum",
    "hyper",
    "reqwest",
    "rusqlite",
    "rdkafka",
    "socket2",
    "tracing-subscriber",
];

/// A crate of others, and the only ones of ours that may name it.
const CONFINED: [(&str, &[&str]); 6] = [
    ("rdkafka", &["switchboard-stream"]),
    ("tokio-postgres", &["switchboard-storage"]),
    ("rusqlite", &["switchboard-storage", "switchboard-stream"]),
    (
        "axum",
        &[
            "switchboard-inbox",
            "switchboard-ingest",
            "switchboard-server",
        ],
    ),
    (
        "reqwest",
        &[
            "switchboard-ingest",
            "switchboard-alert",
            "switchboard-classify",
        ],
    ),
    ("prometheus", &["switchboard-telemetry"]),
];

/// The crates, bottom to top, and what of ours each may use.
const ALLOWED: [(&str, &[&str]); 11] = [
    ("switchboard-domain", &[]),
    ("switchboard-config", &[]),
    ("switchboard-telemetry", &[]),
    ("switchboard-stream", &["domain", "config", "telemetry"]),
    ("switchboard-storage", &["domain", "config", "telemetry"]),
    (
        "switchboard-ingest",
        &["domain", "stream", "storage", "config", "telemetry"],
    ),
    (
        "switchboard-classify",
        &["domain", "stream", "config", "telemetry"],
    ),
    (
        "switchboard-route",
        &["domain", "stream", "storage", "config", "telemetry"],
    ),
    (
        "switchboard-alert",
        &["domain", "stream", "storage", "config", "telemetry"],
    ),
    (
        "switchboard-inbox",
        &["domain", "stream", "storage", "config", "telemetry"],
    ),
    (
        "switchboard-server",
        &[
            "domain",
            "config",
            "telemetry",
            "stream",
            "storage",
            "ingest",
            "classify",
            "route",
            "alert",
            "inbox",
        ],
    ),
];

#[test]
fn there_are_exactly_the_eleven_crates() -> Result<()> {
    let metadata = metadata()?;
    let found: BTreeSet<String> = ours(&metadata)
        .map(|package| package.name.to_string())
        .collect();
    let drawn = ALLOWED.iter().map(|(name, _)| (*name).to_owned());
    assert_eq!(
        found,
        drawn.chain(["switchboard-tests".to_owned()]).collect()
    );
    Ok(())
}

#[test]
fn each_crate_uses_only_what_the_drawing_allows() -> Result<()> {
    let metadata = metadata()?;
    for (name, allowed) in ALLOWED {
        for dependency in direct(package(&metadata, name)?) {
            let Some(short) = dependency.strip_prefix("switchboard-") else {
                continue;
            };
            ensure!(
                allowed.contains(&short),
                "`{name}` must not depend on `{dependency}`"
            );
        }
    }
    Ok(())
}

#[test]
fn stages_never_see_each_other() -> Result<()> {
    let metadata = metadata()?;
    for stage in STAGES {
        let reached = tree(&metadata, &package(&metadata, stage)?.id)?;
        let other = STAGES
            .iter()
            .find(|other| **other != stage && reached.contains(**other));
        ensure!(
            other.is_none(),
            "`{stage}` reaches {other:?}: they meet in topics and tables"
        );
    }
    Ok(())
}

#[test]
fn the_domain_does_no_io() -> Result<()> {
    let metadata = metadata()?;
    let reached = tree(&metadata, &package(&metadata, "switchboard-domain")?.id)?;
    let found: Vec<_> = IO_CRATES
        .iter()
        .filter(|name| reached.contains(**name))
        .collect();
    ensure!(found.is_empty(), "`switchboard-domain` reaches {found:?}");
    Ok(())
}

#[test]
fn each_driver_stands_in_its_place() -> Result<()> {
    let metadata = metadata()?;
    for (driver, places) in CONFINED {
        for package in
            ours(&metadata).filter(|package| package.name.as_str() != "switchboard-tests")
        {
            let name = package.name.as_str();
            let uses = direct(package).contains(driver);
            ensure!(
                !uses || places.contains(&name),
                "`{name}` must not use `{driver}` itself"
            );
        }
    }
    Ok(())
}

#[test]
fn nobody_depends_on_the_binary() -> Result<()> {
    let metadata = metadata()?;
    for package in ours(&metadata) {
        ensure!(
            !direct(package).contains("switchboard-server"),
            "`{}` does",
            package.name
        );
    }
    Ok(())
}

fn metadata() -> Result<Metadata> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    Ok(MetadataCommand::new()
        .manifest_path(manifest)
        .other_options(["--locked".into()])
        .exec()?)
}

fn ours(metadata: &Metadata) -> impl Iterator<Item = &Package> {
    metadata
        .packages
        .iter()
        .filter(|package| metadata.workspace_members.contains(&package.id))
}

fn package<'a>(metadata: &'a Metadata, name: &str) -> Result<&'a Package> {
    ours(metadata)
        .find(|package| package.name.as_str() == name)
        .with_context(|| format!("no `{name}`"))
}

/// Names of the direct dependencies of what is shipped; tests may use anything.
fn direct(package: &Package) -> BTreeSet<&str> {
    let shipped = package
        .dependencies
        .iter()
        .filter(|d| d.kind != DependencyKind::Development);
    shipped.map(|dependency| dependency.name.as_str()).collect()
}

/// Names of everything that is reached from a package, itself included.
fn tree(metadata: &Metadata, from: &PackageId) -> Result<BTreeSet<String>> {
    let resolve = metadata
        .resolve
        .as_ref()
        .context("cargo resolved nothing")?;
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut reached = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(id) = waiting.pop() {
        if !reached.insert(id) {
            continue;
        }
        let shipped = nodes[id].deps.iter().filter(|dependency| {
            dependency
                .dep_kinds
                .iter()
                .any(|kind| kind.kind == DependencyKind::Normal)
        });
        waiting.extend(shipped.map(|dependency| &dependency.pkg));
    }
    Ok(reached
        .into_iter()
        .map(|id| metadata[id].name.to_string())
        .collect())
}
