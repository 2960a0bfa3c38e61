//! The encoder: reads a folder or says why not, gives every text a vector, and a head learns
//! from those and keeps its file's promise.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test"
)]

mod tiny;

use proptest::prelude::*;
use rstest::rstest;
use std::path::PathBuf;
use std::sync::LazyLock;
use switchboard_classify::RuleSet;
use switchboard_classify::encoder::{
    Encoder, EncoderError, Head, HeadSettings, Joint, SecondModel, Trial, Vectors, examine,
    train_head,
};
use switchboard_classify::linear::Decision;
use switchboard_classify::train::validate::Outcome;
use switchboard_classify::train::{LabelledPost, Split, TrainSettings, TrainingSet};
use switchboard_domain::{Label, Scores};
use tempfile::TempDir;
use tiny::Network;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| folder(Network::Sound));

static ENCODER: LazyLock<Encoder> = LazyLock::new(|| Encoder::open(FOLDER.path(), 1).unwrap());

fn folder(network: Network) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    tiny::write(folder.path(), network);
    folder
}

fn english() -> Vec<String> {
    vec!["en".to_owned()]
}

fn post(text: &str, label: Label, lang: &str, source: &str) -> LabelledPost {
    LabelledPost {
        text: text.to_owned(),
        label,
        source: source.to_owned(),
        lang: Some(lang.to_owned()),
    }
}

/// Two sources, told apart by nothing, and one post that the encoder does not read.
fn posts() -> Vec<LabelledPost> {
    let mut posts = Vec::new();
    for (at, source) in ["shop", "rail"].into_iter().cycle().take(24).enumerate() {
        let (complaint, chatter) = match at % 3 {
            0 => ("the kettle leaks again", "lovely day"),
            1 => ("late again !", "nice song"),
            _ => ("refund the broken kettle", "the sun ! nice music"),
        };
        posts.push(post(complaint, Label::Complaint, "en", source));
        posts.push(post(chatter, Label::General, "en", source));
    }
    posts.push(post("kettle broken", Label::General, "xx", "shop"));
    posts
}

fn set(posts: &[LabelledPost]) -> TrainingSet {
    let no_rules = RuleSet::parse("version = 'none'").unwrap();
    TrainingSet::of(posts, &no_rules, TrainSettings::default().space)
}

const SETTINGS: HeadSettings = HeadSettings {
    penalty: 1e-3,
    ..HeadSettings::MANY_SOURCES
};

fn head() -> Head {
    let posts = posts();
    let set = set(&posts);
    let vectors = Vectors::of(&ENCODER, &posts, &english(), |_, _| ()).unwrap();
    let all = set.select(|_| true);
    train_head(&set, &vectors, &all, &SETTINGS, Joint::of(&SETTINGS))
}

#[rstest]
#[case::no_network("model.onnx")]
#[case::no_tokenizer("tokenizer.json")]
fn a_missing_file_is_named(#[case] name: &str) {
    let folder = folder(Network::Sound);
    std::fs::remove_file(folder.path().join(name)).unwrap();
    let error = Encoder::open(folder.path(), 1).unwrap_err();
    assert!(matches!(&error, EncoderError::File { path, .. } if path.ends_with(name)));
    assert!(error.to_string().contains(name), "{error}");
}

#[rstest]
#[case::one_number_per_piece(Network::Flat, "has the shape [1, 128] where [1, 128, width]")]
#[case::no_text(Network::Picture, "wants an input `pixels`")]
#[case::fewer_pieces_than_the_tokenizer(Network::Short, "`model.onnx` does not fit")]
#[case::nothing_in_it(Network::Silent, "is no number, or nothing")]
fn a_network_that_is_no_encoder_is_refused(#[case] network: Network, #[case] why: &str) {
    let error = Encoder::open(folder(network).path(), 1).unwrap_err();
    assert!(matches!(error, EncoderError::Network(_)), "{error:?}");
    assert!(error.to_string().contains(why), "{error}");
}

#[rstest]
#[case::another_kind(tiny::tokenizer("BPE"), "it is a `BPE` and no `WordPiece`")]
#[case::another_form("[]".to_owned(), "does not fit")]
#[case::another_alphabet(tiny::tokenizer("WordPiece").replace("[SEP]", "</s>"), "no piece `[SEP]`")]
#[case::other_plain_text(tiny::tokenizer("WordPiece").replace("BertN", "N"), "no `BertNormalizer`")]
fn a_foreign_tokenizer_is_refused(#[case] json: String, #[case] why: &str) {
    let folder = folder(Network::Sound);
    std::fs::write(folder.path().join("tokenizer.json"), json).unwrap();
    let error = Encoder::open(folder.path(), 1).unwrap_err();
    assert!(matches!(error, EncoderError::Tokenizer(_)), "{error:?}");
    assert!(error.to_string().contains(why), "{error}");
}

#[rstest]
#[case::nothing(|_| 0)]
#[case::cut_off(|length| length / 2)]
#[case::the_last_byte_lost(|length| length - 1)]
fn a_network_that_is_not_whole_is_refused(#[case] kept: fn(usize) -> usize) {
    let whole = std::fs::read(FOLDER.path().join("model.onnx")).unwrap();
    refused_as_not_whole(&whole[..kept(whole.len())]);
}

/// The library alone would read these for ever.
#[test]
fn a_network_of_random_bytes_is_refused() {
    refused_as_not_whole(&[0xa5; 300]);
}

fn refused_as_not_whole(onnx: &[u8]) {
    let folder = folder(Network::Sound);
    std::fs::write(folder.path().join("model.onnx"), onnx).unwrap();
    let error = Encoder::open(folder.path(), 1).unwrap_err();
    assert!(matches!(error, EncoderError::Network(_)), "{error:?}");
    assert!(error.to_string().contains("cut off on its way"), "{error}");
}

#[rstest]
#[case::case_and_accents("Thé KETTLE leaks", "the kettle leaks", true)]
#[case::control_characters("the\u{0} kettle\u{7} leaks", "the kettle leaks", true)]
#[case::unknown_words_are_all_one("zebra", "giraffe", true)]
#[case::word_pieces_count("the kettle leak", "the kettle leaks", false)]
#[case::words_count("lovely day", "late again", false)]
fn pieces_are_those_of_the_original(#[case] one: &str, #[case] other: &str, #[case] same: bool) {
    let [one, other] = [one, other].map(|text| ENCODER.embed(text).unwrap());
    assert_eq!(one == other, same);
}

#[test]
fn what_follows_the_last_piece_read_changes_nothing() {
    let long = "the kettle leaks again ".repeat(60);
    let longer = format!("{long} lovely day {}", "music ".repeat(100_000));
    assert_eq!(
        ENCODER.embed(&long).unwrap(),
        ENCODER.embed(&longer).unwrap()
    );
    let short = "the kettle leaks again";
    assert_ne!(ENCODER.embed(short).unwrap(), ENCODER.embed(&long).unwrap());
}

proptest! {
    #[test]
    fn every_text_has_one_vector_of_length_one(text in "(\\PC|[\u{0}-\u{1f}]|\u{301}|[a-z !]){0,300}") {
        let vector = ENCODER.embed(&text).unwrap();
        prop_assert_eq!(vector.len(), tiny::WIDTH);
        let length: f32 = vector.iter().map(|value| value * value).sum();
        prop_assert!((length - 1.0).abs() < 1e-3);
        prop_assert_eq!(vector, ENCODER.embed(&text).unwrap());
    }

    #[test]
    fn a_head_never_turns_a_first_verdict_it_has_nothing_to_say_about(
        first in prop::array::uniform4(0.01f32..1.0),
        logits in prop::array::uniform4(-20f32..20.0),
    ) {
        let total: f32 = first.iter().sum();
        let first = first.map(|score| score / total);
        let joint = Joint { shares: [0.0; 4], temperature: 1.0 };
        for (score, before) in joint.scores(&first, &logits).into_iter().zip(first) {
            prop_assert!((score - before).abs() < 1e-4);
        }
    }
}

#[test]
fn a_head_learns_and_a_first_verdict_in_doubt_follows_it() {
    let (head, path) = (head(), FOLDER.path().join("head"));
    std::fs::write(&path, head.to_bytes()).unwrap();
    let second = SecondModel::open(FOLDER.path(), &path).unwrap();
    let doubt = Scores {
        complaint: 0.4,
        lead: 0.1,
        pr_risk: 0.1,
        general: 0.4,
    };
    let complaint = second.scores("broken again", "en", &doubt).unwrap();
    let chatter = second.scores("nice day", "en", &doubt).unwrap();
    assert!(
        complaint.complaint > 0.5 && chatter.general > 0.5,
        "{complaint:?} {chatter:?}"
    );
    let sum = complaint.complaint + complaint.lead + complaint.pr_risk + complaint.general;
    assert!((sum - 1.0).abs() < 1e-4);
    assert_eq!(second.scores("broken again", "de", &doubt).unwrap(), doubt);
    assert!(second.version().starts_with("encoder-"));
}

#[test]
fn a_label_without_posts_is_left_to_the_first_verdict() {
    let head = head();
    assert_eq!(head.labels, [true, false, false, true]);
    let logits = head.logits(&ENCODER.embed("broken kettle").unwrap());
    assert!(logits[0] > 0.0 && (logits[1], logits[2]) == (0.0, 0.0));
}

#[test]
fn the_same_posts_give_the_same_file() {
    let bytes = head().to_bytes();
    assert_eq!(bytes, head().to_bytes());
    assert_eq!(Head::from_bytes(&bytes).unwrap(), head());
    assert_eq!(
        head().card.sources,
        [("rail".to_owned(), 24), ("shop".to_owned(), 24)]
    );
}

#[test]
fn a_damaged_head_is_refused_wherever_the_damage_is() {
    let bytes = head().to_bytes();
    for at in (0..bytes.len()).step_by(7) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        let error = Head::from_bytes(&damaged).map(|_| at).unwrap_err();
        assert!(matches!(error, EncoderError::Head(_)));
    }
    assert!(Head::from_bytes(&bytes[..bytes.len() / 2]).is_err());
}

#[test]
fn a_head_of_another_encoder_is_refused() {
    let other = Head {
        encoder: "1f2e3d4c5b6a".to_owned(),
        ..head()
    };
    let path = FOLDER.path().join("foreign");
    std::fs::write(&path, other.to_bytes()).unwrap();
    let error = SecondModel::open(FOLDER.path(), &path).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("was trained for the encoder 1f2e3d4c"),
        "{error}"
    );
}

#[test]
fn a_head_judges_what_it_was_not_trained_on() {
    let posts = posts();
    let set = set(&posts);
    let vectors = Vectors::of(&ENCODER, &posts, &english(), |_, _| ()).unwrap();
    let opinions = examine(&set, &vectors, Split::Source, &SETTINGS);
    assert_eq!(
        opinions.len(),
        posts.len() - 1,
        "one is in another language"
    );
    let undecided = Outcome {
        post: 0,
        general: [0.1, 0.0, 0.0, 0.0],
        special: [0.0; 4],
        known: 0.0,
    };
    let outcomes: Vec<Outcome> = (0..posts.len())
        .map(|post| Outcome { post, ..undecided })
        .collect();
    let joint = Joint::of(&SETTINGS);
    let trial = Trial::of(&set, &outcomes, &Decision::default(), &opinions, &joint);
    let right = |judged: &[switchboard_classify::train::Judgement]| {
        judged
            .iter()
            .filter(|judged| judged.truth == judged.guess)
            .count()
    };
    assert_eq!(
        (right(&trial.first), right(&trial.alone), right(&trial.both)),
        (24, 48, 48)
    );
}

/// With the weights of a real folder, where one is at hand.
#[test]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn a_real_encoder_puts_like_beside_like() {
    let Some(folder) = std::env::var_os("SWITCHBOARD_ENCODER") else {
        println!("skipped: SWITCHBOARD_ENCODER names no model folder");
        return;
    };
    let encoder = Encoder::open(&PathBuf::from(folder), 1).unwrap();
    let [late, delayed, song] = [
        "My train is late again",
        "Our bus is delayed once more",
        "I love this song",
    ]
    .map(|text| encoder.embed(text).unwrap());
    let likeness = |one: &[f32], other: &[f32]| -> f32 {
        one.iter().zip(other).map(|(one, other)| one * other).sum()
    };
    assert!(likeness(&late, &delayed) > likeness(&late, &song) + 0.2);
}
