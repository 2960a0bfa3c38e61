//! Which of the platform's times to believe.
//!
//! `createdAt` is made by the author's client: it may be missing, malformed, in the future or
//! years in the past. What the network saw (`indexedAt`, `time_us`, `time`) is the upper
//! bound. The past is believed, since archives are imported under their own dates.

use jiff::{SignedDuration, Timestamp};

/// Clocks of phones run ahead by minutes; what lies further ahead was not read off a clock.
const CLOCK_SKEW_MAX: SignedDuration = SignedDuration::from_mins(5);

/// When a post was written: what its record says, unless that lies ahead of when the network
/// saw it.
pub(super) fn written_at(claimed: Option<&str>, seen: Option<Timestamp>) -> Option<Timestamp> {
    let claimed = claimed.and_then(instant);
    match (claimed, seen) {
        (Some(claimed), Some(seen)) if claimed.duration_since(seen) > CLOCK_SKEW_MAX => Some(seen),
        (Some(claimed), _) => Some(claimed),
        (None, seen) => seen,
    }
}

/// A time as records carry it. Without an offset it is UTC: old clients wrote it so.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    let civil: jiff::civil::DateTime = without_fine_digits(text).parse().ok()?;
    let has_offset = text.ends_with(['Z', 'z']);
    let is_utc = has_offset || civil_only(text);
    let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    is_utc.then(|| zoned.timestamp())
}

/// Twelve digits of a second are allowed; nine can be held.
fn without_fine_digits(text: &str) -> String {
    let text = text.trim_end_matches(['Z', 'z']);
    match text.split_once('.') {
        Some((seconds, digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{seconds}.{}", &digits[..digits.len().min(9)])
        }
        _ => text.to_owned(),
    }
}

/// No sign after the date that could begin an offset.
fn civil_only(text: &str) -> bool {
    let time = text
        .split_once(['T', 't', ' '])
        .map_or("", |(_, time)| time);
    !time.contains(['+', '-', '[', 'Z', 'z'])
}

/// Microseconds of a repository's revision. Revisions of one repository only grow, and every
/// server tells the same one: unlike `time_us` it makes the same edit the same version.
pub(super) fn revision_micros(revision: &str) -> Option<i64> {
    const DIGITS: &[u8] = b"234567abcdefghijklmnopqrstuvwxyz";
    const LENGTH: usize = 13;
    /// The lowest bits tell clocks of one server apart.
    const CLOCK_BITS: u32 = 10;
    if revision.len() != LENGTH {
        return None;
    }
    let mut number: u64 = 0;
    for (place, byte) in revision.bytes().enumerate() {
        let digit = DIGITS.iter().position(|known| *known == byte)?;
        // 13 digits of 5 bits are one more than a number holds; the first bit is always 0.
        if place == 0 && digit > 7 {
            return None;
        }
        number = number << 5 | digit as u64;
    }
    i64::try_from(number >> CLOCK_BITS).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const SEEN: &str = "2026-07-04T12:00:00Z";

    #[rstest]
    #[case::as_claimed(Some("2026-07-04T11:59:58.5Z"), "2026-07-04T11:59:58.5Z")]
    #[case::other_offset(Some("2026-07-04T13:59:00+02:00"), "2026-07-04T11:59:00Z")]
    #[case::a_little_ahead(Some("2026-07-04T12:04:59Z"), "2026-07-04T12:04:59Z")]
    #[case::far_ahead(Some("2026-07-04T12:05:01Z"), SEEN)]
    #[case::year_9999(Some("9999-12-31T23:59:59.999Z"), SEEN)]
    #[case::an_import(Some("2011-03-04T05:06:07Z"), "2011-03-04T05:06:07Z")]
    #[case::year_one(Some("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00Z")]
    #[case::no_offset(Some("2026-07-04T11:00:00.123456"), "2026-07-04T11:00:00.123456Z")]
    #[case::twelve_digits(
        Some("2026-07-04T11:00:00.123456789012Z"),
        "2026-07-04T11:00:00.123456789Z"
    )]
    #[case::month_zero(Some("2026-00-04T11:00:00Z"), SEEN)]
    #[case::words(Some("yesterday"), SEEN)]
    #[case::absent(None, SEEN)]
    fn believed(#[case] claimed: Option<&str>, #[case] want: &str) {
        let seen: Timestamp = SEEN.parse().unwrap();
        let want: Timestamp = want.parse().unwrap();
        assert_eq!(written_at(claimed, Some(seen)), Some(want));
    }

    #[test]
    fn nothing_known_is_nothing() {
        assert_eq!(written_at(Some("soon"), None), None);
    }

    #[rstest]
    #[case::zero("2222222222222", Some(0))]
    #[case::a_revision("3mptbypluud2a", Some(1_783_175_888_000_000))]
    #[case::top_bit("kzzzzzzzzzzzz", None)]
    #[case::short("3mptbypluud2", None)]
    #[case::no_digit("3mptbypluud20", None)]
    fn revisions(#[case] text: &str, #[case] want: Option<i64>) {
        let within = |micros: i64, want: i64| (micros - want).abs() < 5_000_000;
        match (revision_micros(text), want) {
            (Some(micros), Some(want)) => assert!(within(micros, want), "{micros}"),
            (micros, want) => assert_eq!(micros, want),
        }
    }
}
