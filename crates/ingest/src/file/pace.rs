//! When a post is due, and what its time becomes. Pure.

use super::FileSettings;
use super::cursor::ReplayStart;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use switchboard_domain::Mention;

/// A replay that has begun.
pub(crate) struct Pace {
    speed: Option<f64>,
    shift_to_now: bool,
    head_start: Duration,
    start: Option<ReplayStart>,
    now: Timestamp,
}

impl Pace {
    pub(crate) const fn new(
        settings: &FileSettings,
        start: Option<ReplayStart>,
        now: Timestamp,
    ) -> Self {
        Self {
            speed: settings.speed,
            shift_to_now: settings.shift_to_now,
            head_start: settings.head_start,
            start,
            now,
        }
    }

    /// What the cursor remembers of it.
    pub(crate) const fn start(&self) -> Option<ReplayStart> {
        self.start
    }

    /// How long until the post is due; zero when it is. An undated post is due when it is
    /// reached.
    pub(crate) fn wait_for(&mut self, mention: &Mention) -> Duration {
        let Some(written) = mention.created_at else {
            return Duration::ZERO;
        };
        let began = self.now.saturating_sub(self.head_start);
        let start = *self.start.get_or_insert(ReplayStart {
            at: began.unwrap_or(self.now),
            first_post: written,
        });
        let Some(speed) = self.speed else {
            return Duration::ZERO;
        };
        let due = replayed(written, start, speed);
        Duration::try_from(due.duration_since(self.now)).unwrap_or(Duration::ZERO)
    }

    /// Dates the post within the replay: the first one when the replay began, the others as
    /// much later as they are handed out. Without a pace everything happens now.
    pub(crate) fn shift(&self, mention: &mut Mention) {
        let Some(start) = self.start.filter(|_| self.shift_to_now) else {
            return;
        };
        let shifted = |time: Timestamp| match self.speed {
            Some(speed) => replayed(time, start, speed),
            None => self.now,
        };
        mention.created_at = mention.created_at.map(shifted);
        mention.edited_at = mention.edited_at.map(shifted);
    }
}

/// The moment of the replay that stands for `time`.
fn replayed(time: Timestamp, start: ReplayStart, speed: f64) -> Timestamp {
    let recorded = time.duration_since(start.first_post).as_secs_f64();
    let replayed = SignedDuration::try_from_secs_f64(recorded / speed);
    let moment = replayed
        .ok()
        .and_then(|after| start.at.saturating_add(after).ok());
    moment.unwrap_or(if recorded < 0.0 {
        start.at
    } else {
        Timestamp::MAX
    })
}
