//! Durations as people write them: `250ms`, `15m`, `24h`, `7d`.

use std::time::Duration;

/// Longer than any window, retention or deadline here; keeps sums of durations and times
/// inside what a timestamp can hold.
const DURATION_SECONDS_MAX: u64 = 20 * 366 * 86_400;

/// Reads a whole number and a unit; `None` for anything else.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let digits_end = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits_end)?;
    let number: u64 = number.parse().ok()?;
    let duration = match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.checked_mul(60)?),
        "h" => Duration::from_secs(number.checked_mul(3_600)?),
        "d" => Duration::from_secs(number.checked_mul(86_400)?),
        _ => return None,
    };
    (duration.as_secs() <= DURATION_SECONDS_MAX).then_some(duration)
}
