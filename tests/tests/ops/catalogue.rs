//! Every series that a dashboard, a rule or a page names is one that the process exposes, and
//! every one it exposes is looked at somewhere.

use crate::files::{all_rules, deploy, listed, panel_queries, rule_queries};
use crate::query::words;
use anyhow::Result;
use std::collections::BTreeSet;
use switchboard_telemetry::{CounterFamily, GaugeFamily, HistogramFamily, PROCESS_SERIES};
use switchboard_tests::workspace;

/// Pages that name series beside `docs/metrics.md`, which is written from the enums.
const PAGES: [&str; 2] = ["docs/operations.md", "docs/notifications.md"];

/// The families as they are called, without what a histogram adds.
fn families() -> BTreeSet<&'static str> {
    let counters = CounterFamily::ALL.iter().map(|it| it.description().name);
    let gauges = GaugeFamily::ALL.iter().map(|it| it.description().name);
    let histograms = HistogramFamily::ALL.iter().map(|it| it.description().name);
    counters.chain(gauges).chain(histograms).collect()
}

/// Every name that can stand in a query.
fn exposed() -> Result<BTreeSet<String>> {
    let mut names: BTreeSet<String> = families().into_iter().map(str::to_owned).collect();
    for family in HistogramFamily::ALL {
        let name = family.description().name;
        names.extend(["_bucket", "_sum", "_count"].map(|suffix| format!("{name}{suffix}")));
    }
    names.extend(PROCESS_SERIES.iter().map(|series| series.name.to_owned()));
    let recorded = all_rules()?;
    names.extend(
        recorded
            .iter()
            .filter_map(|rule| rule["record"].as_str().map(str::to_owned)),
    );
    names.insert("up".to_owned());
    Ok(names)
}

#[test]
fn every_series_in_a_dashboard_or_rule_exists() -> Result<()> {
    let exposed = exposed()?;
    let mut unknown = Vec::new();
    for query in panel_queries()?.iter().chain(&rule_queries()?) {
        let missing = query
            .metrics()
            .into_iter()
            .filter(|name| !exposed.contains(*name));
        unknown.extend(missing.map(|name| format!("{}: `{name}`", query.place)));
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    Ok(())
}

#[test]
fn every_series_in_a_page_exists() -> Result<()> {
    let exposed = exposed()?;
    let mut pages: Vec<_> = PAGES.map(|page| workspace().join(page)).into();
    pages.extend(listed("runbooks", "md")?);
    pages.push(deploy("compose/README.md"));
    let mut unknown = Vec::new();
    for page in pages {
        let text = std::fs::read_to_string(&page)?;
        let named = words(&text).filter(|word| word.starts_with("switchboard_"));
        let missing = named.filter(|name| !exposed.contains(*name));
        unknown.extend(missing.map(|name| format!("{}: `{name}`", page.display())));
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    Ok(())
}

#[test]
fn what_is_exposed_is_looked_at() -> Result<()> {
    let queries = [panel_queries()?, rule_queries()?].concat();
    let asked: BTreeSet<&str> = queries.iter().flat_map(|query| query.metrics()).collect();
    let is_asked = |family: &&str| asked.iter().any(|metric| metric.starts_with(*family));
    let families = families();
    let unseen: Vec<_> = families.iter().filter(|family| !is_asked(family)).collect();
    assert!(
        unseen.is_empty(),
        "no panel and no rule looks at {unseen:?}"
    );
    Ok(())
}
