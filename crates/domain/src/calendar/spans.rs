//! A calendar's open stretches as instants, in order, without overlap.

use super::hours::DAY_MINUTES;
use super::{Calendar, OpenHours};
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};

/// A night shift that began two days ago is the farthest that can reach into today: no hours
/// are longer than a day, and no zone has jumped by more than one.
const DAYS_BEFORE: u32 = 2;

/// Open from `start` (included) to `end` (excluded).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

impl Span {
    pub(super) fn length(self) -> SignedDuration {
        self.end.duration_since(self.start)
    }
}

/// The open stretches from an instant on.
pub(super) struct Spans<'c> {
    calendar: &'c Calendar,
    date: Option<Date>,
    days_left: u32,
    /// Nothing before this is open any more: the start, then the end of the last stretch.
    from: Timestamp,
    of_the_day: std::vec::IntoIter<Span>,
}

impl<'c> Spans<'c> {
    /// Those of the next `days` days.
    pub(super) fn from(calendar: &'c Calendar, start: Timestamp, days: u32) -> Self {
        let mut date = calendar.zone.to_datetime(start).date();
        for _ in 0..DAYS_BEFORE {
            date = date.yesterday().unwrap_or(date);
        }
        Self {
            calendar,
            date: Some(date),
            days_left: days.saturating_add(DAYS_BEFORE),
            from: start,
            of_the_day: Vec::new().into_iter(),
        }
    }
}

impl Iterator for Spans<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        loop {
            for span in self.of_the_day.by_ref() {
                let start = span.start.max(self.from);
                if start < span.end {
                    self.from = span.end;
                    return Some(Span { start, ..span });
                }
            }
            let date = self.date?;
            self.days_left = self.days_left.checked_sub(1)?;
            self.of_the_day = on(self.calendar, date).into_iter();
            self.date = date.tomorrow().ok();
        }
    }
}

/// What opens on `date`, as instants.
fn on(calendar: &Calendar, date: Date) -> Vec<Span> {
    if !exists(calendar, date) {
        return Vec::new();
    }
    let opening = calendar.opening_on(date).iter();
    let mut spans: Vec<Span> = opening
        .filter_map(|hours| span(calendar, date, *hours))
        .collect();
    spans.sort_unstable_by_key(|span| span.start);
    spans
}

/// Samoa had no 30 December 2011: what would open on such a date does not.
fn exists(calendar: &Calendar, date: Date) -> bool {
    instant(calendar, date, 0)
        .is_some_and(|midnight| calendar.zone.to_datetime(midnight).date() == date)
}

fn span(calendar: &Calendar, date: Date, hours: OpenHours) -> Option<Span> {
    let start = instant(calendar, date, hours.from_minute())?;
    let end = if hours.crosses_midnight() {
        let next = date.tomorrow().ok()?;
        let until = if calendar.is_overridden(next) {
            0
        } else {
            hours.until_minute()
        };
        instant(calendar, next, until)?
    } else {
        instant(calendar, date, hours.until_minute())?
    };
    (start < end).then_some(Span { start, end })
}

/// `None` only at the ends of time.
fn instant(calendar: &Calendar, date: Date, minute: u16) -> Option<Timestamp> {
    let (date, minute) = if minute >= DAY_MINUTES {
        (date.tomorrow().ok()?, 0)
    } else {
        (date, minute)
    };
    let (hour, minute) = (
        i8::try_from(minute / 60).ok()?,
        i8::try_from(minute % 60).ok()?,
    );
    let time = Time::new(hour, minute, 0, 0).ok()?;
    let zoned = calendar.zone.to_zoned(date.to_datetime(time)).ok()?;
    Some(zoned.timestamp())
}
