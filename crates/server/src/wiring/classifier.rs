//! The classifier: its rules, its model, its thresholds.

use crate::config::{Config, read_text};
use crate::exit::Failure;
use crate::models::{Found, ModelFolder};
use anyhow::{Result, bail};
use std::path::Path;
use switchboard_classify::{Classifier, LinearModel, Problem, RuleSet};

/// The classifier the configuration asks for, without anything learned.
///
/// # Errors
/// A usage failure that lists every problem of the rule file, or says what is wrong with the
/// model file.
pub(crate) fn classifier(config: &Config) -> Result<Classifier> {
    classifier_with(config, None)
}

/// The same with another model than the configured one.
pub(crate) fn classifier_with(config: &Config, model: Option<&Path>) -> Result<Classifier> {
    let model = match model {
        Some(path) => model_at(path)?,
        None => base_model(config)?,
    };
    classifier_of(config, model)
}

/// The classifier a server starts with: the newest model learned in its data directory, or the
/// one to begin with. A learned model that cannot be used is told, and the one before it taken.
pub(crate) fn starting_classifier(config: &Config, data_dir: &Path) -> Result<Classifier> {
    let (found, base) = learned(config, data_dir)?;
    for problem in &found.problems {
        tracing::error!(%problem, "a learned model is refused; the one before it stays");
    }
    classifier_of(config, found.model.map_or(base, |(model, _)| model))
}

/// The classifier a running server changes to.
///
/// # Errors
/// As above, and when the newest learned model cannot be used: what runs is better than a guess.
pub(crate) fn next_classifier(config: &Config, data_dir: &Path) -> Result<Classifier> {
    let (found, base) = learned(config, data_dir)?;
    if let Some(problem) = found.problems.first() {
        bail!("{problem}");
    }
    classifier_of(config, found.model.map_or(base, |(model, _)| model))
}

fn learned(config: &Config, data_dir: &Path) -> Result<(Found, LinearModel)> {
    let base = base_model(config)?;
    Ok((ModelFolder::of(data_dir, &base).newest()?, base))
}

/// The model the configuration asks for: what all learning begins with.
pub(crate) fn base_model(config: &Config) -> Result<LinearModel> {
    match &config.classify.model {
        Some(path) => model_at(Path::new(&path.value)),
        None => Ok(LinearModel::shipped()?),
    }
}

/// The configured rules and thresholds with this model.
pub(crate) fn classifier_of(config: &Config, model: LinearModel) -> Result<Classifier> {
    let classifier = Classifier::new(rules(config)?, Box::new(model));
    Ok(classifier.with_thresholds(config.classify.thresholds))
}

fn model_at(path: &Path) -> Result<LinearModel> {
    let name = path.display();
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::Usage(format!("cannot read `{name}`: {error}")))?;
    let model = LinearModel::from_bytes(&bytes)
        .map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
    Ok(model)
}

/// The rules the configuration asks for.
pub(crate) fn rules(config: &Config) -> Result<RuleSet> {
    let (name, rules) = match &config.classify.rules {
        None => ("built-in rules".to_owned(), RuleSet::shipped()),
        Some(path) => {
            let text = read_text(Path::new(&path.value))?;
            (path.value.clone(), RuleSet::parse(&text))
        }
    };
    let rules = rules.map_err(|problems| {
        let lines = problems.iter().map(|problem| {
            let Problem {
                line,
                column,
                message,
            } = problem;
            format!("{name}:{line}:{column}: {message}")
        });
        let lines: Vec<String> = lines.collect();
        Failure::Usage(format!("the rules are not usable\n{}", lines.join("\n")))
    })?;
    Ok(rules)
}

/// Refuses rows whose topics nothing ever gives: they would never win.
///
/// # Errors
/// A usage failure that lists them, or says what is wrong with the rule file.
pub(crate) fn check_topics(config: &Config) -> Result<()> {
    let problems = unknown_topics(config)?;
    if problems.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let reason = format!("the configuration is not usable\n{}", lines.join("\n"));
    Err(Failure::Usage(reason).into())
}

/// The topics of rows that neither the rules nor a brand knows, each at its place.
pub(crate) fn unknown_topics(config: &Config) -> Result<Vec<switchboard_config::Problem>> {
    if config.route.topics.is_empty() {
        return Ok(vec![]);
    }
    let rules = rules(config)?;
    let given = rules
        .rules()
        .iter()
        .filter_map(|rule| rule.topic.as_deref());
    let listed = config.topics.iter().map(String::as_str);
    Ok(config.route.unknown_topics(given.chain(listed)))
}
