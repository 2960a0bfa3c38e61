//! What a text must hold before a pattern can match at all.
//!
//! Most of a pattern is a list of words. Those are looked for as plain strings, all patterns'
//! together in one pass, and where one stands as a word the pattern stands. Of what is left a
//! set of strings is read off such that every match holds one of them; only where one of
//! those stands is that rest tried.

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};
use std::collections::BTreeSet;

/// More strings than this for one pattern cost more to look for than the pattern itself.
const STRINGS_MAX: usize = 600;

/// Small classes (`[oa]`, the last byte of a row of emoji) are written out, large ones (`\w`)
/// say nothing.
const CLASS_MAX: usize = 16;

type Strings = BTreeSet<Vec<u8>>;

/// What is known of a part of a pattern.
enum Known {
    /// It matches exactly these strings.
    Exact(Strings),
    /// Every match holds one of these.
    Holds(Strings),
    /// Nothing.
    Nothing,
}

/// A pattern taken apart.
pub(super) struct Parts {
    /// Where one of these stands, the pattern stands.
    pub(super) whole: Vec<Whole>,
    /// What else matches.
    pub(super) rest: Option<Hir>,
    /// Strings of which every match of the rest holds one; empty when there are none to name.
    pub(super) needed: Vec<Vec<u8>>,
}

/// A string that is a match by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Whole {
    pub(super) string: Vec<u8>,
    /// Whether a word must begin or end where the string begins.
    pub(super) from_boundary: bool,
    /// Whether a word must begin or end where the string ends.
    pub(super) to_boundary: bool,
}

/// Takes a pattern apart.
pub(super) fn take_apart(pattern: &Hir) -> Parts {
    let mut whole = Vec::new();
    let mut rest = Vec::new();
    for branch in branches(pattern) {
        match known(&branch.core) {
            Known::Exact(strings) if is_useful(&strings) && has_no_look(&branch.core) => {
                whole.extend(strings.into_iter().map(|string| Whole {
                    string,
                    from_boundary: branch.from_boundary,
                    to_boundary: branch.to_boundary,
                }));
            }
            _ => rest.push(branch.joined()),
        }
    }
    let rest = (!rest.is_empty()).then(|| Hir::alternation(rest));
    let needed = match rest.as_ref().map(known) {
        Some(Known::Exact(strings) | Known::Holds(strings)) if is_useful(&strings) => {
            strings.into_iter().collect()
        }
        _ => Vec::new(),
    };
    Parts {
        whole,
        rest,
        needed,
    }
}

/// One of the ways in which a pattern can match.
struct Branch {
    core: Hir,
    from_boundary: bool,
    to_boundary: bool,
}

impl Branch {
    fn joined(self) -> Hir {
        let boundary = || Hir::look(Look::WordAscii);
        let mut parts = Vec::new();
        parts.extend(self.from_boundary.then(boundary));
        parts.push(self.core);
        parts.extend(self.to_boundary.then(boundary));
        Hir::concat(parts)
    }
}

fn branches(pattern: &Hir) -> Vec<Branch> {
    match pattern.kind() {
        HirKind::Capture(capture) => branches(&capture.sub),
        HirKind::Alternation(parts) => parts.iter().flat_map(branches).collect(),
        HirKind::Concat(parts) => {
            let is_boundary = |part: &Hir| *part.kind() == HirKind::Look(Look::WordAscii);
            let from_boundary = parts.first().is_some_and(is_boundary);
            let to_boundary = parts.last().is_some_and(is_boundary);
            let inner =
                parts.get(usize::from(from_boundary)..parts.len() - usize::from(to_boundary));
            match inner {
                Some([single]) => branches(single)
                    .into_iter()
                    .map(|branch| Branch {
                        from_boundary: branch.from_boundary || from_boundary,
                        to_boundary: branch.to_boundary || to_boundary,
                        ..branch
                    })
                    .collect(),
                Some(inner) => vec![Branch {
                    core: Hir::concat(inner.to_vec()),
                    from_boundary,
                    to_boundary,
                }],
                None => vec![as_it_is(pattern)],
            }
        }
        _ => vec![as_it_is(pattern)],
    }
}

fn as_it_is(pattern: &Hir) -> Branch {
    Branch {
        core: pattern.clone(),
        from_boundary: false,
        to_boundary: false,
    }
}

fn has_no_look(part: &Hir) -> bool {
    part.properties().look_set().is_empty()
}

fn known(part: &Hir) -> Known {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => Known::Exact(nothing()),
        HirKind::Literal(literal) => Known::Exact(Strings::from([literal.0.to_vec()])),
        HirKind::Class(class) => of_class(class),
        HirKind::Repetition(repetition) => of_repetition(repetition),
        HirKind::Capture(capture) => known(&capture.sub),
        HirKind::Concat(parts) => of_sequence(parts),
        HirKind::Alternation(parts) => of_choice(parts),
    }
}

fn nothing() -> Strings {
    Strings::from([Vec::new()])
}

fn of_class(class: &Class) -> Known {
    let bytes: Vec<u8> = match class {
        Class::Bytes(class) => class
            .iter()
            .flat_map(|range| range.start()..=range.end())
            .take(CLASS_MAX + 1)
            .collect(),
        Class::Unicode(class) if class.is_ascii() => class
            .iter()
            .flat_map(|range| range.start()..=range.end())
            .take(CLASS_MAX + 1)
            .filter_map(|character| u8::try_from(character).ok())
            .collect(),
        Class::Unicode(_) => return Known::Nothing,
    };
    if bytes.len() > CLASS_MAX {
        return Known::Nothing;
    }
    Known::Exact(bytes.into_iter().map(|byte| vec![byte]).collect())
}

fn of_repetition(repetition: &Repetition) -> Known {
    match (repetition.min, repetition.max, known(&repetition.sub)) {
        (1, Some(1), inner) => inner,
        (0, Some(1), Known::Exact(mut strings)) => {
            strings.insert(Vec::new());
            Known::Exact(strings)
        }
        (0, _, _) | (_, _, Known::Nothing) => Known::Nothing,
        (_, _, Known::Exact(strings) | Known::Holds(strings)) => Known::Holds(strings),
    }
}

fn of_choice(parts: &[Hir]) -> Known {
    let mut exact = true;
    let mut all = Strings::new();
    for part in parts {
        match known(part) {
            Known::Exact(strings) => all.extend(strings),
            Known::Holds(strings) => {
                exact = false;
                all.extend(strings);
            }
            Known::Nothing => return Known::Nothing,
        }
    }
    if all.len() > STRINGS_MAX {
        Known::Nothing
    } else if exact {
        Known::Exact(all)
    } else {
        Known::Holds(all)
    }
}

/// Of parts in a row one set is enough: the one that stands in the fewest texts.
fn of_sequence(parts: &[Hir]) -> Known {
    let mut best: Option<Strings> = None;
    let mut offer = |strings: Strings| {
        let is_better = best
            .as_ref()
            .is_none_or(|best| commonness(&strings) < commonness(best));
        if is_useful(&strings) && is_better {
            best = Some(strings);
        }
    };
    let mut running = nothing();
    let mut whole = true;
    for part in parts {
        match known(part) {
            Known::Exact(strings) if running.len() * strings.len() <= STRINGS_MAX => {
                running = joined(&running, &strings);
            }
            Known::Exact(strings) => {
                whole = false;
                offer(std::mem::replace(&mut running, strings));
            }
            Known::Holds(strings) => {
                whole = false;
                offer(std::mem::replace(&mut running, nothing()));
                offer(strings);
            }
            Known::Nothing => {
                whole = false;
                offer(std::mem::replace(&mut running, nothing()));
            }
        }
    }
    if whole {
        return Known::Exact(running);
    }
    offer(running);
    best.map_or(Known::Nothing, Known::Holds)
}

fn joined(heads: &Strings, tails: &Strings) -> Strings {
    heads
        .iter()
        .flat_map(|head| tails.iter().map(|tail| [head.as_slice(), tail].concat()))
        .collect()
}

fn is_useful(strings: &Strings) -> bool {
    !strings.is_empty() && strings.iter().all(|string| !string.is_empty())
}

/// A rough share of texts that hold one of the strings: a letter more is ten times rarer, and
/// so is a sign beside a letter.
fn commonness(strings: &Strings) -> f64 {
    let share = |byte: &u8| match byte {
        b'a'..=b'z' | b'0'..=b'9' | b' ' => 0.1,
        _ => 0.03,
    };
    let of_string = |string: &Vec<u8>| string.iter().take(8).map(share).product::<f64>();
    strings.iter().map(of_string).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::words(r"\b(?:late|later)\b", &["<late>", "<later>"], &[])]
    #[case::optional_letter("colou?r", &["color", "colour"], &[])]
    #[case::small_class("roto|rot[ao]s", &["roto", "rotas", "rotos"], &[])]
    #[case::an_ending(r"\b(?:late|delay\w*)\b", &["<late>"], &["delay"])]
    #[case::the_rarer_side(r"\b(?:i|we) (?:\w+ ){0,3}cancelled", &[], &["cancelled"])]
    #[case::anchored("^help", &[], &["help"])]
    #[case::nothing_needed(r"\w+", &[], &[])]
    #[case::one_open_branch(r"late|\w+", &["late"], &[])]
    fn names_what_must_stand(
        #[case] pattern: &str,
        #[case] whole: &[&str],
        #[case] needed: &[&str],
    ) {
        let hir = regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build()
            .parse(pattern)
            .unwrap();
        let parts = take_apart(&hir);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let found: Vec<String> = parts
            .whole
            .iter()
            .map(|whole| {
                let from = if whole.from_boundary { "<" } else { "" };
                let to = if whole.to_boundary { ">" } else { "" };
                format!("{from}{}{to}", text(&whole.string))
            })
            .collect();
        assert_eq!(found, whole);
        let strings: Vec<String> = parts.needed.iter().map(|string| text(string)).collect();
        assert_eq!(strings, needed);
    }
}
