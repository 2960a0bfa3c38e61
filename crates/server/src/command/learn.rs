//! `switchboard learn`: people's corrections in, a better model in use, or none.

mod material;
#[cfg(test)]
mod tests;
mod told;

use super::local;
use crate::arguments::Learn;
use crate::config::{Config, Environment};
use crate::exit::{Done, Failure};
use crate::models::ModelFolder;
use crate::{terminal, wiring};
use anyhow::{Result, bail};
use jiff::Timestamp;
use material::{Material, Post};
use std::path::Path;
use switchboard_classify::learn::trial::Verdict;
use switchboard_classify::learn::{
    Judged, Limits, Replayed, adapt, compare, is_held_back, lessons, replay_weight,
};
use switchboard_classify::{Classifier, LinearModel, Model};
use switchboard_domain::routing::{Facts, route};
use switchboard_domain::{Classification, ClassifiedMention, Label};
use told::Outcome;

pub(crate) async fn run(learn: Learn, environment: Environment) -> Result<Done> {
    let config = Config::load(learn.installation.config.as_deref(), &environment)?;
    let data_dir = local::data_dir(&learn.installation, &environment)?;
    let base = wiring::base_model(&config)?;
    let folder = ModelFolder::of(&data_dir, &base);
    if learn.rollback {
        return roll_back(&folder, &base);
    }
    let material = if learn.corrections.is_empty() {
        if learn.traffic.is_some() {
            let message = "`--traffic` goes with `--corrections`: the store has both itself";
            return Err(Failure::Usage(message.to_owned()).into());
        }
        let store = local::store(&learn.installation, &environment).await?;
        Material::from_store(&store).await?
    } else {
        Material::from_files(&learn.corrections, learn.traffic.as_deref(), &config)?
    };
    if learn.list {
        for record in &material.records {
            terminal::line(&serde_json::to_string(record)?);
        }
        return Ok(material.done);
    }
    let limits = Limits {
        department_loss_max: learn.department_loss_max,
        ..Limits::default()
    };
    let (model, mut outcome) = tried(&config, &data_dir, &base, &material, &limits)?;
    if outcome.comparison.is_won() && !learn.dry_run {
        outcome.adopted = Some(folder.adopt(&model)?);
    }
    outcome.tell(learn.json, learn.dry_run)?;
    if !outcome.comparison.is_won() {
        bail!("the candidate is refused; the model in use stays");
    }
    Ok(material.done)
}

fn roll_back(folder: &ModelFolder, base: &LinearModel) -> Result<Done> {
    let Some(gone) = folder.roll_back()? else {
        bail!("nothing was learned on top of {}", base.version());
    };
    let found = folder.newest()?;
    let now = found.model.map_or_else(
        || base.version().to_owned(),
        |(model, _)| model.version().to_owned(),
    );
    terminal::line(&format!(
        "{} is gone, {now} is back; {TAKES_HOLD}",
        gone.display()
    ));
    Ok(Done::Fully)
}

/// What is still to be done by whoever reads it.
const TAKES_HOLD: &str = "a running server takes it on at SIGHUP or at its next start";

/// Trains a candidate and lets it compete with the model in use.
fn tried(
    config: &Config,
    data_dir: &Path,
    base: &LinearModel,
    material: &Material,
    limits: &Limits,
) -> Result<(LinearModel, Outcome)> {
    if material.corrections.is_empty() {
        bail!("nobody has corrected or resolved anything yet: there is nothing to learn from");
    }
    let current = wiring::starting_classifier(config, data_dir)?;
    let (held_back, training) = parted(&current, &material.corrections, true);
    let (replayed_held_back, replayed) = parted(&current, &material.traffic, false);
    let replays = replays(&replayed);
    let model = adapt(
        base,
        &lessons(
            base,
            current.rules(),
            &labelled(&training),
            &replays,
            weight(&training, &replays),
        ),
    );
    let candidate = wiring::classifier_of(config, model.clone())?;
    let replay_weight = weight(&held_back, &self::replays(&replayed_held_back));
    let mut judged = judge(config, &candidate, &held_back, 1.0);
    let corrections = judged.len();
    let each = f64::from(replay_weight) / count(replayed_held_back.len());
    let traffic = judge(config, &candidate, &replayed_held_back, each);
    let moves = |one: &&Judged| one.after.label != one.truth.label;
    let replayed_moved = traffic.iter().filter(moves).count();
    if each > 0.0 {
        judged.extend(traffic);
    }
    let outcome = Outcome {
        before: current.model().version().to_owned(),
        after: model.version().to_owned(),
        trained_on: training.len(),
        held_back: corrections,
        replayed: replayed_held_back.len(),
        replayed_moved,
        comparison: compare(&judged, corrections, limits),
        adopted: None,
    };
    Ok((model, outcome))
}

/// A post with the answer of the model in use.
struct Answered<'a> {
    post: &'a Post,
    /// What it is: a person's word, or for mere traffic the model's own.
    label: Label,
    before: Classification,
}

/// Held back and not. `people` says whether somebody has judged the posts.
fn parted<'a>(
    current: &Classifier,
    posts: &'a [Post],
    people: bool,
) -> (Vec<Answered<'a>>, Vec<Answered<'a>>) {
    let answered = posts.iter().map(|post| {
        let before = current.classify(&post.mention);
        Answered {
            post,
            label: if people { post.label } else { before.label },
            before,
        }
    });
    answered.partition(|answered| is_held_back(&answered.post.mention.text))
}

fn labelled(answered: &[Answered<'_>]) -> Vec<switchboard_classify::train::LabelledPost> {
    let posts = answered.iter();
    posts.map(|one| one.post.labelled(one.label)).collect()
}

fn replays(answered: &[Answered<'_>]) -> Vec<Replayed> {
    let replayed = |one: &Answered<'_>| Replayed {
        post: one.post.labelled(one.label),
        confidence: one.before.confidence,
    };
    answered.iter().map(replayed).collect()
}

/// How much the traffic counts beside these corrections.
fn weight(corrections: &[Answered<'_>], traffic: &[Replayed]) -> f32 {
    let wrong = |one: &&Answered<'_>| one.before.label != one.label;
    let wrong = corrections.iter().filter(wrong).count();
    replay_weight(corrections.len(), wrong, traffic)
}

fn judge(
    config: &Config,
    candidate: &Classifier,
    answered: &[Answered<'_>],
    weight: f64,
) -> Vec<Judged> {
    let judge = |one: &Answered<'_>| {
        let owned = |label: Label| Verdict {
            label,
            department: department(config, one, label),
        };
        Judged {
            truth: owned(one.label),
            before: owned(one.before.label),
            after: owned(candidate.classify(&one.post.mention).label),
            weight,
        }
    };
    answered.iter().map(judge).collect()
}

/// Who owns the post under this label.
fn department(config: &Config, one: &Answered<'_>, label: Label) -> switchboard_domain::Slug {
    let classified = ClassifiedMention {
        mention: one.post.mention.clone(),
        received_at: Timestamp::UNIX_EPOCH,
        classification: Classification {
            label,
            ..one.before.clone()
        },
        brand: one.post.brand.clone(),
    };
    route(&config.route.table, &Facts::of(&classified)).department
}

#[expect(clippy::cast_precision_loss, reason = "a count of posts")]
fn count(number: usize) -> f64 {
    number.max(1) as f64
}
