//! The part of `train` and `eval` that is about a sentence encoder.

use super::train::in_place;
use crate::arguments::Train;
use crate::exit::Failure;
use crate::terminal;
use anyhow::Result;
use std::path::Path;
use switchboard_classify::Classifier;
use switchboard_classify::encoder::{
    Encoder, EncoderError, HeadSettings, Joint, SecondModel, Trial, Vectors, calibrated, examine,
    train_head,
};
use switchboard_classify::linear::Decision;
use switchboard_classify::train::validate::{self, Outcome};
use switchboard_classify::train::{
    Judgement, LabelledPost, Report, Split, TrainSettings, TrainingSet, cross_validate,
};
use switchboard_domain::{Classification, Label, Mention, Scores, Slug};

/// Cores that reading the posts takes.
const THREADS: usize = 2;

/// Posts between two words of progress.
const PROGRESS_STEP: usize = 2560;

/// Loads the encoder of a folder; what is wrong with it is the user's to mend.
pub(super) fn open(folder: &Path) -> Result<Encoder> {
    Encoder::open(folder, THREADS).map_err(|error| refused(&error))
}

fn refused(error: &EncoderError) -> anyhow::Error {
    Failure::Usage(error.to_string()).into()
}

/// Reads all posts by the encoder, and says how far it is: that takes minutes.
pub(super) fn vectors(
    encoder: &Encoder,
    posts: &[LabelledPost],
    languages: &[String],
) -> Result<Vectors> {
    let told = |done: usize, all: usize| {
        if done.is_multiple_of(PROGRESS_STEP) || done == all {
            terminal::note(&format!("the encoder has read {done} of {all} posts"));
        }
    };
    Vectors::of(encoder, posts, languages, told).map_err(|error| refused(&error))
}

/// Trains without each source and without each fifth, says what comes out beside the first
/// verdict, fits the confidence to it, then trains on everything and writes the head.
pub(super) fn train(
    arguments: &Train,
    folder: &Path,
    posts: &[LabelledPost],
    set: &TrainingSet,
    settings: &TrainSettings,
) -> Result<()> {
    let vectors = vectors(&open(folder)?, posts, &arguments.encoder_languages)?;
    let own = HeadSettings::suiting(set);
    let joint = if arguments.no_validation {
        Joint::of(&own)
    } else {
        validated(set, &vectors, settings, &own)
    };
    terminal::note("training the head on everything");
    let head = train_head(set, &vectors, &set.select(|_| true), &own, joint);
    let bytes = head.to_bytes();
    in_place(&arguments.out, &bytes)?;
    let (count, path) = (bytes.len(), arguments.out.display());
    terminal::line(&format!("encoder head ({count} bytes) in {path}"));
    Ok(())
}

fn validated(
    set: &TrainingSet,
    vectors: &Vectors,
    settings: &TrainSettings,
    own: &HeadSettings,
) -> Joint {
    let left_out = [Split::Source, Split::Fifth].map(|split| {
        let outcomes = cross_validate(set, split, settings, |part| {
            terminal::note(&format!("training {part}"));
        });
        let opinions = examine(set, vectors, split, own);
        (outcomes, opinions)
    });
    let [(sources, of_sources), (fifths, of_fifths)] = &left_out;
    let decision = validate::calibrated(set, &[sources, fifths], settings.decision);
    let asked = [
        (sources.as_slice(), of_sources.as_slice()),
        (fifths.as_slice(), of_fifths.as_slice()),
    ];
    let joint = calibrated(set, &asked, &decision, own);
    for ((outcomes, opinions), left_out) in asked.into_iter().zip(["sources", "fifths"]) {
        let trial = Trial::of(set, outcomes, &decision, opinions, &joint);
        for (way, judgements) in ways(trial) {
            let overall = Report::of(&judgements).overall;
            terminal::note(&format!(
                "left-out {left_out}, {way}: macro-F1 {:.3}, right {:.3}, calibration error {:.3}",
                overall.macro_f1, overall.accuracy, overall.calibration_error
            ));
        }
    }
    joint
}

/// Judgements with the name of how they came about.
type Way = (&'static str, Vec<Judgement>);

/// The three ways of judging, named.
fn ways(trial: Trial) -> [Way; 3] {
    [
        ("first verdict", trial.first),
        ("encoder alone", trial.alone),
        ("both together", trial.both),
    ]
}

/// The judgements of posts left out of a training, in three ways.
pub(super) fn left_out(
    set: &TrainingSet,
    vectors: &Vectors,
    (split, outcomes): (Split, &[Outcome]),
    decision: &Decision,
) -> [Way; 3] {
    let settings = HeadSettings::suiting(set);
    let opinions = examine(set, vectors, split, &settings);
    let joint = calibrated(set, &[(outcomes, &opinions)], decision, &settings);
    let trial = Trial::of(set, outcomes, decision, &opinions, &joint);
    ways(trial)
}

/// The judgements of a classifier, of an encoder with its head, and of both.
pub(super) fn judged(
    classifier: &Classifier,
    folder: &Path,
    head: &Path,
    posts: &[LabelledPost],
) -> Result<Vec<(String, Vec<Judgement>)>> {
    let second = SecondModel::open(folder, head).map_err(|error| refused(&error))?;
    let mut trial = Trial::default();
    for post in posts {
        let verdict = first_verdict(classifier, post);
        let (text, language) = (post.text.as_str(), verdict.language.as_str());
        let judged = |scores| Judgement::of(&post.source, post.label, scores);
        let (both, alone) = second
            .compared(text, language, &verdict.scores)
            .map_err(|error| refused(&error))?;
        trial.first.push(judged(per_label(&verdict.scores)));
        trial.both.push(judged(per_label(&both)));
        trial.alone.extend(alone.map(judged));
    }
    Ok(ways(trial)
        .map(|(name, judgements)| (name.to_owned(), judgements))
        .into())
}

/// What rules and model say of a post by itself.
pub(super) fn first_verdict(classifier: &Classifier, post: &LabelledPost) -> Classification {
    let mut mention = Mention::new(Slug::from_any("api"), "", post.text.clone());
    mention.lang.clone_from(&post.lang);
    classifier.classify(&mention)
}

fn per_label(scores: &Scores) -> [f32; 4] {
    Label::ALL.map(|label| scores.of(label))
}
