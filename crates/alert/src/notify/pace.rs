//! How often a channel may be called.

use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Slack takes one message a second and channel; nobody reads faster.
pub const ATTEMPT_INTERVAL: SignedDuration = SignedDuration::from_secs(1);

/// The budget of one channel: more calls in an hour are no calls but noise. What is over it
/// waits; nothing is dropped.
pub const MESSAGES_PER_HOUR_MAX: usize = 60;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What one channel has had lately.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    tried_at: Option<Timestamp>,
    delivered_at: VecDeque<Timestamp>,
    quiet_until: Option<Timestamp>,
}

impl Pace {
    /// How long to wait before the next attempt; zero when it may be now. A clock that was
    /// set back forgets what is still to come.
    pub fn wait(&mut self, now: Timestamp) -> SignedDuration {
        let recent = |at: &Timestamp| *at <= now && now.duration_since(*at) < HOUR;
        self.delivered_at.retain(recent);
        let after_try = self
            .tried_at
            .filter(|at| *at <= now)
            .map(|at| ATTEMPT_INTERVAL - now.duration_since(at));
        let over_budget = self.delivered_at.len() >= MESSAGES_PER_HOUR_MAX;
        let after_oldest = self.delivered_at.front();
        let for_budget = after_oldest
            .filter(|_at| over_budget)
            .map(|at| HOUR - now.duration_since(*at));
        let asked = self.quiet_until.map(|until| until.duration_since(now));
        let waits = [after_try, for_budget, asked];
        let longest = waits.into_iter().flatten().max();
        longest.unwrap_or_default().max(SignedDuration::ZERO)
    }

    /// An attempt begins.
    pub fn trying(&mut self, now: Timestamp) {
        self.tried_at = Some(now);
        self.quiet_until = None;
    }

    /// It was taken.
    pub fn delivered(&mut self, now: Timestamp) {
        self.delivered_at.push_back(now);
    }

    /// The channel wants to be left alone for so long.
    pub fn keep_quiet(&mut self, now: Timestamp, wait: SignedDuration) {
        self.quiet_until = now.saturating_add(wait).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    #[test]
    fn one_attempt_a_second() {
        let mut pace = Pace::default();
        assert_eq!(pace.wait(at(0)), SignedDuration::ZERO);
        pace.trying(at(0));
        assert_eq!(pace.wait(at(0)), SignedDuration::from_secs(1));
        assert_eq!(pace.wait(at(1)), SignedDuration::ZERO);
    }

    #[test]
    fn the_budget_of_an_hour_opens_again_when_its_oldest_message_is_an_hour_old() {
        let mut pace = Pace::default();
        for second in 0..60 {
            pace.delivered(at(second));
        }
        assert_eq!(pace.wait(at(100)), SignedDuration::from_secs(3_500));
        assert_eq!(pace.wait(at(3_600)), SignedDuration::ZERO);
        pace.delivered(at(3_600));
        assert_eq!(pace.wait(at(3_600)), SignedDuration::from_secs(1));
    }

    #[test]
    fn quiet_is_kept_for_as_long_as_asked() {
        let mut pace = Pace::default();
        pace.trying(at(0));
        pace.keep_quiet(at(0), SignedDuration::from_secs(90));
        assert_eq!(pace.wait(at(30)), SignedDuration::from_secs(60));
        assert_eq!(pace.wait(at(90)), SignedDuration::ZERO);
    }

    #[test]
    fn a_clock_set_back_blocks_nothing() {
        let mut pace = Pace::default();
        pace.trying(at(9_000));
        for _ in 0..MESSAGES_PER_HOUR_MAX {
            pace.delivered(at(9_000));
        }
        assert_eq!(pace.wait(at(0)), SignedDuration::ZERO);
    }
}
