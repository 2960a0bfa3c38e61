//! `switchboard train`: labelled posts in, a model file out.

use super::encoder;
use super::labelled::{LabelledPosts, read};
use crate::arguments::Train;
use crate::config::{Config, Environment};
use crate::exit::{Done, Failure};
use crate::{terminal, wiring};
use anyhow::Result;
use std::path::Path;
use switchboard_classify::LinearModel;
use switchboard_classify::train::validate::{calibrated, judge};
use switchboard_classify::train::{
    Report, Split, TrainSettings, TrainingSet, cross_validate, seed_posts, train,
};

pub(crate) fn run(arguments: &Train, environment: &Environment) -> Result<Done> {
    let config = Config::load(arguments.config.as_deref(), environment)?;
    let rules = wiring::rules(&config)?;
    let LabelledPosts { mut posts, done } = read(&arguments.data)?;
    if arguments.seed_corpus {
        posts.extend(seed_posts());
    }
    if posts.is_empty() {
        let message = "nothing to train on; name files with `--data` or add `--seed-corpus`";
        return Err(Failure::Usage(message.to_owned()).into());
    }
    let mut settings = TrainSettings {
        seed: arguments.seed,
        ..TrainSettings::default()
    };
    terminal::note(&format!("reading {} posts", posts.len()));
    let set = TrainingSet::of(&posts, &rules, settings.space);
    if let Some(folder) = &arguments.encoder {
        encoder::train(arguments, folder, &posts, &set, &settings)?;
        return Ok(done);
    }
    if !arguments.no_validation {
        settings = validated(&set, settings);
    }
    terminal::note("training on everything");
    let model = train(&set, &set.select(|_| true), &settings);
    save(arguments, &model)?;
    Ok(done)
}

/// Trains without each source and without each fifth, says what comes out, and fits the
/// confidence to it.
fn validated(set: &TrainingSet, settings: TrainSettings) -> TrainSettings {
    let told = |split| {
        cross_validate(set, split, &settings, |part| {
            terminal::note(&format!("training {part}"));
        })
    };
    let sources = told(Split::Source);
    let fifths = told(Split::Fifth);
    let decision = calibrated(set, &[&sources, &fifths], settings.decision);
    for (outcomes, name) in [(&sources, "left-out sources"), (&fifths, "left-out fifths")] {
        let report = Report::of(&judge(set, outcomes, &decision));
        let overall = &report.overall;
        terminal::note(&format!(
            "{name}: macro-F1 {:.3}, every source counting the same {:.3}, calibration error {:.3}",
            overall.macro_f1, report.even_macro_f1, overall.calibration_error
        ));
    }
    TrainSettings {
        decision,
        ..settings
    }
}

fn save(arguments: &Train, model: &LinearModel) -> Result<()> {
    let bytes = model.to_bytes();
    let path = &arguments.out;
    in_place(path, &bytes)?;
    terminal::line(&format!(
        "{} ({} bytes) in {}",
        switchboard_classify::Model::version(model),
        bytes.len(),
        path.display()
    ));
    Ok(())
}

/// Writes a file beside its place first: what is in use is never seen half written.
pub(super) fn in_place(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension("partial");
    std::fs::write(&beside, bytes)
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(|error| Failure::Usage(format!("cannot write `{}`: {error}", path.display())))?;
    Ok(())
}
