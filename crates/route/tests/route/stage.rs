//! Records in, tickets out, and what the runner is told when that fails.

use crate::world::{World, at, classified, complaint};
use async_trait::async_trait;
use jiff::Timestamp;
use rstest::rstest;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::{Label, OffsetMove};
use switchboard_storage::{Intake, IntakeBatch, MAX_INTAKE_BATCH, StorageError, TakenIn};
use switchboard_stream::log::Batch;
use switchboard_stream::record::{DeadLetter, ErrorClass, Failure, encode_classified};
use switchboard_stream::runner::{Stage, StageError};
use switchboard_stream::topic::MENTION_CLASSIFIED;
use switchboard_telemetry::{ClassLabel, Counter, Outcome};

#[rstest]
#[case::complaint(Label::Complaint, "support")]
#[case::lead(Label::Lead, "sales")]
#[case::risk(Label::PrRisk, "pr")]
#[case::chatter(Label::General, "community")]
#[tokio::test]
async fn the_owning_department_gets_it(#[case] label: Label, #[case] department: &str) {
    let mut world = World::new().await;
    world.route(&[classified("1", label)]).await.unwrap();
    let ticket = world.ticket(1).await.unwrap();
    assert_eq!(ticket.department.as_str(), department);
    assert_eq!(ticket.clocks.is_empty(), label == Label::General);
}

#[tokio::test]
async fn every_record_ends_in_one_outcome() {
    let mut world = World::new().await;
    let outcomes = world
        .route(&[complaint("1"), complaint("1"), complaint("2")])
        .await
        .unwrap();
    assert_eq!(
        outcomes,
        [Outcome::Forwarded, Outcome::Duplicate, Outcome::Forwarded]
    );
    let department = world.metrics.department("support");
    let opened = Counter::TicketsOpened {
        department,
        label: ClassLabel::Complaint,
    };
    assert_eq!(world.metrics.counter_value(opened), 2);
    let routed = Counter::MentionsRouted {
        department,
        label: ClassLabel::Complaint,
    };
    assert_eq!(world.metrics.counter_value(routed), 2);
}

#[tokio::test]
async fn a_batch_that_another_owner_has_taken_writes_nothing() {
    let mut world = World::new().await;
    world.route(&[complaint("1")]).await.unwrap();
    let stale = world.batch(vec![]);
    world.route(&[complaint("2")]).await.unwrap();
    let mut late = world.batch(vec![encode_classified(&complaint("3")).unwrap().to_vec()]);
    late.expected = stale.expected;
    assert_eq!(world.stage.process(&late).await, Err(StageError::Fenced));
    assert!(world.ticket(3).await.is_none());
}

#[tokio::test]
async fn rubbish_is_the_records_fault_and_can_be_set_aside() {
    let world = World::new().await;
    let rubbish = world.batch(vec![b"rubbish".to_vec()]);
    let Err(StageError::Invalid(reason)) = world.stage.process(&rubbish).await else {
        panic!("rubbish is invalid");
    };
    world
        .stage
        .set_aside(&rubbish, letter(&rubbish, reason))
        .await
        .unwrap();
    assert_eq!(world.store.outbox.depth().await.unwrap(), 1);
    let twice = world
        .stage
        .set_aside(&rubbish, letter(&rubbish, "again".into()))
        .await;
    assert_eq!(
        twice,
        Err(StageError::Fenced),
        "the offset has moved past it"
    );
    assert_eq!(world.store.outbox.depth().await.unwrap(), 1);
}

#[tokio::test]
async fn a_store_that_answers_is_ready() {
    assert!(World::new().await.stage.ready().await);
}

/// A store that refuses one transaction after another has been handed over behind it.
struct Refusing {
    store: Arc<dyn Intake>,
    /// Counted down with each batch; the one that finds it at 1 is refused.
    left: AtomicUsize,
    /// Whether it is written all the same, as when the answer gets lost.
    is_written: bool,
}

#[async_trait]
impl Intake for Refusing {
    async fn take_in(&self, batch: IntakeBatch) -> Result<Vec<TakenIn>, StorageError> {
        let is_refused = self.left.fetch_sub(1, Ordering::Relaxed) == 1;
        if !is_refused {
            return self.store.take_in(batch).await;
        }
        if self.is_written {
            self.store.take_in(batch).await?;
        }
        let reason = "on purpose".into();
        Err(StorageError::Unavailable { reason })
    }

    fn batches_at_once(&self) -> usize {
        self.store.batches_at_once()
    }

    async fn set_aside(
        &self,
        key: String,
        letter: Vec<u8>,
        offset: OffsetMove,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        self.store.set_aside(key, letter, offset, now).await
    }
}

#[rstest]
#[case::the_first(1, false)]
#[case::one_in_the_middle(3, false)]
#[case::the_last(5, false)]
#[case::one_whose_answer_was_lost(3, true)]
#[tokio::test]
async fn a_refused_part_takes_what_was_decided_behind_it_with_it(
    #[case] refused: usize,
    #[case] is_written: bool,
) {
    const RECORDS: usize = 4 * MAX_INTAKE_BATCH + 3;
    let mut world = World::new().await;
    world.stage.intake = Arc::new(Refusing {
        store: Arc::clone(&world.store.intake),
        left: AtomicUsize::new(refused),
        is_written,
    });
    let posts: Vec<_> = (0..RECORDS).map(|n| complaint(&n.to_string())).collect();
    let payloads = posts
        .iter()
        .map(|one| encode_classified(one).unwrap().to_vec());
    let mut rest = Some(world.batch(payloads.collect()));
    let before = (refused - 1) * MAX_INTAKE_BATCH;
    match world.stage.process(rest.as_ref().unwrap()).await {
        Ok(outcomes) => assert_eq!(outcomes, vec![Outcome::Forwarded; before]),
        Err(error) => assert_eq!((before, error), (0, StageError::Transient(unavailable()))),
    }
    assert_eq!(tickets(&world).await > before as u64, is_written);
    // As a consumer that reads again from where the store stands.
    let topic = MENTION_CLASSIFIED;
    let stands = world.store.offsets.load_offset("route", topic.as_str(), 0);
    let stands = stands.await.unwrap().map_or(0, |offset| offset.next);
    let stands = usize::try_from(stands).unwrap();
    rest = match stands {
        0 => rest,
        _ => rest.and_then(|batch| batch.split_at(stands).1),
    };
    if let Some(rest) = rest {
        let outcomes = world.stage.process(&rest).await.unwrap();
        assert_eq!(outcomes, vec![Outcome::Forwarded; RECORDS - stands]);
    }
    assert_eq!(
        tickets(&world).await,
        RECORDS as u64,
        "none lost, none twice"
    );
}

#[tokio::test]
async fn what_stands_before_rubbish_is_done() {
    let world = World::new().await;
    let posts = (0..MAX_INTAKE_BATCH + 5).map(|n| complaint(&n.to_string()));
    let mut payloads: Vec<_> = posts
        .map(|one| encode_classified(&one).unwrap().to_vec())
        .collect();
    payloads.push(b"rubbish".to_vec());
    let outcomes = world.stage.process(&world.batch(payloads)).await.unwrap();
    assert_eq!(outcomes.len(), MAX_INTAKE_BATCH);
    assert_eq!(tickets(&world).await, MAX_INTAKE_BATCH as u64);
}

fn unavailable() -> String {
    let reason = "on purpose".into();
    StorageError::Unavailable { reason }.to_string()
}

async fn tickets(world: &World) -> u64 {
    let counts = world.store.tickets.counts(&DepartmentScope::All);
    counts.await.unwrap().iter().map(|one| one.count).sum()
}

fn letter(batch: &Batch, reason: String) -> DeadLetter {
    let failure = Failure {
        stage: "route",
        error_class: ErrorClass::Invalid,
        reason,
        attempts: 1,
        first_failed_at: at(0),
        last_failed_at: at(0),
    };
    DeadLetter::new(batch, &batch.records[0], &failure, "test")
}
