//! How the day is told: what has happened by early afternoon is there at once, dated as it
//! was; the rest comes at the pace asked for. All of it goes the way of every other post.

use crate::config::Environment;
use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

const STORY: &str = include_str!("../../../../../config/demo/story.jsonl");

/// How much of the day has passed when a newcomer comes in: from half past five to half past
/// twelve, an hour and a half before the crisis.
const PASSED: Duration = Duration::from_hours(7);

/// What the alert rule calls ten minutes, in the story's own time.
const ALERT_WINDOW: Duration = Duration::from_mins(10);

/// Between the story's last post and its ticket, with much to spare.
const LAST_WORDS: Duration = Duration::from_secs(5);

pub(super) struct Story {
    speed: f64,
    /// From its first post to its last.
    length: Duration,
}

impl Story {
    pub(super) fn new(speed: f64) -> Result<Self> {
        let times = [STORY.lines().next(), STORY.lines().last()];
        let [first, last] = times.map(|line| written(line.unwrap_or_default()));
        let length = last?.duration_since(first?);
        Ok(Self {
            speed,
            length: Duration::try_from(length)?,
        })
    }

    /// Writes the story down where its source reads it, and says how it is to be told.
    pub(super) fn lay_out(&self, dir: &Path, environment: &mut Environment) -> Result<()> {
        let file = dir.join("story.jsonl");
        std::fs::write(&file, STORY)
            .with_context(|| format!("cannot write `{}`", file.display()))?;
        let path = toml::Value::String(file.display().to_string());
        let mut set = |key: &str, value: String| {
            environment.insert(format!("SWITCHBOARD_{key}"), value);
        };
        set("SOURCES__STORY__SETTINGS__PATHS", format!("[{path}]"));
        set(
            "SOURCES__STORY__SETTINGS__SPEED",
            format!("{:?}", self.speed),
        );
        set(
            "SOURCES__STORY__SETTINGS__HEAD_START",
            milliseconds(self.told_in(PASSED)),
        );
        // Told faster, people are outraged faster.
        let window = self.told_in(ALERT_WINDOW).min(ALERT_WINDOW);
        set("ALERT__WINDOW", milliseconds(window));
        Ok(())
    }

    /// From the start of the demo until the last post is told and has its ticket.
    pub(super) fn remaining(&self) -> Duration {
        self.told_in(self.length.saturating_sub(PASSED)) + LAST_WORDS
    }

    /// Of our time.
    fn told_in(&self, of_the_story: Duration) -> Duration {
        let seconds = of_the_story.as_secs_f64() / self.speed;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}

fn written(line: &str) -> Result<Timestamp> {
    let post: Value = serde_json::from_str(line).context("the story is no JSON lines")?;
    let time = post["created_at"].as_str().unwrap_or_default();
    time.parse().context("a post of the story without its time")
}

/// At least one: nothing lasts no time.
fn milliseconds(duration: Duration) -> String {
    format!("{}ms", duration.as_millis().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_a_minute() {
        let story = Story::new(60.0).unwrap();
        assert_eq!(story.told_in(PASSED), Duration::from_mins(7));
        let rest = story.remaining();
        assert!(
            rest > Duration::from_mins(8) && rest < Duration::from_mins(10),
            "{rest:?}"
        );
    }
}
