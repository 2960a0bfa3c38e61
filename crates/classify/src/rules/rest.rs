//! What is left of a pattern beside its plain strings, as an automaton.

use regex_automata::meta::{BuildError, Config, Regex};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::Hir;

/// A pattern that compiles to more would be a list of things, which belongs into several
/// rules; measured, the largest shipped pattern needs a twentieth of it.
const SIZE_LIMIT_BYTES: usize = 1 << 20;

/// A lazily built automaton may keep this much; with less it is built again and again on
/// varied text and falls back to a matcher twenty times slower.
const CACHE_LIMIT_BYTES: usize = 4 << 20;

/// Places tried one by one before the remaining text is searched in one go: most posts have one
/// or two, and each try may read to the end of the text.
const PLACES_MAX: usize = 8;

/// A compiled rest.
#[derive(Debug)]
pub(super) struct Rest {
    automaton: Regex,
    /// Every match begins where a string stands that was noted, so it is only tried there: a
    /// try soon ends in the middle of the text, where a search reads all of it.
    begins_at_places: bool,
}

impl Rest {
    /// Compiles what is left of a pattern. Fails, with the reason, when it is too large.
    pub(super) fn new(rest: &Hir, begins_at_places: bool) -> Result<Self, String> {
        let limits = Config::new()
            .utf8_empty(false)
            .nfa_size_limit(Some(SIZE_LIMIT_BYTES))
            .hybrid_cache_capacity(CACHE_LIMIT_BYTES)
            .auto_prefilter(!begins_at_places);
        let automaton = Regex::builder()
            .configure(limits)
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .build_from_hir(rest)
            .map_err(|error| explain(&error))?;
        Ok(Self {
            automaton,
            begins_at_places,
        })
    }

    /// Its first match in the text, from and to. `places` are those where a match may begin, in
    /// their order.
    pub(super) fn find(
        &self,
        text: &[u8],
        places: impl Iterator<Item = usize>,
    ) -> Option<(usize, usize)> {
        if !self.begins_at_places {
            return self.search(&Input::new(text));
        }
        let mut before = None;
        let mut tried = 0;
        for place in places {
            // Several strings may begin at one place.
            if before.replace(place) == Some(place) {
                continue;
            }
            let from_here = Input::new(text).range(place..);
            if tried == PLACES_MAX {
                return self.search(&from_here);
            }
            tried += 1;
            let found = self.search(&from_here.anchored(Anchored::Yes));
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn search(&self, input: &Input<'_>) -> Option<(usize, usize)> {
        let found = self.automaton.search(input)?;
        Some((found.start(), found.end()))
    }
}

fn explain(error: &BuildError) -> String {
    let reason = match error.size_limit() {
        Some(limit) => format!("it compiles to more than {limit} bytes; split it into several"),
        None => error.to_string(),
    };
    format!("not a usable pattern: {reason}")
}

#[cfg(test)]
mod tests {
    use super::super::matcher::parse;
    use super::*;
    use rstest::rstest;

    fn rest(pattern: &str, begins_at_places: bool) -> Rest {
        let hir = parse(pattern).unwrap();
        Rest::new(&hir, begins_at_places).unwrap()
    }

    #[rstest]
    #[case::at_the_second_place("late ab lately", &[0, 8], Some((8, 14)))]
    #[case::named_twice("lately", &[0, 0], Some((0, 6)))]
    #[case::where_a_word_begins("xlately lately", &[1, 8], Some((8, 14)))]
    #[case::nowhere_else("lately", &[], None)]
    #[case::after_more_places_than_are_tried("late late late late late late late late late lately", &[0, 5, 10, 15, 20, 25, 30, 35, 40, 45], Some((45, 51)))]
    fn is_tried_at_its_places(
        #[case] text: &str,
        #[case] places: &[usize],
        #[case] want: Option<(usize, usize)>,
    ) {
        let rest = rest(r"\blate[lr]\w*", true);
        assert_eq!(rest.find(text.as_bytes(), places.iter().copied()), want);
    }

    #[test]
    fn is_sought_everywhere_when_its_beginning_is_not_known() {
        let rest = rest(r"\w+ refused", false);
        assert_eq!(rest.find(b"entry refused", [].into_iter()), Some((0, 13)));
    }

    #[test]
    fn one_that_compiles_to_too_much_is_refused_with_the_way_out() {
        let hir = regex_syntax::parse(r"(?:\w{9}x){900}").unwrap();
        let refused = Rest::new(&hir, false).unwrap_err();
        assert!(refused.contains("split it"), "{refused}");
    }
}
