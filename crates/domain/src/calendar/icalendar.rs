//! Holidays out of an iCalendar file (RFC 5545): the dates that its whole-day events cover.
//!
//! Holiday feeds are simple: events of one or several whole days, some of them yearly. What
//! is not so simple is refused with its line, since a rule that is half understood would leave
//! a deadline on a holiday.

use jiff::civil::Date;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// A feed of a thousand years of holidays is below this.
pub const BYTES_MAX: usize = 4 * 1024 * 1024;

/// Days one event may cover: company holidays are weeks, not years.
const EVENT_DAYS_MAX: i32 = 366;

/// Why a file gives no holidays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct FeedError {
    /// Counts from 1.
    pub line: usize,
    /// What is wrong there, with the way out.
    pub reason: String,
}

/// The dates within `years` that the file's events cover.
///
/// # Errors
/// At the first thing that would leave a holiday out.
pub fn holidays(text: &str, years: &RangeInclusive<i16>) -> Result<BTreeSet<Date>, FeedError> {
    let mut dates = BTreeSet::new();
    let mut event: Option<Event> = None;
    let mut is_calendar = false;
    // An alarm within an event has properties of its own, of the same names.
    let mut within: Option<String> = None;
    for (number, line) in unfolded(text) {
        let fail = |reason: String| FeedError {
            line: number,
            reason,
        };
        let Some((name, parameters, value)) = property(&line) else {
            continue;
        };
        if let Some(inner) = &within {
            if name == "END" && value.eq_ignore_ascii_case(inner) {
                within = None;
            }
            continue;
        }
        match (name.as_str(), &mut event) {
            ("BEGIN", _) if value.eq_ignore_ascii_case("VCALENDAR") => is_calendar = true,
            ("BEGIN", None) if value.eq_ignore_ascii_case("VEVENT") => {
                event = Some(Event::default());
            }
            ("END", Some(whole)) if value.eq_ignore_ascii_case("VEVENT") => {
                dates.extend(whole.dates(years).map_err(fail)?);
                event = None;
            }
            ("BEGIN", Some(_)) => within = Some(value),
            (name, Some(event)) => event.take(name, &parameters, &value).map_err(fail)?,
            _ => {}
        }
    }
    let end = |reason: &str| FeedError {
        line: text.lines().count(),
        reason: reason.to_owned(),
    };
    match event {
        _ if !is_calendar => Err(end(
            "this is no iCalendar file: it has no `BEGIN:VCALENDAR`",
        )),
        Some(_) => Err(end("the file ends within an event")),
        None => Ok(dates),
    }
}

#[derive(Default)]
struct Event {
    start: Option<Date>,
    /// The first day that is free of it.
    end: Option<Date>,
    yearly: Option<Yearly>,
    except: BTreeSet<Date>,
    is_cancelled: bool,
}

#[derive(Default)]
struct Yearly {
    until: Option<Date>,
    count: Option<usize>,
}

impl Event {
    fn take(&mut self, name: &str, parameters: &str, value: &str) -> Result<(), String> {
        match name {
            "DTSTART" => self.start = Some(whole_day(parameters, value)?),
            "DTEND" => self.end = Some(whole_day(parameters, value)?),
            "RRULE" => self.yearly = Some(yearly(value)?),
            "EXDATE" => {
                for date in value.split(',') {
                    self.except.insert(whole_day(parameters, date)?);
                }
            }
            "STATUS" => self.is_cancelled = value.eq_ignore_ascii_case("CANCELLED"),
            "RDATE" | "DURATION" | "RECURRENCE-ID" => {
                return Err(format!(
                    "`{name}` is not understood: write the dates out as events"
                ));
            }
            _ => {}
        }
        Ok(())
    }

    fn dates(&self, years: &RangeInclusive<i16>) -> Result<Vec<Date>, String> {
        if self.is_cancelled {
            return Ok(vec![]);
        }
        let start = self.start.ok_or("the event has no `DTSTART`")?;
        let days = self.end.map_or(1, |end| days_between(start, end));
        if !(1..=EVENT_DAYS_MAX).contains(&days) {
            return Err(format!(
                "the event covers {days} days: 1 to {EVENT_DAYS_MAX} are possible"
            ));
        }
        let begins = self.begins(start, years);
        let covered = begins.into_iter().flat_map(|begin| {
            let following =
                (0..days).map(move |day| begin.checked_add(jiff::Span::new().days(day)));
            following.filter_map(Result::ok)
        });
        let wanted = covered.filter(|date| years.contains(&date.year()));
        Ok(wanted.collect())
    }

    /// The first day of each of its occurrences that may reach into `years`.
    fn begins(&self, start: Date, years: &RangeInclusive<i16>) -> Vec<Date> {
        let Some(yearly) = &self.yearly else {
            return vec![start];
        };
        // A leap day comes only in leap years, as the standard has it.
        let in_year = |year: i16| Date::new(year, start.month(), start.day()).ok();
        let all = (start.year()..=*years.end()).filter_map(in_year);
        let counted = all.take(yearly.count.unwrap_or(usize::MAX));
        let until = counted.take_while(|date| yearly.until.is_none_or(|until| *date <= until));
        until.filter(|date| !self.except.contains(date)).collect()
    }
}

/// `FREQ=YEARLY` on the day of the start, with an end or without.
fn yearly(rule: &str) -> Result<Yearly, String> {
    let mut yearly = Yearly::default();
    let mut is_yearly = false;
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        match name.to_ascii_uppercase().as_str() {
            "FREQ" if value.eq_ignore_ascii_case("YEARLY") => is_yearly = true,
            "INTERVAL" if value == "1" => {}
            "WKST" => {}
            "COUNT" => {
                let count = value.parse().map_err(|_| format!("`{part}` is no count"))?;
                yearly.count = Some(count);
            }
            "UNTIL" => yearly.until = Some(date(value.get(..8).unwrap_or(value))?),
            _ => {
                return Err(format!(
                    "`{part}` of a rule is not understood: write the dates out as events"
                ));
            }
        }
    }
    if is_yearly {
        Ok(yearly)
    } else {
        Err(format!(
            "`{rule}` is not yearly: write the dates out as events"
        ))
    }
}

fn whole_day(parameters: &str, value: &str) -> Result<Date, String> {
    let is_timed =
        value.contains('T') || parameters.to_ascii_uppercase().contains("VALUE=DATE-TIME");
    if is_timed {
        return Err(format!(
            "`{value}` has a time of day: a holiday is a whole day"
        ));
    }
    date(value)
}

fn date(value: &str) -> Result<Date, String> {
    let wrong = || format!("`{value}` is no date such as 20261225");
    let is_digits = value.len() == 8 && value.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits {
        return Err(wrong());
    }
    value.parse().map_err(|_| wrong())
}

fn days_between(start: Date, end: Date) -> i32 {
    let span = start.until((jiff::Unit::Day, end));
    span.map_or(0, |span| span.get_days())
}

/// Name, parameters and value of `NAME;PARAMETERS:VALUE`.
fn property(line: &str) -> Option<(String, String, String)> {
    let (head, value) = line.split_once(':')?;
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    Some((
        name.trim().to_ascii_uppercase(),
        parameters.to_owned(),
        value.trim().to_owned(),
    ))
}

/// Lines with the number of their beginning; one that begins with white space goes on with
/// the one before.
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = vec![];
    for (number, line) in (1..).zip(text.lines()) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some((_, last))) => last.push_str(rest),
            _ => lines.push((number, line.to_owned())),
        }
    }
    lines
}
