//! Any text as a post: shares that add up, spans on its characters, the same answer twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use switchboard_classify::{Classifier, LinearModel, RuleSet};
use switchboard_domain::{Label, Mention, Slug};

static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(|| {
    let model = LinearModel::shipped().expect("the shipped model");
    Classifier::new(
        RuleSet::shipped().expect("the shipped rules"),
        Box::new(model),
    )
});

fuzz_target!(|text: &str| {
    let mention = Mention::new(Slug::from_any("x"), "1", text);
    let verdict = CLASSIFIER.classify(&mention);
    let total: f32 = Label::ALL
        .iter()
        .map(|&label| verdict.scores.of(label))
        .sum();
    assert!((total - 1.0).abs() < 1e-4);
    for (from, to) in verdict.reasons.iter().filter_map(|reason| reason.span) {
        assert!(text.get(from..to).is_some());
    }
    assert_eq!(CLASSIFIER.classify(&mention), verdict);
});
