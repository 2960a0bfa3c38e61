//! `switchboard eval`: how often the classifier is right on labelled posts.

use super::labelled::{LabelledPosts, read};
use crate::arguments::Eval;
use crate::config::{Config, Environment};
use crate::exit::Done;
use crate::{terminal, wiring};
use anyhow::Result;
use std::collections::BTreeMap;
use switchboard_classify::Classifier;
use switchboard_classify::learn::transfer;
use switchboard_classify::learn::transfer::common_macro_f1;
use switchboard_classify::train::report::Figures;
use switchboard_classify::train::validate::judge;
use switchboard_classify::train::{
    Judgement, LabelledPost, Report, Split, TrainSettings, TrainingSet, cross_validate, seed_posts,
};
use switchboard_domain::{Label, Mention, Slug};

pub(crate) fn run(arguments: &Eval, environment: &Environment) -> Result<Done> {
    let config = Config::load(arguments.config.as_deref(), environment)?;
    let LabelledPosts { posts, done } = read(&arguments.data)?;
    let reports = if let Some(corrections) = arguments.corrections {
        corrected(arguments, posts, corrections, &config)?
    } else if arguments.cross_validate {
        left_out(arguments, posts, &config)?
    } else {
        let classifier = wiring::classifier_with(&config, arguments.model.as_deref())?;
        let report = Report::of(&judged(&classifier, &posts));
        BTreeMap::from([("as asked", report)])
    };
    if arguments.json {
        terminal::line(&serde_json::to_string(&reports)?);
    } else {
        for (name, report) in &reports {
            tell(name, report);
        }
    }
    Ok(done)
}

/// Trains anew without each source, and without each fifth, and judges what was left out.
fn left_out(
    arguments: &Eval,
    posts: Vec<LabelledPost>,
    config: &Config,
) -> Result<BTreeMap<&'static str, Report>> {
    let (set, settings) = training(arguments, posts, config)?;
    let mut reports = BTreeMap::new();
    for (name, split) in [
        ("left-out sources", Split::Source),
        ("left-out fifths", Split::Fifth),
    ] {
        let outcomes = cross_validate(&set, split, &settings, |part| {
            terminal::note(&format!("training {part}"));
        });
        let report = Report::of(&judge(&set, &outcomes, &settings.decision));
        reports.insert(name, report);
    }
    Ok(reports)
}

/// Trains anew without each source, learns from some of its posts, and judges the others
/// before and after that.
fn corrected(
    arguments: &Eval,
    posts: Vec<LabelledPost>,
    corrections: u32,
    config: &Config,
) -> Result<BTreeMap<&'static str, Report>> {
    let (set, settings) = training(arguments, posts, config)?;
    let count = usize::try_from(corrections).unwrap_or(usize::MAX);
    let told = transfer(&set, count, &settings, |source| {
        terminal::note(&format!("training without {source}, then learning from it"));
    });
    let (before, after) = (Report::of(&told.before), Report::of(&told.after));
    if !arguments.json {
        tell_gain(&before, &after, corrections);
    }
    Ok(BTreeMap::from([
        ("left-out sources, after corrections", after),
        ("left-out sources, before", before),
    ]))
}

/// What is trained on when sources are left out.
fn training(
    arguments: &Eval,
    mut posts: Vec<LabelledPost>,
    config: &Config,
) -> Result<(TrainingSet, TrainSettings)> {
    if arguments.seed_corpus {
        posts.extend(seed_posts());
    }
    let settings = TrainSettings::default();
    let set = TrainingSet::of(&posts, &wiring::rules(config)?, settings.space);
    Ok((set, settings))
}

fn tell_gain(before: &Report, after: &Report, corrections: u32) {
    terminal::line(&format!(
        "macro-F1, every source counting the same: {:.3}, after {corrections} corrections of \
         each {:.3}",
        before.even_macro_f1, after.even_macro_f1
    ));
    for (source, figures) in &before.sources {
        let Some(later) = after.sources.get(source) else {
            continue;
        };
        terminal::line(&format!(
            "  {source:22} its common labels {:.3}, after {:.3}; right {:.3}, after {:.3}",
            common_macro_f1(figures),
            common_macro_f1(later),
            figures.accuracy,
            later.accuracy
        ));
    }
}

fn judged(classifier: &Classifier, posts: &[LabelledPost]) -> Vec<Judgement> {
    let judge = |post: &LabelledPost| {
        let mut mention = Mention::new(Slug::from_any("api"), "", post.text.clone());
        mention.lang.clone_from(&post.lang);
        let verdict = classifier.classify(&mention);
        Judgement {
            source: post.source.clone(),
            truth: post.label,
            guess: verdict.label,
            scores: Label::ALL.map(|label| verdict.scores.of(label)),
        }
    };
    posts.iter().map(judge).collect()
}

fn tell(name: &str, report: &Report) {
    terminal::line(&format!(
        "{name}: macro-F1 {:.3}; every source counting the same {:.3}; calibration error {:.3}",
        report.overall.macro_f1, report.even_macro_f1, report.overall.calibration_error
    ));
    row("all", &report.overall);
    for (source, figures) in &report.sources {
        row(source, figures);
    }
    terminal::line("  rows are what posts are, columns what they were taken for");
    for (label, counts) in Label::ALL.iter().zip(report.overall.confusion) {
        let cells: Vec<String> = counts.iter().map(|count| format!("{count:7}")).collect();
        terminal::line(&format!("  {:10} {}", label.as_str(), cells.join(" ")));
    }
}

fn row(source: &str, figures: &Figures) {
    let labels: Vec<String> = Label::ALL
        .iter()
        .filter_map(|label| {
            let figures = figures.labels.get(label.as_str())?;
            Some(format!(
                "{label} P {:.2} R {:.2} F1 {:.3}",
                figures.precision, figures.recall, figures.f1
            ))
        })
        .collect();
    terminal::line(&format!(
        "  {source:22} {:6} posts  macro-F1 {:.3}  {}",
        figures.posts,
        figures.macro_f1,
        labels.join("  ")
    ));
}
