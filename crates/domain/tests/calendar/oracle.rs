//! An oracle that walks every minute, over random calendars around changes of the clocks.

use crate::cases::{DAYS, at, hours, zone};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use std::collections::BTreeMap;
use switchboard_domain::calendar::{Calendar, OpenHours, Week};

/// Zones with northern, southern, half-hour and double changes, and days begun late.
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Pacific/Chatham",
];

/// Days around which the zones above change their clocks, and some on which nothing happens.
const AROUND: [&str; 7] = [
    "2026-03-07T00:00:00Z",
    "2026-03-28T00:00:00Z",
    "2026-04-04T00:00:00Z",
    "2026-04-23T00:00:00Z",
    "2026-09-05T00:00:00Z",
    "2026-10-24T00:00:00Z",
    "2026-11-22T00:00:00Z",
];

/// How far the oracle walks: over a change of clocks and an override on both sides of it.
const WALK_MINUTES: i64 = 4 * 24 * 60;

#[derive(Clone, Debug)]
struct Case {
    zone: TimeZone,
    weekly: Vec<(Weekday, OpenHours)>,
    overrides: BTreeMap<Date, Vec<OpenHours>>,
    start: Timestamp,
    minutes: i64,
}

fn any_hours() -> impl Strategy<Value = OpenHours> {
    (0_u16..96, 0_u16..=96)
        .prop_filter("not empty", |(from, until)| from != until)
        .prop_map(|(from, until)| {
            let clock = |quarter: u16| format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15);
            hours(&format!("{}-{}", clock(from), clock(until)))
        })
}

prop_compose! {
    fn any_case()(
        zone_name in prop::sample::select(&ZONES[..]),
        weekly in prop::collection::vec((prop::sample::select(&DAYS[..]), any_hours()), 1..10),
        around in prop::sample::select(&AROUND[..]),
        offset in 0_i64..2_880,
        minutes in 1_i64..2_000,
        overrides in prop::collection::vec((0_i64..5, prop::collection::vec(any_hours(), 0..3)), 0..3),
    ) -> Case {
        let start = at(around) + offset.minutes();
        let first = start.to_zoned(TimeZone::UTC).date();
        let overrides = overrides.into_iter()
            .map(|(days, hours)| (first + days.days(), hours))
            .collect();
        Case { zone: zone(zone_name), weekly, overrides, start, minutes }
    }
}

impl Case {
    fn calendar(&self) -> Calendar {
        let mut week = Week::default();
        for (day, hours) in &self.weekly {
            week.open(*day, *hours);
        }
        Calendar::new("random", self.zone.clone(), week, self.overrides.clone()).unwrap()
    }

    /// Every stretch near the walk, from the definition alone: edge by edge, unsorted,
    /// overlapping, without any of the calendar's code.
    fn stretches(&self) -> Vec<(Timestamp, Timestamp)> {
        let first = self.zone.to_datetime(self.start).date() - 3.days();
        let mut stretches = vec![];
        for days in 0..10_i64 {
            let date = first + days.days();
            let opening: Vec<OpenHours> = match self.overrides.get(&date) {
                Some(hours) => hours.clone(),
                None => self
                    .weekly
                    .iter()
                    .filter(|(day, _)| *day == date.weekday())
                    .map(|(_, hours)| *hours)
                    .collect(),
            };
            for hours in opening {
                let next = date + 1.days();
                let end = match (hours.crosses_midnight(), self.overrides.contains_key(&next)) {
                    (false, _) => self.instant(date, hours.until_minute()),
                    (true, false) => self.instant(next, hours.until_minute()),
                    (true, true) => self.instant(next, 0),
                };
                stretches.push((self.instant(date, hours.from_minute()), end));
            }
        }
        stretches
    }

    fn instant(&self, date: Date, minute: u16) -> Timestamp {
        let civil = date.at(0, 0, 0, 0) + i64::from(minute).minutes();
        self.zone
            .to_ambiguous_timestamp(civil)
            .compatible()
            .unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn agrees_with_a_walk_over_every_minute(case in any_case()) {
        let calendar = case.calendar();
        let stretches = case.stretches();
        let mut open_minutes = 0;
        let mut reached = None;
        for step in 0..WALK_MINUTES {
            let minute = case.start + step.minutes();
            if open_minutes == case.minutes && reached.is_none() {
                reached = Some(minute);
            }
            let open = stretches.iter().any(|(from, until)| *from <= minute && minute < *until);
            open_minutes += i64::from(open);
        }
        let end = case.start + WALK_MINUTES.minutes();
        let counted = calendar.open_between(case.start, end);
        prop_assert_eq!(counted, SignedDuration::from_mins(open_minutes));
        // The walk stops at the first minute after the last open one it needed; the calendar
        // answers the end of that open minute.
        let after = calendar.after(case.start, SignedDuration::from_mins(case.minutes));
        if let Some(reached) = reached {
            prop_assert_eq!(after, Some(reached));
        } else if open_minutes < case.minutes {
            prop_assert!(after.is_none_or(|after| after > end));
        }
        prop_assert_eq!(calendar.is_open(case.start), stretches.iter().any(|(from, until)| *from <= case.start && case.start < *until));
    }

    #[test]
    fn what_it_adds_is_what_it_counts(case in any_case(), seconds in 1_i64..200_000) {
        let calendar = case.calendar();
        let open = SignedDuration::from_secs(seconds);
        let after = calendar.after(case.start, open);
        if let Some(after) = after {
            prop_assert_eq!(calendar.open_between(case.start, after), open);
            prop_assert!(after > case.start);
        }
    }
}
