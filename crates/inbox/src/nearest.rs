//! What somebody may have meant.

/// As many suggestions as a person reads.
const SUGGESTIONS_MAX: usize = 5;

/// The known names, nearest to `wanted` first, as one line.
pub(crate) fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = known.into_iter().collect();
    names.sort_by_cached_key(|name| (strsim::damerau_levenshtein(wanted, name), *name));
    names.dedup();
    let more = names.len().saturating_sub(SUGGESTIONS_MAX);
    names.truncate(SUGGESTIONS_MAX);
    match (names.is_empty(), more) {
        (true, _) => "none".to_owned(),
        (false, 0) => names.join(", "),
        (false, more) => format!("{} and {more} more", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::nearest_first("suport", &["sales", "support", "pr"], "support, pr, sales")]
    #[case::nobody("x", &[], "none")]
    #[case::many("a", &["a", "b", "c", "d", "e", "f", "g"], "a, b, c, d, e and 2 more")]
    fn suggests(#[case] wanted: &str, #[case] known: &[&str], #[case] want: &str) {
        assert_eq!(nearest(wanted, known.iter().copied()), want);
    }
}
