//! When a stream may or must speak.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Ten frames a second: more than an eye can follow, and a bound on the work per stream.
pub(crate) const FRAME_INTERVAL: SignedDuration = SignedDuration::from_millis(100);

/// Queue counts change with every ticket; once a second is enough for a number.
pub(crate) const BOARD_INTERVAL: SignedDuration = SignedDuration::from_secs(1);

/// Half of the thirty seconds after which common proxies close a silent connection.
pub(crate) const HEARTBEAT_INTERVAL: SignedDuration = SignedDuration::from_secs(15);

/// The longest that a revoked token or session hears on.
pub(crate) const CHECK_INTERVAL: SignedDuration = SignedDuration::from_secs(30);

/// Something that happens at most (or at least) once in an interval.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    interval: SignedDuration,
    last: Option<Timestamp>,
}

impl Pace {
    /// Due at once.
    pub(crate) const fn every(interval: SignedDuration) -> Self {
        Self {
            interval,
            last: None,
        }
    }

    /// It has just happened.
    pub(crate) const fn done(&mut self, now: Timestamp) {
        self.last = Some(now);
    }

    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.wait(now).is_zero()
    }

    /// How long until it is due. A clock that was set back does not stop the stream.
    pub(crate) fn wait(&self, now: Timestamp) -> Duration {
        let Some(last) = self.last else {
            return Duration::ZERO;
        };
        let passed = now.duration_since(last);
        if passed.is_negative() {
            return Duration::ZERO;
        }
        let left = self.interval.saturating_sub(passed);
        Duration::try_from(left).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::at_once(100, 15)]
    #[case::half_way(107, 8)]
    #[case::due(115, 0)]
    #[case::overdue(200, 0)]
    #[case::clock_set_back(3, 0)]
    fn waits(#[case] second: i64, #[case] want: u64) {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut pace = Pace::every(HEARTBEAT_INTERVAL);
        assert!(pace.is_due(at(100)));
        pace.done(at(100));
        assert_eq!(pace.wait(at(second)), Duration::from_secs(want));
    }
}
