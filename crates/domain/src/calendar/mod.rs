//! When a department is at work, in its own time zone, right across daylight saving.
//!
//! Opening hours are wall-clock times; a stretch is counted in real seconds between the
//! instants of its two edges. So 09:00-17:00 is eight hours on every day on which the clocks
//! change at night, a whole day is 23 or 25 hours then, and an edge inside the hour that does
//! not exist moves behind it (the *compatible* rule of RFC 5545, section 3.3.5).
//!
//! An override replaces everything that is open on its date, also the tail of a night shift
//! that began the day before.

mod hours;
pub mod icalendar;
pub mod rota;
mod spans;
mod written;

pub use hours::{HoursError, OpenHours};
pub use rota::{Rota, RotaError};
pub use written::WrittenError;

use crate::version::version_of;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use spans::Spans;
use std::collections::BTreeMap;

/// How many days ahead a deadline is looked for: ten years. A target that does not fit has
/// no deadline.
const HORIZON_DAYS: u32 = 3_660;

/// Opening hours of a week, with the dates on which they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    name: String,
    zone: TimeZone,
    weekly: Week,
    overrides: BTreeMap<Date, Vec<OpenHours>>,
    version: String,
}

/// Opening hours by weekday, Monday first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Week([Vec<OpenHours>; 7]);

/// Why hours make no calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// A clock would never run.
    #[error(
        "calendar `{0}` has no open hour in any week: a deadline counted in it would never come"
    )]
    NeverOpen(String),
}

impl Week {
    /// Open around the clock.
    pub fn always() -> Self {
        Self(std::array::from_fn(|_| vec![OpenHours::ALL_DAY]))
    }

    /// Opens on that weekday, too.
    pub fn open(&mut self, day: Weekday, hours: OpenHours) {
        if let Some(day) = self.0.get_mut(index(day)) {
            day.push(hours);
            day.sort_unstable();
        }
    }

    fn on(&self, day: Weekday) -> &[OpenHours] {
        self.0.get(index(day)).map_or(&[], Vec::as_slice)
    }
}

fn index(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or_default()
}

impl Calendar {
    /// A calendar that opens at least once in a common week.
    ///
    /// # Errors
    /// [`CalendarError::NeverOpen`]: dates alone do not make one, they end some day.
    pub fn new(
        name: impl Into<String>,
        zone: TimeZone,
        weekly: Week,
        overrides: BTreeMap<Date, Vec<OpenHours>>,
    ) -> Result<Self, CalendarError> {
        let name = name.into();
        if weekly.0.iter().all(Vec::is_empty) {
            return Err(CalendarError::NeverOpen(name));
        }
        let sorted = overrides.into_iter().map(|(date, mut hours)| {
            hours.sort_unstable();
            (date, hours)
        });
        Ok(Self::with_version(name, zone, weekly, sorted.collect()))
    }

    /// Open around the clock: what a policy without a calendar counts in.
    pub fn always() -> Self {
        Self::with_version(
            "always".to_owned(),
            TimeZone::UTC,
            Week::always(),
            BTreeMap::new(),
        )
    }

    fn with_version(
        name: String,
        zone: TimeZone,
        weekly: Week,
        overrides: BTreeMap<Date, Vec<OpenHours>>,
    ) -> Self {
        let zone_name = zone.iana_name().unwrap_or("fixed");
        let written = format!("{zone_name} {:?} {overrides:?}", weekly.0);
        Self {
            name,
            zone,
            weekly,
            overrides,
            version: version_of(&written),
        }
    }

    /// Its name in the configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone its wall-clock times are read in.
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Changes with everything that moves a deadline: 12 hexadecimal digits of a SHA-256.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The instant at which `open` has passed while the calendar was open since `start`;
    /// `None` when that is more than ten years away. For no time at all it is `start`.
    pub fn after(&self, start: Timestamp, open: SignedDuration) -> Option<Timestamp> {
        if open <= SignedDuration::ZERO {
            return Some(start);
        }
        if self.is_always_open() {
            return start.checked_add(open).ok();
        }
        let mut left = open;
        for span in Spans::from(self, start, HORIZON_DAYS) {
            let length = span.length();
            if length >= left {
                return span.start.checked_add(left).ok();
            }
            left -= length;
        }
        None
    }

    /// How long the calendar is open from `start` to `end`; zero when `end` is not later.
    pub fn open_between(&self, start: Timestamp, end: Timestamp) -> SignedDuration {
        if end <= start {
            return SignedDuration::ZERO;
        }
        if self.is_always_open() {
            return end.duration_since(start);
        }
        Spans::from(self, start, u32::MAX)
            .take_while(|span| span.start < end)
            .map(|span| span.end.min(end).duration_since(span.start))
            .fold(SignedDuration::ZERO, |sum, part| sum + part)
    }

    /// Whether it is open at that instant.
    pub fn is_open(&self, at: Timestamp) -> bool {
        Spans::from(self, at, 3)
            .next()
            .is_some_and(|span| span.start == at)
    }

    /// The first open instant at or after `at`; `None` when it is more than ten years away.
    pub fn next_open(&self, at: Timestamp) -> Option<Timestamp> {
        let next = Spans::from(self, at, HORIZON_DAYS).next();
        next.map(|span| span.start)
    }

    fn is_always_open(&self) -> bool {
        let whole = |hours: &Vec<OpenHours>| hours.contains(&OpenHours::ALL_DAY);
        self.overrides.is_empty() && self.weekly.0.iter().all(whole)
    }

    /// What opens on that date, whether or not it ends on it.
    fn opening_on(&self, date: Date) -> &[OpenHours] {
        match self.overrides.get(&date) {
            Some(hours) => hours,
            None => self.weekly.on(date.weekday()),
        }
    }

    fn is_overridden(&self, date: Date) -> bool {
        self.overrides.contains_key(&date)
    }
}
