//! Measures the classifier on labelled posts: `cargo run --example eval -- FILE [--rules FILE] [--errors N] [--speed]`.
//!
//! FILE holds one `{"id","text","label","source","lang"}` a line. Prints precision, recall
//! and F1 per class, over all and per source. `--errors N` prints every Nth miss with its
//! reasons; `--speed` prints posts per second on one core. Lines without a label are
//! counted by the label they get.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command for people"
)]

use std::collections::BTreeMap;
use std::time::Instant;
use switchboard_classify::{Classifier, NoModel, RuleSet};
use switchboard_domain::{Classification, Label, Mention, Slug};

struct Post {
    text: String,
    label: Option<Label>,
    source: String,
}

type Counts = BTreeMap<(Label, Label), u32>;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments
        .next()
        .ok_or_else(|| anyhow::anyhow!("which FILE?"))?;
    let options: Vec<String> = arguments.collect();
    let posts = read(&path)?;
    let rules = match value_of(&options, "--rules") {
        Some(path) => RuleSet::parse(&std::fs::read_to_string(path)?),
        None => RuleSet::shipped(),
    };
    let rules = rules.map_err(|problems| {
        for problem in &problems {
            eprintln!("rules:{problem}");
        }
        anyhow::anyhow!("{} problems in the rules", problems.len())
    })?;
    let classifier = Classifier::new(rules, Box::new(NoModel));
    if options.iter().any(|option| option == "--speed") {
        measure_speed(&classifier, &posts);
        return Ok(());
    }
    let every = value_of(&options, "--errors").and_then(|every| every.parse().ok());
    report(&classifier, &posts, every);
    Ok(())
}

fn value_of<'a>(options: &'a [String], name: &str) -> Option<&'a str> {
    let at = options.iter().position(|option| option == name)?;
    options.get(at + 1).map(String::as_str)
}

fn read(path: &str) -> anyhow::Result<Vec<Post>> {
    std::fs::read_to_string(path)?
        .lines()
        .map(|line| {
            let fields: serde_json::Value = serde_json::from_str(line)?;
            let text_of = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
            Ok(Post {
                text: text_of("text"),
                label: Label::parse(&text_of("label")),
                source: text_of("source"),
            })
        })
        .collect()
}

fn judge(classifier: &Classifier, post: &Post) -> Classification {
    classifier.classify(&Mention::new(Slug::from_any("x"), "1", post.text.clone()))
}

fn report(classifier: &Classifier, posts: &[Post], every: Option<usize>) {
    let mut all = Counts::new();
    let mut by_source: BTreeMap<&str, Counts> = BTreeMap::new();
    let mut misses = 0;
    for post in posts {
        let verdict = judge(classifier, post);
        let truth = post.label.unwrap_or(verdict.label);
        *all.entry((truth, verdict.label)).or_default() += 1;
        let source = by_source.entry(&post.source).or_default();
        *source.entry((truth, verdict.label)).or_default() += 1;
        if truth != verdict.label {
            misses += 1;
            if every.is_some_and(|every| misses % every == 0) {
                let names: Vec<&str> = verdict
                    .reasons
                    .iter()
                    .map(|reason| reason.name.as_str())
                    .collect();
                println!(
                    "{truth} taken for {}: {} {names:?}",
                    verdict.label, post.text
                );
            }
        }
    }
    for (source, counts) in &by_source {
        print_counts(source, counts);
    }
    print_counts("all", &all);
}

fn print_counts(name: &str, counts: &Counts) {
    let count = |wanted: &dyn Fn(Label, Label) -> bool| -> f64 {
        counts
            .iter()
            .filter(|((truth, guess), _)| wanted(*truth, *guess))
            .map(|(_, count)| f64::from(*count))
            .sum()
    };
    let mut total = 0.0;
    print!("{name:20}");
    for label in Label::ALL {
        let hit = count(&|truth, guess| truth == label && guess == label);
        let precision = hit / count(&|_, guess| guess == label).max(1.0);
        let recall = hit / count(&|truth, _| truth == label).max(1.0);
        let f1 = 2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE);
        total += f1;
        print!(" | {label} P {precision:.2} R {recall:.2} F {f1:.3}");
    }
    println!(" | macro {:.3}", total / 4.0);
}

fn measure_speed(classifier: &Classifier, posts: &[Post]) {
    let mentions: Vec<Mention> = posts
        .iter()
        .map(|post| Mention::new(Slug::from_any("x"), "1", post.text.clone()))
        .collect();
    let mut checksum = 0;
    for round in 0..5 {
        let start = Instant::now();
        for mention in &mentions {
            checksum += u32::from(classifier.classify(mention).severity);
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of posts")]
        let rate = mentions.len() as f64 / start.elapsed().as_secs_f64();
        println!("round {round}: {rate:.0} posts/s ({checksum})");
    }
}
