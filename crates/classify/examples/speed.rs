//! Posts per second on one core and where the time goes:
//! `cargo run --release -p switchboard-classify --example speed -- FILE [STAGE]`.
//!
//! FILE holds JSON lines with at least `text`. The stages are timed one after another over
//! all posts, so that a row is what that stage alone costs; the last row is the whole way
//! from line to line. With a STAGE only that one is run, for a profiler. Time is that of the processor: other work on the machine disturbs the
//! caches and nothing else.
#![expect(clippy::print_stdout, reason = "a command for people")]

use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::time::Instant;
use switchboard_classify::language::{detect, rule_languages};
use switchboard_classify::normalise::normalise;
use switchboard_classify::{Classifier, LinearModel, Model, RuleSet, line};

/// Each stage is run this often and its fastest round counts: the machine has other work.
const ROUNDS: usize = 5;

fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1);
    let path = path.ok_or_else(|| anyhow::anyhow!("which FILE?"))?;
    let file = std::fs::read(path)?;
    let lines: Vec<&[u8]> = file
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .collect();
    let rules = RuleSet::shipped().map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
    let model = LinearModel::shipped()?;
    let mut texts = Vec::new();
    for line in &lines {
        let fields: serde_json::Value = serde_json::from_slice(line)?;
        texts.push(fields["text"].as_str().unwrap_or_default().to_owned());
    }
    let plain: Vec<_> = texts.iter().map(|text| normalise(text)).collect();
    let languages: Vec<_> = plain.iter().map(|text| detect(text, None)).collect();
    println!(
        "{} posts, {} bytes of text",
        texts.len(),
        texts.iter().map(String::len).sum::<usize>()
    );
    time("normalise", lines.len(), || {
        for text in &texts {
            black_box(normalise(text));
        }
    });
    time("language", lines.len(), || {
        for text in &plain {
            black_box(detect(text, None));
        }
    });
    time("rules", lines.len(), || {
        for (text, language) in plain.iter().zip(&languages) {
            black_box(rules.hits(text, rule_languages(language)));
        }
    });
    time("model", lines.len(), || {
        for text in &plain {
            black_box(model.score(text, &[0.0; 4]));
        }
    });
    let classifier = Classifier::new(rules, Box::new(model));
    let mut out = Vec::with_capacity(1 << 20);
    time("line to line", lines.len(), || {
        for line in &lines {
            if out.len() > 1 << 19 {
                out.clear();
            }
            let _refused = line::classify_into(&classifier, line, &mut out);
        }
    });
    one_post(&classifier, &lines);
    Ok(())
}

/// How long one post takes, by the clock on the wall: half, 99 and 99.9 of a hundred at most.
fn one_post(classifier: &Classifier, lines: &[&[u8]]) {
    if std::env::args()
        .nth(2)
        .is_some_and(|only| only != "one post")
    {
        return;
    }
    let mut out = Vec::new();
    let mut spent: Vec<f64> = lines
        .iter()
        .map(|line| {
            out.clear();
            let start = Instant::now();
            let _refused = line::classify_into(classifier, line, &mut out);
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    spent.sort_by(f64::total_cmp);
    let at = |thousandths: usize| {
        let place = spent.len().saturating_sub(1) * thousandths / 1000;
        spent.get(place).copied().unwrap_or(0.0)
    };
    println!(
        "one post       {:8.2} µs, {:.2} in 99 of 100, {:.2} in 999 of 1000",
        at(500),
        at(990),
        at(999)
    );
}

fn time(name: &str, posts: usize, mut work: impl FnMut()) {
    if std::env::args().nth(2).is_some_and(|only| only != name) {
        return;
    }
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = processor_seconds();
        work();
        best = best.min(processor_seconds() - start);
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of posts")]
    let posts = posts as f64;
    println!(
        "{name:14} {:8.2} µs a post {:10.0} posts/s",
        best * 1e6 / posts,
        posts / best
    );
}

fn processor_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    #[expect(clippy::cast_precision_loss, reason = "seconds of one run")]
    let seconds = time.tv_sec as f64;
    #[expect(clippy::cast_precision_loss, reason = "less than a second")]
    let rest = time.tv_nsec as f64;
    seconds + rest / 1e9
}
