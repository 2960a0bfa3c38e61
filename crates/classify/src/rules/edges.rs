//! Where the parts of a pattern end: within a word or outside of one.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Whether `\w` matches the byte.
pub(super) const fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether no word goes on after the part, where `before` says it of the place it begins at.
pub(super) fn ends_outside_words(part: &Hir, before: bool) -> bool {
    let end = end_of(part);
    end.is_outside && (before || !end.may_be_empty)
}

#[derive(Clone, Copy)]
struct End {
    may_be_empty: bool,
    /// Every match that is not empty ends with a sign that is part of no word.
    is_outside: bool,
}

const EMPTY: End = End {
    may_be_empty: true,
    is_outside: true,
};

fn end_of(part: &Hir) -> End {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => EMPTY,
        HirKind::Literal(literal) => End {
            may_be_empty: false,
            is_outside: literal.0.last().is_some_and(|&byte| !is_word_byte(byte)),
        },
        HirKind::Class(class) => End {
            may_be_empty: false,
            is_outside: !has_word_bytes(class),
        },
        HirKind::Repetition(repetition) => {
            let once = end_of(&repetition.sub);
            End {
                may_be_empty: once.may_be_empty || repetition.min == 0,
                ..once
            }
        }
        HirKind::Capture(capture) => end_of(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(end_of).fold(EMPTY, |before, last| End {
            may_be_empty: before.may_be_empty && last.may_be_empty,
            is_outside: last.is_outside && (before.is_outside || !last.may_be_empty),
        }),
        HirKind::Alternation(parts) => End {
            may_be_empty: parts.iter().any(|part| end_of(part).may_be_empty),
            is_outside: parts.iter().all(|part| end_of(part).is_outside),
        },
    }
}

fn has_word_bytes(class: &Class) -> bool {
    (0..=127_u8).filter(|&byte| is_word_byte(byte)).any(|word| {
        let character = char::from(word);
        match class {
            Class::Bytes(class) => class
                .iter()
                .any(|range| (range.start()..=range.end()).contains(&word)),
            Class::Unicode(class) => class
                .iter()
                .any(|range| (range.start()..=range.end()).contains(&character)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::matcher::parse;
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::a_word("late", true, false)]
    #[case::a_space("late ", false, true)]
    #[case::maybe_a_word_and_a_space("(?:very )?", true, true)]
    #[case::nothing_in_a_word("(?:very )?", false, false)]
    #[case::words_with_spaces(r"(?:\w+ ){0,3}", true, true)]
    #[case::a_choice("(?:a |b)", true, false)]
    #[case::any_sign(".", true, false)]
    #[case::no_word_sign(r"\W", false, true)]
    fn knows_where_words_end(#[case] part: &str, #[case] before: bool, #[case] want: bool) {
        let hir = parse(part).unwrap();
        assert_eq!(ends_outside_words(&hir, before), want);
    }
}
