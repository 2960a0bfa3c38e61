//! What each part brings: `cargo run --release -p switchboard-classify --example ablations --
//! TRAIN DEV`.
//!
//! Trains without one part at a time (rules, seed corpus, letter groups, signs, handles, each
//! source) and prints macro-F1 over posts of left-out sources and over DEV for the full model,
//! and the same for what ships: trained on what its licence allows.
#![expect(clippy::print_stdout, reason = "a command for people")]

use std::fs::File;
use std::io::BufReader;
use switchboard_classify::RuleSet;
use switchboard_classify::train::validate::{Outcome, judge};
use switchboard_classify::train::{
    LabelledPost, Report, TrainSettings, TrainingSet, read_posts, seed_posts, train,
};

/// Families of sources that the shipped model may learn from; the seed corpus comes on top.
const FREE: [&str; 3] = ["fb", "finnews", "iphonex"];

fn main() -> anyhow::Result<()> {
    let mut paths = std::env::args().skip(1);
    let mut file = |name: &str| -> anyhow::Result<Vec<LabelledPost>> {
        let path = paths
            .next()
            .ok_or_else(|| anyhow::anyhow!("which {name}?"))?;
        Ok(read_posts(BufReader::new(File::open(path)?))?.0)
    };
    let (mut posts, dev) = (file("TRAIN")?, file("DEV")?);
    let trained = posts.len();
    posts.extend(dev);
    let judged = posts.len();
    posts.extend(seed_posts());
    let rules = RuleSet::shipped().map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
    let settings = TrainSettings::default();
    let set = TrainingSet::of(&posts, &rules, settings.space);
    println!("{:22} full: left out, dev; shipped: left out, dev", "");
    for part in parts(&set) {
        let lab = Laboratory {
            set: without(&set, &part),
            without: part,
            trained,
            judged,
            settings,
        };
        println!("{}", lab.row());
    }
    Ok(())
}

fn parts(set: &TrainingSet) -> Vec<String> {
    let own = ["nothing", "rules", "seed", "letters", "signs", "handles"];
    let families = set.families.iter().filter(|name| *name != "seed");
    own.iter()
        .map(|&part| part.to_owned())
        .chain(families.cloned())
        .collect()
}

/// The set with a part of every post's features taken away.
fn without(set: &TrainingSet, part: &str) -> TrainingSet {
    let mut set = set.clone();
    for example in &mut set.examples {
        match part {
            "rules" => example.rules = [0.0; 4],
            "letters" => example.grams.truncate(example.words),
            "signs" => example.signs.clear(),
            "handles" => example.handles.clear(),
            _ => {}
        }
    }
    set
}

struct Laboratory {
    set: TrainingSet,
    without: String,
    /// Posts before this are the training's, those before `judged` are DEV's, the rest our own.
    trained: usize,
    judged: usize,
    settings: TrainSettings,
}

impl Laboratory {
    fn row(&self) -> String {
        let figures = [
            self.left_out(|_| true),
            self.dev(|_| true),
            self.left_out(|family| FREE.contains(&family)),
            self.dev(|family| FREE.contains(&family)),
        ];
        let figures = figures.map(|figure| format!("{figure:.3}")).join(", ");
        format!("without {:14} {figures}", self.without)
    }

    fn family(&self, at: usize) -> &str {
        let family = self.set.family_of.get(at).copied().unwrap_or_default();
        self.set.families.get(family).map_or("", String::as_str)
    }

    fn may_train(&self, at: usize, allowed: &impl Fn(&str) -> bool) -> bool {
        let family = self.family(at);
        if family == self.without {
            return false;
        }
        at >= self.judged || allowed(family)
    }

    /// Each source in turn judged by a model that was trained on no post of it.
    fn left_out(&self, allowed: impl Fn(&str) -> bool) -> f64 {
        let mut outcomes = Vec::new();
        for family in self.set.families.iter().filter(|name| *name != "seed") {
            let chosen = self
                .set
                .select(|at| self.may_train(at, &allowed) && self.family(at) != family.as_str());
            let judged = self.set.select(|at| self.family(at) == family.as_str());
            outcomes.extend(self.outcomes(&chosen, &judged));
        }
        self.macro_f1(&outcomes)
    }

    fn dev(&self, allowed: impl Fn(&str) -> bool) -> f64 {
        let is_dev = |at: usize| (self.trained..self.judged).contains(&at);
        let chosen = self
            .set
            .select(|at| self.may_train(at, &allowed) && !is_dev(at));
        let judged: Vec<usize> = (self.trained..self.judged).collect();
        self.macro_f1(&self.outcomes(&chosen, &judged))
    }

    fn outcomes(&self, chosen: &[usize], judged: &[usize]) -> Vec<Outcome> {
        let model = train(&self.set, chosen, &self.settings);
        let outcome = |&post: &usize| {
            let (general, special, known) = model.heads_of_example(self.set.examples.get(post)?);
            Some(Outcome {
                post,
                general,
                special,
                known,
            })
        };
        judged.iter().filter_map(outcome).collect()
    }

    fn macro_f1(&self, outcomes: &[Outcome]) -> f64 {
        let judgements = judge(&self.set, outcomes, &self.settings.decision);
        Report::of(&judgements).overall.macro_f1
    }
}
