//! The three heads over one set of posts.

use super::corpus::LabelledPost;
use super::descent::{DescentSettings, Target, descend};
use super::example::Example;
use crate::combine::{Thresholds, index, limited};
use crate::features::FeatureSpace;
use crate::language::{detect, rule_languages};
use crate::linear::{Card, Decision, Heads, LinearModel, SOURCES_MAX};
use crate::normalise::normalise;
use crate::rules::RuleSet;
use std::collections::BTreeMap;

/// How a model is trained. The defaults were chosen by what holds on left-out sources.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainSettings {
    /// How many buckets.
    pub space: FeatureSpace,
    /// Orders the posts.
    pub seed: u64,
    /// Regularisation of the head for unknown sources.
    pub general_penalty: f32,
    /// Regularisation of the head for the trained sources, over all posts together: the more
    /// posts, the less each is held back.
    pub special_penalty: f32,
    /// Regularisation of the head that tells them apart.
    pub known_penalty: f32,
    /// How much what we wrote ourselves counts beside one other source.
    pub seed_weight: f32,
    /// How much one of those posts counts beside another post, in the head for the trained
    /// sources: there are many of them, and no stream looks like them.
    pub seed_share: f32,
    /// How much one of those posts counts where trained sources are told from others: they are
    /// all there is of the others.
    pub stranger_weight: f32,
    /// What a rule's weight counts in the head for unknown sources. Not learned: the posts
    /// that rules are for are those the data lacks.
    pub rule_weight: f32,
    /// How logits become a verdict.
    pub decision: Decision,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self {
            space: FeatureSpace {
                word_bits: 15,
                letter_bits: 16,
                has_signs: true,
            },
            seed: 1,
            general_penalty: 1.4e-3,
            special_penalty: 0.5,
            known_penalty: 1e-3,
            seed_weight: 1.5,
            seed_share: 0.1,
            stranger_weight: 1.0,
            rule_weight: 1.5,
            decision: Decision::default(),
        }
    }
}

/// Times over all posts: after these the weights hardly move.
const LABEL_EPOCHS: usize = 12;
const SOURCE_EPOCHS: usize = 5;

/// The first step; with features of length one larger steps overshoot.
const FIRST_STEP: f32 = 2.0;

/// How much groups of letters count in the head for unknown sources: at 1 it learns the trained
/// sources' words from them, at .7 and twice the regularisation left-out sources gain .005.
const GENERAL_LETTER_SHARE: f32 = 0.7;

/// Where the rules' weights are learned they move slower than n-grams: every post moves them.
const RULE_SPEED: f32 = 0.1;

/// Posts with their features, ready to be trained on in part or as a whole.
#[derive(Clone, Debug)]
pub struct TrainingSet {
    /// One per post, in the order of the posts.
    pub examples: Vec<Example>,
    /// The families of sources, by index.
    pub families: Vec<String>,
    /// The family of each post.
    pub family_of: Vec<usize>,
    /// Whether we wrote the post ourselves.
    pub is_seed: Vec<bool>,
    rules_version: String,
}

impl TrainingSet {
    /// Reads the features of every post once.
    pub fn of(posts: &[LabelledPost], rules: &RuleSet, space: FeatureSpace) -> Self {
        let mut names: BTreeMap<&str, u64> = BTreeMap::new();
        for post in posts {
            *names.entry(post.family()).or_default() += 1;
        }
        let families: Vec<String> = names.keys().map(|&name| name.to_owned()).collect();
        let place = |post: &LabelledPost| {
            families
                .iter()
                .position(|name| name == post.family())
                .unwrap_or(0)
        };
        Self {
            examples: posts
                .iter()
                .map(|post| example(post, rules, space))
                .collect(),
            family_of: posts.iter().map(place).collect(),
            is_seed: posts.iter().map(LabelledPost::is_seed).collect(),
            families,
            rules_version: rules.version().to_owned(),
        }
    }

    /// Indices of the posts for which `wanted` holds.
    pub fn select(&self, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.examples.len()).filter(|&at| wanted(at)).collect()
    }
}

fn example(post: &LabelledPost, rules: &RuleSet, space: FeatureSpace) -> Example {
    let text = normalise(&post.text);
    let language = detect(&text, post.lang.as_deref());
    let mut weights = [0.0; 4];
    for hit in rules.hits(&text, rule_languages(&language)) {
        if let Some(label) = hit.rule.label {
            weights[index(label)] += hit.rule.weight;
        }
    }
    Example {
        label: index(post.label),
        rules: limited(weights, &Thresholds::default()),
        ..Example::of(&text, space)
    }
}

/// Trains on the chosen posts of the set.
pub fn train(set: &TrainingSet, chosen: &[usize], settings: &TrainSettings) -> LinearModel {
    let columns = columns(set, chosen);
    let (even, balanced) = weigh(set, chosen, &columns, settings);
    let head = |examples: &[Example], plan: &DescentSettings| {
        let examples: Vec<&Example> = examples.iter().collect();
        descend(&examples, settings.space, plan)
    };
    let general = head(&balanced, &general_plan(settings));
    let total: f32 = even.iter().map(|example| example.weight).sum();
    let penalty = settings.special_penalty / total.max(1.0);
    let special = plan(Target::Label, LABEL_EPOCHS, penalty, settings.seed);
    let special = head(&even, &special);
    let strangers = as_strangers(even, settings.stranger_weight);
    let known = plan(
        Target::Source,
        SOURCE_EPOCHS,
        settings.known_penalty,
        settings.seed,
    );
    let heads = Heads {
        general,
        special,
        known: head(&strangers, &known),
        sources: columns.len().min(SOURCES_MAX),
    };
    let card = card(set, chosen, settings.seed);
    LinearModel::of(&heads, settings.space, settings.decision, card)
}

/// The posts as the head that tells sources apart sees them.
fn as_strangers(mut examples: Vec<Example>, weight: f32) -> Vec<Example> {
    for example in &mut examples {
        if example.source == usize::MAX {
            example.weight = weight;
        }
    }
    examples
}

/// The head for unknown sources must hold whoever is spoken to.
const fn general_plan(settings: &TrainSettings) -> DescentSettings {
    DescentSettings {
        rule_start: settings.rule_weight,
        rule_speed: 0.0,
        sees_origin: false,
        letter_share: GENERAL_LETTER_SHARE,
        ..plan(
            Target::Label,
            LABEL_EPOCHS,
            settings.general_penalty,
            settings.seed,
        )
    }
}

const fn plan(target: Target, epochs: usize, penalty: f32, seed: u64) -> DescentSettings {
    DescentSettings {
        target,
        epochs,
        first_step: FIRST_STEP,
        penalty,
        seed,
        rule_start: 1.0,
        rule_speed: RULE_SPEED,
        sees_origin: true,
        letter_share: 1.0,
    }
}

/// The families that get a column of their own: the largest, never what we wrote ourselves.
fn columns(set: &TrainingSet, chosen: &[usize]) -> Vec<usize> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for &at in chosen {
        if !set.is_seed.get(at).copied().unwrap_or(true) {
            *counts
                .entry(set.family_of.get(at).copied().unwrap_or(0))
                .or_default() += 1;
        }
    }
    let mut columns: Vec<(usize, usize)> = counts.into_iter().collect();
    columns.sort_by_key(|&(family, count)| (std::cmp::Reverse(count), family));
    columns.truncate(SOURCES_MAX);
    columns.into_iter().map(|(family, _)| family).collect()
}

/// The chosen posts twice: each counting the same, and each source and label counting the
/// same.
fn weigh(
    set: &TrainingSet,
    chosen: &[usize],
    columns: &[usize],
    settings: &TrainSettings,
) -> (Vec<Example>, Vec<Example>) {
    let mut even = Vec::with_capacity(chosen.len());
    let mut cells: BTreeMap<(usize, usize), f32> = BTreeMap::new();
    for &at in chosen {
        let (Some(example), Some(&family)) = (set.examples.get(at), set.family_of.get(at)) else {
            continue;
        };
        *cells.entry((family, example.label)).or_default() += 1.0;
        let column = columns.iter().position(|&column| column == family);
        let is_seed = set.is_seed.get(at).copied().unwrap_or(false);
        let share = if is_seed { settings.seed_weight } else { 1.0 };
        even.push((
            family,
            share,
            Example {
                source: column.unwrap_or(usize::MAX),
                weight: if is_seed { settings.seed_share } else { 1.0 },
                ..example.clone()
            },
        ));
    }
    let mut balanced = Vec::with_capacity(even.len());
    let mut total = 0.0;
    for (family, share, example) in &even {
        let labels = cells.keys().filter(|(cell, _)| cell == family).count();
        let cell = cells.get(&(*family, example.label)).copied().unwrap_or(1.0);
        let weight = share / (cell * count(labels));
        total += weight;
        balanced.push(Example {
            weight,
            ..example.clone()
        });
    }
    let mean = total / count(balanced.len().max(1));
    for example in &mut balanced {
        example.weight /= mean;
    }
    (
        even.into_iter().map(|(_, _, example)| example).collect(),
        balanced,
    )
}

#[expect(clippy::cast_precision_loss, reason = "a count of posts or labels")]
const fn count(number: usize) -> f32 {
    number as f32
}

fn card(set: &TrainingSet, chosen: &[usize], seed: u64) -> Card {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for &at in chosen {
        if let Some(name) = set
            .family_of
            .get(at)
            .and_then(|&family| set.families.get(family))
        {
            *counts.entry(name.clone()).or_default() += 1;
        }
    }
    Card {
        sources: counts.into_iter().collect(),
        rules_version: set.rules_version.clone(),
        seed,
        label_permille: Some(label_permille(set, chosen)),
    }
}

fn label_permille(set: &TrainingSet, chosen: &[usize]) -> [u16; 4] {
    let mut counts = [0_usize; 4];
    for example in chosen.iter().filter_map(|&at| set.examples.get(at)) {
        if let Some(count) = counts.get_mut(example.label) {
            *count += 1;
        }
    }
    let total = chosen.len().max(1);
    counts.map(|count| u16::try_from(count * 1000 / total).unwrap_or(1000))
}
