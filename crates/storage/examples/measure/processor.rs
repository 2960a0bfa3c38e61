//! What processor time this process and the server beside it have taken.

use crate::Failure;
use std::path::PathBuf;
use std::{fmt, fs};

/// Linux counts processor time for programs in hundredths of a second, on every machine.
const TICK_MICROS: u64 = 10_000;

/// The processes that are watched.
pub(crate) struct Processor {
    server_directory: Option<PathBuf>,
}

/// In ticks since the processes began.
pub(crate) struct Used {
    ours: u64,
    server: u64,
}

/// In microseconds for each mention.
pub(crate) struct Spent {
    ours: u64,
    server: u64,
}

impl Processor {
    /// Watches this process, and the server that keeps its files there.
    pub(crate) const fn new(server_directory: Option<PathBuf>) -> Self {
        Self { server_directory }
    }

    /// So far.
    pub(crate) fn used(&self) -> Result<Used, Failure> {
        let server = match &self.server_directory {
            None => 0,
            Some(directory) => {
                let file = fs::read_to_string(directory.join("postmaster.pid"))?;
                let postmaster = file.lines().next().unwrap_or_default();
                family(postmaster)?
            }
        };
        Ok(Used {
            ours: ticks("self")?,
            server,
        })
    }
}

impl Used {
    /// Since an earlier look, for each of so many mentions.
    pub(crate) fn since(&self, before: &Self, mentions: usize) -> Spent {
        let each = |ticks: u64| ticks * TICK_MICROS / (mentions as u64).max(1);
        Spent {
            ours: each(self.ours - before.ours),
            server: each(self.server.saturating_sub(before.server)),
        }
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "processor for each mention: {} µs ours, {} µs the server's",
            self.ours, self.server
        )
    }
}

/// Of the process and its children, also of those that have ended.
fn family(process: &str) -> Result<u64, Failure> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"))?;
    let mut sum = ticks(process)?;
    for child in children.split_whitespace() {
        // One that has just ended is counted with its parent from now on.
        sum += ticks(child).unwrap_or_default();
    }
    Ok(sum)
}

/// User and system time, its own and that of its children that have ended.
fn ticks(process: &str) -> Result<u64, Failure> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // Behind the name, which may hold anything: utime, stime, cutime, cstime.
    let columns = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let columns = columns.split_whitespace().skip(11).take(4);
    Ok(columns
        .filter_map(|column| column.parse::<u64>().ok())
        .sum())
}
