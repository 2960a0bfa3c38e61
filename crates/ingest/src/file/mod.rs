//! Reads mentions from files of JSON lines, at the pace at which they were written or as
//! fast as the log takes them.
//!
//! | module | holds |
//! |---|---|
//! | `cursor` | the place: file, byte, line, and when the replay began |
//! | `lines` | reads whole lines from a byte on |
//! | `pace` | when a post is due, and what its time becomes |
//! | `poll` | one poll: lines to a batch |
//!
//! For users: `docs/connectors/file.md`.

mod cursor;
mod lines;
mod pace;
mod poll;
#[cfg(test)]
mod tests;

pub(crate) use cursor::ReplayStart;
pub(crate) use lines::{Line, Lines, read_lines};
pub(crate) use pace::Pace;

use crate::connector::{Connector, ConnectorPlan, Descriptor};
use crate::mention::{ParseLimits, parse_mention};
use crate::sample::Sampled;
use poll::FileConnector;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use switchboard_config::Section;
use switchboard_domain::Clock;
use switchboard_telemetry::PlatformLabel;

/// `connector = "file"`.
pub const DESCRIPTOR: Descriptor = Descriptor {
    name: "file",
    platform: PlatformLabel::File,
    read: read_settings,
    sample: sample_lines,
};

/// From real time at a thousandth (to look at single posts) to eleven days in a second.
const SPEEDS: RangeInclusive<f64> = 0.001..=1_000_000.0;

/// `[sources.<name>.settings]` of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileSettings {
    /// Read one after the other. To add one, add it at the end: a cursor counts them.
    pub paths: Vec<PathBuf>,
    /// How much faster than it was written; `None` for as fast as possible.
    pub speed: Option<f64>,
    /// Dates the first post now and the others after it.
    pub shift_to_now: bool,
    /// The replay counts as begun so long ago: what it would have brought by now comes at
    /// once. Of a replay with a `speed`.
    pub head_start: Duration,
    /// Marks every post as history: no clocks, no alarms.
    pub as_recorded: bool,
    /// Waits at the end of the last file for more; a last line without its line break is not
    /// taken until the break comes.
    pub follow: bool,
}

impl FileSettings {
    /// As fast as possible, as it stands in the files, to their ends.
    pub const fn new(paths: Vec<PathBuf>) -> Self {
        Self {
            paths,
            speed: None,
            shift_to_now: false,
            head_start: Duration::ZERO,
            as_recorded: false,
            follow: false,
        }
    }
}

impl ConnectorPlan for FileSettings {
    fn build(&self, clock: Arc<dyn Clock>) -> Box<dyn Connector> {
        Box::new(FileConnector::new(self.clone(), clock))
    }
}

fn read_settings(section: &mut Section<'_>) -> Option<Arc<dyn ConnectorPlan>> {
    let paths = read_paths(section);
    let has_speed = section.has("speed");
    let speed = section.in_range("speed", SPEEDS);
    let settings = FileSettings {
        paths: Vec::new(),
        speed,
        shift_to_now: section.value_or("shift_to_now", false),
        head_start: section.duration_or("head_start", Duration::ZERO),
        as_recorded: section.value_or("as_recorded", false),
        follow: section.value_or("follow", true),
    };
    let settings = FileSettings {
        paths: paths?,
        ..settings
    };
    (speed.is_some() || !has_speed).then_some(Arc::new(settings))
}

fn read_paths(section: &mut Section<'_>) -> Option<Vec<PathBuf>> {
    let place = section.place("paths");
    let paths = section.required::<Vec<PathBuf>>("paths")?;
    if paths.is_empty() {
        section.problem(
            &place,
            "`paths` is empty; name at least one file of JSON lines",
        );
        return None;
    }
    Some(paths)
}

/// The lines as a poll reads them; where they came from does not matter.
fn sample_lines(bytes: &[u8], _url: Option<&str>) -> Sampled {
    let mut sampled = Sampled::default();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match parse_mention(line, &ParseLimits::default()) {
            Ok(mention) => sampled.mentions.push(mention),
            Err(error) => {
                let field = error
                    .field
                    .map_or_else(String::new, |field| format!(".{field}"));
                let path = format!("$[{index}]{field}");
                sampled.refuse(path, error.code, error.message, line);
            }
        }
    }
    sampled
}
