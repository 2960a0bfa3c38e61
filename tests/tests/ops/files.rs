//! The files under `deploy`.

use crate::query::Query;
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::{Path, PathBuf};
use switchboard_tests::workspace;

/// A path under `deploy`.
pub(crate) fn deploy(path: &str) -> PathBuf {
    workspace().join("deploy").join(path)
}

/// The files of that folder under `deploy` with that ending, sorted.
pub(crate) fn listed(folder: &str, ending: &str) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(deploy(folder)).with_context(|| folder.to_owned())?;
    let mut files: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|it| it == ending));
    files.sort();
    Ok(files)
}

/// The name without folder and ending.
pub(crate) fn stem(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// A YAML file.
pub(crate) fn yaml(file: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    serde_saphyr::from_str(&text).with_context(|| file.display().to_string())
}

/// The elements of an array; none of anything else.
pub(crate) fn elements(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The dashboards, by the name of their file.
pub(crate) fn boards() -> Result<Vec<(String, Value)>> {
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file)?;
        let board = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
        Ok((stem(&file), board))
    };
    listed("grafana/dashboards", "json")?
        .into_iter()
        .map(read)
        .collect()
}

/// The panels of a dashboard that show something.
pub(crate) fn panels(board: &Value) -> impl Iterator<Item = &Value> {
    elements(&board["panels"])
        .iter()
        .filter(|panel| panel["type"] != "row")
}

/// Every query of every panel.
pub(crate) fn panel_queries() -> Result<Vec<Query>> {
    let mut queries = Vec::new();
    for (name, board) in boards()? {
        for panel in panels(&board) {
            let title = panel["title"].as_str().unwrap_or_default();
            for target in elements(&panel["targets"]) {
                let reference = target["refId"].as_str().unwrap_or_default();
                let text = target["expr"].as_str().unwrap_or_default();
                queries.push(Query::new(format!("{name}: {title} {reference}"), text));
            }
        }
    }
    Ok(queries)
}

/// The rules of every group, alerts and recorded series alike.
pub(crate) fn all_rules() -> Result<Vec<Value>> {
    let mut all = Vec::new();
    for file in listed("prometheus/rules", "yaml")? {
        for group in elements(&yaml(&file)?["groups"]) {
            all.extend(elements(&group["rules"]).iter().cloned());
        }
    }
    Ok(all)
}

/// Every expression of every rule.
pub(crate) fn rule_queries() -> Result<Vec<Query>> {
    let query = |rule: &Value| {
        let name = rule["alert"].as_str().or_else(|| rule["record"].as_str());
        let text = rule["expr"].as_str().context("a rule without `expr`")?;
        Ok(Query::new(name.unwrap_or_default().to_owned(), text))
    };
    all_rules()?.iter().map(query).collect()
}
