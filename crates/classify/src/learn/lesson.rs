//! Which corrections train, which are held back, and how much each counts.

use crate::LinearModel;
use crate::combine::index;
use crate::normalise::normalise;
use crate::rules::RuleSet;
use crate::train::example::Example;
use crate::train::{LabelledPost, TrainingSet, seed_posts};
use sha2::{Digest, Sha256};

/// One correction in this many is never trained on: a quarter judges the rest, as the smallest
/// share that still leaves some 75 of 300.
const HELD_BACK_ONE_IN: u8 = 4;

/// How far rare labels are lifted: at 0 each lesson counts the same, at 1 each label. Measured
/// on left-out sources: .714 at 0, .722 at .3, .733 from .5 to .7.
const BALANCE: f32 = 0.6;

/// Lessons' worth of our own posts that stand in for a label nobody corrected to. Where none of
/// n posts is of a label, its share can still be 3 in n (the rule of three): the lessons cannot
/// say that such posts do not occur.
const UNSHOWN_LESSONS: f32 = 3.0;

/// A post as it came in, with the answer of the model in use.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// The post, under the label it was given.
    pub post: LabelledPost,
    /// How sure the model was, from 0 to 1.
    pub confidence: f32,
}

/// Whether a post judges instead of training. The same words always fall on the same side, in
/// every learning, whoever wrote them.
pub fn is_held_back(text: &str) -> bool {
    let digest = Sha256::digest(normalise(text).as_str());
    digest.first().copied().unwrap_or(0) % HELD_BACK_ONE_IN == 0
}

/// How many lessons' worth the replayed traffic counts beside `corrections`, of which `wrong`
/// were judged wrong before.
///
/// Whoever corrects does not confirm what is right: corrections hold more wrong posts than the
/// stream does, and learned alone they teach to answer otherwise always. So as much traffic
/// under its own labels is added as makes wrong posts as frequent as the model's own confidence
/// says they are; none where people confirmed as well as corrected.
#[expect(clippy::cast_precision_loss, reason = "counts of posts")]
pub fn replay_weight(corrections: usize, wrong: usize, traffic: &[Replayed]) -> f32 {
    if traffic.is_empty() || corrections == 0 {
        return 0.0;
    }
    let sure: f32 = traffic.iter().map(|replayed| replayed.confidence).sum();
    let doubtful = (1.0 - sure / traffic.len() as f32).clamp(DOUBT_MIN, 1.0);
    (wrong as f32 / doubtful - corrections as f32).max(0.0)
}

/// A model that is never in doubt would have its own answers count without end.
const DOUBT_MIN: f32 = 0.05;

/// Corrections and traffic as lessons. Traffic counts `replay_weight` lessons together.
pub fn lessons(
    model: &LinearModel,
    rules: &RuleSet,
    corrections: &[LabelledPost],
    traffic: &[Replayed],
    replay_weight: f32,
) -> Vec<Example> {
    let mut lessons = TrainingSet::of(corrections, rules, model.space()).examples;
    balance(&mut lessons);
    let own = seed_posts();
    stand_in(&mut lessons, |label| {
        let of_label = |post: &&LabelledPost| index(post.label) == label;
        let posts: Vec<LabelledPost> = own.iter().filter(of_label).cloned().collect();
        TrainingSet::of(&posts, rules, model.space()).examples
    });
    if replay_weight > 0.0 {
        let posts: Vec<LabelledPost> = traffic.iter().map(|one| one.post.clone()).collect();
        let mut replayed = TrainingSet::of(&posts, rules, model.space()).examples;
        let weight = replay_weight / count(replayed.len());
        for lesson in &mut replayed {
            lesson.weight = weight;
        }
        lessons.append(&mut replayed);
    }
    lessons
}

/// Keeps a label alive of which hardly any lesson speaks: what we wrote ourselves stands in for
/// the lessons that are missing. `own` gives those posts of a label, by its index.
pub(super) fn stand_in(lessons: &mut Vec<Example>, own: impl Fn(usize) -> Vec<Example>) {
    if lessons.is_empty() {
        return;
    }
    let mut missing = [UNSHOWN_LESSONS; 4];
    for lesson in &*lessons {
        if let Some(missing) = missing.get_mut(lesson.label) {
            *missing -= 1.0;
        }
    }
    for (label, missing) in missing.into_iter().enumerate() {
        if missing <= 0.0 {
            continue;
        }
        let posts = own(label);
        let weight = missing / count(posts.len());
        lessons.extend(posts.into_iter().map(|post| Example { weight, ..post }));
    }
}

/// Rare labels count more, all together as many as there are.
pub(super) fn balance(lessons: &mut [Example]) {
    let mut counts = [0_usize; 4];
    for lesson in &*lessons {
        if let Some(count) = counts.get_mut(lesson.label) {
            *count += 1;
        }
    }
    let weight_of = |label: usize| {
        let share = count(counts.get(label).copied().unwrap_or(0)) / count(lessons.len());
        share.powf(-BALANCE)
    };
    let weights = [0, 1, 2, 3].map(weight_of);
    let weight_of = |label: usize| weights.get(label).copied().unwrap_or(1.0);
    let total: f32 = lessons.iter().map(|lesson| weight_of(lesson.label)).sum();
    let mean = total / count(lessons.len());
    for lesson in lessons {
        lesson.weight = weight_of(lesson.label) / mean;
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of posts")]
fn count(number: usize) -> f32 {
    number.max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use switchboard_domain::Label;

    fn replayed(confidence: f32) -> Replayed {
        let post = LabelledPost {
            text: "the kettle leaks".to_owned(),
            label: Label::Complaint,
            source: "store".to_owned(),
            lang: None,
        };
        Replayed { post, confidence }
    }

    #[rstest]
    #[case::only_mistakes_need_the_stream(100, 100, 0.75, 300.0)]
    #[case::confirmed_as_well(400, 100, 0.75, 0.0)]
    #[case::more_confirmed_than_expected(400, 10, 0.75, 0.0)]
    #[case::a_model_that_never_doubts(10, 10, 1.0, 190.0)]
    fn traffic_fills_what_corrections_leave_out(
        #[case] corrections: usize,
        #[case] wrong: usize,
        #[case] confidence: f32,
        #[case] want: f32,
    ) {
        let weight = replay_weight(corrections, wrong, &[replayed(confidence)]);
        assert!((weight - want).abs() < 0.1, "{weight}");
        assert!(replay_weight(corrections, wrong, &[]).abs() < f32::EPSILON);
    }

    #[test]
    fn a_label_nobody_corrected_to_is_stood_in_for() {
        let lesson = |label: usize| Example {
            label,
            weight: 1.0,
            ..Example::default()
        };
        let mut lessons = vec![lesson(0), lesson(0), lesson(0), lesson(1)];
        stand_in(&mut lessons, |label| vec![lesson(label); 8]);
        let weight_of = |label: usize| -> f32 {
            let own = lessons.iter().filter(|lesson| lesson.label == label);
            own.map(|lesson| lesson.weight).sum()
        };
        for label in 0..4 {
            let weight = weight_of(label);
            assert!((weight - 3.0).abs() < 1e-3, "{label}: {weight}");
        }
        let mut none = vec![];
        stand_in(&mut none, |label| vec![lesson(label)]);
        assert!(none.is_empty());
    }

    #[test]
    fn a_quarter_is_held_back_whatever_the_case() {
        let words = [
            "kettle", "train", "bill", "queue", "parcel", "seat", "coat", "soup",
        ];
        let sentences = words
            .iter()
            .flat_map(|one| words.map(|other| format!("{one} {other}")));
        let held = sentences.filter(|text| is_held_back(text)).count();
        assert!((6..=26).contains(&held), "{held} of 64");
        assert_eq!(is_held_back("Never AGAIN"), is_held_back("never again"));
    }
}
