//! What holds for every text: of the rules and the shipped model together.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test"
)]

use proptest::prelude::*;
use std::fmt::Write;
use std::sync::LazyLock;
use switchboard_classify::normalise::normalise;
use switchboard_classify::{Classifier, LinearModel, Model, NoModel, RuleSet};
use switchboard_domain::{Classification, Label, Mention, Slug};

static MODEL: LazyLock<LinearModel> = LazyLock::new(|| LinearModel::shipped().unwrap());

static CLASSIFIER: LazyLock<Classifier> =
    LazyLock::new(|| Classifier::new(RuleSet::shipped().unwrap(), Box::new(MODEL.clone())));

fn mention(text: &str) -> Mention {
    Mention::new(Slug::from_any("x"), "1", text)
}

fn classify(text: &str) -> Classification {
    CLASSIFIER.classify(&mention(text))
}

/// Words that rules know among words they do not, in more than one script and dress.
fn any_text() -> impl Strategy<Value = String> {
    "(\\PC|[a-zA-Z@#!?' ]|late |REFUND |https://x |never arrived|#NeverAgain |verspätung|\
     [\u{300}-\u{36f}]|\u{202e}|😡|👏🏽|щ|的|@acme ){0,80}"
}

/// Rules on the words `kettle` and `late`, one for each label and weight.
fn rules(added: &[(usize, u8)]) -> RuleSet {
    let mut file = String::from("version = 'law'\n");
    for (nth, (label, weight)) in added.iter().enumerate() {
        let word = ["kettle", "late"][nth % 2];
        let label = Label::ALL[*label];
        let weight = f32::from(*weight) / 10.0;
        write!(
            file,
            "[[rule]]\nname = 'r{nth}'\nlabel = '{label}'\nweight = {weight:?}\n\
             any = ['\\b{word}\\b']\nmatch = ['{word}']\nno_match = ['other']\n"
        )
        .unwrap();
    }
    RuleSet::parse(&file).unwrap()
}

proptest! {
    #[test]
    fn scores_are_shares_and_spans_lie_on_characters(text in any_text()) {
        let verdict = classify(&text);
        let scores = Label::ALL.map(|label| verdict.scores.of(label));
        prop_assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)));
        prop_assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        prop_assert!(scores.iter().all(|score| *score <= verdict.confidence));
        prop_assert!(verdict.labels.contains(&verdict.label) && verdict.severity <= 10);
        for reason in &verdict.reasons {
            prop_assert!(reason.weight.is_finite());
            if let Some((from, to)) = reason.span {
                prop_assert!(text.get(from..to).is_some(), "{reason:?}");
            }
        }
    }

    /// What a post before it left in memory changes no verdict.
    #[test]
    fn a_verdict_depends_on_its_post_alone(text in any_text(), before in any_text()) {
        let first = classify(&text);
        let other = classify(&before);
        prop_assert_eq!(&classify(&text), &first);
        prop_assert_eq!(&classify(&before), &other);
        // A copied model has met no word yet.
        let plain = normalise(&text);
        let fresh = MODEL.clone().score(&plain, &[0.0; 4]);
        let warm = MODEL.score(&plain, &[0.0; 4]);
        prop_assert_eq!(fresh.logits, warm.logits);
        prop_assert_eq!(fresh.wording, warm.wording);
    }

    #[test]
    fn one_more_rule_that_matches_never_lowers_its_label(
        known in prop::collection::vec((0_usize..4, 1_u8..=100), 0..6),
        label in 0_usize..4,
        weight in 1_u8..=100,
        story in "[a-z ]{0,40}",
        with_model: bool,
    ) {
        let text = format!("{story} the kettle came late {story}");
        let score = |rules: RuleSet| {
            let model: Box<dyn Model> = if with_model {
                Box::new(MODEL.clone())
            } else {
                Box::new(NoModel)
            };
            let verdict = Classifier::new(rules, model).classify(&mention(&text));
            verdict.scores.of(Label::ALL[label])
        };
        let mut more = known.clone();
        more.push((label, weight));
        prop_assert!(score(rules(&more)) >= score(rules(&known)));
    }

    /// But for handles, links and hashtags that only folding makes: of wide letters, for one.
    #[test]
    fn folding_twice_changes_nothing(
        text in "(\\PC|[a-zA-Z!?' ]|so{3,9}|VERSPÄTUNG |[\u{300}-\u{36f}]|\u{202e}|👏🏽|ß|щ){0,80}",
    ) {
        let once = normalise(&text).as_str().to_owned();
        let made = ["@", "#", "`", "http"];
        prop_assume!(!made.iter().any(|sign| once.contains(sign)));
        let twice = normalise(&once);
        prop_assert_eq!(twice.as_str(), once);
    }

    #[test]
    fn folding_what_people_write_twice_changes_nothing(
        words in prop::collection::vec(
            "[a-zA-Zéüñç]{1,9}|@[a-z_]{1,8}|#[A-Z][a-z]{1,5}[A-Z][a-z]{1,5}|[0-9]{1,5}|\
             https://[a-z]{1,9}/[a-z?=]{0,5}|so{1,6}|[!?.,]{1,4}|😡|can’t",
            0..20,
        ),
    ) {
        let once = normalise(&words.join(" ")).as_str().to_owned();
        let twice = normalise(&once);
        prop_assert_eq!(twice.as_str(), once);
    }
}

#[test]
fn threads_share_a_classifier_and_agree() {
    let texts = [
        "where is my parcel",
        "my kettle exploded",
        "how much is it?",
        "",
    ];
    let alone: Vec<Classification> = texts.iter().map(|text| classify(text)).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    for (text, alone) in texts.iter().zip(&alone) {
                        assert_eq!(&classify(text), alone);
                    }
                }
            });
        }
    });
}
