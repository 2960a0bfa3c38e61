//! Any bytes as a line of `switchboard classify`: a verdict that can be read back, or a refusal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use switchboard_classify::{ClassifiedLine, Classifier, LinearModel, RuleSet, classify_into};

static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(|| {
    let model = LinearModel::shipped().expect("the shipped model");
    Classifier::new(
        RuleSet::shipped().expect("the shipped rules"),
        Box::new(model),
    )
});

fuzz_target!(|line: &[u8]| {
    let mut told = Vec::new();
    if classify_into(&CLASSIFIER, line, &mut told).is_ok() {
        serde_json::from_slice::<ClassifiedLine>(&told).expect("a verdict is a line of JSON");
    } else {
        assert!(told.is_empty());
    }
});
