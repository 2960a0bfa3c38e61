//! What goes wrong beyond one machine, done to the real binary on a real Kafka and a real
//! PostgreSQL: after each fault nothing is lost and nothing has happened twice.
//!
//! `SWITCHBOARD_SEED` repeats a run. `SWITCHBOARD_FAULTS=200` asks for more kills than the few
//! of `make test`, `SWITCHBOARD_OUTAGE_SECONDS=120` for longer outages. What was measured
//! stands in `tests/faults/README.md`.

#![expect(
    clippy::print_stdout,
    reason = "a fault run tells its seed and what was measured"
)]

#[path = "beyond_faults/kills.rs"]
mod kills;
#[path = "beyond_faults/load.rs"]
mod load;
#[path = "beyond_faults/outages.rs"]
mod outages;
#[path = "beyond_faults/records.rs"]
mod records;
#[path = "beyond_faults/storm.rs"]
mod storm;

use std::time::Duration;

/// A dead member's partitions go to others after ten seconds; two busy cores and a debug
/// build take the rest.
const IDLE_LIMIT: Duration = Duration::from_mins(2);

/// A number the environment gives.
fn number_from(name: &str) -> Option<u64> {
    let mut variables = std::env::vars();
    let found = variables.find_map(|(known, value)| (known == name).then_some(value));
    found?.parse().ok()
}

/// The seed of this run, said aloud.
fn seed() -> u64 {
    let seed = number_from("SWITCHBOARD_SEED").unwrap_or_else(rand::random);
    println!("SWITCHBOARD_SEED={seed}");
    seed
}
