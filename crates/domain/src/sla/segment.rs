//! A clock's life as intervals, each with its cause: what `sla prove` adds up again.

use super::HoldKind;
use crate::calendar::Calendar;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Why a stretch of a clock's life is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentCause {
    /// It is our turn.
    Ours,
    /// The ticket waits for that.
    Hold(HoldKind),
    /// The ticket was resolved, and was reopened later.
    Resolved,
}

/// One stretch: from `from` (included) to `until` (excluded), open-ended while it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Where it begins.
    pub from: Timestamp,
    /// Where it ends; `None` for the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why.
    pub cause: SegmentCause,
    /// Whether open hours in it count.
    pub runs: bool,
}

impl Segment {
    /// A stretch in which the clock runs because it is our turn.
    pub const fn ours(from: Timestamp) -> Self {
        Self {
            from,
            until: None,
            cause: SegmentCause::Ours,
            runs: true,
        }
    }
}

/// The instant at which `share` of running time is used up; `None` while it cannot be told,
/// because the clock stands still or the calendar does not open for ten years.
pub fn reach(
    segments: &[Segment],
    calendar: &Calendar,
    share: SignedDuration,
) -> Option<Timestamp> {
    let mut left = share;
    for segment in segments.iter().filter(|segment| segment.runs) {
        let Some(until) = segment.until else {
            return calendar.after(segment.from, left);
        };
        let length = calendar.open_between(segment.from, until);
        if length >= left {
            return calendar.after(segment.from, left);
        }
        left -= length;
    }
    None
}

/// Running time used up to `now`.
pub fn used(segments: &[Segment], calendar: &Calendar, now: Timestamp) -> SignedDuration {
    let running = segments.iter().filter(|segment| segment.runs);
    running
        .map(|segment| {
            let until = segment.until.map_or(now, |until| until.min(now));
            calendar.open_between(segment.from, until)
        })
        .fold(SignedDuration::ZERO, |sum, part| sum + part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn segments() -> Vec<Segment> {
        let stretch = |from, until, runs| Segment {
            from: at(from),
            until: Some(at(until)),
            cause: SegmentCause::Ours,
            runs,
        };
        vec![
            stretch(0, 10, true),
            stretch(10, 60, false),
            Segment::ours(at(60)),
        ]
    }

    #[rstest]
    #[case::before_the_pause(5, 5)]
    #[case::just_before_the_pause(10, 10)]
    #[case::after_the_pause(11, 61)]
    fn reaches_a_share_over_a_pause(#[case] minutes: i64, #[case] want: i64) {
        let share = SignedDuration::from_mins(minutes);
        assert_eq!(
            reach(&segments(), &Calendar::always(), share),
            Some(at(want))
        );
    }

    #[test]
    fn never_reaches_what_lies_behind_an_endless_pause() {
        let paused = &segments()[..2];
        let share = SignedDuration::from_mins(11);
        assert_eq!(reach(paused, &Calendar::always(), share), None);
    }

    #[rstest]
    #[case::running(7, 7)]
    #[case::paused(30, 10)]
    #[case::running_again(65, 15)]
    fn counts_what_is_used(#[case] minute: i64, #[case] want: i64) {
        let counted = used(&segments(), &Calendar::always(), at(minute));
        assert_eq!(counted, SignedDuration::from_mins(want));
    }
}
