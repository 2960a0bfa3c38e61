use super::*;
use rstest::rstest;
use std::collections::BTreeSet;

fn row(change: impl FnOnce(&mut Row)) -> Row {
    let mut row = Row::new("desk", Slug::from_any("desk"));
    change(&mut row);
    row
}

fn table(rows: Vec<Row>) -> Result<RoutingTable, Vec<TableProblem>> {
    RoutingTable::new(rows, Slug::from_any("community"))
}

#[rstest]
#[case::no_name(row(|row| row.name = " ".into()), "name", "needs a name")]
#[case::two_lines(row(|row| row.name = "a\nb".into()), "name", "in one line")]
#[case::empty_column(row(|row| row.label = Some(BTreeSet::new())), "label", "leave it out")]
#[case::topic(row(|row| row.topic = Some(["Baggage".into()].into())), "topic", "joined by `/`")]
#[case::topic_ends_in_slash(row(|row| row.topic = Some(["baggage/".into()].into())), "topic", "joined by `/`")]
#[case::language(row(|row| row.language = Some(["English".into()].into())), "language", "ISO 639")]
#[case::condition(row(|row| row.when = Some("severity >".into())), "when", "row `desk`: 1:")]
fn refuses(#[case] row: Row, #[case] column: &str, #[case] words: &str) {
    let problems = table(vec![Row::new("fine", Slug::from_any("fine")), row]).unwrap_err();
    let [problem] = problems.as_slice() else {
        panic!("{problems:?}")
    };
    assert_eq!((problem.row, problem.column), (1, Some(column)));
    assert!(problem.message.contains(words), "{problem}");
}

#[test]
fn every_problem_of_every_row_is_told() {
    let bad = || row(|row| (row.when, row.topic) = (Some("nothing".into()), Some([].into())));
    let problems = table(vec![bad(), bad()]).unwrap_err();
    let told: Vec<_> = problems
        .iter()
        .map(|problem| (problem.row, problem.column))
        .collect();
    let want = [
        (0, Some("topic")),
        (0, Some("when")),
        (1, Some("name")),
        (1, Some("topic")),
        (1, Some("when")),
    ];
    assert_eq!(
        told, want,
        "the second row also repeats the first one's name"
    );
}

#[test]
fn limits_hold() {
    let named = |number| Row::new(format!("row {number}"), Slug::from_any("desk"));
    let rows: Vec<_> = (0..=ROWS_MAX).map(named).collect();
    assert!(table(rows.get(1..).unwrap().to_vec()).is_ok());
    assert_eq!(table(rows).unwrap_err()[0].row, ROWS_MAX);
    let topics = (0..=VALUES_PER_COLUMN_MAX)
        .map(|number| format!("topic-{number}"))
        .collect();
    assert_eq!(
        table(vec![row(|row| row.topic = Some(topics))])
            .unwrap_err()
            .len(),
        1
    );
}

#[test]
fn the_version_names_exactly_this_table() {
    let version = |rows: Vec<Row>| table(rows).unwrap().version().to_owned();
    let other = |change: fn(&mut Row)| {
        let mut other = row(change);
        other.name = "other".into();
        other
    };
    let both = version(vec![row(|_| {}), other(|_| {})]);
    assert_eq!(both, version(vec![row(|_| {}), other(|_| {})]));
    assert_ne!(both, version(vec![other(|_| {}), row(|_| {})]), "order");
    assert_ne!(
        both,
        version(vec![row(|_| {}), other(|row| row.sla = Some("a".into()))])
    );
    insta::assert_snapshot!(version(vec![]), @"d50187c8902b");
}

#[test]
fn a_long_column_is_shortened_in_explanations() {
    let topics = (0..50).map(|number| format!("topic-{number:02}")).collect();
    let table = table(vec![row(|row| row.topic = Some(topics))]).unwrap();
    let wanted = table.compiled[0].wanted(Column::Topic);
    assert_eq!(wanted.chars().count(), WANTED_CHARS_MAX);
    assert!(wanted.ends_with('…'));
}

#[test]
fn a_table_is_shared_between_threads() {
    const fn shared<T: Send + Sync + 'static>() {}
    shared::<RoutingTable>();
}

#[test]
fn another_tree_of_topics_is_another_version() {
    let tree = |topics: &[&str]| {
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        BTreeMap::from([("acme".to_owned(), topics)])
    };
    let of = |tree| {
        table(vec![])
            .unwrap()
            .with_topics(&tree)
            .version()
            .to_owned()
    };
    let without = table(vec![]).unwrap().version().to_owned();
    let lost = of(tree(&["baggage/lost"]));
    assert_eq!(of(BTreeMap::new()), without);
    assert_eq!(lost, of(tree(&["baggage/lost"])));
    assert_ne!(lost, without);
    assert_ne!(lost, of(tree(&["baggage/lost", "baggage/fee"])));
}
