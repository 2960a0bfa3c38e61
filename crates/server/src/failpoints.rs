//! Crash points for the fault suite: only in a build with the feature `failpoints`.
//!
//! `SWITCHBOARD_FAILPOINTS="log.append.before_commit=37"` kills the process with SIGKILL the
//! 37th time it passes that point: no destructor runs, no buffer is flushed. `=hang` instead of
//! a number keeps the thread that passes there for ever.

use crate::config::Environment;
use anyhow::{Context, Result, anyhow};
use rustix::process::{Signal, getpid, kill_process};
use std::sync::atomic::{AtomicU64, Ordering};

const VARIABLE: &str = "SWITCHBOARD_FAILPOINTS";
const HANG: &str = "hang";

/// Arms every point the environment names.
pub(crate) fn arm(environment: &Environment) -> Result<()> {
    let Some(points) = environment.get(VARIABLE) else {
        return Ok(());
    };
    for point in points.split(';').filter(|point| !point.is_empty()) {
        let (name, passes) = point
            .split_once('=')
            .with_context(|| format!("{VARIABLE}: `{point}` is not `name=passes`"))?;
        if passes == HANG {
            hang_at(name)?;
            continue;
        }
        let passes = passes
            .parse()
            .with_context(|| format!("{VARIABLE}: `{point}`"))?;
        kill_at(name, passes)?;
    }
    Ok(())
}

fn kill_at(name: &str, passes: u64) -> Result<()> {
    let count = AtomicU64::new(0);
    fail::cfg_callback(name, move || {
        if count.fetch_add(1, Ordering::Relaxed) + 1 == passes {
            // What cannot be killed would go on and make the test pass for no reason.
            let _killed = kill_process(getpid(), Signal::KILL);
            std::process::abort();
        }
    })
    .map_err(|error| anyhow!("failpoint `{name}`: {error}"))
}

fn hang_at(name: &str) -> Result<()> {
    let hang = || loop {
        std::thread::park();
    };
    fail::cfg_callback(name, hang).map_err(|error| anyhow!("failpoint `{name}`: {error}"))
}
