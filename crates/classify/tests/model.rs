//! The trained model: learns, repeats itself, keeps its file's promise, refuses broken files.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test"
)]

use rstest::rstest;
use std::sync::LazyLock;
use switchboard_classify::features::FeatureSpace;
use switchboard_classify::normalise::normalise;
use switchboard_classify::train::{LabelledPost, TrainSettings, TrainingSet, train};
use switchboard_classify::{Classifier, LinearModel, Model, ModelFileError, RuleSet};
use switchboard_domain::{Label, Mention, Slug};

/// Small enough that a test can try every byte of the file.
const TINY: TrainSettings = TrainSettings {
    space: FeatureSpace {
        word_bits: 5,
        letter_bits: 5,
        has_signs: true,
    },
    ..SETTINGS
};

const SETTINGS: TrainSettings = TrainSettings {
    space: FeatureSpace {
        word_bits: 12,
        letter_bits: 12,
        has_signs: true,
    },
    seed: 7,
    general_penalty: 1e-3,
    special_penalty: 4e-4,
    known_penalty: 3e-5,
    seed_weight: 1.0,
    seed_share: 1.0,
    stranger_weight: 1.0,
    rule_weight: 1.5,
    decision: switchboard_classify::linear::Decision {
        known_from: 0.8,
        known_to: 1.0,
        temperature: 1.0,
        offsets: [0.0; 4],
    },
};

/// No rules, so that what is learned comes from the words alone.
static NO_RULES: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::parse("version = 'none'").unwrap());

static SHIPPED: LazyLock<Classifier> = LazyLock::new(|| {
    let model = LinearModel::shipped().unwrap();
    Classifier::new(RuleSet::shipped().unwrap(), Box::new(model))
});

fn posts() -> Vec<LabelledPost> {
    let openings = ["well,", "hi there,", "so", "today", "honestly"];
    let stories = [
        (Label::Complaint, "the kettle leaks and nobody answers me"),
        (Label::Complaint, "my order is late and the zip is broken"),
        (
            Label::Lead,
            "is the blue kettle in stock, what does it cost",
        ),
        (
            Label::Lead,
            "which size should one buy, is there a discount",
        ),
        (Label::PrRisk, "the fire brigade came, a child was burned"),
        (
            Label::PrRisk,
            "the newspaper writes about forced labour there",
        ),
        (
            Label::General,
            "the garden smells of rain and the cat sleeps",
        ),
        (
            Label::General,
            "we sang all night and danced in the kitchen",
        ),
    ];
    let mut posts = Vec::new();
    for (at, opening) in openings.iter().enumerate() {
        for (label, story) in stories {
            posts.push(LabelledPost {
                text: format!("{opening} {story}"),
                label,
                source: ["shop", "forum"][at % 2].to_owned(),
                lang: None,
            });
        }
    }
    posts
}

fn trained(settings: &TrainSettings) -> LinearModel {
    let set = TrainingSet::of(&posts(), &NO_RULES, settings.space);
    train(&set, &set.select(|_| true), settings)
}

fn label_of(model: &LinearModel, text: &str) -> Label {
    let logits = model.score(&normalise(text), &[0.0; 4]).logits.unwrap();
    let best = (0..4).fold(
        0,
        |best, at| if logits[at] > logits[best] { at } else { best },
    );
    Label::ALL[best]
}

#[rstest]
#[case("the kettle leaks again", Label::Complaint)]
#[case("what does the kettle cost", Label::Lead)]
#[case("a child was burned by the kettle", Label::PrRisk)]
#[case("the cat danced in the garden", Label::General)]
fn a_small_set_is_learned(#[case] text: &str, #[case] want: Label) {
    assert_eq!(label_of(&trained(&SETTINGS), text), want);
}

#[test]
fn the_same_posts_and_seed_give_the_same_file() {
    let bytes = trained(&SETTINGS).to_bytes();
    assert!(bytes == trained(&SETTINGS).to_bytes());
    let other = TrainSettings {
        seed: 8,
        ..SETTINGS
    };
    assert!(bytes != trained(&other).to_bytes());
}

#[test]
fn a_file_read_back_is_the_same_model() {
    let model = trained(&SETTINGS);
    assert!(LinearModel::from_bytes(&model.to_bytes()).unwrap() == model);
}

#[test]
fn a_file_cut_anywhere_is_refused_with_the_reason() {
    let bytes = trained(&TINY).to_bytes();
    for length in 0..bytes.len() {
        let refusal = LinearModel::from_bytes(&bytes[..length]).unwrap_err();
        let is_known = length >= MARK_BYTES;
        assert_eq!(refusal == ModelFileError::Foreign, !is_known, "{length}");
        assert!(!is_known || refusal.to_string().contains("damaged"));
    }
}

#[test]
fn the_shipped_file_cut_at_every_64th_is_refused() {
    let bytes = LinearModel::shipped().unwrap().to_bytes();
    for part in 0..64 {
        assert!(
            LinearModel::from_bytes(&bytes[..bytes.len() * part / 64]).is_err(),
            "{part}"
        );
    }
}

const MARK_BYTES: usize = 8;

#[test]
fn a_file_with_any_byte_changed_is_refused_with_the_reason() {
    let bytes = trained(&TINY).to_bytes();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x20;
        let refusal = LinearModel::from_bytes(&changed).unwrap_err();
        let as_told = match at {
            0..MARK_BYTES => refusal == ModelFileError::Foreign,
            8..12 => matches!(refusal, ModelFileError::Format { .. }),
            _ => matches!(refusal, ModelFileError::Damaged(_)),
        };
        assert!(as_told, "{at}: {refusal}");
    }
}

/// A tiny model's file with other words in its header, its length and hash made right again.
fn with_header(changes: &[(&str, &str)]) -> Vec<u8> {
    let bytes = trained(&TINY).to_bytes();
    let (head, rest) = bytes.split_at(16);
    let length = u32::from_le_bytes(*head.last_chunk().unwrap()) as usize;
    let mut header = String::from_utf8(rest[..length].to_vec()).unwrap();
    for (from, to) in changes {
        assert!(header.contains(from), "no {from} in {header}");
        header = header.replacen(from, to, 1);
    }
    let mut file = head[..12].to_vec();
    file.extend(u32::try_from(header.len()).unwrap().to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(&rest[length..rest.len() - 32]);
    LinearModel::sealed(&file)
}

#[test]
fn a_file_put_together_anew_is_read() {
    assert!(LinearModel::from_bytes(&with_header(&[])).is_ok());
}

#[rstest]
#[case::a_huge_table("\"word_bits\":5", "\"word_bits\":60", "a size that we never make")]
#[case::no_table("\"letter_bits\":5", "\"letter_bits\":0", "a size that we never make")]
#[case::another_table("\"word_bits\":5", "\"word_bits\":6", "another size")]
#[case::endless_sources("\"sources\":2", "\"sources\":4000000000", "more sources")]
#[case::too_large_a_number("\"temperature\":1.0", "\"temperature\":1e39", "no usable number")]
#[case::division_by_nothing("\"temperature\":1.0", "\"temperature\":0.0", "no usable number")]
#[case::another_kind("\"sources\":2", "\"sources\":\"two\"", "invalid type")]
#[case::more_than_we_know("\"sources\":2", "\"sources\":2,\"x\":1", "unknown field")]
fn a_whole_file_that_no_training_writes_is_refused(
    #[case] from: &str,
    #[case] to: &str,
    #[case] why: &str,
) {
    let refusal = LinearModel::from_bytes(&with_header(&[(from, to)])).unwrap_err();
    assert!(refusal.to_string().contains(why), "{refusal}");
}

#[test]
fn each_refusal_says_why() {
    assert_eq!(
        LinearModel::from_bytes(b"PK\x03\x04 something zipped"),
        Err(ModelFileError::Foreign)
    );
    let mut later = trained(&TINY).to_bytes();
    later[8] = 9;
    assert_eq!(
        LinearModel::from_bytes(&later),
        Err(ModelFileError::Format { found: 9 })
    );
}

/// Written by format 1. It must stay readable as long as `FORMAT_VERSION` is 1.
#[test]
fn a_file_of_an_earlier_day_is_still_read() {
    let model = LinearModel::from_bytes(include_bytes!("fixtures/tiny-v1.bin")).unwrap();
    assert_eq!(model.version(), "linear-21463a43");
    assert_eq!(model.card().sources[0].0, "forum");
    let logits = model
        .score(&normalise("the kettle leaks"), &[0.0; 4])
        .logits
        .unwrap();
    let tenths = logits.map(|logit| (logit * 10.0).round() / 10.0);
    insta::assert_snapshot!(format!("{tenths:?}"), @"[1.9, 0.3, -0.8, -1.4]");
}

#[test]
fn more_from_a_rule_never_makes_its_label_less_likely() {
    let model = LinearModel::shipped().unwrap();
    let text = normalise("the parcel came late, where can I buy another");
    for label in 0..4 {
        let mut last = f32::MIN;
        for weight in 0..9_u8 {
            let mut rules = [0.0; 4];
            rules[label] = f32::from(weight) / 2.0;
            let logits = model.score(&text, &rules).logits.unwrap();
            assert!(logits[label] >= last);
            last = logits[label];
        }
    }
}

#[test]
fn the_shipped_model_fits_and_was_trained_on_what_it_may() {
    let model = LinearModel::shipped().unwrap();
    assert!(model.to_bytes().len() <= 4 << 20);
    for (source, _) in &model.card().sources {
        assert!(
            ["fb", "finnews", "iphonex", "seed"].contains(&source.as_str()),
            "{source}"
        );
    }
}

fn shipped_label(text: &str) -> Label {
    SHIPPED
        .classify(&Mention::new(Slug::from_any("x"), "1", text))
        .label
}

#[rstest]
#[case("@acme my parcel never arrived and nobody answers the phone")]
#[case("@acme how much is the green one, and do you ship to Oslo?")]
#[case("@acme your heater exploded and my daughter is in hospital")]
#[case("@acme what a lovely evening by the river")]
fn writing_it_otherwise_changes_no_label(#[case] text: &str) {
    let label = shipped_label(text);
    assert_eq!(shipped_label(&text.to_uppercase()), label);
    assert_eq!(shipped_label(&text.replace("@acme", "@other_brand")), label);
    assert_eq!(
        shipped_label(&text.replace("e ", "eeeee ")),
        shipped_label(&text.replace("e ", "ee "))
    );
    assert_eq!(shipped_label(&text.replace(' ', "  ")), label);
}

#[test]
fn the_reasons_name_words_by_their_place() {
    let text = "the kettle leaks and nobody answers me";
    let wording = trained(&SETTINGS)
        .score(&normalise(text), &[0.0; 4])
        .wording;
    let words: Vec<&str> = wording
        .iter()
        .map(|word| &text[word.span.0..word.span.1])
        .collect();
    assert!(
        words.contains(&"leaks") || words.contains(&"answers"),
        "{words:?}"
    );
}
