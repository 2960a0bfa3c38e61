//! Every mistake in departments, table and promises is told at its place.

use crate::world::read;
use rstest::rstest;

const GOOD: &str = r#"
[departments.support]
[departments.pr]
[routing]
fallback = "support"
"#;

#[rstest]
#[case::no_department("[routing]\nfallback = \"x\"\n", "no department: add at least one")]
#[case::no_fallback("[departments.support]\n[routing]\n", "missing `fallback`")]
#[case::bad_slug(
    "[departments.\"Big One\"]\n[routing]\nfallback = \"x\"",
    "1:14: `Big One` is not"
)]
fn the_frame(#[case] text: &str, #[case] want: &str) {
    assert_told(text, want);
}

#[rstest]
#[case::unknown_department(
    "[[routing.rows]]\nname = \"a\"\ndepartment = \"prr\"",
    "8:14: unknown department `prr` (did you mean `pr`?"
)]
#[case::empty_column(
    "[[routing.rows]]\nname = \"a\"\ndepartment = \"pr\"\nlabel = []",
    "9:9: "
)]
#[case::twice_the_same_name(
    "[[routing.rows]]\nname = \"a\"\ndepartment = \"pr\"\nlabel = [\"lead\"]\n[[routing.rows]]\nname = \"a\"\ndepartment = \"pr\"",
    "11:8: "
)]
#[case::bad_condition(
    "[[routing.rows]]\nname = \"a\"\ndepartment = \"pr\"\nwhen = \"followers >\"",
    "9:8: "
)]
#[case::never_wins(
    "[[routing.rows]]\nname = \"a\"\ndepartment = \"pr\"\n[[routing.rows]]\nname = \"b\"\ndepartment = \"pr\"\nlabel = [\"lead\"]",
    "row `b` never wins: `a` before it takes every post"
)]
#[case::unknown_policy(
    "[[routing.rows]]\nname = \"a\"\ndepartment = \"pr\"\nsla = \"gold\"",
    "9:7: unknown SLA policy `gold`"
)]
#[case::bad_priority(
    "[[routing.rows]]\nname = \"a\"\ndepartment = \"pr\"\npriority = \"soon\"",
    "9:12: must be points to add"
)]
#[case::warnings_not_ascending(
    "[[sla.policies]]\nname = \"a\"\nfirst_response = { low = \"1h\" }\nwarn_at_percent = [75, 50]",
    "9:19: must be at most 5 ascending numbers"
)]
#[case::target_of_nothing(
    "[[sla.policies]]\nname = \"a\"\nfirst_response = { low = \"0s\" }",
    "8:26: must be from 1s to 366d"
)]
#[case::promises_nothing(
    "[[sla.policies]]\nname = \"a\"",
    "the policy promises nothing: give one of first_response, next_response, resolution, ownership, periodic_update, triage a time"
)]
#[case::pauses_for_an_approval(
    "[[sla.policies]]\nname = \"a\"\nfirst_response = { low = \"1h\" }\npauses_on = [\"approval\"]",
    "9:13: an approval is our own time"
)]
#[case::unknown_calendar(
    "[[sla.policies]]\nname = \"a\"\nfirst_response = { low = \"1h\" }\ncalendar = \"ofice\"\n[calendars.office]\ntime_zone = \"UTC\"\nmonday = [\"09:00-17:00\"]",
    "9:12: unknown calendar `ofice` (did you mean `office`?"
)]
#[case::never_open(
    "[calendars.office]\ntime_zone = \"UTC\"",
    "6:12: calendar `office` has no open hour in any week"
)]
#[case::no_such_zone(
    "[calendars.office]\ntime_zone = \"Berlin\"\ndaily = [\"09:00-17:00\"]",
    "7:13: `Berlin` is no IANA time zone"
)]
#[case::no_such_hours(
    "[calendars.office]\ntime_zone = \"UTC\"\ndaily = [\"9-17\"]",
    "8:10: `daily`: `9-17` is no opening hours"
)]
#[case::no_such_date(
    "[calendars.office]\ntime_zone = \"UTC\"\ndaily = [\"09:00-17:00\"]\nclosed = [\"Christmas\"]",
    "9:11: `Christmas` is no date: write it as 2026-12-25"
)]
#[case::calls_nobody(
    "[[sla.policies]]\nname = \"a\"\nfirst_response = { low = \"1h\" }\n[[sla.policies.escalations]]\nclock = \"first_response\"\nat_percent = 100",
    "the step calls nobody"
)]
#[case::two_times(
    "[[sla.policies]]\nname = \"a\"\nfirst_response = { low = \"1h\" }\n[[sla.policies.escalations]]\nclock = \"first_response\"\nat_percent = 100\nafter = \"1h\"\nnotify = [\"lead\"]",
    "say when, with one of"
)]
#[case::of_a_clock_nobody_starts(
    "[[sla.policies]]\nname = \"a\"\nfirst_response = { low = \"1h\" }\n[[sla.policies.escalations]]\nclock = \"resolution\"\nat_percent = 100\nnotify = [\"lead\"]",
    "10:9: the policy promises no `resolution`"
)]
#[case::escalates_to_an_unknown_department(
    "[[sla.policies]]\nname = \"a\"\nfirst_response = { low = \"1h\" }\n[[sla.policies.escalations]]\nclock = \"first_response\"\nat_percent = 100\nmove = \"prr\"",
    "12:8: unknown department `prr` (did you mean `pr`?"
)]
fn rows_and_policies(#[case] text: &str, #[case] want: &str) {
    assert_told(&format!("{GOOD}{text}\n"), want);
}

#[test]
fn the_frame_alone_is_fine_and_everything_goes_to_the_fallback() {
    let (config, problems) = read(GOOD);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(
        config.unwrap().table.fallback_department().as_str(),
        "support"
    );
}

fn assert_told(text: &str, want: &str) {
    let (_, problems) = read(text);
    assert!(
        problems.iter().any(|problem| problem.contains(want)),
        "{want}: {problems:#?}"
    );
}
