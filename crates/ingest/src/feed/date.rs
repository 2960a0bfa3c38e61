//! The formats dates come in. What none of them explains is no date: the item is read
//! without one.

use super::loose_date;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::rfc2822;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

/// With an offset or the name of a zone.
const WITH_ZONE: [&str; 5] = [
    "%Y-%m-%d %H:%M:%S %z",
    "%Y-%m-%dT%H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S %z",
    "%d %b %Y %H:%M:%S %z",
    "%a %b %d %H:%M:%S %z %Y",
];

/// Without one: taken as UTC.
const WITHOUT_ZONE: [&str; 13] = [
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%d %b %Y %H:%M:%S",
    "%d %b %Y %H:%M",
    "%d %B %Y %H:%M:%S",
    "%B %d, %Y %H:%M:%S",
    "%b %d, %Y %H:%M:%S",
    "%b %d %H:%M:%S %Y",
    "%m/%d/%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y%m%dT%H:%M:%S",
];

/// Days alone.
const DAYS: [&str; 8] = [
    "%Y-%m-%d",
    "%Y%m%d",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%m/%d/%Y",
    "%Y/%m/%d",
];

pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let mail = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    if let Ok(instant) = mail.parse_timestamp(&text) {
        return Some(instant);
    }
    let bare = without_names(&text);
    with_zone(&text)
        .or_else(|| with_zone(&bare))
        .or_else(|| without_zone(&bare))
        .or_else(|| loose_date::parse(&text))
}

fn with_zone(text: &str) -> Option<Timestamp> {
    let parsed = |format: &&str| strtime::parse(format, text).ok()?.to_timestamp().ok();
    WITH_ZONE.iter().find_map(parsed)
}

fn without_zone(text: &str) -> Option<Timestamp> {
    let utc = |local: DateTime| {
        local
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    };
    let moment = WITHOUT_ZONE
        .iter()
        .find_map(|format| DateTime::strptime(format, text).ok());
    let day = || {
        DAYS.iter()
            .find_map(|format| Date::strptime(format, text).ok())
    };
    let found = moment
        .or_else(|| Some(day()?.at(0, 0, 0, 0)))
        .or_else(|| partial(text))?;
    utc(found)
}

/// A year, or a year and a month.
fn partial(text: &str) -> Option<DateTime> {
    let (year, month) = text.split_once('-').unwrap_or((text, "1"));
    let fits = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    let month = month.parse().ok()?;
    let date = Date::new(fits.then(|| year.parse().ok())??, month, 1).ok()?;
    Some(date.at(0, 0, 0, 0))
}

/// Without the day of the week, and without a zone that is UTC anyway or that nobody knows;
/// fractions of seconds go too.
fn without_names(text: &str) -> String {
    let text = match text.split_once(',') {
        Some((day, rest)) if day.bytes().all(|byte| byte.is_ascii_alphabetic()) => rest.trim(),
        _ => text,
    };
    let words: Vec<&str> = text.split(' ').collect();
    let weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let is_weekday = |word: &&str| {
        weekdays
            .iter()
            .any(|day| word.to_lowercase().starts_with(day))
    };
    let start = usize::from(words.first().is_some_and(is_weekday));
    let zones = ["GMT", "UTC", "UT", "Z"];
    let end = words.len()
        - usize::from(words.len() > 1 && words.last().is_some_and(|word| zones.contains(word)));
    let kept = words.get(start..end).unwrap_or_default().join(" ");
    kept.split_once('.').map_or_else(
        || kept.clone(),
        |(whole, fraction)| {
            let rest = fraction.trim_start_matches(|character: char| character.is_ascii_digit());
            format!("{whole}{rest}")
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::atom("2026-03-01T08:00:00Z", Some("2026-03-01T08:00:00Z"))]
    #[case::offset("2026-03-01T08:00:00+01:00", Some("2026-03-01T07:00:00Z"))]
    #[case::rss("Sun, 01 Mar 2026 08:00:00 GMT", Some("2026-03-01T08:00:00Z"))]
    #[case::wrong_weekday("Mon, 01 Mar 2026 08:00:00 +0000", Some("2026-03-01T08:00:00Z"))]
    #[case::named_zone("Sun, 01 Mar 2026 08:00:00 EST", Some("2026-03-01T13:00:00Z"))]
    #[case::no_zone("2026-03-01 08:00:00", Some("2026-03-01T08:00:00Z"))]
    #[case::spaced_offset("2026-03-01 08:00:00 +0100", Some("2026-03-01T07:00:00Z"))]
    #[case::no_weekday("01 Mar 2026 08:00:00 UTC", Some("2026-03-01T08:00:00Z"))]
    #[case::no_seconds("2026-03-01T08:00", Some("2026-03-01T08:00:00Z"))]
    #[case::day("2026-03-01", Some("2026-03-01T00:00:00Z"))]
    #[case::month("2026-03", Some("2026-03-01T00:00:00Z"))]
    #[case::year("2026", Some("2026-01-01T00:00:00Z"))]
    #[case::words("March 1, 2026", Some("2026-03-01T00:00:00Z"))]
    #[case::clock("Sun Mar 1 08:00:00 2026", Some("2026-03-01T08:00:00Z"))]
    #[case::slashes("03/01/2026 08:00:00", Some("2026-03-01T08:00:00Z"))]
    #[case::nothing("soon", None)]
    #[case::empty("", None)]
    fn dates_of_feeds(#[case] text: &str, #[case] want: Option<&str>) {
        let found = parse(text).map(|instant| instant.to_string());
        assert_eq!(found.as_deref(), want);
    }
}
