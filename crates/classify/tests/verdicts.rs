//! What the shipped rules say of sentences of our own.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test"
)]

use proptest::prelude::*;
use rstest::rstest;
use std::sync::LazyLock;
use switchboard_classify::{Classifier, NoModel, RuleSet};
use switchboard_domain::{Classification, Label, Mention, NoAnswer, Slug};

static CLASSIFIER: LazyLock<Classifier> =
    LazyLock::new(|| Classifier::new(RuleSet::shipped().unwrap(), Box::new(NoModel)));

fn classify(text: &str) -> Classification {
    CLASSIFIER.classify(&Mention::new(Slug::from_any("x"), "1", text))
}

#[test]
fn the_shipped_rules_have_no_problem() {
    let problems = RuleSet::shipped().err().unwrap_or_default();
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

#[rstest]
#[case::late_parcel(
    "@acme my parcel never arrived and nobody answers the phone",
    Label::Complaint
)]
#[case::sarcasm("thanks for nothing @acme", Label::Complaint)]
#[case::german(
    "@acme schon wieder 50 Minuten Verspätung, so eine Frechheit",
    Label::Complaint
)]
#[case::spanish(
    "llevo tres semanas esperando mi pedido y nadie responde",
    Label::Complaint
)]
#[case::french(
    "mon colis n'est toujours pas arrivé, c'est inadmissible",
    Label::Complaint
)]
#[case::portuguese("meu pedido não chegou e ninguém responde", Label::Complaint)]
#[case::price("how much is the green one, and do you ship to Oslo?", Label::Lead)]
#[case::price_de("was kostet die große Packung?", Label::Lead)]
#[case::price_es("¿cuánto cuesta el azul?", Label::Lead)]
#[case::price_fr("combien coûte le bleu ?", Label::Lead)]
#[case::price_pt("quanto custa o azul?", Label::Lead)]
#[case::injury("your heater exploded and my daughter is in hospital", Label::PrRisk)]
#[case::breach(
    "I can see another customer's address in my account, is this a data breach?",
    Label::PrRisk
)]
#[case::press(
    "I'm a reporter working on a story about your factory, who can comment?",
    Label::PrRisk
)]
#[case::boycott("everyone should boycott this company", Label::PrRisk)]
#[case::praise("love the new app, great job!", Label::General)]
#[case::chatter("what a lovely evening by the river", Label::General)]
#[case::negated("never had a problem with them in ten years", Label::General)]
#[case::promotion("Spring sale! 20% off, shop now, link in bio", Label::General)]
#[case::slang("killing it tonight, sick beat", Label::General)]
fn labels(#[case] text: &str, #[case] want: Label) {
    let verdict = classify(text);
    assert_eq!(verdict.label, want, "{:?}", verdict.reasons);
}

#[rstest]
#[case::injury("your heater exploded and my daughter is in hospital", 7..=10)]
#[case::grievance("my parcel is late", 3..=6)]
#[case::chatter("what a lovely evening", 0..=0)]
fn severity_fits(#[case] text: &str, #[case] range: std::ops::RangeInclusive<u8>) {
    let verdict = classify(text);
    assert!(
        range.contains(&verdict.severity),
        "{} {:?}",
        verdict.severity,
        verdict.reasons
    );
}

#[test]
fn the_arithmetic_of_the_severity_stands_in_the_reasons() {
    let verdict = classify("your heater exploded and my daughter is in hospital");
    let total: f32 = verdict
        .reasons
        .iter()
        .filter(|reason| reason.name.starts_with("severity/"))
        .map(|reason| reason.weight)
        .sum();
    assert!((total.clamp(0.0, 10.0) - f32::from(verdict.severity)).abs() < f32::EPSILON);
}

#[test]
fn reach_and_shouting_raise_the_severity() {
    let mut mention = Mention::new(Slug::from_any("x"), "1", "my parcel never arrived");
    let calm = CLASSIFIER.classify(&mention).severity;
    mention.author.followers = Some(250_000);
    let heard = CLASSIFIER.classify(&mention).severity;
    mention.text = "MY PARCEL NEVER ARRIVED!!!".to_owned();
    let shouted = CLASSIFIER.classify(&mention).severity;
    assert_eq!((heard - calm, shouted - heard), (2, 2));
}

#[rstest]
#[case::thanks("@acme thank you so much!", Some(NoAnswer::Thanks))]
#[case::thanks_and_more("@acme thanks, but it is still broken", None)]
#[case::spam("Huge sale! Shop now, link in bio", Some(NoAnswer::Spam))]
#[case::chatter("what a lovely evening", None)]
fn closed_at_birth(#[case] text: &str, #[case] want: Option<NoAnswer>) {
    assert_eq!(classify(text).no_answer, want);
}

#[rstest]
#[case::empty("", true)]
#[case::one_emoji("😡", true)]
#[case::only_a_link("https://news.example/a", true)]
#[case::plain("my parcel never arrived and nobody answers the phone", false)]
fn a_person_looks_where_there_is_nothing_to_go_by(#[case] text: &str, #[case] want: bool) {
    assert_eq!(classify(text).needs_review, want);
}

#[test]
fn a_low_rating_makes_a_review_a_complaint() {
    let mut mention = Mention::new(Slug::from_any("x"), "1", "the blue one");
    mention.rating = Some(1.0);
    assert_eq!(CLASSIFIER.classify(&mention).label, Label::Complaint);
}

#[test]
fn topics_name_the_narrowest_first() {
    let topics = classify("you lost my suitcase, where is it").topics;
    assert_eq!(topics.first().map(String::as_str), Some("baggage/lost"));
    assert!(topics.contains(&"baggage".to_owned()), "{topics:?}");
}

#[test]
fn ten_megabytes_are_judged_by_their_head() {
    let text = "where is my parcel ".repeat(550_000);
    assert_eq!(classify(&text).label, Label::Complaint);
}

proptest! {
    #[test]
    fn any_text_gets_a_verdict_whose_spans_lie_inside_it(
        text in "(\\PC|[a-zA-Z@#!? ]|late |refund |https://x |[\u{300}-\u{36f}]|\u{202e}|😡|never arrived){0,120}",
    ) {
        let verdict = classify(&text);
        let total: f32 = Label::ALL.iter().map(|&label| verdict.scores.of(label)).sum();
        prop_assert!((total - 1.0).abs() < 1e-4);
        prop_assert!(verdict.labels.contains(&verdict.label));
        prop_assert!(verdict.severity <= 10);
        for (from, to) in verdict.reasons.iter().filter_map(|reason| reason.span) {
            prop_assert!(text.get(from..to).is_some());
        }
        prop_assert_eq!(classify(&text), verdict);
    }
}
