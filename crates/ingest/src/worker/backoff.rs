//! How long a failing source is left alone.

use crate::connector::ConnectorError;
use std::time::Duration;

/// Never more than one request a second to a platform that fails.
pub const BACKOFF_MIN: Duration = Duration::from_secs(1);

/// A platform that comes back is noticed within a minute.
pub const BACKOFF_MAX: Duration = Duration::from_mins(1);

/// A platform may ask for a day's rest (daily quotas do); a longer one is a broken header.
pub const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

/// Doubling waits with jitter, so that sources that failed together do not return together.
#[derive(Debug)]
pub(super) struct Backoff {
    failures: u32,
    random: u64,
}

impl Backoff {
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            failures: 0,
            random: seed,
        }
    }

    pub(super) const fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// The wait after one more failure that says nothing about its end.
    pub(super) fn failed(&mut self) -> Duration {
        let doubled = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        self.failures = self.failures.saturating_add(1);
        let wait = BACKOFF_MIN.saturating_mul(doubled).min(BACKOFF_MAX);
        (wait + self.jitter(wait / 2)).min(BACKOFF_MAX)
    }

    /// The wait a connector's error asks for.
    pub(super) fn after(&mut self, error: &ConnectorError) -> Duration {
        match error {
            ConnectorError::RateLimited { retry_after } => {
                let asked = (*retry_after).min(RETRY_AFTER_MAX);
                // Never before the time, and not all sources in the same instant.
                asked + self.jitter(BACKOFF_MIN)
            }
            ConnectorError::Unauthorized { .. } => BACKOFF_MAX,
            ConnectorError::Unavailable { .. } | ConnectorError::Malformed { .. } => self.failed(),
        }
    }

    /// From zero to `most`.
    fn jitter(&mut self, most: Duration) -> Duration {
        let millis = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.next_random() % millis.saturating_add(1))
    }

    /// `SplitMix64`: jitter needs no better, and a seed repeats a run.
    const fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn waits_grow_from_a_second_to_a_minute(seed: u64) {
            let mut backoff = Backoff::new(seed);
            for (failure, floor) in [1, 2, 4, 8, 16, 32, 60, 60, 60].into_iter().enumerate() {
                let wait = backoff.failed();
                prop_assert!(wait >= Duration::from_secs(floor), "{failure}: {wait:?}");
                let ceiling = Duration::from_millis(floor * 1500).min(BACKOFF_MAX);
                prop_assert!(wait <= ceiling, "{failure}: {wait:?}");
            }
            backoff.succeeded();
            prop_assert!(backoff.failed() < Duration::from_secs(2));
        }

        #[test]
        fn never_earlier_than_asked(seed: u64, seconds in 0_u64..200_000) {
            let retry_after = Duration::from_secs(seconds);
            let wait = Backoff::new(seed).after(&ConnectorError::RateLimited { retry_after });
            prop_assert!(wait >= retry_after.min(RETRY_AFTER_MAX));
            prop_assert!(wait <= RETRY_AFTER_MAX + BACKOFF_MIN);
        }
    }

    #[test]
    fn forty_failures_do_not_overflow() {
        let mut backoff = Backoff::new(1);
        assert!((0..40).all(|_| backoff.failed() <= BACKOFF_MAX));
    }
}
