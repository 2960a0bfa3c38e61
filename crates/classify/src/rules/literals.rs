//! What a text must hold before a pattern can match at all.
//!
//! Most of a pattern is a list of words. Those are looked for as plain strings, all patterns'
//! together in one pass, and where one stands as a word the pattern stands. Of what is left,
//! each way to match names sets of strings of which every match holds one each, one after the
//! other; only where all the sets of one way have a string in the text, in that order, is the
//! rest tried.

use super::commonness::commonness;
use super::edges::{ends_outside_words, is_word_byte};
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};
use std::collections::BTreeSet;

/// More strings than this for one set cost more to look for than the pattern itself.
const STRINGS_MAX: usize = 600;

/// Small classes (`[oa]`, the last byte of a row of emoji) are written out, large ones (`\w`)
/// say nothing. A list of signs that are more than a byte each is short enough at any length
/// people write.
const CLASS_MAX: usize = 16;
const WIDE_CLASS_MAX: usize = 64;

/// Sets asked for together: a third still spares tries, a fourth only costs strings.
const SETS_MAX: usize = 3;

/// A set that stands in more texts than this spares too few tries to be asked for beside a
/// rarer one.
const COMMONNESS_MAX: f64 = 0.9;

/// A string, and whether it can only stand where a word begins or where no word goes on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Needed {
    pub(super) string: Vec<u8>,
    pub(super) from_boundary: bool,
}

pub(super) type Strings = BTreeSet<Needed>;

/// What is known of a part of a pattern.
enum Known {
    /// It matches exactly these strings.
    Exact(Strings),
    /// Every match begins with one of these strings.
    Begins(Strings),
    /// Every match holds a string of each of these sets, none of them before the one of the
    /// set that stands before its own.
    Holds(Way),
}

/// A way in which a pattern can match, by what every such match holds.
#[derive(Debug, Default)]
pub(super) struct Way {
    /// A string of each of these stands in the match, in this order.
    pub(super) sets: Vec<Strings>,
    /// Whether every match begins with a string of the first set.
    pub(super) begins: bool,
}

/// A pattern taken apart.
pub(super) struct Parts {
    /// Where one of these stands, the pattern stands.
    pub(super) whole: Vec<Whole>,
    /// What else matches.
    pub(super) rest: Option<Hir>,
    /// The ways in which the rest can match; `None` when one of them needs no string.
    pub(super) ways: Option<Vec<Way>>,
}

impl Parts {
    /// Whether every match of the rest begins with a string that is asked for.
    pub(super) fn begins(&self) -> bool {
        let begin = |ways: &Vec<Way>| ways.iter().all(|way| way.begins);
        self.ways.as_ref().is_some_and(begin)
    }
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
    let (mut whole, mut rest, mut ways) = (Vec::new(), Vec::new(), Some(Vec::new()));
    for branch in branches(pattern) {
        match known(&branch.core, branch.from_boundary) {
            Known::Exact(strings) if is_useful(&strings) && has_no_look(&branch.core) => {
                whole.extend(strings.into_iter().map(|needed| Whole {
                    string: needed.string,
                    from_boundary: branch.from_boundary,
                    to_boundary: branch.to_boundary,
                }));
            }
            other => {
                let way = worth_asking(other);
                ways = ways.filter(|_| !way.sets.is_empty());
                if let Some(ways) = &mut ways {
                    ways.push(way);
                }
                rest.push(branch.joined());
            }
        }
    }
    Parts {
        whole,
        rest: (!rest.is_empty()).then(|| Hir::alternation(rest)),
        ways,
    }
}

/// The rarest sets in their order, with the space before a word cut off their strings.
fn worth_asking(known: Known) -> Way {
    let way = match known {
        Known::Exact(strings) | Known::Begins(strings) => beginning_with(strings),
        Known::Holds(way) => way,
    };
    let mut sets: Vec<Asked> = way.sets.into_iter().enumerate().map(Asked::new).collect();
    sets.retain(|asked| is_useful(&asked.strings));
    sets.sort_by(|left, right| left.commonness.total_cmp(&right.commonness));
    let rare = sets
        .iter()
        .take_while(|asked| asked.commonness <= COMMONNESS_MAX);
    let kept = rare.count().clamp(1, SETS_MAX);
    sets.truncate(kept);
    sets.sort_by_key(|asked| asked.place);
    let first = sets.first();
    Way {
        begins: way.begins && first.is_some_and(|first| first.place == 0 && first.is_whole),
        sets: sets.into_iter().map(|asked| asked.strings).collect(),
    }
}

/// A set of a way, as it is asked for.
struct Asked {
    /// Its number in the way.
    place: usize,
    strings: Strings,
    /// Nothing was cut off its strings.
    is_whole: bool,
    commonness: f64,
}

impl Asked {
    fn new((place, strings): (usize, Strings)) -> Self {
        let cut: Strings = strings.iter().cloned().map(from_its_word).collect();
        Self {
            place,
            is_whole: cut == strings,
            commonness: commonness(&cut),
            strings: cut,
        }
    }
}

fn beginning_with(strings: Strings) -> Way {
    Way {
        sets: vec![strings],
        begins: true,
    }
}

/// ` late` is `late` where a word begins.
fn from_its_word(needed: Needed) -> Needed {
    match needed.string.iter().position(|&byte| byte != b' ') {
        Some(at @ 1..)
            if needed
                .string
                .get(at)
                .is_some_and(|&byte| is_word_byte(byte)) =>
        {
            Needed {
                string: needed.string.into_iter().skip(at).collect(),
                from_boundary: true,
            }
        }
        _ => needed,
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

/// What is known of a part; `left` says whether it begins where a word begins or none goes on.
fn known(part: &Hir, left: bool) -> Known {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => Known::Exact(just(Vec::new(), left)),
        HirKind::Literal(literal) => Known::Exact(just(literal.0.to_vec(), left)),
        HirKind::Class(class) => of_class(class, left),
        HirKind::Repetition(repetition) => of_repetition(repetition, left),
        HirKind::Capture(capture) => known(&capture.sub, left),
        HirKind::Concat(parts) => of_sequence(parts, left),
        HirKind::Alternation(parts) => of_choice(parts, left),
    }
}

const NOTHING: Known = Known::Holds(Way {
    sets: Vec::new(),
    begins: false,
});

fn just(string: Vec<u8>, from_boundary: bool) -> Strings {
    Strings::from([Needed {
        string,
        from_boundary,
    }])
}

fn of_class(class: &Class, left: bool) -> Known {
    let (strings, limit): (Vec<Vec<u8>>, usize) = match class {
        Class::Bytes(class) => {
            let bytes = class.iter().flat_map(|range| range.start()..=range.end());
            let strings = bytes.take(CLASS_MAX + 1).map(|byte| vec![byte]).collect();
            (strings, CLASS_MAX)
        }
        Class::Unicode(class) => {
            let characters = class.iter().flat_map(|range| range.start()..=range.end());
            let strings = characters
                .take(WIDE_CLASS_MAX + 1)
                .map(|character| character.to_string().into_bytes());
            (strings.collect(), WIDE_CLASS_MAX)
        }
    };
    if strings.len() > limit {
        return NOTHING;
    }
    let needed = |string| Needed {
        string,
        from_boundary: left,
    };
    Known::Exact(strings.into_iter().map(needed).collect())
}

fn of_repetition(repetition: &Repetition, left: bool) -> Known {
    match (repetition.min, repetition.max, known(&repetition.sub, left)) {
        (1, Some(1), inner) => inner,
        (0, Some(1), Known::Exact(mut strings)) => {
            strings.extend(just(Vec::new(), left));
            Known::Exact(strings)
        }
        (0, _, _) => NOTHING,
        (_, _, Known::Exact(strings)) => Known::Begins(strings),
        (_, _, other) => other,
    }
}

/// Of each part that is no plain list its rarest set stands for it.
fn of_choice(parts: &[Hir], left: bool) -> Known {
    let (mut exact, mut begins) = (true, true);
    let mut all = Strings::new();
    for part in parts {
        match known(part, left) {
            Known::Exact(strings) => all.extend(strings),
            Known::Begins(strings) => {
                exact = false;
                all.extend(strings);
            }
            Known::Holds(way) => {
                exact = false;
                let rarest = way
                    .sets
                    .into_iter()
                    .enumerate()
                    .min_by(|(_, left), (_, right)| commonness(left).total_cmp(&commonness(right)));
                let Some((place, strings)) = rarest else {
                    return NOTHING;
                };
                begins &= way.begins && place == 0;
                all.extend(strings);
            }
        }
    }
    if all.len() > STRINGS_MAX {
        NOTHING
    } else if exact {
        Known::Exact(all)
    } else if begins {
        Known::Begins(all)
    } else {
        Known::Holds(Way {
            sets: vec![all],
            begins: false,
        })
    }
}

/// Parts in a row that are plain lists are one list as long as it stays small.
fn of_sequence(parts: &[Hir], mut left: bool) -> Known {
    let mut way: Option<Way> = None;
    let mut running = just(Vec::new(), left);
    for part in parts {
        let nothing = just(Vec::new(), left);
        let (next, others) = match known(part, left) {
            Known::Exact(strings) if running.len() * strings.len() <= STRINGS_MAX => {
                running = joined(&running, &strings);
                left = left_after(part, left);
                continue;
            }
            Known::Exact(strings) => (strings, Way::default()),
            Known::Begins(strings) if running.len() * strings.len() <= STRINGS_MAX => {
                running = joined(&running, &strings);
                (nothing, Way::default())
            }
            Known::Begins(strings) => (nothing, beginning_with(strings)),
            Known::Holds(others) => (nothing, others),
        };
        let before = std::mem::replace(&mut running, next);
        way.get_or_insert_with(|| starting(&before, &others))
            .sets
            .extend(std::iter::once(before).chain(others.sets));
        left = left_after(part, left);
    }
    let Some(mut way) = way else {
        return Known::Exact(running);
    };
    way.sets.push(running);
    way.sets.retain(is_useful);
    Known::Holds(way)
}

/// The sets of a sequence that begins with `first` and goes on with `next`, none of them in it
/// yet.
fn starting(first: &Strings, next: &Way) -> Way {
    let says_nothing = first.iter().all(|needed| needed.string.is_empty());
    Way {
        sets: Vec::new(),
        begins: is_useful(first) || says_nothing && next.begins,
    }
}

/// Whether what follows the part begins where a word begins or none goes on.
fn left_after(part: &Hir, left: bool) -> bool {
    match part.kind() {
        HirKind::Look(Look::WordAscii | Look::Start) => true,
        HirKind::Look(_) => left,
        _ => ends_outside_words(part, left),
    }
}

fn joined(heads: &Strings, tails: &Strings) -> Strings {
    let join = |head: &Needed, tail: &Needed| Needed {
        string: [head.string.as_slice(), &tail.string].concat(),
        from_boundary: if head.string.is_empty() {
            tail.from_boundary
        } else {
            head.from_boundary
        },
    };
    heads
        .iter()
        .flat_map(|head| tails.iter().map(move |tail| join(head, tail)))
        .collect()
}

fn is_useful(strings: &Strings) -> bool {
    let says_something = |needed: &Needed| needed.string.iter().any(|&byte| byte != b' ');
    !strings.is_empty() && strings.iter().all(says_something)
}

#[cfg(test)]
mod tests {
    use super::super::matcher::parse;
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::words(r"\b(?:late|later)\b", &["<late>", "<later>"], "-")]
    #[case::optional_letter("colou?r", &["color", "colour"], "-")]
    #[case::small_class("roto|rot[ao]s", &["roto", "rotas", "rotos"], "-")]
    #[case::emoji("😡|👎", &["👎", "😡"], "-")]
    #[case::an_ending(r"\b(?:late|delay\w*)\b", &["<late>"], "^<delay")]
    #[case::both_sides(r"\b(?:i|we) (?:\w+ ){0,3}cancelled", &[], "^<i ,<we  & <cancelled")]
    #[case::after_a_space(r"\w+ refused", &[], "<refused")]
    #[case::a_space_of_its_own(r" (?:late|soon) \w", &[], "<late ,<soon ")]
    #[case::within_a_word(r"\w+verspatung", &[], "verspatung")]
    #[case::two_ways(r"\b(?:lost (?:\w+ )?bag|dm.?d me)", &[], "^<lost  & <bag / ^<dm & d me")]
    #[case::a_choice_of_beginnings(r"\bday (?:[12]+|two)", &[], "^<day 1,<day 2,<day two")]
    #[case::in_their_order(r"\bmissing (?:\w+ parcel )+refund", &[], "^<missing  & <parcel  & <refund")]
    #[case::after_what_may_be_missing(r"b (?:a{1,2})?\d+", &[], "^b ")]
    #[case::signs(r"(?::d|<3) \w", &[], "^:d ,<3 ")]
    #[case::drawn_out(r"\bcancel+ed|;-?\)+ ", &[], "^<cancel / ^;),;-)")]
    #[case::anchored("^help", &[], "^<help")]
    #[case::nothing_needed(r"\w+", &[], "always")]
    #[case::one_open_branch(r"late|\w+", &["late"], "always")]
    fn names_what_must_stand(#[case] pattern: &str, #[case] whole: &[&str], #[case] needed: &str) {
        let hir = parse(pattern).unwrap();
        let parts = take_apart(&hir);
        let edge = |is_edge, sign| if is_edge { sign } else { "" };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let found: Vec<String> = parts
            .whole
            .iter()
            .map(|whole| {
                let from = edge(whole.from_boundary, "<");
                let to = edge(whole.to_boundary, ">");
                format!("{from}{}{to}", text(&whole.string))
            })
            .collect();
        assert_eq!(found, whole);
        let set = |strings: &Strings| {
            let strings: Vec<String> = strings
                .iter()
                .map(|needed| edge(needed.from_boundary, "<").to_owned() + &text(&needed.string))
                .collect();
            strings.join(",")
        };
        let way = |way: &Way| {
            let sets: Vec<String> = way.sets.iter().map(set).collect();
            edge(way.begins, "^").to_owned() + &sets.join(" & ")
        };
        let ways = match (&parts.rest, &parts.ways) {
            (None, _) => "-".to_owned(),
            (_, None) => "always".to_owned(),
            (_, Some(ways)) => ways.iter().map(way).collect::<Vec<_>>().join(" / "),
        };
        assert_eq!(ways, needed);
    }
}
