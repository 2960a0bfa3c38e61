//! Named cases: nights, weekends, holidays, daylight saving, the ends of time.

use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use rstest::rstest;
use std::collections::BTreeMap;
use switchboard_domain::calendar::{Calendar, CalendarError, OpenHours, Week};

pub(crate) const DAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

pub(crate) fn hours(text: &str) -> OpenHours {
    text.parse().unwrap()
}

pub(crate) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The same hours on the first `days` days of the week.
fn calendar(zone_name: &str, opening: &[&str], days: usize, closed: &[Date]) -> Calendar {
    let mut week = Week::default();
    for day in &DAYS[..days] {
        for text in opening {
            week.open(*day, hours(text));
        }
    }
    let closed = closed.iter().map(|date| (*date, vec![])).collect();
    Calendar::new("test", zone(zone_name), week, closed).unwrap()
}

#[rstest]
#[case::the_same_day("2026-11-23T09:00:00Z", 60, "2026-11-23T10:00:00Z")]
#[case::waits_for_the_morning("2026-11-23T03:00:00Z", 60, "2026-11-23T09:00:00Z")]
#[case::over_lunch("2026-11-23T10:30:00Z", 60, "2026-11-23T12:30:00Z")]
#[case::over_the_weekend("2026-11-27T15:30:00Z", 60, "2026-11-30T08:30:00Z")]
#[case::over_a_holiday("2026-12-24T15:30:00Z", 60, "2026-12-28T08:30:00Z")]
#[case::ends_exactly_at_closing("2026-11-23T15:00:00Z", 60, "2026-11-23T16:00:00Z")]
#[case::no_time_at_all("2026-11-22T03:00:00Z", 0, "2026-11-22T03:00:00Z")]
fn a_berlin_office_with_a_lunch_break(
    #[case] start: &str,
    #[case] minutes: i64,
    #[case] want: &str,
) {
    let office = calendar(
        "Europe/Berlin",
        &["09:00-12:00", "13:00-17:00"],
        5,
        &[date(2026, 12, 25)],
    );
    let open = SignedDuration::from_mins(minutes);
    assert_eq!(office.after(at(start), open), Some(at(want)));
}

#[rstest]
#[case::spring_day("2026-03-29", "00:00-24:00", 23)]
#[case::autumn_day("2026-10-25", "00:00-24:00", 25)]
#[case::working_day_in_spring("2026-03-29", "09:00-17:00", 8)]
#[case::working_day_in_autumn("2026-10-25", "09:00-17:00", 8)]
#[case::night_shift_in_spring("2026-03-28", "22:00-06:00", 7)]
#[case::night_shift_in_autumn("2026-10-24", "22:00-06:00", 9)]
#[case::begins_in_the_hour_that_is_not("2026-03-29", "02:30-05:00", 2)]
fn real_hours_of_a_day_in_berlin(#[case] day: Date, #[case] opening: &str, #[case] want: i64) {
    let mut week = Week::default();
    week.open(day.weekday(), hours(opening));
    let berlin = Calendar::new("b", zone("Europe/Berlin"), week, BTreeMap::new()).unwrap();
    let midnight = day.to_zoned(zone("Europe/Berlin")).unwrap().timestamp();
    let open = berlin.open_between(midnight, midnight + 48.hours());
    // 02:30 moves to 03:30 on the day that has no 02:30.
    let half = if opening.starts_with("02") { 30 } else { 0 };
    assert_eq!(open, SignedDuration::from_mins(want * 60 - half));
}

#[test]
fn a_holiday_ends_the_night_shift_at_midnight() {
    let night = calendar("Europe/Berlin", &["22:00-06:00"], 7, &[date(2026, 12, 25)]);
    let christmas_eve = at("2026-12-24T21:00:00Z");
    let open = night.open_between(christmas_eve, at("2026-12-26T20:00:00Z"));
    // 22:00 to midnight, and nothing on Christmas Day, whose own shift does not begin either.
    assert_eq!(open, SignedDuration::from_hours(2));
}

#[test]
fn a_date_that_never_was_is_not_open() {
    let office = calendar("Pacific/Apia", &["09:00-17:00"], 7, &[]);
    let start = date(2011, 12, 29).to_zoned(zone("Pacific/Apia")).unwrap();
    let end = date(2012, 1, 1).to_zoned(zone("Pacific/Apia")).unwrap();
    let open = office.open_between(start.timestamp(), end.timestamp());
    assert_eq!(
        open,
        SignedDuration::from_hours(16),
        "the 29th and the 31st"
    );
}

#[test]
fn the_ends_of_time_are_survived() {
    let office = calendar("Europe/Berlin", &["09:00-17:00"], 5, &[]);
    let hour = SignedDuration::from_hours(1);
    assert_eq!(office.after(Timestamp::MAX, hour), None);
    assert!(office.after(Timestamp::MIN, hour).is_some());
    assert_eq!(Calendar::always().after(Timestamp::MAX, hour), None);
}

#[test]
fn a_calendar_that_never_opens_is_refused() {
    let dates = BTreeMap::from([(date(2026, 1, 1), vec![OpenHours::ALL_DAY])]);
    let never = Calendar::new("n", TimeZone::UTC, Week::default(), dates);
    assert_eq!(never, Err(CalendarError::NeverOpen("n".into())));
}

#[test]
fn the_version_follows_the_hours() {
    let versions = [
        calendar("Europe/Berlin", &["09:00-17:00"], 5, &[]),
        calendar("Europe/Paris", &["09:00-17:00"], 5, &[]),
        calendar("Europe/Berlin", &["09:00-17:30"], 5, &[]),
        calendar("Europe/Berlin", &["09:00-17:00"], 5, &[date(2026, 12, 25)]),
    ]
    .map(|calendar| calendar.version().to_owned());
    let distinct: std::collections::BTreeSet<_> = versions.iter().collect();
    assert_eq!(distinct.len(), versions.len());
    assert_eq!(
        calendar("Europe/Berlin", &["09:00-17:00"], 5, &[]).version(),
        versions[0]
    );
}
