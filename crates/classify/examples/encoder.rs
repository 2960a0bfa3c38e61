//! Posts per second of a sentence encoder on one core, and the memory it takes:
//! `cargo run --release -p switchboard-classify --example encoder -- FOLDER FILE`.
//!
//! FOLDER is a model folder, FILE holds JSON lines with at least `text`. Time is that of the
//! processor: other work on the machine disturbs the caches and nothing else.
#![expect(clippy::print_stdout, reason = "a command for people")]

use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::path::Path;
use switchboard_classify::encoder::Encoder;

/// Posts that are read: more change nothing but the wait.
const POSTS: usize = 2000;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(file)) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("which FOLDER and FILE?");
    };
    let mut texts = Vec::new();
    for line in std::fs::read_to_string(file)?.lines().take(POSTS) {
        let fields: serde_json::Value = serde_json::from_str(line)?;
        texts.push(fields["text"].as_str().unwrap_or_default().to_owned());
    }
    let before = seconds();
    let encoder = Encoder::open(Path::new(&folder), 1)?;
    println!(
        "opened in {:.2} s, {} numbers a vector",
        seconds() - before,
        encoder.width()
    );
    let mut each = Vec::with_capacity(texts.len());
    for text in &texts {
        let before = seconds();
        black_box(encoder.embed(text)?);
        each.push(seconds() - before);
    }
    each.sort_by(f64::total_cmp);
    let total: f64 = each.iter().sum();
    let share = |part: usize| each.get(each.len() * part / 100).copied().unwrap_or(0.0) * 1e3;
    #[expect(clippy::cast_precision_loss, reason = "a count of posts")]
    let rate = texts.len() as f64 / total;
    println!(
        "{rate:.0} posts/s on one core; a post takes {:.1} ms, 99 of 100 at most {:.1} ms",
        share(50),
        share(99)
    );
    print_memory()
}

/// The processor time of this process, in seconds.
fn seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    #[expect(clippy::cast_precision_loss, reason = "seconds of one process")]
    let seconds = time.tv_sec as f64;
    #[expect(clippy::cast_precision_loss, reason = "less than 10^9")]
    let nanoseconds = time.tv_nsec as f64;
    seconds + nanoseconds / 1e9
}

fn print_memory() -> anyhow::Result<()> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
        println!(
            "most memory at once: {}",
            line.trim_start_matches("VmHWM:").trim()
        );
    }
    Ok(())
}
