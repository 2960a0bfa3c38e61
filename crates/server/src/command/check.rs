//! `switchboard check FILE`: everything that is wrong with a configuration, nothing touched.

use crate::arguments::Check;
use crate::config::{Config, Environment, read_text};
use crate::exit::{Done, Failure};
use crate::{terminal, wiring};
use anyhow::Result;
use switchboard_config::Problem;
use switchboard_domain::routing::{KnownNames, RoutingTable, analyse};

pub(crate) fn run(check: &Check, environment: &Environment) -> Result<Done> {
    let name = check.file.display().to_string();
    let problems = match Config::parse(&name, &read_text(&check.file)?, environment) {
        Ok(config) => {
            check_rules(&config, check.json)?;
            let unknown = wiring::unknown_topics(&config)?;
            if !check.json && unknown.is_empty() {
                praise(&name, &config);
            }
            unknown
        }
        Err(problems) => problems,
    };
    if check.json {
        terminal::line(&serde_json::to_string(&described(&problems))?);
    }
    match problems.as_slice() {
        [] => Ok(Done::Fully),
        problems => Err(Failure::Usage(report(&name, problems)).into()),
    }
}

/// The rules are a file of their own: what is wrong there has its own name and places.
fn check_rules(config: &Config, json: bool) -> Result<()> {
    let Err(error) = wiring::classifier(config) else {
        return Ok(());
    };
    if json {
        let lines: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
        terminal::line(&serde_json::to_string(&lines)?);
    }
    Err(error)
}

fn praise(name: &str, config: &Config) {
    let route = &config.route;
    terminal::line(&format!(
        "{name}: fine; {} departments, {} routing rows (table {}), {} SLA policies, {} sources",
        route.departments.len(),
        route.table.rows().len(),
        route.table.version(),
        route.book.policies().len(),
        config.ingest.sources.len(),
    ));
    for remark in remarks(&route.table) {
        terminal::line(&format!("  {remark}"));
    }
}

/// What is odd about the table without being wrong.
fn remarks(table: &RoutingTable) -> Vec<String> {
    let analysis = analyse(table, &KnownNames::default());
    let fallback = table.fallback_department();
    let name = |row: usize| table.rows().get(row).map_or("?", |row| row.name.as_str());
    let holes = analysis.holes.iter();
    let holes = holes.map(|area| format!("no row takes {area}: it goes to `{fallback}`"));
    let overlaps = analysis
        .overlaps
        .iter()
        .filter(|overlap| !overlap.same_department);
    let overlaps = overlaps.map(|overlap| {
        let areas: Vec<String> = overlap.areas.iter().map(ToString::to_string).collect();
        let (winner, other) = (name(overlap.winner), name(overlap.other));
        format!("`{winner}` wins over `{other}` for {}", areas.join("; "))
    });
    let conditional = analysis.conditional.iter().map(|&row| {
        format!(
            "`{}` has a `when`: it counts as taking nothing in this analysis",
            name(row)
        )
    });
    holes.chain(overlaps).chain(conditional).collect()
}

fn report(name: &str, problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let count = problems.len();
    let plural = if count == 1 { "" } else { "s" };
    format!("{name}: {count} problem{plural}\n{}", lines.join("\n"))
}

fn described(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_file_that_a_server_would_refuse_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("mine.toml");
        let text = format!(
            "[classify]\nrules = \"{}/rules.toml\"\n",
            dir.path().display()
        );
        std::fs::write(&file, text).unwrap();
        let refused = |json| {
            let check = Check {
                file: file.clone(),
                json,
            };
            run(&check, &Environment::new()).unwrap_err().to_string()
        };
        assert!(refused(false).contains("rules.toml"));
        std::fs::write(dir.path().join("rules.toml"), "rules = 5").unwrap();
        assert!(refused(true).contains("rules.toml:1:"));
    }
}
