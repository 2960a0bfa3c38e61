//! Words in a text, for sources that bring more than what is about us. Everything is
//! compared in lower case.

/// Whether `word` stands in `text` with no letter or digit of its own script beside it.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    places_of(text, word).any(|(before, after)| {
        let joins = |inner: Option<char>, outer: Option<char>| {
            inner.is_some_and(is_of_words) && outer.is_some_and(is_of_words)
        };
        !joins(word.chars().next(), before.chars().next_back())
            && !joins(word.chars().next_back(), after.chars().next())
    })
}

/// What stands before and after each place of `part`.
pub(crate) fn places_of<'t>(text: &'t str, part: &str) -> impl Iterator<Item = (&'t str, &'t str)> {
    text.match_indices(part)
        .map(|(at, found)| (&text[..at], &text[at + found.len()..]))
}

/// Letters and digits of scripts that put spaces between words; others do not (Thai, Chinese,
/// Japanese), and there every place is one.
fn is_of_words(character: char) -> bool {
    let unspaced = matches!(character, '\u{e00}'..='\u{eff}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{9fff}');
    character.is_alphanumeric() && !unspaced
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::alone("acme", "acme", true)]
    #[case::in_a_sentence("why, acme?", "acme", true)]
    #[case::two_words("fly acme air today", "acme air", true)]
    #[case::inside_another("pacmen", "acme", false)]
    #[case::second_place("acmes and acme", "acme", true)]
    #[case::tag("#acme", "acme", true)]
    #[case::host("https://acme.example/x", "acme", true)]
    #[case::accents("l'été acmé", "acme", false)]
    #[case::no_spaces("天幕航空が遅れた", "天幕航空", true)]
    #[case::beside_han("acmeの鞄", "acme", true)]
    fn words(#[case] text: &str, #[case] word: &str, #[case] found: bool) {
        assert_eq!(has_word(text, word), found);
    }
}
