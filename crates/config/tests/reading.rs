//! Problems, their places and their words, one named case each.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use rstest::rstest;
use switchboard_config::{Document, Place, Section};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Post,
    Review,
}

const FORMS: &[(&str, Form)] = &[("post", Form::Post), ("review", Form::Review)];

/// Asks for one key of every kind, so that each case needs to write only its mistake.
fn read_all(root: &mut Section<'_>) {
    root.value_or("name", String::new());
    root.section("route", |route| {
        route.value_or("queue", String::new());
        route.in_range("batch", 1..=500_u16);
        route.duration("join_window");
        route.choice("form", FORMS);
        route.choices("forms", FORMS);
        route.secret("token");
        route.located_list("names");
        route.value::<Vec<u8>>("numbers");
    });
    root.optional_section("kafka", |kafka| kafka.required::<String>("brokers"));
    root.sections("sources", |_, source| {
        source.required::<String>("connector");
    });
    root.array("rule", |rule| {
        rule.required::<String>("when");
    });
}

fn problems_with(text: &str, environment: &[(&str, &str)], reserved: &[&str]) -> Vec<String> {
    let environment: BTreeMap<String, String> = environment
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect();
    let document = Document::parse("app.toml", text, &environment, reserved);
    document.read(read_all);
    document
        .into_problems()
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn problems(text: &str) -> Vec<String> {
    problems_with(text, &[], &[])
}

#[rstest]
#[case::empty("")]
#[case::all_there(
    "name = 'a'\n[route]\nqueue = 'b'\nbatch = 500\njoin_window = '24h'\nform = 'post'\n\
     forms = ['post', 'review']\ntoken = 'env:TOKEN'\nnames = []\nnumbers = [1]\n\
     [kafka]\nbrokers = 'k'\n[sources.a]\nconnector = 'x'\n[[rule]]\nwhen = 'y'\n"
)]
#[case::carriage_returns("name = 'a'\r\n[route]\r\nbatch = 1\r\n")]
#[case::byte_order_mark("\u{feff}name = 'a'\n")]
#[case::dotted_keys("route.batch = 7\nroute.queue = 'q'\n")]
#[case::inline_table("route = { batch = 7 }\n")]
fn a_right_file_has_no_problem(#[case] text: &str) {
    assert_eq!(problems(text), Vec::<String>::new());
}

#[rstest]
#[case::first_line("nam = ''", "app.toml:1:1")]
#[case::after_byte_order_mark("\u{feff}nam = ''", "app.toml:1:1")]
#[case::value_after_byte_order_mark("\u{feff}name = 1", "app.toml:1:8")]
#[case::tab_is_one_column("[route]\n\tqueu = 1", "app.toml:2:2")]
#[case::carriage_return_is_no_line("[route]\r\n\r\n  queu = 1\r\n", "app.toml:3:3")]
#[case::columns_are_characters("route = { queue = 'äöü😀', queu = 1 }", "app.toml:1:27")]
#[case::last_line_without_end("[route]\nbatch = 0", "app.toml:2:9")]
#[case::inside_an_array("[route]\nforms = ['post',\n  'pots']", "app.toml:3:3")]
#[case::inside_an_array_of_numbers("[route]\nnumbers = [1, 300]", "app.toml:2:15")]
#[case::head_of_a_table("\n[kafka]\n", "app.toml:2:1")]
#[case::head_of_a_named_table("[sources.a]\n", "app.toml:1:1")]
#[case::head_of_the_second_array_table("[[rule]]\nwhen = ''\n[[rule]]\n", "app.toml:3:1")]
#[case::unknown_table("[route]\n[rute]\n", "app.toml:2:2")]
fn a_problem_has_its_place(#[case] text: &str, #[case] want: &str) {
    let found = problems(text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with(&format!("{want}: ")), "{found:?}");
}

#[rstest]
#[case::wrong_type("name = 1", "`name`: invalid type: integer `1`, expected a string")]
#[case::out_of_range("[route]\nbatch = 501", "`batch` is 501; it must be from 1 to 500")]
#[case::negative(
    "[route]\nbatch = -1",
    "`batch`: invalid value: integer `-1`, expected u16"
)]
#[case::duration(
    "[route]\njoin_window = '15 minutes'",
    "`join_window`: `15 minutes` is no duration; write a whole number and ms, s, m, h or d, as in `15m`"
)]
#[case::choice(
    "[route]\nform = 'pots'",
    "`form`: unknown name `pots` (did you mean `post`? known: post, review)"
)]
#[case::nothing_near(
    "[route]\nform = 'telegram'",
    "`form`: unknown name `telegram` (known: post, review)"
)]
#[case::not_a_table("route = 3", "`route` must be a table, not integer")]
#[case::not_a_table_misses_no_key("kafka = 3", "`kafka` must be a table, not integer")]
#[case::not_an_array(
    "rule = 3",
    "`rule` must be an array of tables: `[[rule]]`, not integer"
)]
#[case::not_strings("[route]\nnames = ['a', 2]", "`names` must be a string, not integer")]
#[case::missing("[sources.a]", "missing `connector` in `[sources.a]`")]
#[case::unknown_key(
    "[sources.a]\nconnector = ''\nconector = ''",
    "unknown key `conector` in `[sources.a]` (did you mean `connector`? known: connector)"
)]
#[case::many_known_keys(
    "foo = 1",
    "unknown key `foo` (known: name, route, kafka, sources, rule)"
)]
fn a_problem_tells_the_way_out(#[case] text: &str, #[case] want: &str) {
    let found = problems(text);
    let (_, message) = found[0].split_once(": ").unwrap();
    assert_eq!((found.len(), message), (1, want), "{found:?}");
}

#[test]
fn all_problems_come_at_once_in_file_order() {
    let text = "nam = 1\n[rule]\n[route]\nbatch = 0\nform = 'x'\n[sources.b]\n[sources.a]\n";
    insta::assert_snapshot!(problems(text).join("\n"), @r"
    app.toml:1:1: unknown key `nam` (did you mean `name`? known: name, route, kafka, sources, rule)
    app.toml:2:1: `rule` must be an array of tables: `[[rule]]`, not table
    app.toml:4:9: `batch` is 0; it must be from 1 to 500
    app.toml:5:8: `form`: unknown name `x` (known: post, review)
    app.toml:6:1: missing `connector` in `[sources.b]`
    app.toml:7:1: missing `connector` in `[sources.a]`
    ");
}

#[rstest]
#[case::open_string("name = 'a\nfoo = 1\n", "app.toml:1:10: ")]
#[case::no_value("[route]\nqueue = \n", "app.toml:2:9: ")]
#[case::open_table("name = 'ä'\n[route\nqueue = 1", "app.toml:2:7: ")]
#[case::not_toml("<html>", "app.toml:1:7: ")]
fn a_syntax_error_is_the_one_problem(#[case] text: &str, #[case] want: &str) {
    let text = format!("{text}\n[kafka]\n");
    let found = problems(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with(want), "{found:?}");
}

#[test]
fn every_duplicate_key_is_told_and_reading_goes_on() {
    let text = "name = 'a'\nname = 'b'\n[route]\nqueue = ''\nqueue = ''\nbatch = 0\n[route]\n";
    insta::assert_snapshot!(problems(text).join("\n"), @r"
    app.toml:2:1: `name` is set already
    app.toml:5:1: `queue` is set already
    app.toml:6:9: `batch` is 0; it must be from 1 to 500
    app.toml:7:2: `route` is set already
    ");
}

#[test]
fn another_file_by_mistake_is_refused() {
    let text = "#".repeat(switchboard_config::TEXT_BYTES_MAX + 1);
    assert_eq!(
        problems(&text),
        ["app.toml:1:1: the file is larger than 1048576 bytes"]
    );
}

#[test]
fn the_number_of_problems_has_a_limit() {
    let mut text = String::new();
    for number in 0..1_000 {
        writeln!(text, "key-{number:03} = 1").unwrap();
    }
    let found = problems(&text);
    assert_eq!(found.len(), switchboard_config::PROBLEMS_MAX);
    assert!(
        found[0].starts_with("app.toml:1:1: unknown key `key-000`"),
        "{}",
        found[0]
    );
}

#[test]
fn a_key_read_twice_is_told_once() {
    let environment = BTreeMap::new();
    let document = Document::parse("app.toml", "batch = 'x'", &environment, &[]);
    document.read(|root| (root.value::<u8>("batch"), root.value::<u8>("batch")));
    assert_eq!(document.into_problems().len(), 1);
}

#[test]
fn very_long_names_are_not_compared() {
    let known = "k".repeat(64);
    assert_eq!(
        switchboard_config::nearest(&known, &[&known]),
        Some(known.as_str())
    );
    let longer = "k".repeat(65);
    assert_eq!(switchboard_config::nearest(&longer, &[&longer]), None);
}

// === values ===

fn read<T>(text: &str, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
    let environment = BTreeMap::new();
    Document::parse("app.toml", text, &environment, &[]).read(read)
}

#[rstest]
#[case::milliseconds("250ms", Some(250))]
#[case::seconds("2s", Some(2_000))]
#[case::minutes("15m", Some(900_000))]
#[case::hours("24h", Some(86_400_000))]
#[case::days("7d", Some(604_800_000))]
#[case::zero("0s", Some(0))]
#[case::no_unit("15", None)]
#[case::no_number("m", None)]
#[case::fraction("1.5h", None)]
#[case::negative("-1s", None)]
#[case::spaces("1 s", None)]
#[case::foreign_digits("١s", None)]
#[case::past_every_calendar("999999d", None)]
#[case::overflow("99999999999999999999d", None)]
#[case::product_overflows("18446744073709551615d", None)]
#[case::empty("", None)]
fn durations(#[case] text: &str, #[case] milliseconds: Option<u64>) {
    let text = format!("d = '{text}'");
    let found = read(&text, |root| root.duration("d"));
    assert_eq!(found, milliseconds.map(Duration::from_millis));
}

#[test]
fn tables_come_in_the_order_of_the_file() {
    let text = "[sources.zebra]\n[sources.ant]\n[sources.mole]\n";
    let names = read(text, |root| {
        root.sections("sources", |name, _| name.value.clone())
    });
    assert_eq!(names, ["zebra", "ant", "mole"]);
}

#[test]
fn an_absent_table_is_read_for_its_defaults() {
    let (batch, kafka) = read("", |root| {
        let batch = root.section("route", |route| route.value_or("batch", 100));
        (batch, root.optional_section("kafka", |_| ()))
    });
    assert_eq!((batch, kafka), (100, None));
}

#[test]
fn a_required_key_of_an_absent_table_is_missed() {
    let environment = BTreeMap::new();
    let document = Document::parse("app.toml", "", &environment, &[]);
    document.read(|root| root.section("store", |store| store.required::<String>("path")));
    let lines: Vec<String> = document
        .into_problems()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(lines, ["app.toml:1:1: missing `path` in `[store]`"]);
}

#[test]
fn a_check_across_sections_reports_at_the_value() {
    let environment = BTreeMap::new();
    let document = Document::parse("app.toml", "[route]\nqueue = 'biling'", &environment, &[]);
    let queue =
        document.read(|root| root.section("route", |route| route.located::<String>("queue")));
    let queue = queue.unwrap();
    assert_eq!(
        queue.place,
        Place::File {
            file: "app.toml".into(),
            line: 2,
            column: 9
        }
    );
    let message = switchboard_config::unknown_name("queue", &queue.value, &["billing", "support"]);
    document.problem(&queue.place, message);
    let problems = document.into_problems();
    assert_eq!(
        problems[0].to_string(),
        "app.toml:2:9: unknown queue `biling` (did you mean `billing`? known: billing, support)"
    );
}

// === environment ===

#[rstest]
#[case::replaces("[route]\nbatch = 1", "SWITCHBOARD_ROUTE__BATCH", "7", 7)]
#[case::adds_a_key("[route]", "SWITCHBOARD_ROUTE__BATCH", "7", 7)]
#[case::adds_a_table("", "SWITCHBOARD_ROUTE__BATCH", "7", 7)]
#[case::whole_table("", "SWITCHBOARD_ROUTE", "{ batch = 7 }", 7)]
#[case::case_is_folded("", "SWITCHBOARD_Route__batch", "7", 7)]
#[case::is_not_ours("[route]\nbatch = 1", "OTHERBOARD_ROUTE__BATCH", "7", 1)]
fn a_variable_lies_over_the_file(
    #[case] text: &str,
    #[case] name: &str,
    #[case] value: &str,
    #[case] want: u16,
) {
    let environment = BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let document = Document::parse("app.toml", text, &environment, &[]);
    let batch = document.read(|root| root.section("route", |route| route.value::<u16>("batch")));
    assert_eq!(batch, Some(want));
    assert_eq!(document.into_problems(), []);
}

#[rstest]
#[case::in_the_file("[sources.brand-a]\npoll-after = '1s'", Some(5))]
#[case::new_key("[sources.brand-a]", Some(5))]
fn hyphens_are_written_as_underscores(#[case] text: &str, #[case] seconds: Option<u64>) {
    let name = "SWITCHBOARD_SOURCES__BRAND_A__POLL_AFTER";
    let environment = BTreeMap::from([(name.to_owned(), "5s".to_owned())]);
    let document = Document::parse("app.toml", text, &environment, &[]);
    let found = document.read(|root| {
        root.sections("sources", |name, source| {
            (name.value.clone(), source.duration("poll-after"))
        })
    });
    assert_eq!(
        found,
        [("brand-a".to_owned(), seconds.map(Duration::from_secs))]
    );
    assert_eq!(document.into_problems(), []);
}

#[rstest]
#[case::plain("hello world", "hello world")]
#[case::quoted("'hello'", "hello")]
#[case::number_as_text("12345", "12345")]
#[case::date_as_text("2026-01-01", "2026-01-01")]
#[case::empty("", "")]
fn a_variable_needs_no_quotes(#[case] value: &str, #[case] want: &str) {
    let environment = BTreeMap::from([("SWITCHBOARD_NAME".to_owned(), value.to_owned())]);
    let document = Document::parse("app.toml", "", &environment, &[]);
    assert_eq!(
        document
            .read(|root| root.value::<String>("name"))
            .as_deref(),
        Some(want)
    );
}

#[rstest]
#[case::wrong_value(
    ("SWITCHBOARD_ROUTE__BATCH", "many"),
    "SWITCHBOARD_ROUTE__BATCH: `batch`: invalid type: string \"many\", expected u16"
)]
#[case::wrong_value_inside(
    ("SWITCHBOARD_ROUTE__FORMS", "['pots']"),
    "SWITCHBOARD_ROUTE__FORMS: `forms`: unknown name `pots` (did you mean `post`? known: post, review)"
)]
#[case::unknown(
    ("SWITCHBOARD_NAM", "a"),
    "SWITCHBOARD_NAM: unknown variable `SWITCHBOARD_NAM` (did you mean `SWITCHBOARD_NAME`? \
     known: SWITCHBOARD_NAME, SWITCHBOARD_ROUTE, SWITCHBOARD_KAFKA, SWITCHBOARD_SOURCES, \
     SWITCHBOARD_RULE, SWITCHBOARD_LOG)"
)]
#[case::near_a_reserved_one(
    ("SWITCHBOARD_LOGS", "a"),
    "SWITCHBOARD_LOGS: unknown variable `SWITCHBOARD_LOGS` (did you mean `SWITCHBOARD_LOG`? \
     known: SWITCHBOARD_NAME, SWITCHBOARD_ROUTE, SWITCHBOARD_KAFKA, SWITCHBOARD_SOURCES, \
     SWITCHBOARD_RULE, SWITCHBOARD_LOG)"
)]
#[case::unknown_in_a_table(
    ("SWITCHBOARD_KAFKA__BROKRES", "a"),
    "SWITCHBOARD_KAFKA__BROKRES: unknown key `brokres` in `[kafka]` (did you mean `brokers`? \
     known: brokers)"
)]
#[case::unknown_in_a_whole_table(
    ("SWITCHBOARD_KAFKA", "{ brokers = 'b', brokres = 'a' }"),
    "SWITCHBOARD_KAFKA: unknown key `brokres` in `[kafka]` (did you mean `brokers`? \
     known: brokers)"
)]
#[case::names_nothing(
    ("SWITCHBOARD_ROUTE____BATCH", "a"),
    "SWITCHBOARD_ROUTE____BATCH: names no key; write SWITCHBOARD_SECTION__KEY"
)]
#[case::too_deep(
    ("SWITCHBOARD_A__B__C__D__E__F__G__H__I", "a"),
    "SWITCHBOARD_A__B__C__D__E__F__G__H__I: names no key; write SWITCHBOARD_SECTION__KEY"
)]
#[case::inside_a_value(
    ("SWITCHBOARD_NAME__FIRST", "a"),
    "SWITCHBOARD_NAME__FIRST: sets a key inside `name`, which is not a table"
)]
fn a_problem_of_the_environment_names_the_variable(
    #[case] variable: (&str, &str),
    #[case] want: &str,
) {
    let text = "name = 'a'\n[kafka]\nbrokers = 'b'\n";
    assert_eq!(
        problems_with(text, &[variable], &["SWITCHBOARD_LOG"]),
        [want]
    );
}

#[test]
fn reserved_variables_are_passed_over() {
    let environment = [("SWITCHBOARD_LOG", "debug")];
    assert_eq!(
        problems_with("", &environment, &["SWITCHBOARD_LOG"]),
        Vec::<String>::new()
    );
}

#[test]
fn the_file_comes_before_the_environment() {
    let found = problems_with("\n\n\nfoo = 1", &[("SWITCHBOARD_BAR", "1")], &[]);
    assert!(found[0].starts_with("app.toml:4:1: "), "{found:?}");
    assert!(found[1].starts_with("SWITCHBOARD_BAR: "), "{found:?}");
}
