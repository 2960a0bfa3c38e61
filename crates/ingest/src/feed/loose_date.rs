//! Dates that keep to no format: the parts are told by their shape, whatever their order.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Longer than any date is no date.
const BYTES_MAX: usize = 64;

/// Needs a day, a month by name (or day, month and year with dots) and a year.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    if text.len() > BYTES_MAX {
        return None;
    }
    let mut parts = Parts::default();
    let text = text.to_lowercase();
    if let Some((date, rest)) = text.split_once('t').filter(|(date, _)| is_iso_day(date)) {
        parts.take_iso(date);
        parts.take_iso_time(rest);
    } else {
        for word in text.split([' ', ',', '(', ')']) {
            parts.take(word);
        }
    }
    parts.instant()
}

#[derive(Default)]
struct Parts {
    day: Option<i8>,
    month: Option<i8>,
    year: Option<i16>,
    time: Option<Time>,
    is_afternoon: Option<bool>,
    offset: Option<Offset>,
}

impl Parts {
    fn take(&mut self, word: &str) {
        if word.is_empty() {
        } else if let "am" | "pm" | "a.m." | "p.m." = word {
            self.is_afternoon = Some(word.starts_with('p'));
        } else if word.starts_with(['+', '-']) {
            self.offset = offset(word).or(self.offset);
        } else if word.contains(':') {
            self.take_time(word);
        } else if is_iso_day(word) {
            self.take_iso(word);
        } else if word.contains(['-', '.', '/']) && !word.starts_with("gmt") {
            word.split(['-', '.', '/']).for_each(|part| self.take(part));
        } else {
            self.take_word(word);
        }
    }

    fn take_word(&mut self, word: &str) {
        let number = word.trim_end_matches(|end: char| end.is_ascii_alphabetic());
        if let Ok(number) = number.parse::<i16>() {
            self.take_number(number);
        } else if let Some(month) = MONTHS.iter().position(|month| word.starts_with(month)) {
            self.month = i8::try_from(month + 1).ok();
        }
    }

    fn take_number(&mut self, number: i16) {
        match (number, self.day, self.month) {
            (1..=31, None, _) => self.day = i8::try_from(number).ok(),
            (1..=12, Some(_), None) => self.month = i8::try_from(number).ok(),
            (1000..=9999, ..) => self.year = self.year.or(Some(number)),
            // Two digits after day and month: this century, unless that is decades ahead.
            (0..=99, Some(_), Some(_)) if self.year.is_none() => {
                self.year = Some(if number < 70 { 2000 } else { 1900 } + number);
            }
            _ => {}
        }
    }

    fn take_time(&mut self, word: &str) {
        let (word, half) = match word.strip_suffix("pm") {
            Some(word) => (word, Some(true)),
            None => word
                .strip_suffix("am")
                .map_or((word, None), |word| (word, Some(false))),
        };
        self.is_afternoon = half.or(self.is_afternoon);
        let sign = word.find(['+', '-', 'z']).unwrap_or(word.len());
        let (clock, zone) = word.split_at(sign);
        self.offset = offset(zone).or(self.offset);
        let mut numbers = clock.split([':', '.']).map(str::parse::<i8>);
        let mut next = || numbers.next().and_then(Result::ok);
        let (hour, minute, second) = (next(), next(), next().unwrap_or(0));
        if let (Some(hour), Some(minute)) = (hour, minute) {
            self.time = Time::new(hour, minute, second.min(59), 0).ok();
        }
    }

    fn take_iso(&mut self, word: &str) {
        let mut numbers = word.split('-').map(str::parse::<i16>);
        let mut next = || numbers.next().and_then(Result::ok);
        self.year = next();
        self.month = next().and_then(|month| i8::try_from(month).ok());
        self.day = next().and_then(|day| i8::try_from(day).ok());
    }

    fn take_iso_time(&mut self, rest: &str) {
        for word in rest.split(' ') {
            self.take(word);
        }
    }

    fn instant(&self) -> Option<Timestamp> {
        let date = Date::new(self.year?, self.month?, self.day?).ok()?;
        let time = self.time.unwrap_or_default();
        let hour = match (self.is_afternoon, time.hour()) {
            (Some(true), hour @ 0..12) => hour + 12,
            (Some(false), 12) => 0,
            (_, hour) => hour,
        };
        let time = Time::new(hour, time.minute(), time.second(), 0).ok()?;
        let zone = self.offset.map_or(TimeZone::UTC, TimeZone::fixed);
        let zoned = date.to_datetime(time).to_zoned(zone).ok()?;
        Some(zoned.timestamp())
    }
}

fn is_iso_day(word: &str) -> bool {
    let mut parts = word.split('-');
    let lengths = [4, 2, 2].map(|length| {
        parts.next().is_some_and(|part| {
            part.len() <= length && !part.is_empty() && part.bytes().all(|one| one.is_ascii_digit())
        })
    });
    word.len() >= 8 && lengths == [true; 3] && parts.next().is_none()
}

/// `+01:00`, `+0100`, `+01`, and of one that was cut off as much as is there.
fn offset(word: &str) -> Option<Offset> {
    let sign = if word.starts_with('-') { -1 } else { 1 };
    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..4).map_or(Ok(0), str::parse).ok()?;
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::afternoon("Sat, Mar 07 2026 02:02:33 PM", Some("2026-03-07T14:02:33Z"))]
    #[case::midnight("March 7th, 2026 12:05am", Some("2026-03-07T00:05:00Z"))]
    #[case::cut_offset("2026-03-07T03:18:00+00:0", Some("2026-03-07T03:18:00Z"))]
    #[case::dashes("07-Mar-2026 09:00:00 +0200", Some("2026-03-07T07:00:00Z"))]
    #[case::two_digits("7 Mar 26 09:00", Some("2026-03-07T09:00:00Z"))]
    #[case::dots("07.03.2026 09:00", Some("2026-03-07T09:00:00Z"))]
    #[case::year_first("2026 Mar 7 9:00", Some("2026-03-07T09:00:00Z"))]
    #[case::leap_second("Sat, 07 Mar 2026 23:59:60 +0000", Some("2026-03-07T23:59:59Z"))]
    #[case::no_year("7 March 09:00", None)]
    #[case::words("the day before", None)]
    #[case::no_day("March 2026", None)]
    #[case::impossible("31 Feb 2026", None)]
    fn dates_that_keep_to_no_format(#[case] text: &str, #[case] want: Option<&str>) {
        let found = parse(text).map(|instant| instant.to_string());
        assert_eq!(found.as_deref(), want);
    }
}
