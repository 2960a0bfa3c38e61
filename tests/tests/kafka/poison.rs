//! A record nobody can handle: found among its neighbours, set aside alone.

use crate::store::CountingStore;
use crate::world::{World, records, with_store};
use async_trait::async_trait;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use switchboard_domain::ManualClock;
use switchboard_stream::record::DeadLetter;
use switchboard_stream::{Batch, Log, Progress, Runner, RunnerOptions, Stage, StageError, Stop};
use switchboard_telemetry::{Counter, Outcome};

const RECORDS: usize = 1_000;
const POISON: &str = "617";

/// Panics over one record.
struct Delicate {
    store: Arc<CountingStore>,
    letters: Mutex<Vec<DeadLetter>>,
    stop: Stop,
}

#[async_trait]
impl Stage for Delicate {
    fn name(&self) -> switchboard_telemetry::Stage {
        switchboard_telemetry::Stage::Route
    }

    async fn process(&self, batch: &Batch) -> Result<Vec<Outcome>, StageError> {
        let is_poison = |payload: &[u8]| payload == POISON.as_bytes();
        assert!(
            !batch
                .records
                .iter()
                .any(|record| is_poison(&record.payload))
        );
        self.finish(batch)?;
        Ok(vec![Outcome::Forwarded; batch.records.len()])
    }

    async fn set_aside(&self, batch: &Batch, letter: DeadLetter) -> Result<(), StageError> {
        self.letters.lock().unwrap().push(letter);
        self.finish(batch)
    }
}

impl Delicate {
    fn finish(&self, batch: &Batch) -> Result<(), StageError> {
        if !self.store.apply(batch) {
            return Err(StageError::Fenced);
        }
        if self.store.count() == RECORDS {
            self.stop.soft.cancel();
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_record_is_set_aside_alone() {
    if switchboard_tests::kafka::is_skipped() {
        return;
    }
    let world = World::shared();
    let log = world.log_with(2).await;
    log.append(records(0..RECORDS)).await.unwrap();
    let store = Arc::new(CountingStore::default());
    let stop = Stop::default();
    let stage = Arc::new(Delicate {
        store: Arc::clone(&store),
        letters: Mutex::default(),
        stop: stop.clone(),
    });
    let runner = Runner {
        stage: Arc::clone(&stage) as Arc<dyn Stage>,
        consumer: with_store(&log, &store).await,
        clock: Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH)),
        metrics: world.metrics.clone(),
        progress: Progress::default(),
        options: RunnerOptions::new("test"),
        jitter_seed: 1,
    };
    let run = tokio::time::timeout(Duration::from_mins(1), runner.run(&stop)).await;
    run.unwrap().unwrap();
    let letters = stage.letters.lock().unwrap().clone();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(store.effects().values().all(|count| *count == 1));
    let set_aside = Counter::StageEvents {
        stage: switchboard_telemetry::Stage::Route,
        outcome: Outcome::DeadLettered,
    };
    assert_eq!(world.metrics.counter_value(set_aside), 1);
    log.close().await.unwrap();
}
