//! Every mistake in departments, table and promises is told at its place.

use crate::world::read;
use rstest::rstest;
use switchboard_domain::Slug;
use switchboard_domain::sla::HoldKind;

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
#[case::an_unknown_notifier(
    "[[sla.policies]]\nname = \"a\"\nfirst_response = { low = \"1h\" }\n[[sla.policies.escalations]]\nclock = \"first_response\"\nat_percent = 100\nnotify = [\"opps\"]",
    "12:11: unknown notifier `opps` (did you mean `ops`? known: lead, ops, on-call)"
)]
#[case::on_call_without_a_channel(
    "[[sla.policies]]\nname = \"a\"\nfirst_response = { low = \"1h\" }\n[[sla.policies.escalations]]\nclock = \"first_response\"\nat_percent = 100\nnotify = [\"on-call\"]",
    "12:10: `on-call` would reach nobody while `support`, `pr` holds the ticket"
)]
#[case::on_call_where_it_is_moved_to(
    "[[sla.policies]]\nname = \"a\"\nfirst_response = { low = \"1h\" }\n[[sla.policies.escalations]]\nclock = \"first_response\"\nat_percent = 100\nnotify = [\"on-call\"]\nmove = \"pr\"",
    "12:10: `on-call` would reach nobody while `pr` holds the ticket"
)]
#[case::assigned_to_nobody(
    "[[sla.policies]]\nname = \"a\"\ndepartment = [\"pr\"]\nfirst_response = { low = \"1h\" }\n[[sla.policies.escalations]]\nclock = \"first_response\"\nat_percent = 100\nassign = \"on-call\"",
    "13:10: nobody is on call for `pr`"
)]
#[case::passed_to_and_fro(
    "[[sla.policies]]\nname = \"a\"\nownership = { low = \"1h\" }\n[[sla.policies.escalations]]\nclock = \"ownership\"\nat_percent = 50\nmove = \"pr\"\n[[sla.policies.escalations]]\nclock = \"ownership\"\nat_percent = 100\nmove = \"support\"",
    "the chain of `ownership` would pass a ticket between `pr` and `support` for ever"
)]
#[case::a_mistyped_platform(
    "[[routing.rows]]\nname = \"a\"\ndepartment = \"pr\"\nplatform = [\"x\", \"mastodn\"]",
    "9:18: unknown platform `mastodn` (did you mean `mastodon`?); a name of your own belongs into `platforms` of `[ingest]`"
)]
#[case::a_mistyped_platform_of_a_policy(
    "[[sla.policies]]\nname = \"a\"\nplatform = [\"instagam\"]\nfirst_response = { low = \"1h\" }",
    "8:13: unknown platform `instagam` (did you mean `instagram`?)"
)]
#[case::a_mistyped_brand(
    "[[routing.rows]]\nname = \"a\"\ndepartment = \"pr\"\nbrand = [\"acmee\"]",
    "9:10: unknown brand `acmee` (did you mean `acme`? known: acme, globex)"
)]
#[case::a_mistyped_language(
    "[[routing.rows]]\nname = \"a\"\ndepartment = \"pr\"\nlanguage = [\"de\", \"xx\"]",
    "9:19: unknown language `xx`: a code of ISO 639-1, or `und`"
)]
#[case::no_such_feed(
    "[calendars.office]\ntime_zone = \"UTC\"\ndaily = [\"09:00-17:00\"]\nholidays = [\"publik.ics\"]",
    "9:13: cannot read `publik.ics`: entity not found"
)]
#[case::a_state_without_meaning(
    "[states.waiting-lab]\nname = \"Waits for the lab\"",
    "6:1: missing `kind`"
)]
#[case::a_state_of_no_kind(
    "[states.waiting-lab]\nkind = \"waiting_externl\"",
    "7:8: `kind`: unknown name `waiting_externl` (did you mean `waiting_external`?"
)]
#[case::a_state_that_is_there("[states.snoozed]\nkind = \"snoozed\"", "`snoozed` is there already")]
fn rows_and_policies(#[case] text: &str, #[case] want: &str) {
    assert_told(&format!("{GOOD}{text}\n"), want);
}

const ROTA: &str = r#"
[departments.support]
members = ["ana", "ben"]
notify = ["ops"]
reply = "members"
[departments.support.on_call]
time_zone = "Europe/Berlin"
begins = "2026-01-05T09:00"
[[departments.support.on_call.covers]]
person = "ben"
from = "2026-01-06T09:00"
until = "2026-01-07T09:00"
[routing]
fallback = "support"
"#;

#[test]
fn a_department_knows_who_is_on_call() {
    let (config, problems) = read(ROTA);
    assert_eq!(problems, Vec::<String>::new());
    let config = config.unwrap();
    let on_call = |at: &str| {
        let support = Slug::from_any("support");
        let person = config.book.on_call(&support, at.parse().unwrap());
        person.map(str::to_owned)
    };
    assert_eq!(on_call("2026-01-05T09:00:00Z").as_deref(), Some("ana"));
    assert_eq!(on_call("2026-01-06T09:00:00Z").as_deref(), Some("ben"));
    assert_eq!(on_call("2026-01-07T09:00:00Z").as_deref(), Some("ana"));
}

#[test]
fn a_feed_closes_its_days_and_states_have_a_meaning() {
    let text = format!(
        "{GOOD}[calendars.office]\ntime_zone = \"UTC\"\ndaily = [\"09:00-17:00\"]\n\
         holidays = [\"public.ics\"]\n[states.waiting-lab]\nkind = \"waiting_external\"\n"
    );
    let (config, problems) = read(&text);
    assert_eq!(problems, Vec::<String>::new());
    let book = config.unwrap().book;
    let office = book.calendar("office");
    let is_open = |at: &str| office.is_open(at.parse().unwrap());
    assert!(is_open("2026-12-24T12:00:00Z"));
    assert!(!is_open("2026-12-25T12:00:00Z") && !is_open("2027-12-25T12:00:00Z"));
    let state = &book.states()[&Slug::from_any("waiting-lab")];
    assert_eq!(state.kind, HoldKind::WaitingExternal);
}

#[rstest]
#[case::no_such_notifier(
    "notify = [\"ops\"]",
    "notify = [\"opps\"]",
    "4:11: unknown notifier `opps` (did you mean `ops`?"
)]
#[case::nobody_to_call("notify = [\"ops\"]", "", "whoever is on call could not be called")]
#[case::no_member(
    "person = \"ben\"",
    "person = \"bem\"",
    "10:10: unknown member `bem` (did you mean `ben`?"
)]
#[case::twice(
    "[\"ana\", \"ben\"]",
    "[\"ana\", \"ben\", \"ana\"]",
    "3:26: `ana` is named twice"
)]
#[case::no_time(
    "begins = \"2026-01-05T09:00\"",
    "begins = \"monday\"",
    "8:10: `monday` is no time of a wall clock"
)]
#[case::no_beginning("begins = \"2026-01-05T09:00\"", "", "missing `begins`")]
#[case::backwards(
    "until = \"2026-01-07T09:00\"",
    "until = \"2026-01-05T09:00\"",
    "the cover by `ben` ends before it begins"
)]
#[case::nobody_answers(
    "members = [\"ana\", \"ben\"]",
    "",
    "5:9: only members may answer, and there are none"
)]
#[case::nobody_on_call("members = [\"ana\", \"ben\"]", "", "the rota names nobody")]
#[case::no_policy(
    "reply = \"members\"",
    "reply = \"all\"",
    "5:9: `reply`: unknown name `all` (known: anybody, members, nobody)"
)]
fn departments(#[case] from: &str, #[case] to: &str, #[case] want: &str) {
    let text = ROTA.replace(from, to);
    assert_ne!(text, ROTA);
    assert_told(&text, want);
}

#[test]
fn a_topic_that_nothing_gives_is_told_with_the_nearest_name() {
    let rows = "[[routing.rows]]\nname = \"a\"\ndepartment = \"pr\"\ntopic = [\"bagage\", \"baggage\", \"baggage/lost\"]";
    let (config, problems) = read(&format!("{GOOD}{rows}\n"));
    assert_eq!(problems, Vec::<String>::new());
    let unknown = config
        .unwrap()
        .unknown_topics(["baggage/lost", "app/login"]);
    let told: Vec<String> = unknown.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "route.toml:9:10: unknown topic `bagage` (did you mean `baggage`? known: app, \
             app/login, baggage, baggage/lost): no rule gives it, and no brand lists it under \
             `topics`"
        ]
    );
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
