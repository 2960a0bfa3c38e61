//! When an adviser is left alone: a dead endpoint costs a few questions, then nothing.

use jiff::{SignedDuration, Timestamp};

/// Failures in a row from which on nobody is asked for a while: fewer are chance.
const FAILURES_MAX: u32 = 5;

/// The first pause; each one after it without a success between is twice as long ...
const PAUSE_FIRST: SignedDuration = SignedDuration::from_secs(10);

/// ... up to this: an endpoint that is back is noticed within it.
const PAUSE_LONGEST: SignedDuration = SignedDuration::from_mins(10);

/// Nobody who asks for a longer pause means it: a service that is back is asked again.
const WAIT_LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// What an adviser's failures have come to.
#[derive(Clone, Debug, Default)]
pub(super) struct Circuit {
    failures: u32,
    pauses: u32,
    silent_until: Option<Timestamp>,
}

impl Circuit {
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        self.silent_until.is_some_and(|until| now < until)
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// One question failed; answers for how long nobody is asked now, where a pause begins.
    pub(super) fn failed(&mut self, now: Timestamp) -> Option<SignedDuration> {
        self.failures = self.failures.saturating_add(1);
        if self.failures < FAILURES_MAX {
            return None;
        }
        let doublings = self.pauses.min(10);
        let pause = PAUSE_FIRST.saturating_mul(1 << doublings);
        self.pause(now, pause.min(PAUSE_LONGEST))
    }

    /// It asked to be left alone, for so long if it said so.
    pub(super) fn asked_for(
        &mut self,
        now: Timestamp,
        wait: Option<SignedDuration>,
    ) -> Option<SignedDuration> {
        let wait = wait.unwrap_or(PAUSE_FIRST);
        self.pause(now, wait.clamp(SignedDuration::ZERO, WAIT_LONGEST))
    }

    /// It will not answer until somebody changes something.
    pub(super) fn refused(&mut self, now: Timestamp) -> Option<SignedDuration> {
        self.pause(now, PAUSE_LONGEST)
    }

    /// Questions that were under way when a pause began do not make it longer.
    fn pause(&mut self, now: Timestamp, pause: SignedDuration) -> Option<SignedDuration> {
        if self.is_open(now) {
            return None;
        }
        self.pauses = self.pauses.saturating_add(1);
        self.silent_until = now.saturating_add(pause).ok();
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn seconds(pause: Option<SignedDuration>) -> Option<i64> {
        pause.map(|pause| pause.as_secs())
    }

    #[test]
    fn five_failures_in_a_row_are_a_pause_and_one_after_it_is_the_next() {
        let mut circuit = Circuit::default();
        for _ in 0..4 {
            assert_eq!(circuit.failed(at(0)), None);
        }
        assert_eq!(seconds(circuit.failed(at(0))), Some(10));
        assert!(circuit.is_open(at(9)) && !circuit.is_open(at(10)));
        // Under way when the pause began.
        assert_eq!(circuit.failed(at(5)), None);
        assert_eq!(seconds(circuit.failed(at(10))), Some(20));
        assert_eq!(seconds(circuit.failed(at(30))), Some(40));
        circuit.succeeded();
        assert_eq!(circuit.failed(at(100)), None);
    }

    #[test]
    fn a_pause_is_never_longer_than_ten_minutes() {
        let mut circuit = Circuit::default();
        let mut now = at(0);
        for _ in 0..40 {
            let pause = circuit.failed(now).unwrap_or_default();
            assert!(pause <= PAUSE_LONGEST);
            now += pause;
        }
        assert_eq!(circuit.failed(now), Some(PAUSE_LONGEST));
    }

    #[rstest]
    #[case::said(Some(17), 17)]
    #[case::unsaid(None, 10)]
    #[case::a_day(Some(86_400), 3_600)]
    #[case::at_once(Some(-4), 0)]
    fn who_asks_to_be_left_alone_is(#[case] wait: Option<i64>, #[case] want: i64) {
        let wait = wait.map(SignedDuration::from_secs);
        let pause = Circuit::default().asked_for(at(0), wait);
        assert_eq!(seconds(pause), Some(want));
    }

    #[test]
    fn who_refuses_is_left_alone_at_once() {
        let mut circuit = Circuit::default();
        assert_eq!(seconds(circuit.refused(at(0))), Some(600));
    }
}
