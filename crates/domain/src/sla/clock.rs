//! One clock of one ticket: when its milestones are due, and how it stands.

use super::policy::Escalation;
use super::segment::{Segment, SegmentCause, reach};
use super::{ClockKind, ClockStatus, Milestone, SlaBook, SlaPolicy, StopCause, Targets};
use crate::Slug;
use crate::calendar::Calendar;
use crate::mention::StartReason;
use crate::routing::Priority;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// One clock of one ticket. It fires each milestone once and never heals: a recorded breach
/// stays one whatever happens later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlaClock {
    /// What it measures.
    pub kind: ClockKind,
    /// Counts from 1; a clock that starts anew is a new cycle.
    pub cycle: u32,
    /// The terms it runs on.
    #[serde(flatten)]
    pub terms: Terms,
    /// Where it started.
    pub started_at: Timestamp,
    /// Why there.
    pub start_reason: StartReason,
    /// When its milestones are due, as far as that can be told now, in order of time.
    pub schedule: Vec<Point>,
    /// Its life so far, without gaps.
    pub segments: Vec<Segment>,
    /// Milestones fired, in order.
    pub fired: Vec<Milestone>,
    /// The instant of the deadline that was missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breached_at: Option<Timestamp>,
    /// Set once it no longer ticks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stop>,
}

/// What one clock was promised, as policy and calendar stood when the promise was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The policy that set it.
    pub policy: String,
    /// Version of all promises at that moment.
    pub book_version: String,
    /// The calendar it counts in, by name.
    pub calendar: String,
    /// Version of that calendar.
    pub calendar_version: String,
    /// The department it counts for.
    pub department: Slug,
    /// Seconds allowed, by priority.
    pub targets_seconds: Targets,
    /// Seconds allowed now.
    pub target_seconds: i64,
    /// When to warn, in percent of the target.
    pub warn_at_percent: Vec<u8>,
    /// Whom to call when; the steps of this clock alone, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalations: Vec<Escalation>,
}

/// A milestone and the instant at which it falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Which.
    pub milestone: Milestone,
    /// When.
    pub at: Timestamp,
}

/// Where and why a clock stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The instant.
    pub at: Timestamp,
    /// The cause.
    pub cause: StopCause,
}

/// A milestone that is due, with the instant it fell due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueMilestone {
    /// Of which clock.
    pub clock: ClockKind,
    /// Of which cycle.
    pub cycle: u32,
    /// Which point.
    pub milestone: Milestone,
    /// When it fell due.
    pub due_at: Timestamp,
}

/// Whose clock it is to be.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// The department that holds the ticket.
    pub department: &'a Slug,
    /// How much the ticket presses.
    pub priority: Priority,
}

impl Terms {
    /// What `policy` promises for that kind; `None` where it promises nothing.
    pub fn of(
        book: &SlaBook,
        policy: &SlaPolicy,
        kind: ClockKind,
        holder: Holder<'_>,
    ) -> Option<Self> {
        let target_seconds = policy.target_seconds(kind, holder.priority)?;
        let calendar = book.calendar_for(policy, kind, holder.department);
        let steps = policy.escalations.iter();
        Some(Self {
            policy: policy.name.clone(),
            book_version: book.version().to_owned(),
            calendar: calendar.name().to_owned(),
            calendar_version: calendar.version().to_owned(),
            department: holder.department.clone(),
            targets_seconds: policy.targets.get(&kind).cloned().unwrap_or_default(),
            target_seconds,
            warn_at_percent: policy.warn_at_percent.clone(),
            escalations: steps.filter(|step| step.clock == kind).cloned().collect(),
        })
    }

    /// The same promise for another priority; `None` where it has no target for it or
    /// nothing changes.
    pub fn for_priority(&self, priority: Priority) -> Option<Self> {
        let target_seconds = *self.targets_seconds.get(&priority)?;
        (target_seconds != self.target_seconds).then(|| Self {
            target_seconds,
            ..self.clone()
        })
    }

    /// When the milestones of a clock with these terms and that life fall due, in order of
    /// time; what cannot be told while it stands still is left out.
    pub fn schedule(&self, segments: &[Segment], calendar: &Calendar) -> Vec<Point> {
        let warnings = self.warn_at_percent.iter().map(|&percent| {
            let seconds = self.target_seconds.saturating_mul(i64::from(percent)) / 100;
            (Milestone::Warning(percent), seconds)
        });
        let steps = (1_u8..).zip(&self.escalations).map(|(step, escalation)| {
            let seconds = escalation.at.seconds(self.target_seconds);
            (Milestone::Escalation(step), seconds)
        });
        let breach = (Milestone::Breach, self.target_seconds);
        let mut points: Vec<Point> = warnings
            .chain([breach])
            .chain(steps)
            .filter_map(|(milestone, seconds)| {
                let at = reach(segments, calendar, SignedDuration::from_secs(seconds))?;
                Some(Point { milestone, at })
            })
            .collect();
        points.sort_by_key(|point| point.at);
        points
    }
}

impl SlaClock {
    /// A clock that starts to run.
    pub fn start(
        (kind, cycle): (ClockKind, u32),
        terms: Terms,
        calendar: &Calendar,
        (started_at, start_reason): (Timestamp, StartReason),
    ) -> Self {
        let segments = vec![Segment::ours(started_at)];
        Self {
            kind,
            cycle,
            schedule: terms.schedule(&segments, calendar),
            terms,
            started_at,
            start_reason,
            segments,
            fired: Vec::new(),
            breached_at: None,
            stopped: None,
        }
    }

    /// How it stands.
    pub fn status(&self) -> ClockStatus {
        match (self.breached_at, self.stopped) {
            (Some(_), _) => ClockStatus::Breached,
            (None, Some(stop)) if self.kind.is_kept_by(stop.cause) => ClockStatus::Met,
            (None, Some(_)) => ClockStatus::Cancelled,
            (None, None) if self.is_paused() => ClockStatus::Paused,
            (None, None) => ClockStatus::Running,
        }
    }

    /// Whether it has not stopped, paused or not.
    pub const fn is_ticking(&self) -> bool {
        self.stopped.is_none()
    }

    /// Whether it has not stopped but stands still.
    pub fn is_paused(&self) -> bool {
        self.is_ticking() && self.segments.last().is_some_and(|segment| !segment.runs)
    }

    /// The deadline; `None` while it stands still before it, or where the calendar does not
    /// open for so long.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.breached_at.or_else(|| {
            let breach = self
                .schedule
                .iter()
                .find(|point| point.milestone == Milestone::Breach);
            breach.map(|point| point.at)
        })
    }

    /// When it warns, in order of time.
    pub fn warn_at(&self) -> impl Iterator<Item = Timestamp> + '_ {
        let warnings = self.schedule.iter();
        warnings
            .filter(|point| matches!(point.milestone, Milestone::Warning(_)))
            .map(|point| point.at)
    }

    /// The next milestone that has not fired; `None` when nothing is left or can be told.
    pub fn next_milestone(&self) -> Option<DueMilestone> {
        self.unfired().next()
    }

    /// Every milestone that is due at `now` and has not fired, in order.
    pub fn due(&self, now: Timestamp) -> Vec<DueMilestone> {
        self.unfired().take_while(|due| due.due_at <= now).collect()
    }

    /// The segments as they are once the present one ends at `at` and another begins there.
    pub fn segments_with(&self, at: Timestamp, cause: SegmentCause, runs: bool) -> Vec<Segment> {
        let mut segments = self.segments.clone();
        let mut begin = at;
        if let Some(last) = segments.last_mut() {
            // Our clock may have been set back: a segment never ends before it begins.
            let end = last.until.unwrap_or(at).max(last.from);
            last.until = Some(end);
            begin = begin.max(end);
            if end < begin {
                segments.push(Segment {
                    from: end,
                    until: Some(begin),
                    cause: SegmentCause::Resolved,
                    runs: false,
                });
            }
        }
        segments.push(Segment {
            from: begin,
            until: None,
            cause,
            runs,
        });
        segments
    }

    fn unfired(&self) -> impl Iterator<Item = DueMilestone> + '_ {
        let points = self.schedule.iter().filter(|_| self.is_ticking());
        points
            .filter(|point| !self.fired.contains(&point.milestone))
            .map(|point| DueMilestone {
                clock: self.kind,
                cycle: self.cycle,
                milestone: point.milestone,
                due_at: point.at,
            })
    }
}
