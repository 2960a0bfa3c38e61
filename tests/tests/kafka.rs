//! The log on a real Apache Kafka: every promise of the suite, and what only Kafka can break.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests: a failure is a panic, and `--nocapture` tells how it went"
)]

#[path = "kafka/brokers.rs"]
mod brokers;
#[path = "kafka/doors.rs"]
mod doors;
#[path = "kafka/groups.rs"]
mod groups;
#[path = "kafka/identity.rs"]
mod identity;
#[path = "kafka/poison.rs"]
mod poison;
#[path = "kafka/store.rs"]
mod store;
#[path = "kafka/world.rs"]
mod world;

use futures::StreamExt;
use std::time::Duration;
use switchboard_stream::parity::CASES;
use world::World;

/// Cases at once: they wait for the broker most of the time, and two cores are enough for it.
const CASES_AT_ONCE: usize = 4;

/// Far over what the slowest case takes on a busy machine.
const CASE_LIMIT: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread")]
async fn the_log_on_kafka_keeps_every_promise() {
    if switchboard_tests::kafka::is_skipped() {
        return;
    }
    let cases = futures::stream::iter(CASES).map(|(name, case)| async move {
        let world = World::shared();
        let begin = std::time::Instant::now();
        let checked = tokio::time::timeout(CASE_LIMIT, case(&world)).await;
        assert!(checked.is_ok(), "`{name}` hangs");
        println!("{:>6.2?}  {name}", begin.elapsed());
    });
    cases
        .buffer_unordered(CASES_AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}
