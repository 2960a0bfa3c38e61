//! Holidays as feeds write them.

use jiff::civil::Date;
use proptest::prelude::*;
use rstest::rstest;
use std::collections::BTreeSet;
use switchboard_domain::calendar::icalendar::holidays;

fn feed(event: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

fn dates(text: &str) -> Result<Vec<String>, String> {
    let read = holidays(text, &(2026..=2028)).map_err(|error| error.to_string())?;
    Ok(read.iter().map(ToString::to_string).collect())
}

#[rstest]
#[case::one_day("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261226", &["2026-12-25"])]
#[case::without_an_end("DTSTART;VALUE=DATE:20261225", &["2026-12-25"])]
#[case::several_days(
    "DTSTART;VALUE=DATE:20261230\r\nDTEND;VALUE=DATE:20270102",
    &["2026-12-30", "2026-12-31", "2027-01-01"]
)]
#[case::every_year(
    "DTSTART;VALUE=DATE:20200501\r\nRRULE:FREQ=YEARLY",
    &["2026-05-01", "2027-05-01", "2028-05-01"]
)]
#[case::every_year_until("DTSTART:20200501\r\nRRULE:FREQ=YEARLY;UNTIL=20270501T000000Z", &["2026-05-01", "2027-05-01"])]
#[case::so_many_times("DTSTART:20250501\r\nRRULE:FREQ=YEARLY;COUNT=2", &["2026-05-01"])]
#[case::but_not_that_one("DTSTART:20260501\r\nRRULE:FREQ=YEARLY;INTERVAL=1\r\nEXDATE;VALUE=DATE:20270501", &["2026-05-01", "2028-05-01"])]
#[case::a_leap_day("DTSTART:20240229\r\nRRULE:FREQ=YEARLY", &["2028-02-29"])]
#[case::folded("SUMMARY:A very long\r\n  name\r\nDTSTART;VALUE=\r\n DATE:2026\r\n 1225", &["2026-12-25"])]
#[case::with_an_alarm("DTSTART:20261225\r\nBEGIN:VALARM\r\nDURATION:PT1H\r\nEND:VALARM", &["2026-12-25"])]
#[case::cancelled("DTSTART:20261225\r\nSTATUS:CANCELLED", &[])]
#[case::long_ago("DTSTART:19991225", &[])]
fn what_a_feed_closes(#[case] event: &str, #[case] want: &[&str]) {
    assert_eq!(dates(&feed(event)).unwrap(), want);
}

#[rstest]
#[case::timed(
    "DTSTART:20261225T100000Z",
    "line 4: `20261225T100000Z` has a time of day: a holiday is a whole day"
)]
#[case::monthly(
    "DTSTART:20260101\r\nRRULE:FREQ=MONTHLY",
    "line 5: `FREQ=MONTHLY` of a rule is not understood: write the dates out as events"
)]
#[case::movable(
    "DTSTART:20260101\r\nRRULE:FREQ=YEARLY;BYDAY=4TH",
    "line 5: `BYDAY=4TH` of a rule is not understood: write the dates out as events"
)]
#[case::no_date("DTSTART:Christmas", "line 4: `Christmas` is no date such as 20261225")]
#[case::no_such_day("DTSTART:20260230", "line 4: `20260230` is no date such as 20261225")]
#[case::no_start("SUMMARY:Christmas", "line 5: the event has no `DTSTART`")]
#[case::backwards(
    "DTSTART:20261225\r\nDTEND:20261225",
    "line 6: the event covers 0 days: 1 to 366 are possible"
)]
fn what_a_feed_may_not_say(#[case] event: &str, #[case] want: &str) {
    assert_eq!(dates(&feed(event)).unwrap_err(), want);
}

#[rstest]
#[case::html(
    "<html>",
    "line 1: this is no iCalendar file: it has no `BEGIN:VCALENDAR`"
)]
#[case::half(
    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225",
    "line 3: the file ends within an event"
)]
fn what_is_no_feed(#[case] text: &str, #[case] want: &str) {
    assert_eq!(dates(text).unwrap_err(), want);
}

proptest! {
    #[test]
    fn every_written_day_is_read_wherever_lines_are_folded(
        days in proptest::collection::btree_set((2026_i16..=2028, 1_i8..=12, 1_i8..=28), 0..20),
        fold in 1_usize..40,
    ) {
        let days: BTreeSet<Date> = days.into_iter().map(|(y, m, d)| Date::new(y, m, d).unwrap()).collect();
        let events = days.iter().map(|day| format!("BEGIN:VEVENT\nDTSTART;VALUE=DATE:{}\nEND:VEVENT\n", day.strftime("%Y%m%d")));
        let text = format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", events.collect::<String>());
        let folded: Vec<String> = text.lines().map(|line| {
            let chars: Vec<char> = line.chars().collect();
            let parts: Vec<String> = chars.chunks(fold).map(|part| part.iter().collect()).collect();
            parts.join("\n ")
        }).collect();
        prop_assert_eq!(holidays(&folded.join("\n"), &(2026..=2028)).unwrap(), days);
    }

    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,300}", event in "[A-Z;:=0-9\\n ]{0,200}") {
        let _ = holidays(&text, &(2026..=2028));
        let _ = holidays(&feed(&event), &(2026..=2028));
    }
}
