//! What goes wrong on one machine, done to the real binary: after each fault nothing is lost
//! and nothing has happened twice.
//!
//! `SWITCHBOARD_SEED` repeats a run, `SWITCHBOARD_FAULTS=200` asks for more kills than the few
//! of `make test`. What was measured stands in `tests/faults/README.md`.

#![expect(
    clippy::print_stderr,
    reason = "a fault run tells its seed and what was done"
)]

#[path = "faults/backup.rs"]
mod backup;
#[path = "faults/disk.rs"]
mod disk;
#[path = "faults/hang.rs"]
mod hang;
#[path = "faults/kills.rs"]
mod kills;
