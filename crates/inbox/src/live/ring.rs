//! The last minutes of ticket events, by number.

use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use switchboard_domain::Slug;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::ticket::TicketId;

/// A page that was away for so long resumes where it was: a lift, a train, a restart.
pub(crate) const RING_AGE: SignedDuration = SignedDuration::from_mins(10);

/// Ten minutes at 400 changes a second, and about 10 MB. Beyond that the oldest go early.
const RING_ENTRIES_MAX: usize = 250_000;

/// How long a missing number holds up those behind it. The relay appends in the order of
/// numbers, so a hole is only the time between reading two partitions. A number that has not
/// come by then never will; every stream is told to start over.
const HOLE_WAIT: SignedDuration = SignedDuration::from_secs(5);

/// Numbers that may wait behind a hole, for the same reason: more than one reading brings.
const WAITING_MAX: usize = 20_000;

/// Tickets in one frame, one page of the list. A stream that is further behind starts over:
/// reading its list again is cheaper.
pub(crate) const FRAME_TICKETS_MAX: usize = 200;

/// A change as streams need it: whose it is, and whom it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) ticket: TicketId,
    /// The owner after the change.
    pub(crate) department: Arc<Slug>,
    /// The owner before, where the change moved it.
    pub(crate) moved_from: Option<Arc<Slug>>,
    /// When it was made.
    pub(crate) at: Timestamp,
}

/// Numbers without a gap, and those that wait behind one.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    /// The number before the first entry.
    floor: u64,
    entries: VecDeque<Entry>,
    waiting: BTreeMap<u64, Entry>,
    hole_since: Option<Timestamp>,
}

/// What a stream that has heard everything up to a number has missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Missed {
    /// Nothing at all.
    Nothing,
    /// The ring cannot tell, or it is more than a frame holds.
    TooMuch {
        /// Where to start over.
        newest: u64,
    },
    /// These tickets; none when nothing concerned its departments.
    Tickets {
        /// The last number looked at.
        newest: u64,
        tickets: BTreeSet<TicketId>,
        /// When the first of these changes was made.
        since: Option<Timestamp>,
    },
}

impl Ring {
    /// Starts anew after `floor`: whoever knows less cannot resume.
    pub(crate) fn restart(&mut self, floor: u64) {
        *self = Self {
            floor,
            ..Self::default()
        };
    }

    pub(crate) fn newest(&self) -> u64 {
        self.floor + self.entries.len() as u64
    }

    /// Whether a stream that has heard everything up to `number` can go on from there.
    pub(crate) fn knows(&self, number: u64) -> bool {
        (self.floor..=self.newest()).contains(&number)
    }

    /// In any order; a number that was there before is dropped.
    pub(crate) fn insert(&mut self, number: u64, entry: Entry) {
        if number > self.newest() {
            self.waiting.entry(number).or_insert(entry);
        }
    }

    /// Releases what has no hole before it, gives up a hole that lasts, drops what is old.
    /// Answers the newest number.
    pub(crate) fn settle(&mut self, now: Timestamp) -> u64 {
        if self.release() {
            self.hole_since = None;
        }
        if let Some(first) = self.waiting.keys().next().copied() {
            let since = *self.hole_since.get_or_insert(now);
            let waits = now.duration_since(since).abs();
            if waits > HOLE_WAIT || self.waiting.len() > WAITING_MAX {
                tracing::warn!(
                    from = self.newest() + 1,
                    to = first - 1,
                    "ticket events are missing"
                );
                let waiting = std::mem::take(&mut self.waiting);
                self.restart(first - 1);
                self.waiting = waiting;
                self.release();
            }
        }
        self.prune(now);
        self.newest()
    }

    /// What a stream of that scope has missed after number `after`.
    pub(crate) fn missed(&self, after: u64, scope: &DepartmentScope) -> Missed {
        let newest = self.newest();
        if !self.knows(after) {
            return Missed::TooMuch { newest };
        }
        if after == newest {
            return Missed::Nothing;
        }
        let first = usize::try_from(after - self.floor).unwrap_or(usize::MAX);
        let mut tickets = BTreeSet::new();
        let mut since: Option<Timestamp> = None;
        for entry in self.entries.range(first..) {
            if entry.concerns(scope) {
                tickets.insert(entry.ticket);
                since = Some(since.map_or(entry.at, |since| since.min(entry.at)));
            }
            if tickets.len() > FRAME_TICKETS_MAX {
                return Missed::TooMuch { newest };
            }
        }
        Missed::Tickets {
            newest,
            tickets,
            since,
        }
    }

    fn release(&mut self) -> bool {
        let before = self.entries.len();
        while let Some(entry) = self.waiting.remove(&(self.newest() + 1)) {
            self.entries.push_back(entry);
        }
        self.entries.len() > before
    }

    fn prune(&mut self, now: Timestamp) {
        while let Some(oldest) = self.entries.front() {
            let is_old = now.duration_since(oldest.at) > RING_AGE;
            if !is_old && self.entries.len() <= RING_ENTRIES_MAX {
                break;
            }
            self.entries.pop_front();
            self.floor += 1;
        }
    }
}

impl Entry {
    fn concerns(&self, scope: &DepartmentScope) -> bool {
        let left = self.moved_from.as_ref();
        scope.contains(&self.department) || left.is_some_and(|left| scope.contains(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn entry(ticket: i64, department: &str, second: i64) -> Entry {
        Entry {
            ticket: TicketId(ticket),
            department: Arc::new(Slug::from_any(department)),
            moved_from: None,
            at: at(second),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Numbers 1 to `count`, each of a ticket of its own, one a second.
    fn ring(count: i64) -> Ring {
        let mut ring = Ring::default();
        for number in 1..=count {
            let entry = entry(number, "support", number);
            ring.insert(number.unsigned_abs(), entry);
        }
        ring.settle(at(count));
        ring
    }

    fn tickets(missed: Missed) -> Option<Vec<i64>> {
        match missed {
            Missed::Tickets { tickets, .. } => Some(tickets.iter().map(|id| id.0).collect()),
            Missed::Nothing => Some(vec![]),
            Missed::TooMuch { .. } => None,
        }
    }

    #[rstest]
    #[case::up_to_date(3, Some(vec![]))]
    #[case::two_behind(1, Some(vec![2, 3]))]
    #[case::from_the_beginning(0, Some(vec![1, 2, 3]))]
    #[case::of_another_store(4, None)]
    fn tells_what_was_missed(#[case] after: u64, #[case] want: Option<Vec<i64>>) {
        assert_eq!(tickets(ring(3).missed(after, &DepartmentScope::All)), want);
    }

    #[test]
    fn what_is_older_than_the_ring_is_lost() {
        let mut ring = ring(3);
        ring.settle(at(2 + 600));
        assert_eq!(ring.newest(), 3, "a number outlives its entry");
        assert_eq!(tickets(ring.missed(0, &DepartmentScope::All)), None);
        assert_eq!(
            tickets(ring.missed(1, &DepartmentScope::All)),
            Some(vec![2, 3])
        );
        ring.settle(at(3_600));
        assert_eq!(tickets(ring.missed(3, &DepartmentScope::All)), Some(vec![]));
    }

    #[test]
    fn a_hole_waits_and_is_given_up() {
        let mut ring = ring(2);
        ring.insert(4, entry(4, "support", 2));
        assert_eq!(ring.settle(at(2)), 2);
        assert_eq!(ring.settle(at(7)), 2, "five seconds are allowed");
        assert_eq!(ring.settle(at(8)), 4);
        assert_eq!(
            tickets(ring.missed(2, &DepartmentScope::All)),
            None,
            "3 was never told"
        );
        assert_eq!(
            tickets(ring.missed(3, &DepartmentScope::All)),
            Some(vec![4])
        );
    }

    #[test]
    fn a_hole_that_fills_in_time_costs_nobody_anything() {
        let mut ring = ring(2);
        ring.insert(4, entry(4, "support", 2));
        ring.settle(at(2));
        ring.insert(3, entry(3, "support", 2));
        assert_eq!(ring.settle(at(20)), 4);
        assert_eq!(
            tickets(ring.missed(2, &DepartmentScope::All)),
            Some(vec![3, 4])
        );
    }

    #[test]
    fn a_move_concerns_both_departments_and_no_third() {
        let mut ring = Ring::default();
        let moved_from = Some(Arc::new(Slug::from_any("support")));
        ring.insert(
            1,
            Entry {
                moved_from,
                ..entry(7, "sales", 1)
            },
        );
        ring.settle(at(1));
        for (department, want) in [("support", 1), ("sales", 1), ("pr", 0)] {
            let scope = DepartmentScope::Only([Slug::from_any(department)].into());
            let heard = tickets(ring.missed(0, &scope)).unwrap();
            assert_eq!(heard.len(), want, "{department}");
        }
    }

    #[test]
    fn more_than_a_frame_is_too_much() {
        let fits = i64::try_from(FRAME_TICKETS_MAX).unwrap();
        assert!(tickets(ring(fits).missed(0, &DepartmentScope::All)).is_some());
        assert!(tickets(ring(fits + 1).missed(0, &DepartmentScope::All)).is_none());
    }

    proptest! {
        #[test]
        fn whatever_the_order_and_the_repetitions_numbers_come_out_dense(
            order in Just((1..=60_u64).collect::<Vec<_>>()).prop_shuffle(),
            again in proptest::collection::vec(1..=60_u64, 0..30),
            looks in proptest::collection::vec(0..90_usize, 0..10),
        ) {
            let mut ring = Ring::default();
            let mut heard = 0;
            let mut told = vec![];
            for (step, number) in order.into_iter().chain(again).enumerate() {
                ring.insert(number, entry(number.cast_signed(), "support", 1));
                ring.settle(at(1));
                if looks.contains(&step) {
                    told.extend(tickets(ring.missed(heard, &DepartmentScope::All)).unwrap());
                    heard = ring.newest();
                }
            }
            told.extend(tickets(ring.missed(heard, &DepartmentScope::All)).unwrap());
            prop_assert_eq!(told, (1..=60).collect::<Vec<i64>>());
        }
    }
}
