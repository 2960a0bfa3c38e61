//! Records in, tickets out, and what the runner is told when that fails.

use crate::world::{World, at, classified, complaint};
use rstest::rstest;
use switchboard_domain::Label;
use switchboard_stream::log::Batch;
use switchboard_stream::record::{DeadLetter, ErrorClass, Failure, encode_classified};
use switchboard_stream::runner::{Stage, StageError};
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
