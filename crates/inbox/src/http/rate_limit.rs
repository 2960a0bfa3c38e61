//! How often something may be tried, by key, in bounded memory.

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::Clock;

/// Keys fall into so many places, whatever they are, so that no flood of made-up names or
/// addresses takes more memory than this many small entries. Two keys that share a place
/// share its limit; where they fall is drawn anew for every run, so nobody can aim.
const PLACES: u64 = 32_768;

/// How often: so many at once, and one more after each interval.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    pub(crate) at_once: NonZeroU32,
    pub(crate) interval: Duration,
}

/// Counts tries by key.
pub(crate) struct RateLimit {
    limiter: RateLimiter<u64, HashMapStateStore<u64>, DomainClock, NoOpMiddleware<Duration>>,
    clock: DomainClock,
    places: RandomState,
}

impl RateLimit {
    pub(crate) fn new(allowance: Allowance, clock: Arc<dyn Clock>) -> Self {
        let clock = DomainClock(clock);
        // An interval of nothing means no limit but the machine's.
        let quota = Quota::with_period(allowance.interval)
            .unwrap_or_else(|| Quota::per_second(allowance.at_once))
            .allow_burst(allowance.at_once);
        Self {
            limiter: RateLimiter::new(quota, HashMapStateStore::default(), clock.clone()),
            clock,
            places: RandomState::new(),
        }
    }

    /// Counts a try; beyond the allowance it is to be refused, and the error says how long
    /// to wait. Refused tries cost nothing, so that waiting helps whatever somebody else does.
    pub(crate) fn check(&self, key: &impl Hash) -> Result<(), Duration> {
        let place = self.places.hash_one(key) % PLACES;
        self.limiter
            .check_key(&place)
            .map_err(|refused| refused.wait_time_from(self.clock.now()))
    }
}

/// The injected clock as governor wants it: time since 1970.
#[derive(Clone)]
struct DomainClock(Arc<dyn Clock>);

impl GovernorClock for DomainClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::try_from(self.0.now().as_duration()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{SignedDuration, Timestamp};
    use switchboard_domain::ManualClock;

    fn limit() -> (RateLimit, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(
            Timestamp::from_second(1_700_000_000).unwrap(),
        ));
        let allowance = Allowance {
            at_once: NonZeroU32::new(5).unwrap(),
            interval: Duration::from_secs(12),
        };
        (RateLimit::new(allowance, clock.clone()), clock)
    }

    #[test]
    fn so_many_at_once_and_one_more_after_each_interval() {
        let (limit, clock) = limit();
        let passed = (0..100).filter(|_| limit.check(&"ann").is_ok());
        assert_eq!(passed.count(), 5);
        assert_eq!(limit.check(&"ann"), Err(Duration::from_secs(12)));
        clock.advance(SignedDuration::from_secs(12));
        assert_eq!(limit.check(&"ann"), Ok(()));
        assert!(limit.check(&"ann").is_err());
    }

    #[test]
    fn others_are_not_held_up() {
        let (limit, _) = limit();
        while limit.check(&"ann").is_ok() {}
        // Two of these share a place with `ann` once in thousands of runs; all five never.
        let others = ["bob", "cid", "dot", "eve", "fay"];
        assert!(
            others
                .iter()
                .filter(|name| limit.check(name).is_ok())
                .count()
                >= 4
        );
    }

    #[test]
    fn no_flood_of_names_takes_more_than_its_places() {
        let (limit, _) = limit();
        for number in 0..200_000 {
            let _counted = limit.check(&number);
        }
        assert!(limit.limiter.len() <= usize::try_from(PLACES).unwrap());
    }
}
