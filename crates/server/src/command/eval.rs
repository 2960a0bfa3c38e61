//! `switchboard eval`: how often the classifier is right on labelled posts.

use super::encoder;
use super::labelled::{LabelledPosts, read};
use crate::arguments::Eval;
use crate::config::{Config, Environment};
use crate::exit::{Done, Failure};
use crate::{terminal, wiring};
use anyhow::Result;
use std::collections::BTreeMap;
use switchboard_classify::Classifier;
use switchboard_classify::learn::transfer;
use switchboard_classify::learn::transfer::common_macro_f1;
use switchboard_classify::train::report::Figures;
use switchboard_classify::train::validate::{judge, own_families};
use switchboard_classify::train::{
    Judgement, LabelledPost, Report, Split, TrainSettings, TrainingSet, cross_validate, seed_posts,
};
use switchboard_domain::Label;

/// Judgements under the name of how they came about.
type Judged = Vec<(String, Vec<Judgement>)>;

pub(crate) fn run(arguments: &Eval, environment: &Environment) -> Result<Done> {
    let config = Config::load(arguments.config.as_deref(), environment)?;
    let LabelledPosts { mut posts, done } = read(&arguments.data)?;
    if let Some(source) = &arguments.only_source {
        posts.retain(|post| post.source == *source);
    }
    let judged = if let Some(corrections) = arguments.corrections {
        corrected(arguments, posts, corrections, &config)?
    } else if arguments.cross_validate {
        left_out(arguments, posts, &config)?
    } else {
        as_asked(arguments, &posts, &config)?
    };
    let reports: BTreeMap<&str, Report> = judged
        .iter()
        .map(|(name, judgements)| (name.as_str(), Report::of(judgements)))
        .collect();
    if arguments.json {
        terminal::line(&serde_json::to_string(&reports)?);
    } else {
        for (name, report) in &reports {
            tell(name, report, arguments.against_rest);
        }
    }
    Ok(done)
}

/// Judges by the classifier there is, and by an encoder beside it.
fn as_asked(arguments: &Eval, posts: &[LabelledPost], config: &Config) -> Result<Judged> {
    let classifier = wiring::classifier_with(config, arguments.model.as_deref())?;
    let Some(folder) = &arguments.encoder else {
        return Ok(vec![("as asked".to_owned(), judged(&classifier, posts))]);
    };
    let Some(head) = &arguments.head else {
        let message = "`--encoder` wants `--head FILE` (see `train --encoder`) or \
                       `--cross-validate`";
        return Err(Failure::Usage(message.to_owned()).into());
    };
    encoder::judged(&classifier, folder, head, posts)
}

/// Trains anew without each source, and without each fifth, and judges what was left out.
fn left_out(arguments: &Eval, posts: Vec<LabelledPost>, config: &Config) -> Result<Judged> {
    let (posts, set, settings) = training(arguments, posts, config)?;
    let vectors = arguments.encoder.as_deref().map(|folder| {
        let encoder = encoder::open(folder)?;
        encoder::vectors(&encoder, &posts, &arguments.encoder_languages)
    });
    let vectors = vectors.transpose()?;
    let mut judged = Judged::new();
    for (name, split) in [
        ("left-out sources", Split::Source),
        ("left-out fifths", Split::Fifth),
    ] {
        if split == Split::Source && own_families(&set) < 2 {
            continue;
        }
        let outcomes = cross_validate(&set, split, &settings, |part| {
            terminal::note(&format!("training {part}"));
        });
        let decision = &settings.decision;
        if let Some(vectors) = &vectors {
            let ways = encoder::left_out(&set, vectors, (split, &outcomes), decision);
            judged.extend(ways.map(|(way, judgements)| (format!("{name}, {way}"), judgements)));
        } else {
            judged.push((name.to_owned(), judge(&set, &outcomes, decision)));
        }
    }
    Ok(judged)
}

/// Trains anew without each source, learns from some of its posts, and judges the others
/// before and after that.
fn corrected(
    arguments: &Eval,
    posts: Vec<LabelledPost>,
    corrections: u32,
    config: &Config,
) -> Result<Judged> {
    let (_, set, settings) = training(arguments, posts, config)?;
    let count = usize::try_from(corrections).unwrap_or(usize::MAX);
    let told = transfer(&set, count, &settings, |source| {
        terminal::note(&format!("training without {source}, then learning from it"));
    });
    if !arguments.json {
        let (before, after) = (Report::of(&told.before), Report::of(&told.after));
        tell_gain(&before, &after, corrections);
    }
    Ok(vec![
        ("left-out sources, after corrections".to_owned(), told.after),
        ("left-out sources, before".to_owned(), told.before),
    ])
}

/// What is trained on when sources are left out.
fn training(
    arguments: &Eval,
    mut posts: Vec<LabelledPost>,
    config: &Config,
) -> Result<(Vec<LabelledPost>, TrainingSet, TrainSettings)> {
    if arguments.seed_corpus {
        posts.extend(seed_posts());
    }
    let settings = TrainSettings::default();
    let set = TrainingSet::of(&posts, &wiring::rules(config)?, settings.space);
    Ok((posts, set, settings))
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
        let verdict = encoder::first_verdict(classifier, post);
        Judgement {
            source: post.source.clone(),
            truth: post.label,
            guess: verdict.label,
            scores: Label::ALL.map(|label| verdict.scores.of(label)),
        }
    };
    posts.iter().map(judge).collect()
}

fn tell(name: &str, report: &Report, against_rest: Option<Label>) {
    terminal::line(&format!(
        "{name}: macro-F1 {:.3}; every source counting the same {:.3}; calibration error {:.3}",
        report.overall.macro_f1, report.even_macro_f1, report.overall.calibration_error
    ));
    if let Some(label) = against_rest {
        let (macro_f1, right) = report.overall.against_rest(label);
        terminal::line(&format!(
            "  {label} against the rest: macro-F1 {macro_f1:.3}, right {right:.3}"
        ));
    }
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
