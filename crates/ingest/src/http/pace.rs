//! Requests a minute per credential, and what a platform says about them.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The longest a platform may send a source away: after a day it is asked again.
const TOLD_WAIT_MAX: Duration = Duration::from_hours(24);

/// When a platform refuses without saying for how long.
const UNTOLD_WAIT: Duration = Duration::from_mins(1);

/// Where platforms write when their window begins anew.
const RESET_HEADERS: [&str; 3] = ["x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset"];

/// And how many requests are left in this one.
const REMAINING_HEADERS: [&str; 3] = [
    "x-ratelimit-remaining",
    "x-rate-limit-remaining",
    "ratelimit-remaining",
];

/// A bucket of requests, shared by all sources with the same credential at the same host:
/// two sources of one account do not get the account twice its limit.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    burst: u32,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When a bucket that is now drained to its level would be full again.
    full_at: Instant,
    closed_until: Option<Instant>,
}

impl Pace {
    /// The bucket of `key` (host and credential), made by whoever asks first.
    pub fn shared(key: &str, requests_per_minute: u32, burst: u32) -> Arc<Self> {
        static PACES: LazyLock<Mutex<HashMap<String, Arc<Pace>>>> = LazyLock::new(Mutex::default);
        let mut paces = PACES.lock().unwrap_or_else(PoisonError::into_inner);
        let made = || Arc::new(Self::new(requests_per_minute, burst));
        paces.entry(key.to_owned()).or_insert_with(made).clone()
    }

    fn new(requests_per_minute: u32, burst: u32) -> Self {
        Self {
            interval: Duration::from_mins(1) / requests_per_minute.max(1),
            burst: burst.max(1),
            state: Mutex::new(State {
                full_at: Instant::now(),
                closed_until: None,
            }),
        }
    }

    /// Takes one request, or says how long until there is one.
    ///
    /// # Errors
    /// The wait.
    pub fn take(&self) -> Result<(), Duration> {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = state.closed_until {
            if now < until {
                return Err(until.duration_since(now));
            }
            state.closed_until = None;
        }
        let full_at = state.full_at.max(now) + self.interval;
        let room = self.interval * self.burst;
        let wait = full_at.duration_since(now + room);
        if !wait.is_zero() {
            return Err(wait);
        }
        state.full_at = full_at;
        Ok(())
    }

    /// Lets no request out for so long.
    pub fn close_for(&self, wait: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed_until = Some(Instant::now() + wait);
    }
}

/// How long a platform asks to stay away, in any of its dialects: `Retry-After` in seconds or
/// as a date, a reset header as seconds since 1970, as an instant (Mastodon) or in seconds.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Duration {
    let told = text(headers, RETRY_AFTER.as_str())
        .and_then(|value| wait_of(value, now))
        .or_else(|| reset(headers, now));
    told.unwrap_or(UNTOLD_WAIT).min(TOLD_WAIT_MAX)
}

/// The wait of an answer that succeeded and was the last of its window.
pub(super) fn exhausted(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let remaining = REMAINING_HEADERS
        .iter()
        .find_map(|name| text(headers, name))?;
    let none_left = remaining.parse::<f64>().is_ok_and(|left| left < 1.0);
    let wait = reset(headers, now).filter(|_wait| none_left)?;
    Some(wait.min(TOLD_WAIT_MAX))
}

fn reset(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = RESET_HEADERS.iter().find_map(|name| text(headers, name))?;
    wait_of(value, now)
}

fn text<'headers>(headers: &'headers HeaderMap, name: &str) -> Option<&'headers str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn wait_of(value: &str, now: Timestamp) -> Option<Duration> {
    /// A number from here on counts from 1970 (this is 2001), below it from now.
    const EPOCH_FROM_SECONDS: f64 = 1.0e9;
    let until = |instant: Timestamp| {
        let wait = instant.duration_since(now);
        Duration::try_from(wait).unwrap_or(Duration::ZERO)
    };
    if let Ok(number) = value.parse::<f64>() {
        let now_seconds = Duration::try_from(now.as_duration()).ok()?.as_secs_f64();
        let from_now = if number >= EPOCH_FROM_SECONDS {
            number - now_seconds
        } else {
            number
        };
        return Duration::try_from_secs_f64(from_now.max(0.0).ceil()).ok();
    }
    if let Ok(instant) = value.parse::<Timestamp>() {
        return Some(until(instant));
    }
    let date = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    Some(until(date.parse_timestamp(value).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::seconds("retry-after", "17", 17)]
    #[case::date("retry-after", "Sun, 01 Mar 2026 08:02:00 GMT", 120)]
    #[case::date_gone_by("retry-after", "Sun, 01 Mar 2026 07:00:00 GMT", 0)]
    #[case::instant("x-ratelimit-reset", "2026-03-01T08:05:00.037659Z", 300)]
    #[case::epoch("x-rate-limit-reset", "1772352030", 30)]
    #[case::epoch_of_another("ratelimit-reset", "1772352060", 60)]
    #[case::from_now("x-ratelimit-reset", "494", 494)]
    #[case::untold("x-powered-by", "hope", 60)]
    #[case::nonsense("retry-after", "soon", 60)]
    #[case::a_year("retry-after", "31536000", 86_400)]
    #[case::negative("retry-after", "-5", 0)]
    #[case::not_a_number("retry-after", "NaN", 0)]
    fn each_dialect(#[case] name: &'static str, #[case] value: &str, #[case] seconds: u64) {
        let now: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        assert_eq!(retry_after(&headers, now).as_secs(), seconds);
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_and_then_the_rate() {
        let pace = Pace::new(60, 3);
        for _ in 0..3 {
            assert_eq!(pace.take(), Ok(()));
        }
        assert_eq!(pace.take(), Err(Duration::from_secs(1)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(pace.take(), Ok(()));
        pace.close_for(Duration::from_secs(90));
        assert_eq!(pace.take(), Err(Duration::from_secs(90)));
    }

    #[test]
    fn one_credential_has_one_bucket() {
        let one = Pace::shared("host-a token", 60, 1);
        assert!(Arc::ptr_eq(&one, &Pace::shared("host-a token", 60, 1)));
        assert!(!Arc::ptr_eq(&one, &Pace::shared("host-b token", 60, 1)));
    }
}
