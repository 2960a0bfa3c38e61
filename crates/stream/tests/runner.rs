//! The stage runner against a log that lives in memory.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests: a failure is a panic"
)]

mod fake;

use fake::{FakeStage, Harness, Rule};
use proptest::prelude::*;
use rstest::rstest;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::ManualClock;
use switchboard_stream::RunnerError;
use switchboard_stream::log::LogError;
use switchboard_stream::record::ErrorClass;
use switchboard_stream::runner::{Progress, STALL_LIMIT, Watched, watch};
use switchboard_telemetry::{Gauge, Metrics, Stage as StageLabel};
use tokio_util::sync::CancellationToken;

#[rstest]
#[case::first(&[0])]
#[case::last(&[9])]
#[case::neighbours(&[4, 5])]
#[case::scattered(&[1, 6, 8])]
#[tokio::test(start_paused = true)]
async fn exactly_the_poison_records_are_set_aside(
    #[case] poison: &[u64],
    #[values(Rule::Invalid, Rule::Panic)] rule: Rule,
) {
    let harness = Harness::new(10, FakeStage::with(poison, rule));
    harness.run_until_idle().await.unwrap();
    let letters: Vec<_> = harness
        .stage
        .letters()
        .iter()
        .map(|l| l.origin.offset)
        .collect();
    assert_eq!(letters, poison);
    let good: Vec<u64> = (0..10).filter(|offset| !poison.contains(offset)).collect();
    assert_eq!(harness.stage.effects(), good, "in order, each once");
    assert_eq!(harness.committed(), 10);
}

#[rstest]
#[case::a_record_each(1)]
#[case::with_a_rest(4)]
#[case::all_in_one(10)]
#[tokio::test(start_paused = true)]
async fn what_was_done_before_a_failure_is_not_done_again(#[case] part: usize) {
    let stage = FakeStage::with(&[5, 6], Rule::Invalid).in_parts_of(part);
    let harness = Harness::new(10, stage);
    harness.run_until_idle().await.unwrap();
    assert_eq!(harness.stage.effects(), [0, 1, 2, 3, 4, 7, 8, 9]);
    assert_eq!(harness.outcomes("forwarded"), 8, "each counted once");
    assert_eq!(harness.stage.letters().len(), 2);
    assert_eq!((harness.committed(), harness.rewinds()), (10, 0));
}

#[tokio::test(start_paused = true)]
async fn a_letter_says_what_happened() {
    let harness = Harness::new(1, FakeStage::with(&[0], Rule::Panic));
    harness.run_until_idle().await.unwrap();
    let letter = harness.stage.letters().remove(0);
    assert_eq!(letter.error_class, ErrorClass::Panic);
    assert_eq!(
        (letter.stage.as_str(), letter.reason.as_str()),
        ("classify", "poison at 0")
    );
    assert_eq!((letter.attempts, letter.build.as_str()), (1, "test-build"));
}

#[tokio::test(start_paused = true)]
async fn a_dependency_that_is_down_is_waited_for_in_place() {
    let stage = FakeStage::default();
    stage.break_for_attempts(200);
    let harness = Harness::new(5, stage);
    harness.run_until_idle().await.unwrap();
    assert_eq!(harness.stage.effects(), [0, 1, 2, 3, 4]);
    assert!(
        harness.stage.letters().is_empty(),
        "nothing is set aside while it is down"
    );
    assert!(harness.count("switchboard_stage_retries_total") > 100);
}

#[rstest]
#[case::it_fails(Rule::Transient, ErrorClass::Exhausted)]
#[case::it_hangs(Rule::Hang, ErrorClass::TimedOut)]
#[tokio::test(start_paused = true)]
async fn a_record_that_fails_alone_is_set_aside(#[case] rule: Rule, #[case] class: ErrorClass) {
    let harness = Harness::new(4, FakeStage::with(&[2], rule));
    harness.run_until_idle().await.unwrap();
    assert_eq!(harness.stage.effects(), [0, 1, 3]);
    let letters = harness.stage.letters();
    assert_eq!((letters.len(), letters[0].origin.offset), (1, 2));
    assert_eq!(letters[0].error_class, class);
}

#[tokio::test(start_paused = true)]
async fn no_record_is_taken_while_the_last_ones_have_no_room() {
    let stage = FakeStage::default();
    stage.break_for_attempts(50);
    let harness = Harness::new(5_000, stage);
    harness.run_until_idle().await.unwrap();
    let polls_before_room = harness.stage.polls_seen_while_broken();
    assert_eq!(
        polls_before_room,
        BTreeSet::from([1]),
        "one batch in hand, no second"
    );
}

#[tokio::test(start_paused = true)]
async fn too_many_letters_stop_the_stage() {
    let all: Vec<u64> = (0..1_000).collect();
    let harness = Harness::new(1_000, FakeStage::with(&all, Rule::Invalid));
    let error = harness.run_until_idle().await.unwrap_err();
    assert!(
        matches!(error, RunnerError::TooManyDeadLetters { .. }),
        "{error}"
    );
    assert_eq!(harness.stage.letters().len(), 50);
    assert_eq!(harness.committed(), 50, "the fifty-first stays in the log");
}

#[tokio::test(start_paused = true)]
async fn a_soft_stop_finishes_the_batch_in_hand() {
    let stage = FakeStage::default();
    let harness = Harness::new(3_000, stage);
    harness
        .stage
        .stop_softly_during_first_batch(harness.stop.soft.clone());
    harness.run().await.unwrap();
    assert_eq!(harness.committed(), 1_000, "the first batch, and no other");
    assert_eq!(harness.stage.effects().len(), 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_soft_stop_waits_for_no_retry() {
    let stage = FakeStage::default();
    stage.break_for_attempts(u32::MAX);
    let harness = Harness::new(3, stage);
    harness
        .stage
        .stop_softly_during_first_batch(harness.stop.soft.clone());
    harness.run().await.unwrap();
    assert_eq!((harness.committed(), harness.rewinds()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_hard_stop_drops_a_stage_that_hangs() {
    let harness = Harness::new(3, FakeStage::with(&[0], Rule::Hang));
    harness.stop.hard.cancel();
    harness.run().await.unwrap();
    assert_eq!(harness.committed(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_fenced_stage_reads_again() {
    let stage = FakeStage::default();
    stage.fence_next_attempt();
    let harness = Harness::new(3, stage);
    harness.run_until_idle().await.unwrap();
    assert_eq!(harness.rewinds(), 1);
    assert_eq!(harness.stage.effects(), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_fatal_error_stops_at_once() {
    let harness = Harness::new(3, FakeStage::with(&[1], Rule::Fatal));
    let error = harness.run_until_idle().await.unwrap_err();
    assert_eq!(error.to_string(), "stage `classify` stopped: fatal at 1");
    assert_eq!(harness.committed(), 0);
}

#[rstest]
#[case::hangs_with_records_waiting(3, false, true)]
#[case::hangs_with_nothing_to_do(0, false, false)]
#[case::works(3, true, false)]
#[tokio::test(start_paused = true)]
async fn a_stage_that_hangs_is_noticed(
    #[case] backlog: u64,
    #[case] beats: bool,
    #[case] stalls: bool,
) {
    let progress = Progress::default();
    let watched = Watched {
        stage: StageLabel::Route,
        progress: progress.clone(),
        group: "route".into(),
        topics: vec![switchboard_stream::topic::MENTION_CLASSIFIED],
    };
    let log = Arc::new(fake::BacklogOnly(backlog));
    let metrics = Metrics::new("test").unwrap();
    let watchdog = watch(
        log,
        vec![watched],
        STALL_LIMIT,
        metrics,
        Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH)),
        CancellationToken::new(),
    );
    let work = async {
        loop {
            tokio::time::sleep(Duration::from_secs(30)).await;
            if beats {
                progress.beat();
            }
        }
    };
    let watchdog = async { tokio::time::timeout(Duration::from_secs(70), watchdog).await };
    let result = tokio::select! { result = watchdog => result, () = work => unreachable!() };
    assert_eq!(matches!(result, Ok(Err(_))), stalls);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_any_consumer_of_a_stage_waits_for_the_stage() {
    let consumer = |group: &str| Watched {
        stage: StageLabel::Notify,
        progress: Progress::default(),
        group: group.into(),
        topics: vec![switchboard_stream::topic::NOTIFICATION_REQUESTED],
    };
    let metrics = Metrics::new("test").unwrap();
    let watchdog = watch(
        Arc::new(fake::BacklogOnly(5)),
        vec![consumer("notify.one"), consumer("notify.other")],
        STALL_LIMIT,
        metrics.clone(),
        Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH)),
        CancellationToken::new(),
    );
    let _looked = tokio::time::timeout(Duration::from_secs(7), watchdog).await;
    let stage = StageLabel::Notify;
    let waiting = metrics.gauge_value(Gauge::StageBacklog { stage });
    assert!((waiting - 10.0).abs() < 0.5, "{waiting}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_record_has_exactly_one_outcome(
        records in 1..60_u64,
        poison in prop::collection::btree_set(0..60_u64, 0..12),
        outages in 0..40_u32,
        part in 1..60_usize,
        fence: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let poison: Vec<u64> = poison.into_iter().filter(|offset| *offset < records).collect();
        let stage = FakeStage::with(&poison, Rule::Invalid).in_parts_of(part);
        stage.break_for_attempts(outages);
        if fence {
            stage.fence_next_attempt();
        }
        let harness = Harness::new(records, stage);
        runtime.block_on(harness.run_until_idle()).unwrap();
        let forwarded = harness.outcomes("forwarded");
        let letters = harness.outcomes("dead_lettered");
        prop_assert_eq!(letters, poison.len() as u64);
        prop_assert_eq!(forwarded + letters, records);
        prop_assert_eq!(harness.stage.effects().len() as u64, forwarded);
        prop_assert_eq!(harness.committed(), records);
    }
}

#[test]
fn a_stage_s_death_names_its_cause_once() {
    let error = RunnerError::Log {
        stage: "route",
        source: LogError::Closed,
    };
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(!error.to_string().contains(&cause), "{error}: {cause}");
}
