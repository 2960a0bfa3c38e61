//! How long to wait between attempts.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::time::Duration;

/// Waiting doubles from `first` to `longest`; each wait is spread over its upper half, so
/// that several processes do not come back at the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Before the second attempt.
    pub first: Duration,
    /// No wait is longer: a dependency that is back is noticed within it.
    pub longest: Duration,
    /// After so many failed attempts a batch is halved, to find a record that is to blame.
    pub batch_attempts_max: u32,
    /// After so many failed attempts a record that stands alone is set aside, if what the
    /// stage depends on answers.
    pub record_attempts_max: u32,
}

impl Default for RetryPolicy {
    /// Recovery within five seconds of a dependency's; a lone record has had about half a
    /// minute before it is given up.
    fn default() -> Self {
        Self {
            first: Duration::from_millis(50),
            longest: Duration::from_secs(5),
            batch_attempts_max: 8,
            record_attempts_max: 12,
        }
    }
}

pub(super) struct Backoff {
    policy: RetryPolicy,
    random: SmallRng,
}

impl Backoff {
    pub(super) fn new(policy: RetryPolicy, seed: u64) -> Self {
        Self {
            policy,
            random: SmallRng::seed_from_u64(seed),
        }
    }

    pub(super) const fn policy(&self) -> RetryPolicy {
        self.policy
    }

    /// The wait after the given number of failed attempts, from 1.
    pub(super) fn wait(&mut self, failed_attempts: u32) -> Duration {
        let doublings = failed_attempts.saturating_sub(1).min(20);
        let full = self
            .policy
            .first
            .saturating_mul(1 << doublings)
            .min(self.policy.longest);
        full.mul_f64(self.random.random_range(0.5..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_wait_grows_to_its_cap_and_keeps_its_upper_half(seed: u64, attempts in 1..60_u32) {
            let policy = RetryPolicy::default();
            let wait = Backoff::new(policy, seed).wait(attempts);
            let full = policy.first * 2_u32.pow(attempts.min(8) - 1);
            let full = full.min(policy.longest);
            prop_assert!(wait >= full / 2 && wait <= full, "{wait:?} of {full:?}");
        }
    }
}
