//! The dashboards, against the rules that Grafana's own linter has and some of ours.

use crate::files::{boards, elements, panel_queries, panels};
use crate::prometheus::{check_expressions, is_skipped};
use crate::query::{Query, words};
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What every dashboard's data source is: the one that was chosen above it.
const DATA_SOURCE: &str = "${datasource}";

/// The model that Grafana 10 to 13 loads.
const SCHEMA_VERSION: u64 = 39;

/// Grafana's limit.
const UID_LENGTH_MAX: usize = 40;

/// Columns of Grafana's grid.
const COLUMNS: u64 = 24;

/// The units we use, by Grafana's names: a mistyped one shows as text behind the number.
const UNITS: [&str; 6] = ["bytes", "cps", "percentunit", "reqps", "s", "short"];

/// What a dashboard may be made of.
const PANEL_TYPES: [&str; 3] = ["row", "stat", "timeseries"];

#[test]
fn every_dashboard_follows_the_rules() -> Result<()> {
    let boards = boards()?;
    assert!(
        boards.iter().any(|(name, _)| name == "overview"),
        "the first page"
    );
    let uids: Vec<&str> = boards
        .iter()
        .filter_map(|(_, it)| it["uid"].as_str())
        .collect();
    let distinct: BTreeSet<&&str> = uids.iter().collect();
    assert_eq!(
        distinct.len(),
        boards.len(),
        "every dashboard has a uid of its own"
    );
    let mut problems = Vec::new();
    for (name, board) in &boards {
        let told = board_problems(name, board, &uids);
        problems.extend(told.into_iter().map(|problem| format!("{name}: {problem}")));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

#[test]
fn every_query_of_a_dashboard_is_promql() -> Result<()> {
    if is_skipped() {
        return Ok(());
    }
    check_expressions(&panel_queries()?)
}

fn board_problems(name: &str, board: &Value, uids: &[&str]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut want = |holds: bool, problem: String| {
        if !holds {
            problems.push(problem);
        }
    };
    let uid = board["uid"].as_str().unwrap_or_default();
    want(
        uid == format!("switchboard-{name}") && uid.len() <= UID_LENGTH_MAX,
        format!("its uid is `{uid}`"),
    );
    want(
        board["id"].is_null(),
        "it has an id of some database".into(),
    );
    want(
        board["schemaVersion"] == SCHEMA_VERSION,
        "schemaVersion".into(),
    );
    want(board["editable"] == false, "it is editable".into());
    want(is_told(&board["title"]), "no title".into());
    want(is_told(&board["description"]), "no description".into());
    want(board["tags"] == json!(["switchboard"]), "its tags".into());
    for link in elements(&board["links"]) {
        let target = link["url"].as_str().and_then(|url| url.strip_prefix("/d/"));
        want(
            target.is_some_and(|target| uids.contains(&target)),
            format!("a link to {}", link["url"]),
        );
    }
    problems.extend(variable_problems(board));
    problems.extend(layout_problems(board));
    problems.extend(panels(board).flat_map(panel_problems));
    problems
}

fn variable_problems(board: &Value) -> Vec<String> {
    let variable = |name: &str| {
        let all = elements(&board["templating"]["list"]);
        all.iter().find(|it| it["name"] == name).cloned()
    };
    let mut problems = Vec::new();
    let source = variable("datasource").unwrap_or_default();
    if source["type"] != "datasource" || source["query"] != "prometheus" {
        problems.push("no variable `datasource`".to_owned());
    }
    for name in ["job", "instance"] {
        let found = variable(name).unwrap_or_default();
        let fits = found["type"] == "query"
            && found["datasource"]["uid"] == DATA_SOURCE
            && found["refresh"] == 2
            && found["includeAll"] == true
            && found["multi"] == true
            && found["allValue"] == ".+";
        if !fits {
            problems.push(format!("the variable `{name}` is not as it should be"));
        }
    }
    problems
}

/// Ids are given once, and no two panels lie on each other.
fn layout_problems(board: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let (mut ids, mut titles, mut taken) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for panel in elements(&board["panels"]) {
        let title = panel["title"].as_str().unwrap_or_default();
        if !ids.insert(panel["id"].as_u64().unwrap_or_default()) || !titles.insert(title) {
            problems.push(format!("`{title}`: its id or title is used twice"));
        }
        let place = |key: &str| panel["gridPos"][key].as_u64().unwrap_or(COLUMNS + 1);
        let (x, y, width, height) = (place("x"), place("y"), place("w"), place("h"));
        if width == 0 || height == 0 || x + width > COLUMNS {
            problems.push(format!("`{title}` lies outside of the grid"));
            continue;
        }
        let cells = (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y)));
        if !cells.into_iter().all(|cell| taken.insert(cell)) {
            problems.push(format!("`{title}` lies on another panel"));
        }
    }
    problems
}

fn panel_problems(panel: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let mut want = |holds: bool, problem: &str| {
        if !holds {
            problems.push(problem.to_owned());
        }
    };
    let kind = panel["type"].as_str().unwrap_or_default();
    let unit = panel["fieldConfig"]["defaults"]["unit"].as_str();
    let targets = elements(&panel["targets"]);
    want(PANEL_TYPES.contains(&kind), "an unknown type");
    want(is_told(&panel["title"]), "no title");
    want(is_told(&panel["description"]), "no description");
    want(
        unit.is_some_and(|unit| UNITS.contains(&unit)),
        "no unit that Grafana knows",
    );
    want(
        panel["datasource"]["uid"] == DATA_SOURCE,
        "another data source",
    );
    want(!targets.is_empty(), "no query");
    let references: BTreeSet<String> = targets.iter().map(|it| it["refId"].to_string()).collect();
    want(
        references.len() == targets.len(),
        "two queries under one letter",
    );
    problems.extend(targets.iter().flat_map(target_problems));
    let title = panel["title"].as_str().unwrap_or_default();
    problems
        .iter()
        .map(|problem| format!("`{title}`: {problem}"))
        .collect()
}

fn target_problems(target: &Value) -> Vec<String> {
    let query = Query::new(String::new(), target["expr"].as_str().unwrap_or_default());
    let mut problems = Vec::new();
    if target["datasource"]["uid"] != DATA_SOURCE {
        problems.push("a query on another data source".to_owned());
    }
    if query.selectors().is_empty() {
        problems.push(format!("no series of ours in `{}`", query.text));
    }
    for selector in query.selectors() {
        let metric = selector.metric;
        let matches = |matcher: &str| selector.matchers.contains(matcher);
        if !matches(r#"job=~"$job""#) || !matches(r#"instance=~"$instance""#) {
            problems.push(format!("`{metric}` is not asked by job and instance"));
        }
        if !["", "$__rate_interval"].contains(&selector.range) {
            problems.push(format!("`{metric}` over `{}`", selector.range));
        }
        let grows = ["_total", "_bucket", "_sum", "_count"];
        let is_counter = grows.iter().any(|suffix| metric.ends_with(suffix));
        let is_rate = ["rate", "irate", "increase"].contains(&selector.function);
        if is_counter != is_rate {
            problems.push(format!("`{metric}` within `{}`", selector.function));
        }
    }
    let legend = target["legendFormat"].as_str().unwrap_or_default();
    let names = legend
        .split("{{")
        .skip(1)
        .filter_map(|it| it.split("}}").next());
    for name in names {
        let is_of_target = name == "instance" && !query.text.contains(" by (");
        if !is_of_target && !words(&query.text).any(|word| word == name) {
            problems.push(format!("the legend's `{name}` is no label of the query"));
        }
    }
    if legend.is_empty() {
        problems.push("no legend".to_owned());
    }
    problems
}

fn is_told(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() > 3)
}

#[test]
fn the_rules_notice_what_is_wrong() -> Result<()> {
    let (name, board) = boards()?.swap_remove(0);
    let uid = format!("switchboard-{name}");
    let all = boards()?;
    let uids: Vec<&str> = all
        .iter()
        .filter_map(|(_, it)| it["uid"].as_str())
        .collect();
    let told = |path: &str, value: Value| {
        let mut broken = board.clone();
        if let Some(field) = broken.pointer_mut(path) {
            *field = value;
        }
        board_problems(&name, &broken, &uids).join("; ")
    };
    assert_eq!(told("/uid", json!(uid)), "", "the board itself is fine");
    let expression = "/panels/1/targets/0/expr";
    for (path, value, want) in [
        ("/schemaVersion", json!(40), "schemaVersion"),
        ("/editable", json!(true), "editable"),
        ("/links/0/url", json!("/d/gone"), "a link to"),
        ("/templating/list/1/refresh", json!(1), "the variable `job`"),
        ("/panels/1/description", json!(""), "no description"),
        (
            "/panels/1/fieldConfig/defaults/unit",
            json!("seconds"),
            "no unit",
        ),
        (
            "/panels/1/datasource/uid",
            json!("mine"),
            "another data source",
        ),
        ("/panels/1/targets", json!([]), "no query"),
        ("/panels/1/gridPos/w", json!(24), "lies on another"),
        ("/panels/1/id", json!(1), "used twice"),
        (expression, json!("switchboard_ready"), "not asked by job"),
        (
            expression,
            json!("rate(switchboard_ready[5m])"),
            "over `5m`",
        ),
        (expression, json!("switchboard_x_total"), "within ``"),
        (
            "/panels/1/targets/0/legendFormat",
            json!("{{mood}}"),
            "the legend's `mood`",
        ),
    ] {
        let problems = told(path, value);
        assert!(
            problems.contains(want),
            "{path}: `{problems}` has no `{want}`"
        );
    }
    Ok(())
}
