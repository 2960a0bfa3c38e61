//! What corrections are worth on a stream the model was never trained on.

use super::{adapt, lesson};
use crate::combine::index;
use crate::linear::LinearModel;
use crate::train::descent::shuffle;
use crate::train::example::Example;
use crate::train::report::Figures;
use crate::train::validate::most_likely;
use crate::train::{Judgement, TrainSettings, TrainingSet, train};
use switchboard_domain::Label;

/// Each source is learned from and judged this often, with other posts each time: a single
/// draw of 300 moves a figure by some .02.
const DRAWS: u64 = 3;

/// A label with a smaller share of a source's posts is left out of that source's mean: two
/// dozen posts of some thousand, often taken in by mistake, would decide over half the figure.
const COMMON_SHARE_MIN: f64 = 0.05;

/// The same posts judged twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transfer {
    /// By a model that has seen nothing of their source.
    pub before: Vec<Judgement>,
    /// By the same model after the corrections.
    pub after: Vec<Judgement>,
}

/// Leaves out one family of sources at a time, trains on the rest, learns from `corrections`
/// random posts of the family under their right labels, and judges the others. Families with
/// fewer than twice as many posts are passed over. `progress` is told each family's name.
pub fn transfer(
    set: &TrainingSet,
    corrections: usize,
    settings: &TrainSettings,
    mut progress: impl FnMut(&str),
) -> Transfer {
    let mut told = Transfer::default();
    for (family, name) in set.families.iter().enumerate() {
        let is_own = |at: usize| set.family_of.get(at) == Some(&family);
        let is_seed = |at: usize| set.is_seed.get(at).copied().unwrap_or(true);
        let mut own = set.select(|at| is_own(at) && !is_seed(at));
        if own.len() < 2 * corrections.max(1) {
            continue;
        }
        progress(name);
        let model = train(set, &set.select(|at| !is_own(at)), settings);
        for draw in 0..DRAWS {
            let mut random = settings.seed + draw;
            shuffle(&mut own, &mut random);
            let (learned, judged) = own.split_at(corrections);
            let moved = adapt::adapt(&model, &lessons(set, learned));
            let judge = |model: &LinearModel| {
                let judged = judged.iter().filter_map(|&at| judgement(set, model, at));
                judged.collect::<Vec<_>>()
            };
            told.before.extend(judge(&model));
            told.after.extend(judge(&moved));
        }
    }
    told
}

fn lessons(set: &TrainingSet, chosen: &[usize]) -> Vec<Example> {
    let examples = chosen.iter().filter_map(|&at| set.examples.get(at));
    let mut lessons: Vec<_> = examples.cloned().collect();
    lesson::balance(&mut lessons);
    lesson::stand_in(&mut lessons, |label| {
        let of_label = |example: &&Example| example.label == label;
        let own = set.select(|at| set.is_seed.get(at).copied().unwrap_or(false));
        let examples = own.iter().filter_map(|&at| set.examples.get(at));
        examples.filter(of_label).cloned().collect()
    });
    lessons
}

fn judgement(set: &TrainingSet, model: &LinearModel, at: usize) -> Option<Judgement> {
    let example = set.examples.get(at)?;
    let scores = crate::combine::softmax(model.logits_of_example(example));
    Some(Judgement {
        source: set.families.get(*set.family_of.get(at)?)?.clone(),
        truth: *Label::ALL.get(example.label)?,
        guess: *Label::ALL.get(most_likely(&scores))?,
        scores,
    })
}

/// The mean F1 of the labels that a source is made of: those of at least a twentieth of it.
pub fn common_macro_f1(figures: &Figures) -> f64 {
    let (mut sum, mut labels) = (0.0, 0.0);
    for label in Label::ALL {
        let Some(row) = figures.confusion.get(index(label)) else {
            continue;
        };
        if share(row.iter().sum(), figures.posts) >= COMMON_SHARE_MIN {
            sum += figures.labels.get(label.as_str()).map_or(0.0, |of| of.f1);
            labels += 1.0;
        }
    }
    sum / f64::max(labels, 1.0)
}

#[expect(clippy::cast_precision_loss, reason = "counts of posts")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}
