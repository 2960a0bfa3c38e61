//! Posts with nothing to go by, or made to hurt: an honest verdict, and no slow path.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test"
)]

use rstest::rstest;
use std::sync::LazyLock;
use switchboard_classify::features::{FeatureSpace, GramKind, GramSink, visit_grams};
use switchboard_classify::normalise::{MAX_CLASSIFIED_BYTES, normalise};
use switchboard_classify::{Classifier, LineError, LinearModel, RuleSet, classify_json};
use switchboard_domain::{Classification, Label, Mention, Slug};

static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(|| {
    let model = LinearModel::shipped().unwrap();
    Classifier::new(RuleSet::shipped().unwrap(), Box::new(model))
});

fn classify(text: &str) -> Classification {
    CLASSIFIER.classify(&Mention::new(Slug::from_any("x"), "1", text))
}

/// Above this a verdict claims to be sure.
const UNSURE_BELOW: f32 = 0.8;

#[rstest]
#[case::empty("")]
#[case::spaces(" \n\t ")]
#[case::one_emoji("😡")]
#[case::emoji_of_many_parts("👩‍👩‍👧‍👦🏳️‍🌈")]
#[case::only_links("https://a.example/x www.b.example http://c.example?d=e")]
#[case::only_handles("@a @b @c@d.example")]
#[case::only_signs("!!! ??? ... --- ~~~ ***")]
#[case::only_invisible("\u{200b}\u{200d}\u{feff}\u{2060}")]
#[case::mixed_scripts("привет مرحبا 你好 γειά hello नमस्ते")]
#[case::untrained_turkish("paketim hâlâ gelmedi, kimse telefona cevap vermiyor")]
#[case::untrained_polish("moja paczka nadal nie dotarła i nikt nie odbiera telefonu")]
#[case::untrained_chinese("我的包裹还没有到，没有人接电话")]
#[case::untrained_arabic("طردي لم يصل بعد ولا أحد يرد على الهاتف")]
#[case::untrained_russian("моя посылка так и не пришла, и никто не отвечает")]
#[case::no_language("asdf qwer zxcv uiop hjkl")]
#[case::right_to_left_override("\u{202e}\u{202d}\u{2066}")]
fn nothing_to_go_by_is_unsure_and_reviewed(#[case] text: &str) {
    let verdict = classify(text);
    assert!(verdict.needs_review, "{verdict:?}");
    assert!(verdict.confidence < UNSURE_BELOW, "{verdict:?}");
}

#[rstest]
#[case::zalgo("m̷̢y̶͓ p̸̱a̴r̵͙c̴e̵l̷ n̷e̵v̶e̷r̶ a̷r̸r̷i̶v̷e̶d̷ a̷n̷d̸ n̸o̷b̸o̸d̴y̷ a̵n̴s̸w̶e̸r̶s̵")]
#[case::spaced_by_nothing("my par\u{200b}cel nev\u{ad}er arrived and nobody answers")]
#[case::wide_letters("ｍｙ ｐａｒｃｅｌ ｎｅｖｅｒ ａｒｒｉｖｅｄ and nobody answers")]
#[case::shouted("MY PARCEL NEVER ARRIVED AND NOBODY ANSWERS!!!!!!")]
#[case::drawn_out("sooooo baaaaad!!!!!! my parcel never arrived and nobody answers")]
#[case::markup("<b onclick='x()'>my parcel</b> never arrived &amp; nobody answers")]
fn dress_does_not_hide_a_grievance(#[case] text: &str) {
    assert_eq!(classify(text).label, Label::Complaint);
}

#[rstest]
#[case::not_utf8(b"{\"text\":\"\xff\xfe\"}".as_slice())]
#[case::half_a_pair(br#"{"text":"\ud83d"}"#)]
#[case::half_a_character(b"{\"text\":\"\xc3\"}")]
#[case::not_utf8_in_its_id(b"{\"id\":\"\xff\",\"text\":\"late\"}")]
#[case::cut_off(br#"{"text":"late"#)]
#[case::nothing(b"")]
fn a_line_that_is_no_text_is_refused_with_the_reason(#[case] line: &[u8]) {
    let refusal = classify_json(&CLASSIFIER, line).unwrap_err();
    let (LineError::NotAnObject(why) | LineError::NotAPost(why)) = &refusal;
    assert!(!why.is_empty());
}

#[derive(Default)]
struct Counted {
    words: usize,
    grams: usize,
}

impl GramSink for Counted {
    fn word(&mut self, _start: usize, _end: usize) {
        self.words += 1;
    }

    fn gram(&mut self, _kind: GramKind, _index: usize) {
        self.grams += 1;
    }
}

/// What reading a text costs, counted and not timed.
fn work(text: &str) -> usize {
    let plain = normalise(text);
    let space = FeatureSpace {
        word_bits: 15,
        letter_bits: 16,
        has_signs: true,
    };
    let mut counted = Counted::default();
    visit_grams(&plain, space, &mut counted);
    plain.as_str().len() + counted.words + counted.grams
}

/// At most three groups of letters begin at a byte and two pairs end at one.
const WORK_PER_BYTE: usize = 8;

const HUNDRED_THOUSAND: usize = 100_000;

#[rstest]
#[case::one_word("x")]
#[case::two_letters("ab")]
#[case::a_sentence("where is my parcel ")]
#[case::a_rule_again_and_again("never arrived refund late ")]
#[case::nearly_a_rule("neve nobod refun lat ")]
#[case::signs("!?")]
#[case::handles("@a ")]
#[case::half_links("http:/ ")]
#[case::hashtags("#A_bC ")]
#[case::accents("é")]
#[case::marks("e\u{301}\u{302}\u{303}")]
#[case::emoji("😡")]
#[case::numbers("1 2 3 4 ")]
#[case::quotes("'a")]
fn a_hundred_thousand_characters_cost_no_more_than_their_length(#[case] part: &str) {
    let characters = part.chars().count();
    let text = part.repeat(HUNDRED_THOUSAND / characters);
    let verdict = classify(&text);
    assert!(verdict.reasons.len() <= 16);
    assert!(work(&text) <= WORK_PER_BYTE * text.len().min(MAX_CLASSIFIED_BYTES));
    // Twice the text is at most twice the work: nothing in it is quadratic.
    let (short, long) = (part.repeat(2_000), part.repeat(4_000));
    assert!(work(&long) <= 2 * work(&short) + WORK_PER_BYTE);
}
