use super::region::SIDES;
use super::*;
use crate::routing::{AuthorTier, Column, Facts, route};
use crate::{Form, Label};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::BTreeSet;

const TOPICS: [&str; 6] = [
    "baggage",
    "baggage/lost",
    "baggage/late",
    "refund",
    "refund/slow",
    "crew",
];
const PLATFORMS: [&str; 2] = ["x", "reddit"];
const LANGUAGES: [&str; 2] = ["en", "es"];

fn row(name: &str, change: impl FnOnce(&mut Row)) -> Row {
    let mut row = Row::new(name, Slug::from_any(name));
    change(&mut row);
    row
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "what a column of a row is made of"
)]
fn words(words: &[&str]) -> Option<BTreeSet<String>> {
    Some(words.iter().map(|&word| word.to_owned()).collect())
}

fn analysis_of(rows: Vec<Row>) -> Analysis {
    let table = RoutingTable::new(rows, Slug::from_any("fallback")).unwrap();
    analyse(&table, &KnownNames::default())
}

fn holes_of(rows: Vec<Row>) -> Vec<String> {
    analysis_of(rows)
        .holes
        .iter()
        .map(Area::to_string)
        .collect()
}

#[test]
fn an_empty_table_is_one_hole() {
    assert_eq!(holes_of(vec![]), ["every post"]);
}

#[test]
fn a_row_without_columns_leaves_no_hole() {
    assert_eq!(holes_of(vec![row("all", |_| {})]), Vec::<String>::new());
}

#[test]
fn holes_are_told_in_few_large_areas() {
    let rows = vec![
        row("complaints", |row| {
            row.label = Some([Label::Complaint].into());
        }),
        row("baggage", |row| row.topic = words(&["baggage"])),
        row("dms", |row| row.form = Some([Form::Dm].into())),
    ];
    insta::assert_debug_snapshot!(holes_of(rows), @r#"
    [
        "label general, lead, pr_risk; topic any but baggage; form comment, email, post, reply, review",
    ]
    "#);
}

#[test]
fn a_topic_with_only_part_of_its_tree_says_so() {
    let analysis = analysis_of(vec![
        row("lost", |row| row.topic = words(&["baggage/lost"])),
        row("baggage-dms", |row| {
            row.topic = words(&["baggage"]);
            row.form = Some([Form::Dm].into());
        }),
        row("complaints", |row| {
            row.topic = words(&["baggage", "refund"]);
            row.label = Some([Label::Complaint].into());
        }),
    ]);
    let overlap = analysis
        .overlaps
        .iter()
        .find(|overlap| overlap.winner == 1)
        .unwrap();
    insta::assert_snapshot!(overlap.areas[0], @"label complaint; topic baggage/…; form dm");
}

#[test]
fn a_condition_covers_nothing_and_is_named() {
    let analysis = analysis_of(vec![row("all", |row| {
        row.when = Some("severity > 3".into());
    })]);
    assert_eq!(analysis.holes.len(), 1);
    assert_eq!(analysis.conditional, [0]);
}

#[test]
fn a_row_behind_others_that_take_all_of_it_is_unreachable() {
    let analysis = analysis_of(vec![
        row("english", |row| row.language = words(&["en"])),
        row("narrowed", |row| row.when = Some("severity > 3".into())),
        row("others", |row| row.label = Some([Label::Lead].into())),
        row("leads", |row| row.label = Some([Label::Lead].into())),
        row("rest", |_| {}),
    ]);
    let want = Unreachable {
        row: 3,
        taken_by: vec![0, 2],
    };
    assert_eq!(
        analysis.unreachable,
        [want],
        "the narrowed row hides nothing"
    );
}

#[test]
fn an_overlap_names_the_winner_and_an_exception_is_none() {
    let analysis = analysis_of(vec![
        row("spanish", |row| row.language = words(&["es"])),
        row("leads", |row| row.label = Some([Label::Lead].into())),
        row("spanish-leads-on-x", |row| {
            row.platform = Some([Slug::from_any("x")].into());
        }),
        row("rest", |_| {}),
    ]);
    let told: Vec<_> = analysis
        .overlaps
        .iter()
        .map(|overlap| (overlap.winner, overlap.other, overlap.areas[0].to_string()))
        .collect();
    assert_eq!(
        told,
        [
            (0, 1, "label lead; language es".to_owned()),
            (0, 2, "platform x; language es".to_owned()),
            (
                1,
                2,
                "label lead; platform x; language any but es".to_owned()
            ),
        ]
    );
}

#[test]
fn a_tangled_table_is_left_open_and_says_so() {
    let rows = vec![row("a", |row| row.form = Some([Form::Dm].into()))];
    let table = RoutingTable::new(rows, Slug::from_any("fallback")).unwrap();
    let subject = Subject::new(&table, &KnownNames::default());
    let mut analysis = Analysis::default();
    subject.holes(&mut analysis, &mut Budget::new(0));
    assert_eq!(
        (analysis.holes, analysis.left_open),
        (vec![], vec![LeftOpen::Holes])
    );
}

fn some_of<T: Clone + Ord + std::fmt::Debug + 'static>(
    values: Vec<T>,
) -> impl Strategy<Value = Option<BTreeSet<T>>> {
    let size = values.len();
    proptest::option::of(subsequence(values, 1..=size).prop_map(BTreeSet::from_iter))
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

prop_compose! {
    fn any_row()(
        label in some_of(Label::ALL.to_vec()),
        topic in some_of(strings(&TOPICS)),
        platform in some_of(PLATFORMS.map(Slug::from_any).to_vec()),
        language in some_of(strings(&LANGUAGES)),
        form in some_of(vec![Form::Post, Form::Dm]),
        author_tier in some_of(AuthorTier::ALL.to_vec()),
        conditional in proptest::bool::weighted(0.2),
    ) -> Row {
        let when = conditional.then(|| "severity > 5".to_owned());
        Row {
            label, topic, platform, language, form, author_tier, when,
            ..Row::new("", Slug::from_any("d"))
        }
    }
}

fn any_table() -> impl Strategy<Value = RoutingTable> {
    proptest::collection::vec(any_row(), 0..7).prop_map(|mut rows| {
        for (number, row) in rows.iter_mut().enumerate() {
            row.name = format!("row-{number}");
        }
        RoutingTable::new(rows, Slug::from_any("fallback")).unwrap()
    })
}

prop_compose! {
    fn any_facts(topics_max: usize)(
        label in select(Label::ALL.to_vec()),
        topics in proptest::collection::vec(
            select(strings(&["baggage", "baggage/lost/abroad", "baggage/late", "baggage/none",
                "refund/slow", "crew", "crews", "elsewhere"])),
            0..=topics_max,
        ),
        platform in select(vec!["x", "reddit", "nowhere"]),
        language in select(strings(&["en", "es", "und"])),
        form in select(Form::ALL.to_vec()),
        author_tier in select(AuthorTier::ALL.to_vec()),
        severity in 0_u8..=10,
    ) -> Facts {
        Facts {
            label, labels: [label].into(), topics, platform: Slug::from_any(platform),
            brand: Slug::from_any("any"), language, form, author_tier, severity,
            followers: 0, confidence: 0.5,
        }
    }
}

/// Whether the box holds a post of one topic at most, worked out value by value.
fn holds(universe: &Universe, region: &Region, facts: &Facts) -> bool {
    universe.sides(region).count() == SIDES
        && universe.sides(region).all(|(values, side)| {
            let found = match values.column {
                Column::Label => facts.label.as_str(),
                Column::Topic => deepest(&values.names, facts.topics.first()),
                Column::Platform => facts.platform.as_str(),
                Column::Brand => facts.brand.as_str(),
                Column::Language => &facts.language,
                Column::Form => facts.form.as_str(),
                Column::AuthorTier => facts.author_tier.as_str(),
            };
            let number = values
                .names
                .iter()
                .position(|name| name == found)
                .or(values.other());
            side.contains(number.unwrap())
        })
}

fn deepest<'a>(names: &'a [String], topic: Option<&'a String>) -> &'a str {
    let above = names.iter().filter(|name| {
        topic.is_some_and(|topic| topic == *name || topic.starts_with(&format!("{name}/")))
    });
    above
        .max_by_key(|name| name.len())
        .map_or("", String::as_str)
}

/// The same question asked without boxes: does any unconditional row take it?
fn is_taken(table: &RoutingTable, facts: &Facts) -> bool {
    let certain = table
        .rows()
        .iter()
        .filter(|row| row.when.is_none())
        .cloned()
        .collect();
    let certain = RoutingTable::new(certain, Slug::from_any("fallback")).unwrap();
    route(&certain, facts).explanation.fallback.is_none()
}

proptest! {
    #[test]
    fn a_post_lies_in_a_hole_exactly_if_no_certain_row_takes_it(
        table in any_table(),
        posts in proptest::collection::vec(any_facts(1), 64),
    ) {
        let subject = Subject::new(&table, &KnownNames::default());
        let holes = subject.hole_regions(&mut Budget::new(STEPS_MAX)).unwrap();
        for facts in posts {
            let in_hole = holes.iter().any(|hole| holds(&subject.universe, hole, &facts));
            prop_assert_eq!(in_hole, !is_taken(&table, &facts), "{:?}", facts);
        }
    }

    #[test]
    fn an_unreachable_row_never_wins(
        table in any_table(),
        posts in proptest::collection::vec(any_facts(3), 64),
    ) {
        let analysis = analyse(&table, &KnownNames::default());
        for facts in posts {
            let won = route(&table, &facts).explanation.matched_row();
            prop_assert!(analysis.unreachable.iter().all(|row| Some(row.row) != won));
        }
    }

    #[test]
    fn without_holes_every_post_is_taken_whatever_its_topics(
        table in any_table(),
        posts in proptest::collection::vec(any_facts(3), 64),
    ) {
        let subject = Subject::new(&table, &KnownNames::default());
        let holes = subject.hole_regions(&mut Budget::new(STEPS_MAX)).unwrap();
        for facts in posts {
            let alone = |topic: Option<&String>| Facts {
                topics: topic.cloned().into_iter().collect(),
                ..facts.clone()
            };
            let each = facts.topics.iter().map(Some).chain([None]).map(alone);
            let in_hole = |facts: Facts| {
                holes.iter().any(|hole| holds(&subject.universe, hole, &facts))
            };
            prop_assert_eq!(is_taken(&table, &facts), !each.into_iter().all(in_hole));
        }
    }

    #[test]
    fn no_hole_is_needless(table in any_table()) {
        let subject = Subject::new(&table, &KnownNames::default());
        let holes = subject.hole_regions(&mut Budget::new(STEPS_MAX)).unwrap();
        for (at, hole) in holes.iter().enumerate() {
            let others = holes.iter().enumerate().filter(|(other, _)| *other != at);
            let left = remainder(hole, others.map(|(_, other)| other), &mut Budget::new(STEPS_MAX));
            prop_assert!(!left.unwrap().is_empty());
        }
    }

    #[test]
    fn a_row_not_called_unreachable_has_a_post_of_its_own(table in any_table()) {
        let subject = Subject::new(&table, &KnownNames::default());
        let analysis = analyse(&table, &KnownNames::default());
        for row in &subject.boxes {
            let before: Vec<_> = subject.certain(row.number).map(|row| &row.region).collect();
            let left = readable_remainder(&row.region, &before, &mut Budget::new(STEPS_MAX)).unwrap();
            let is_told = analysis.unreachable.iter().any(|told| told.row == row.number);
            prop_assert_eq!(left.is_empty(), is_told);
        }
    }
}
