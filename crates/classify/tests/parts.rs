//! Each part of a verdict by itself, on posts of our own: `cargo test -p switchboard-classify
//! --test parts -- --nocapture` prints how often each is right.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a helper that cannot go on fails its test, and the figures are for people"
)]

use rstest::rstest;
use serde::Deserialize;
use std::sync::LazyLock;
use switchboard_classify::duplicate::near_duplicate_key;
use switchboard_classify::normalise::normalise;
use switchboard_classify::sentiment::sentiment;
use switchboard_classify::{Classifier, LinearModel, RuleSet};
use switchboard_domain::{Classification, Mention, NoAnswer, Slug};

/// What a post of our own should be judged to be, part by part.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    text: String,
    /// The lowest and the highest that are right.
    severity: (u8, u8),
    language: String,
    topic: Option<String>,
    no_answer: Option<NoAnswer>,
    /// -1, 0 or 1; absent in a language that no words were given for.
    sentiment: Option<i8>,
}

#[derive(Deserialize)]
struct Pair {
    one: String,
    other: String,
    same: bool,
}

static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(|| {
    let model = LinearModel::shipped().unwrap();
    Classifier::new(RuleSet::shipped().unwrap(), Box::new(model))
});

static CASES: LazyLock<Vec<Case>> =
    LazyLock::new(|| read(include_str!("fixtures/parts/posts.jsonl")));

fn read<T: serde::de::DeserializeOwned>(lines: &str) -> Vec<T> {
    let lines = lines.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

type IsRight = fn(&Case, &Classification) -> Option<bool>;

#[expect(clippy::unnecessary_wraps, reason = "one of several of this form")]
fn severity(case: &Case, verdict: &Classification) -> Option<bool> {
    let (low, high) = case.severity;
    Some((low..=high).contains(&verdict.severity))
}

fn topic(case: &Case, verdict: &Classification) -> Option<bool> {
    let topic = case.topic.as_ref()?;
    Some(verdict.topics.contains(topic))
}

#[expect(clippy::unnecessary_wraps, reason = "one of several of this form")]
fn language(case: &Case, verdict: &Classification) -> Option<bool> {
    Some(verdict.language == case.language)
}

#[expect(clippy::unnecessary_wraps, reason = "one of several of this form")]
fn no_answer(case: &Case, verdict: &Classification) -> Option<bool> {
    Some(verdict.no_answer == case.no_answer)
}

fn mood(case: &Case, _: &Classification) -> Option<bool> {
    let told = sentiment(&normalise(&case.text));
    let wanted = case.sentiment?;
    Some(told.partial_cmp(&0.0) == Some(wanted.cmp(&0)))
}

/// Parts, and of ten posts how many must be right: what is reached today, rounded down.
#[rstest]
#[case::severity("severity", 9, severity)]
#[case::topic("topic", 9, topic)]
#[case::language("language", 8, language)]
#[case::no_answer("spam and thanks", 9, no_answer)]
#[case::sentiment("sentiment", 9, mood)]
fn a_part_is_right(#[case] part: &str, #[case] of_ten: usize, #[case] is_right: IsRight) {
    let (mut right, mut all) = (0, 0);
    for case in CASES.iter() {
        let mention = Mention::new(Slug::from_any("x"), "1", case.text.clone());
        let Some(is_right) = is_right(case, &CLASSIFIER.classify(&mention)) else {
            continue;
        };
        all += 1;
        right += usize::from(is_right);
        if !is_right {
            println!("{part} wrong: {}", case.text);
        }
    }
    println!("{part}: {right} of {all} right");
    assert!(right * 10 >= all * of_ten, "{part}: {right} of {all}");
}

#[test]
fn copies_share_a_key_and_others_do_not() {
    for pair in read::<Pair>(include_str!("fixtures/parts/pairs.jsonl")) {
        let [one, other] =
            [&pair.one, &pair.other].map(|text| near_duplicate_key(&normalise(text)));
        assert!(one.is_some(), "{}", pair.one);
        assert_eq!(one == other, pair.same, "{} / {}", pair.one, pair.other);
    }
    assert_eq!(near_duplicate_key(&normalise("thanks a lot!")), None);
}
