//! What holds for any text and any environment.

use std::collections::BTreeMap;

use proptest::prelude::*;
use switchboard_config::{Document, Place, Problem, Section, nearest};

fn read_anything(root: &mut Section<'_>) {
    root.value::<String>("a");
    root.duration("b");
    root.secret("c");
    root.section("d", read_leaf);
    root.sections("e", |_, section| read_leaf(section));
    root.array("f", read_leaf);
    root.choices("g", &[("x", 1), ("y", 2)]);
}

fn read_leaf(section: &mut Section<'_>) {
    section.in_range("a", 1..=9_i64);
    section.required::<Vec<u8>>("b");
}

fn problems(text: &str, environment: &BTreeMap<String, String>) -> Vec<Problem> {
    let document = Document::parse("any.toml", text, environment, &[]);
    document.read(read_anything);
    document.into_problems()
}

fn points_into(text: &str, problem: &Problem) -> bool {
    let Place::File { line, column, .. } = &problem.place else {
        return true;
    };
    let line_text = text.split('\n').nth(line - 1);
    line_text.is_some_and(|line_text| *column <= line_text.chars().count() + 1)
}

/// Texts made of the pieces of TOML, which get further into the reader than letters do.
fn toml_like() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "b",
        "c",
        "d",
        "e",
        "f",
        "g",
        " = ",
        "[",
        "]",
        "[[",
        "]]",
        "{",
        "}",
        "'",
        "\"",
        ",",
        ".",
        "\n",
        "\r\n",
        "\t",
        "1",
        "-3",
        "1e9",
        "true",
        "'x'",
        "'5m'",
        "'env:T'",
        "2026-01-01",
        "ä",
        "😀",
        "#",
        "\u{feff}",
        "\u{0}",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

fn environments() -> impl Strategy<Value = BTreeMap<String, String>> {
    let name = "SWITCHBOARD_[A-Ga-g_]{0,8}";
    let value = prop_oneof![any::<String>(), toml_like()];
    prop::collection::btree_map(name, value, 0..6)
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>(), environment in environments()) {
        for problem in problems(&text, &environment) {
            prop_assert!(points_into(&text, &problem), "{problem}");
        }
    }

    #[test]
    fn every_place_lies_in_the_text(text in toml_like(), environment in environments()) {
        for problem in problems(&text, &environment) {
            prop_assert!(points_into(&text, &problem), "{problem}");
        }
    }

    #[test]
    fn problems_are_in_order_and_told_once(text in toml_like(), environment in environments()) {
        let found = problems(&text, &environment);
        prop_assert!(found.is_sorted_by(|former, latter| former < latter), "{found:?}");
    }

    #[test]
    fn a_known_name_is_nearest_to_itself(name in "[a-z_]{1,20}", other in "[a-z_]{1,20}") {
        prop_assert_eq!(nearest(&name, &[&other, &name]), Some(name.as_str()));
    }
}
