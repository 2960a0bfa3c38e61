//! Text as the rules see it, with the way back to the text as it was written.
//!
//! Rules are matched against a plain form: lower case, without accents, curly quotes,
//! invisible characters and drawn-out letters; a handle becomes `@`, a link `~`, and a
//! hashtag written in camel case falls apart into words. Everything here is one pass and
//! takes any string at all.

mod address;

use crate::fold::{MAX_FOLDED, fold_character};
use address::{handle_width, link_width, names_a_service};

/// Longer texts are judged by their beginning. Posts are far shorter; of an e-mail the
/// matter stands at the head, and quoted history below it would speak for somebody else.
pub const MAX_CLASSIFIED_BYTES: usize = 64 * 1024;

/// A letter is kept at most this often in a row: two keeps real double letters apart from
/// single ones and makes `sooo` and `sooooooo` one word.
const MAX_REPEATS: usize = 2;

/// Stands in the plain form for any handle.
pub const HANDLE: char = '@';
/// Stands in the plain form for any link.
pub const LINK: char = '~';

/// Handles whose names are kept: a post to more people speaks to none of them.
const HANDLES_NOTED_MAX: usize = 8;

/// The plain form of a text. Made by [`normalise`].
#[derive(Clone, Debug, Default)]
pub struct NormalizedText {
    text: String,
    pieces: Vec<Piece>,
    original_length: usize,
    handles: String,
    /// What the plain form no longer shows.
    pub shape: Shape,
}

/// Facts about the writing that folding removes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Letters outside handles and links.
    pub letters: usize,
    /// How many of them are capitals.
    pub capitals: usize,
    /// Exclamation marks.
    pub exclamations: usize,
    /// Links.
    pub links: usize,
    /// Handles.
    pub handles: usize,
    /// Those whose name says that a customer service reads along, such as `@acme_help`.
    pub service_handles: usize,
    /// Hashtags.
    pub hashtags: usize,
}

/// A stretch of the plain form and where it came from.
#[derive(Clone, Copy, Debug)]
struct Piece {
    normal: usize,
    original: usize,
    /// 0 for a stretch copied byte by byte; else the whole stretch stands for that many
    /// original bytes and cannot be divided.
    width: usize,
}

impl NormalizedText {
    /// The plain form.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of the first handles, in small letters, each with its `@`.
    pub fn handles(&self) -> impl Iterator<Item = &str> {
        self.handles.split_terminator(' ')
    }

    /// Whether no letter is left to judge: empty, one emoji, only links or handles.
    pub const fn is_wordless(&self) -> bool {
        self.shape.letters == 0
    }

    /// Where bytes `start..end` of the plain form stand in the original, in bytes; always on
    /// character boundaries and inside the text. An empty range gives an empty span.
    pub fn original_span(&self, start: usize, end: usize) -> (usize, usize) {
        let from = self.original_of(start).0;
        if end <= start {
            return (from, from);
        }
        (from, self.original_of(end - 1).1.max(from))
    }

    /// The original bytes that the plain byte at `position` stands for.
    fn original_of(&self, position: usize) -> (usize, usize) {
        let next = self
            .pieces
            .partition_point(|piece| piece.normal <= position);
        let Some(piece) = next.checked_sub(1).and_then(|at| self.pieces.get(at)) else {
            return (0, 0);
        };
        if position >= self.text.len() {
            return (self.original_length, self.original_length);
        }
        if piece.width > 0 {
            return (piece.original, piece.original + piece.width);
        }
        let at = piece.original + (position - piece.normal);
        (at, at + 1)
    }
}

/// Folds `original` into its plain form. Linear in the text, and at most
/// [`MAX_CLASSIFIED_BYTES`] of it.
pub fn normalise(original: &str) -> NormalizedText {
    let mut plain = NormalizedText::default();
    normalise_into(original, &mut plain);
    plain
}

/// The same into a text that was used before.
pub fn normalise_into(original: &str, plain: &mut NormalizedText) {
    let kept = head(original);
    plain.text.clear();
    plain.text.reserve(kept.len());
    plain.pieces.clear();
    plain.handles.clear();
    plain.original_length = kept.len();
    plain.shape = Shape::default();
    let mut writer = Writer {
        out: plain,
        last: None,
        repeats: 0,
        in_hashtag: false,
        after_small_letter: false,
    };
    let mut at = 0;
    loop {
        at += writer.run(kept, at);
        let Some(character) = kept.get(at..).and_then(|rest| rest.chars().next()) else {
            return;
        };
        at += writer.take(kept, at, character);
    }
}

/// The same folding for a pattern of a rule: accents go, everything else stays.
pub fn fold_pattern(pattern: &str) -> String {
    let mut folded = String::with_capacity(pattern.len());
    for character in pattern.chars() {
        if character.is_ascii() {
            folded.push(character);
        } else {
            fold_character(character, |plain| folded.push(plain));
        }
    }
    folded
}

fn head(text: &str) -> &str {
    let mut end = text.len().min(MAX_CLASSIFIED_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

struct Writer<'a> {
    out: &'a mut NormalizedText,
    last: Option<char>,
    repeats: usize,
    in_hashtag: bool,
    after_small_letter: bool,
}

impl Writer<'_> {
    /// Takes what begins at `at` and is its own plain form, all at once, and returns how many
    /// bytes that was. Most of a post is such runs.
    fn run(&mut self, text: &str, at: usize) -> usize {
        let rest = text.as_bytes().get(at..).unwrap_or_default();
        if self.in_hashtag || rest.first().map(|&byte| char::from(byte)) == self.last {
            return 0;
        }
        let in_word = self.last.is_some_and(char::is_alphanumeric);
        let Run { length, letters } = own_plain_form(rest, in_word);
        let run = text.get(at..at + length).unwrap_or_default();
        let Some(&last) = run.as_bytes().last() else {
            return 0;
        };
        self.out.shape.letters += letters;
        self.stretch(at);
        self.out.text.push_str(run);
        self.repeats = 1 + usize::from(run.as_bytes().iter().rev().nth(1) == Some(&last));
        self.last = Some(char::from(last));
        length
    }

    /// Takes what begins at `at` and returns how many original bytes that was.
    fn take(&mut self, text: &str, at: usize, character: char) -> usize {
        let starts_word = !self.last.is_some_and(char::is_alphanumeric);
        let special = match character {
            '@' if starts_word => self.handle(text, at),
            'h' | 'H' | 'w' | 'W' if starts_word => self.link(text, at),
            _ => 0,
        };
        if special > 0 {
            return special;
        }
        let width = character.len_utf8();
        if character.is_ascii() {
            self.ascii(character, at);
        } else {
            self.wide(character, at, width);
        }
        width
    }

    fn handle(&mut self, text: &str, at: usize) -> usize {
        let width = handle_width(text.as_bytes().get(at..).unwrap_or_default());
        if width > 0 {
            self.out.shape.handles += 1;
            self.note_handle(text.get(at..at + width).unwrap_or_default());
            self.stand_in(HANDLE, at, width);
        }
        width
    }

    fn note_handle(&mut self, handle: &str) {
        if self.out.shape.handles > HANDLES_NOTED_MAX {
            return;
        }
        let noted = &mut self.out.handles;
        let from = noted.len();
        noted.push_str(handle);
        let Some(name) = noted.get_mut(from..) else {
            return;
        };
        name.make_ascii_lowercase();
        let is_service = names_a_service(name.as_bytes());
        noted.push(' ');
        self.out.shape.service_handles += usize::from(is_service);
    }

    fn link(&mut self, text: &str, at: usize) -> usize {
        let width = link_width(text.as_bytes().get(at..).unwrap_or_default());
        if width > 0 {
            self.out.shape.links += 1;
            self.stand_in(LINK, at, width);
        }
        width
    }

    fn stand_in(&mut self, sign: char, at: usize, width: usize) {
        self.in_hashtag = false;
        self.last = None;
        self.put(sign, at, width);
    }

    fn ascii(&mut self, character: char, at: usize) {
        self.count(character);
        if character == '#' {
            self.in_hashtag = true;
            self.out.shape.hashtags += 1;
            self.after_small_letter = false;
        } else if self.in_hashtag {
            self.inside_hashtag(character, at);
        }
        let plain = match character {
            '_' if self.in_hashtag => ' ',
            '`' => '\'',
            _ if character.is_ascii_whitespace() || character.is_ascii_control() => ' ',
            _ => character.to_ascii_lowercase(),
        };
        self.put_ascii(plain, at);
    }

    /// `#NeverAgain` is read as `#never again`.
    fn inside_hashtag(&mut self, character: char, at: usize) {
        if !character.is_ascii_alphanumeric() && character != '_' {
            self.in_hashtag = false;
        } else if character.is_ascii_uppercase() && self.after_small_letter {
            self.put(' ', at, 1);
        }
        self.after_small_letter = character.is_ascii_lowercase();
    }

    fn wide(&mut self, character: char, at: usize, width: usize) {
        self.count(character);
        let mut plain = [' '; MAX_FOLDED];
        let mut length = 0;
        fold_character(character, |folded| {
            if let Some(slot) = plain.get_mut(length) {
                *slot = folded;
                length += 1;
            }
        });
        for &folded in plain.iter().take(length) {
            self.put(folded, at, width);
        }
    }

    fn count(&mut self, character: char) {
        let shape = &mut self.out.shape;
        shape.exclamations += usize::from(character == '!');
        if character.is_alphabetic() {
            shape.letters += 1;
            shape.capitals += usize::from(character.is_uppercase());
        }
    }

    /// A byte copied as it is goes on with the stretch before it where it can.
    fn put_ascii(&mut self, plain: char, at: usize) {
        if !self.admit(plain) {
            return;
        }
        self.stretch(at);
        self.out.text.push(plain);
    }

    /// What is copied next comes from `at`.
    fn stretch(&mut self, at: usize) {
        let normal = self.out.text.len();
        let continues = self.out.pieces.last().is_some_and(|piece| {
            piece.width == 0 && piece.original + (normal - piece.normal) == at
        });
        if !continues {
            self.out.pieces.push(Piece {
                normal,
                original: at,
                width: 0,
            });
        }
    }

    fn put(&mut self, plain: char, at: usize, width: usize) {
        if !self.admit(plain) {
            return;
        }
        self.out.pieces.push(Piece {
            normal: self.out.text.len(),
            original: at,
            width,
        });
        self.out.text.push(plain);
    }

    /// Whether the character is still wanted after those before it.
    fn admit(&mut self, plain: char) -> bool {
        if self.last != Some(plain) {
            self.last = Some(plain);
            self.repeats = 1;
            return true;
        }
        self.repeats += 1;
        match plain {
            ' ' => false,
            _ if plain.is_ascii_digit() || plain == HANDLE || plain == LINK => true,
            _ => self.repeats <= MAX_REPEATS,
        }
    }
}

#[derive(Default)]
struct Run {
    length: usize,
    letters: usize,
}

/// How far the text is small letters, digits and common signs that stay as they are: no third
/// of a kind, no second space, no word that may be a link.
fn own_plain_form(bytes: &[u8], mut in_word: bool) -> Run {
    let mut run = Run::default();
    let (mut last, mut before_last) = (0, 0);
    for &byte in bytes {
        let is_letter = byte.is_ascii_lowercase();
        let stays = match byte {
            b'h' | b'w' => in_word,
            b' ' => last != b' ',
            b'a'..=b'z' | b'0'..=b'9' | b',' | b'.' | b'\'' | b'-' | b'?' | b':' | b'/' => true,
            _ => false,
        };
        if !stays || (byte == last && byte == before_last) {
            break;
        }
        run.length += 1;
        run.letters += usize::from(is_letter);
        in_word = is_letter || byte.is_ascii_digit();
        (last, before_last) = (byte, last);
    }
    run
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::case_and_accent("Verspätung à LYON", "verspatung a lyon")]
    #[case::curly_quote("can’t", "can't")]
    #[case::elongation("sooooo baaad 1000", "soo baad 1000")]
    #[case::handle_and_link("@Acme_Help see HTTPS://a.example/x?y now", "@ see ~ now")]
    #[case::mail_is_no_handle("me@acme.example", "me@acme.example")]
    #[case::fediverse_handle("@me@host.example hi", "@ hi")]
    #[case::hashtag("#NeverAgain #not_ok", "#never again #not ok")]
    #[case::combining("e\u{301}te\u{301}", "ete")]
    #[case::zalgo("h\u{335}\u{321}\u{31b}i\u{334}", "hi")]
    #[case::right_to_left_override("a\u{202e}b", "ab")]
    #[case::fullwidth("ＲＥＦＵＮＤ", "refund")]
    #[case::sharp_s("Straße", "strasse")]
    #[case::spaces("a \n\t b", "a b")]
    #[case::nothing("", "")]
    fn folds(#[case] original: &str, #[case] want: &str) {
        assert_eq!(normalise(original).as_str(), want);
    }

    #[rstest]
    #[case::plain("the refund please", "refund", "refund")]
    #[case::after_a_handle("@acme where is it", "where", "where")]
    #[case::accented("où est mon été?", "ete", "été")]
    #[case::drawn_out("so baaaad", "baad", "baa")]
    #[case::emoji("well 😡 ok", "😡", "😡")]
    #[case::hashtag("#NeverAgain", "never again", "NeverAgain")]
    fn spans_lead_back(#[case] original: &str, #[case] found: &str, #[case] want: &str) {
        let plain = normalise(original);
        let start = plain.as_str().find(found).unwrap();
        let (from, to) = plain.original_span(start, start + found.len());
        assert!(
            original[from..to].starts_with(want),
            "{}",
            &original[from..to]
        );
    }

    #[rstest]
    #[case::none("no handle, me@mail.example", &[], 0)]
    #[case::a_brand("@Acme late again", &["@acme"], 0)]
    #[case::a_service(".@AcmeHelp and @bob", &["@acmehelp", "@bob"], 1)]
    #[case::another_language("@acme_Kundendienst, @me@host.example", &["@acme_kundendienst", "@me@host.example"], 1)]
    fn handles_are_noted(#[case] original: &str, #[case] want: &[&str], #[case] services: usize) {
        let text = normalise(original);
        assert_eq!(text.handles().collect::<Vec<_>>(), want);
        assert_eq!(text.shape.service_handles, services);
    }

    #[test]
    fn of_a_crowd_of_handles_only_the_first_are_noted() {
        let text = normalise(&"@one ".repeat(100));
        assert_eq!(
            (text.handles().count(), text.shape.handles),
            (HANDLES_NOTED_MAX, 100)
        );
    }

    #[test]
    fn the_head_of_a_huge_text_is_judged() {
        let huge = "ä".repeat(MAX_CLASSIFIED_BYTES);
        assert!(normalise(&huge).original_length <= MAX_CLASSIFIED_BYTES);
    }

    proptest! {
        #[test]
        fn any_span_lies_on_boundaries_inside_the_text(
            text in "(\\PC|[a-z@# ]|https://x|[\u{300}-\u{36f}]|[\u{200b}-\u{202e}]|😡){0,200}",
            cut in any::<(usize, usize)>(),
        ) {
            let plain = normalise(&text);
            let length = plain.as_str().len();
            let start = cut.0 % (length + 1);
            let end = start + cut.1 % (length - start + 1);
            let (from, to) = plain.original_span(start, end);
            prop_assert!(from <= to && to <= text.len());
            prop_assert!(text.is_char_boundary(from) && text.is_char_boundary(to));
        }

        #[test]
        fn folding_twice_changes_nothing_in_plain_words(text in "[a-zA-Zéüñç ]{0,80}") {
            let once = normalise(&text).as_str().to_owned();
            let twice = normalise(&once);
            prop_assert_eq!(twice.as_str(), once.as_str());
        }
    }
}
