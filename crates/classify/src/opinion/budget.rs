//! How many questions may be asked, by the minute and by the day.

use jiff::Timestamp;

const SECONDS_OF_A_MINUTE: i64 = 60;
const SECONDS_OF_A_DAY: i64 = 24 * 60 * 60;

/// Counted in minutes and days of UTC. What is left of one is not carried into the next.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    minute: Span,
    day: Span,
}

#[derive(Clone, Debug)]
struct Span {
    seconds: i64,
    most: u32,
    /// Which minute or day is counted, and how many questions it has had.
    number: i64,
    used: u32,
}

impl Budget {
    pub(super) const fn new(per_minute: u32, per_day: u32) -> Self {
        Self {
            minute: Span::new(SECONDS_OF_A_MINUTE, per_minute),
            day: Span::new(SECONDS_OF_A_DAY, per_day),
        }
    }

    /// Takes one question out of it; `false` when there is none left.
    pub(super) fn take(&mut self, now: Timestamp) -> bool {
        self.minute.turn(now);
        self.day.turn(now);
        let has_room = self.minute.has_room() && self.day.has_room();
        if has_room {
            self.minute.used += 1;
            self.day.used += 1;
        }
        has_room
    }
}

impl Span {
    const fn new(seconds: i64, most: u32) -> Self {
        Self {
            seconds,
            most,
            number: 0,
            used: 0,
        }
    }

    fn turn(&mut self, now: Timestamp) {
        let number = now.as_second().div_euclid(self.seconds);
        if number != self.number {
            self.number = number;
            self.used = 0;
        }
    }

    const fn has_room(&self) -> bool {
        self.used < self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_minute_ends_and_a_day_ends() {
        let mut budget = Budget::new(2, 3);
        let asked = [0, 1, 2, 60, 61, 120, 86_400, 86_401, 86_402];
        let taken = asked.map(|second| budget.take(at(second)));
        // Two in the first minute, one in the second: then the day has had its three.
        let want = [true, true, false, true, false, false, true, true, false];
        assert_eq!(taken, want);
    }

    #[test]
    fn a_budget_of_nothing_asks_nothing() {
        assert!(!Budget::new(0, 9).take(at(5)));
        assert!(!Budget::new(9, 0).take(at(5)));
    }

    proptest! {
        #[test]
        fn no_minute_and_no_day_has_more_than_its_own(steps in prop::collection::vec(0..200_i64, 1..200), per_minute in 0..5_u32, per_day in 0..20_u32) {
            let mut budget = Budget::new(per_minute, per_day);
            let (mut second, mut taken) = (0, Vec::new());
            for step in steps {
                second += step;
                if budget.take(at(second)) {
                    taken.push(second);
                }
            }
            for (span, most) in [(60, per_minute), (86_400, per_day)] {
                for number in taken.iter().map(|second| second / span) {
                    let of_it = taken.iter().filter(|second| *second / span == number).count();
                    prop_assert!(of_it <= most as usize);
                }
            }
        }
    }
}
