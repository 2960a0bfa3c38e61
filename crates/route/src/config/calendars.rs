//! `[calendars.<name>]`: when people are at work.

use super::{Context, dates};
use jiff::civil::{Date, Weekday};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use switchboard_config::{Located, Section};
use switchboard_domain::calendar::icalendar::holidays;
use switchboard_domain::calendar::{Calendar, OpenHours, Week};

/// The name every installation has without writing it down: around the clock.
const ALWAYS: &str = "always";

/// Yearly holidays are written out for these: no deadline lies beyond, and a file is read
/// again at every start.
const HOLIDAY_YEARS: RangeInclusive<i16> = 2020..=2050;

/// Keys of weekly hours, and the days each stands for.
const DAY_KEYS: [(&str, &[Weekday]); 10] = [
    ("monday", &[Weekday::Monday]),
    ("tuesday", &[Weekday::Tuesday]),
    ("wednesday", &[Weekday::Wednesday]),
    ("thursday", &[Weekday::Thursday]),
    ("friday", &[Weekday::Friday]),
    ("saturday", &[Weekday::Saturday]),
    ("sunday", &[Weekday::Sunday]),
    (
        "weekdays",
        &[
            Weekday::Monday,
            Weekday::Tuesday,
            Weekday::Wednesday,
            Weekday::Thursday,
            Weekday::Friday,
        ],
    ),
    ("weekend", &[Weekday::Saturday, Weekday::Sunday]),
    (
        "daily",
        &[
            Weekday::Monday,
            Weekday::Tuesday,
            Weekday::Wednesday,
            Weekday::Thursday,
            Weekday::Friday,
            Weekday::Saturday,
            Weekday::Sunday,
        ],
    ),
];

/// The calendars one may name.
pub(super) struct Calendars(pub(super) Vec<Calendar>);

impl Calendars {
    /// The calendar of that name; an unknown one is a problem at its place.
    pub(super) fn find(&self, section: &mut Section<'_>, key: &str) -> Option<String> {
        let name: Located<String> = section.located(key)?;
        let mut known: Vec<&str> = self.0.iter().map(Calendar::name).collect();
        known.push(ALWAYS);
        if known.contains(&name.value.as_str()) {
            return Some(name.value);
        }
        let unknown = switchboard_config::unknown_name("calendar", &name.value, &known);
        section.problem(&name.place, unknown);
        None
    }
}

pub(super) fn read(root: &mut Section<'_>, context: &Context) -> Calendars {
    let read = root.sections("calendars", |key, section| {
        if key.value == ALWAYS {
            let message = "`always` is the calendar that never closes: choose another name";
            section.problem(&key.place, message);
        }
        let zone = dates::zone(section);
        let weekly = read_week(section);
        let dates = read_dates(section, context);
        match Calendar::new(&key.value, zone?, weekly, dates) {
            Ok(calendar) => Some(calendar),
            Err(error) => {
                section.problem(&key.place, error.to_string());
                None
            }
        }
    });
    Calendars(read.into_iter().flatten().collect())
}

fn read_week(section: &mut Section<'_>) -> Week {
    let mut week = Week::default();
    for (key, days) in DAY_KEYS {
        for hours in read_hours(section, key) {
            for day in days {
                week.open(*day, hours);
            }
        }
    }
    week
}

fn read_hours(section: &mut Section<'_>, key: &str) -> Vec<OpenHours> {
    let written = section.located_list(key).unwrap_or_default();
    let hours = written.iter().filter_map(|text| match text.value.parse() {
        Ok(hours) => Some(hours),
        Err(error) => {
            section.problem(&text.place, format!("`{key}`: {error}"));
            None
        }
    });
    hours.collect()
}

/// `closed = ["2026-12-25"]`, `holidays = ["public.ics"]`, and `[[calendars.<name>.dates]]`
/// for other hours than usual, which win over both.
fn read_dates(section: &mut Section<'_>, context: &Context) -> BTreeMap<Date, Vec<OpenHours>> {
    let closed = section.located_list("closed").unwrap_or_default();
    let closed = closed
        .iter()
        .filter_map(|date| Some((dates::date(section, date)?, vec![])));
    let mut dates: BTreeMap<Date, Vec<OpenHours>> = closed.collect();
    dates.extend(
        read_holidays(section, context)
            .into_iter()
            .map(|date| (date, vec![])),
    );
    let other = section.array("dates", |section| {
        let open = read_hours(section, "open");
        section.required::<String>("date")?;
        let date: Located<String> = section.located("date")?;
        Some((dates::date(section, &date)?, open))
    });
    dates.extend(other.into_iter().flatten());
    dates
}

/// The whole days of iCalendar files.
fn read_holidays(section: &mut Section<'_>, context: &Context) -> BTreeSet<Date> {
    let files = section.located_list("holidays").unwrap_or_default();
    let mut dates = BTreeSet::new();
    for file in files {
        let name = &file.value;
        let read =
            (context.read_file)(name).map_err(|error| format!("cannot read `{name}`: {error}"));
        let read = read.and_then(|text| {
            holidays(&text, &HOLIDAY_YEARS).map_err(|error| format!("`{name}`, {error}"))
        });
        match read {
            Ok(days) => dates.extend(days),
            Err(message) => section.problem(&file.place, message),
        }
    }
    dates
}
