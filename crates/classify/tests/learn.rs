//! Learning from corrections: what people say is taken over, what they did not speak of stays.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test"
)]

use std::sync::LazyLock;
use switchboard_classify::learn::{Replayed, adapt, is_held_back, lessons, replay_weight};
use switchboard_classify::linear::Adjustment;
use switchboard_classify::normalise::normalise;
use switchboard_classify::train::LabelledPost;
use switchboard_classify::train::example::Example;
use switchboard_classify::{Classifier, LinearModel, Model, RuleSet};
use switchboard_domain::{Label, Mention, Slug};

static RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::shipped().unwrap());
static SHIPPED: LazyLock<LinearModel> = LazyLock::new(|| LinearModel::shipped().unwrap());

/// A trade with words of its own, which no training knows.
fn stream() -> Vec<LabelledPost> {
    let endings = [
        (Label::Complaint, "has gone all wibbly in the barrel"),
        (Label::Complaint, "came out as wibbly as the one before"),
        (Label::General, "hums in the barrel as it always did"),
        (Label::General, "and a long evening beside the barrel"),
    ];
    let things = ["mead", "perry", "cider", "kvass", "sahti", "tepache", "ale"];
    let openings = [
        "well, my",
        "this year's",
        "the last",
        "grandfather's",
        "our",
    ];
    let mut posts = vec![];
    for opening in openings {
        for thing in things {
            for (label, ending) in endings {
                posts.push(LabelledPost {
                    text: format!("{opening} {thing} {ending}"),
                    label,
                    source: "brewers".to_owned(),
                    lang: Some("en".to_owned()),
                });
            }
        }
    }
    posts
}

fn parted(posts: Vec<LabelledPost>) -> (Vec<LabelledPost>, Vec<LabelledPost>) {
    posts.into_iter().partition(|post| is_held_back(&post.text))
}

fn classifier(model: &LinearModel) -> Classifier {
    Classifier::new(RuleSet::shipped().unwrap(), Box::new(model.clone()))
}

fn verdict(classifier: &Classifier, text: &str) -> (Label, f32) {
    let mention = Mention::new(Slug::from_any("x"), "1", text.to_owned());
    let verdict = classifier.classify(&mention);
    (verdict.label, verdict.confidence)
}

fn right(model: &LinearModel, posts: &[LabelledPost]) -> usize {
    let classifier = classifier(model);
    let is_right = |post: &&LabelledPost| verdict(&classifier, &post.text).0 == post.label;
    posts.iter().filter(is_right).count()
}

#[test]
fn a_new_stream_is_learned_from_its_corrections() {
    let (held_back, training) = parted(stream());
    let model = adapt(&SHIPPED, &lessons(&SHIPPED, &RULES, &training, &[], 0.0));
    let (before, after) = (right(&SHIPPED, &held_back), right(&model, &held_back));
    assert!(before < after, "{before} before, {after} after");
    assert!(after * 10 >= held_back.len() * 9, "{after}");
    assert_ne!(model.version(), SHIPPED.version());
    let again = adapt(&SHIPPED, &lessons(&SHIPPED, &RULES, &training, &[], 0.0));
    assert!(model.to_bytes() == again.to_bytes(), "it repeats itself");
    assert!(LinearModel::from_bytes(&model.to_bytes()).unwrap() == model);
}

#[test]
fn mistakes_alone_do_not_turn_the_stream_around() {
    let shipped = classifier(&SHIPPED);
    let (held_back, training) = parted(stream());
    let is_wrong = |post: &LabelledPost| verdict(&shipped, &post.text).0 != post.label;
    let (wrong, rest): (Vec<_>, Vec<_>) = training.into_iter().partition(is_wrong);
    let traffic: Vec<Replayed> = rest
        .into_iter()
        .map(|post| {
            let (label, confidence) = verdict(&shipped, &post.text);
            let post = LabelledPost { label, ..post };
            Replayed { post, confidence }
        })
        .collect();
    let weight = replay_weight(wrong.len(), wrong.len(), &traffic);
    assert!(weight > 0.0);
    let model = adapt(
        &SHIPPED,
        &lessons(&SHIPPED, &RULES, &wrong, &traffic, weight),
    );
    let (before, after) = (right(&SHIPPED, &held_back), right(&model, &held_back));
    assert!(after > before, "{before} before, {after} after");
}

#[test]
fn without_lessons_every_verdict_stays() {
    let model = adapt(&SHIPPED, &[]);
    let (before, after) = (classifier(&SHIPPED), classifier(&model));
    for text in [
        "my parcel is late and nobody answers",
        "is the blue one in stock",
        "they knew it burns and sold it to children, boycott them",
        "a long evening by the river",
    ] {
        let (before, after) = (verdict(&before, text), verdict(&after, text));
        assert_eq!(before.0, after.0, "{text}");
        assert!((before.1 - after.1).abs() < 0.02, "{before:?} {after:?}");
    }
}

#[test]
fn a_heavy_word_just_learned_is_not_cut_off() {
    let post = Example::of(&normalise("our sahti"), SHIPPED.space());
    let (words, value_of_one) = post.matter()[0];
    let mut table = vec![[0.0; 4]; SHIPPED.buckets()];
    table[words[1] as usize][0] = 5.0;
    let adjustment = Adjustment {
        scale: [1.0; 4],
        bias: [0.0; 4],
        table,
    };
    let moved = SHIPPED.adjusted(&adjustment, [0.25; 4]);
    let [before, after] = [&*SHIPPED, &moved].map(|model| model.logits_of_example(&post)[0]);
    let want = 5.0 * value_of_one;
    assert!(
        (after - before - want).abs() < 0.1 * want,
        "{before} {after}"
    );
}
