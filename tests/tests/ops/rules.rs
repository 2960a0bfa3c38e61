//! The alert rules: read by Prometheus's own tools, tested in simulated time, and each with a
//! page for whoever is woken by it.

use crate::files::{all_rules, deploy, listed, stem};
use crate::prometheus::{is_skipped, shown, tool};
use anyhow::{Context, Result, ensure};
use rstest::rstest;
use serde_json::Value;
use std::collections::BTreeSet;
use switchboard_tests::server::command;
use switchboard_tests::workspace;

const SEVERITIES: [&str; 3] = ["none", "page", "ticket"];

const HEADINGS: [&str; 3] = ["## What it means", "## How to confirm", "## What to do"];

/// What nobody on call can do without.
const NEEDED: [&str; 12] = [
    "ApiErrors",
    "CrisisOpen",
    "DiskNearFull",
    "DlqGrowing",
    "LagGrowing",
    "NotifyFailing",
    "SlaTimerLate",
    "SourceSilent",
    "StageStalled",
    "TargetDown",
    "TicketsLate",
    "Watchdog",
];

fn alerts() -> Result<Vec<Value>> {
    let mut rules = all_rules()?;
    rules.retain(|rule| rule["alert"].is_string());
    Ok(rules)
}

#[test]
fn prometheus_reads_rules_and_configuration() -> Result<()> {
    if is_skipped() {
        return Ok(());
    }
    for file in listed("prometheus/rules", "yaml")? {
        tool("promtool", &["check", "rules", &shown(&file)], None)?;
    }
    let config = shown(&deploy("prometheus/prometheus.yml"));
    tool("promtool", &["check", "config", &config], None)
}

#[test]
fn the_rules_fire_when_they_should_and_only_then() -> Result<()> {
    if is_skipped() {
        return Ok(());
    }
    let files = listed("prometheus/tests", "yaml")?;
    ensure!(!files.is_empty(), "no tests");
    for file in files {
        tool("promtool", &["test", "rules", &shown(&file)], None)?;
    }
    Ok(())
}

#[test]
fn alertmanager_reads_its_configuration() -> Result<()> {
    if is_skipped() {
        return Ok(());
    }
    let config = shown(&deploy("alertmanager/alertmanager.yml"));
    tool("amtool", &["check-config", &config], None)
}

#[rstest]
#[case::somebody_is_woken("page", "StageStalled", "pager")]
#[case::it_waits_for_the_morning("ticket", "DlqGrowing", "team")]
#[case::a_sign_of_life("none", "Watchdog", "dead-man")]
fn an_alert_reaches_its_receiver(
    #[case] severity: &str,
    #[case] name: &str,
    #[case] receiver: &str,
) -> Result<()> {
    if is_skipped() {
        return Ok(());
    }
    let config = format!(
        "--config.file={}",
        shown(&deploy("alertmanager/alertmanager.yml"))
    );
    let want = format!("--verify.receivers={receiver}");
    let labels = [format!("alertname={name}"), format!("severity={severity}")];
    let route = ["config", "routes", "test", &config, &want];
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    tool("amtool", &[&route[..], &labels[..]].concat(), None)
}

#[test]
fn every_alert_says_what_it_means_and_where_to_read_on() -> Result<()> {
    let mut problems = Vec::new();
    let alerts = alerts()?;
    for alert in &alerts {
        let name = alert["alert"].as_str().context("a name")?;
        let severity = alert["labels"]["severity"].as_str().unwrap_or_default();
        let told = |key: &str| alert["annotations"][key].as_str().unwrap_or_default();
        if !SEVERITIES.contains(&severity) {
            problems.push(format!("{name}: severity `{severity}`"));
        }
        if told("summary").len() < 10 || told("description").len() < 30 {
            problems.push(format!("{name}: says too little"));
        }
        if !told("runbook_url").ends_with(&format!("/{name}.md")) {
            problems.push(format!("{name}: runbook_url"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let names: BTreeSet<_> = alerts
        .iter()
        .filter_map(|it| it["alert"].as_str())
        .collect();
    let missing: Vec<_> = NEEDED
        .iter()
        .filter(|name| !names.contains(*name))
        .collect();
    assert!(missing.is_empty(), "no {missing:?}");
    Ok(())
}

#[test]
fn every_alert_has_its_runbook_and_every_runbook_its_alert() -> Result<()> {
    let alerts = alerts()?;
    let alerts: BTreeSet<String> = alerts
        .iter()
        .filter_map(|it| it["alert"].as_str().map(str::to_owned))
        .collect();
    let files = listed("runbooks", "md")?;
    let pages: BTreeSet<String> = files.iter().map(|file| stem(file)).collect();
    assert_eq!(alerts, pages);
    for file in files {
        let text = std::fs::read_to_string(&file)?;
        let name = stem(&file);
        ensure!(
            text.starts_with(&format!("# {name}\n")),
            "{name}: its title"
        );
        for heading in HEADINGS {
            ensure!(text.contains(heading), "{name}: no `{heading}`");
        }
        for link in text.split("](").skip(1) {
            let target = link.split(')').next().unwrap_or_default();
            ensure!(deploy("runbooks").join(target).exists(), "{name}: {target}");
        }
    }
    Ok(())
}

#[test]
fn the_page_for_operators_lists_every_alert() -> Result<()> {
    let page = std::fs::read_to_string(workspace().join("docs/operations.md"))?;
    let listed: BTreeSet<&str> = page
        .split("(../deploy/runbooks/")
        .skip(1)
        .filter_map(|rest| rest.split_once(".md)").map(|(name, _)| name))
        .collect();
    let alerts = alerts()?;
    let names: BTreeSet<&str> = alerts
        .iter()
        .filter_map(|it| it["alert"].as_str())
        .collect();
    assert_eq!(listed, names);
    Ok(())
}

#[tokio::test]
async fn every_command_in_a_runbook_exists() -> Result<()> {
    let mut commands = BTreeSet::new();
    for file in listed("runbooks", "md")? {
        let text = std::fs::read_to_string(&file)?;
        let begins = text.split("$ switchboard ").skip(1);
        let quoted = text.split("`switchboard ").skip(1);
        commands.extend(begins.chain(quoted).map(command_words));
    }
    ensure!(commands.len() > 5, "the runbooks name commands");
    for words in commands {
        let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        arguments.push("--help");
        let output = command(&arguments).output().await?;
        ensure!(output.status.success(), "no command {words:?}");
    }
    Ok(())
}

/// The subcommands at the beginning of a line: what is lower case and nothing else.
fn command_words(line: &str) -> Vec<String> {
    let words = line.split([' ', '\n']);
    let is_plain = |word: &&str| word.chars().all(|it| it.is_ascii_lowercase());
    let ended = words.map_while(|word| {
        let (plain, rest) = word
            .split_once('`')
            .map_or((word, None), |(a, b)| (a, Some(b)));
        (is_plain(&plain) && !plain.is_empty()).then_some((plain, rest))
    });
    let mut found = Vec::new();
    for (word, rest) in ended {
        found.push(word.to_owned());
        if rest.is_some() {
            break;
        }
    }
    found
}
