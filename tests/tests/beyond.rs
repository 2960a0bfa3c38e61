//! Beyond one machine: the real binary on a real Apache Kafka and a real PostgreSQL, in one
//! process and in many, with the configuration of one machine but for two lines.

#![expect(clippy::print_stdout, reason = "`--nocapture` tells what was measured")]

#[path = "beyond/lease.rs"]
mod lease;
#[path = "beyond/one.rs"]
mod one;
#[path = "beyond/roles.rs"]
mod roles;
#[path = "beyond/same.rs"]
mod same;
