//! The stage over a log that only remembers what was appended, with an adviser that says what
//! it is told.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test"
)]

#[path = "support/memory_log.rs"]
mod memory_log;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use memory_log::MemoryLog;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use switchboard_classify::opinion::{
    Advice, AdviceError, Adviser, Desk, DeskLimits, Judge, LocalAdviser, OpinionStage,
};
use switchboard_classify::{Classifier, NoModel, RuleSet};
use switchboard_domain::{
    Classification, ClassifiedMention, Clock, Current, Label, ManualClock, Mention, Scores, Slug,
};
use switchboard_stream::record::{MentionSignal, decode_classified, encode_classified};
use switchboard_stream::topic::MENTION_CLASSIFIED;
use switchboard_stream::{Batch, LogError, NewRecord, Stage, StageError};
use switchboard_telemetry::{AdviserLabel, Counter, Metrics, OpinionOutcome, Outcome};

const RISK: Scores = Scores {
    complaint: 0.1,
    lead: 0.0,
    pr_risk: 0.9,
    general: 0.0,
};

const TORN: Scores = Scores {
    complaint: 0.5,
    lead: 0.0,
    pr_risk: 0.5,
    general: 0.0,
};

/// Says the same of every post, and keeps which it was asked about.
struct Voice {
    label: AdviserLabel,
    says: Result<Scores, AdviceError>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Adviser for Voice {
    fn label(&self) -> AdviserLabel {
        self.label
    }

    fn version(&self) -> &'static str {
        "voice-1"
    }

    async fn advise(&self, mention: &Mention, _: &Classification) -> Result<Advice, AdviceError> {
        self.asked.lock().unwrap().push(mention.text.clone());
        self.says
            .clone()
            .map(|scores| Advice::new(&scores).unwrap())
    }
}

fn voice(label: AdviserLabel, says: Result<Scores, AdviceError>) -> Arc<Voice> {
    Arc::new(Voice {
        label,
        says,
        asked: Mutex::default(),
    })
}

fn remote(says: Scores) -> Arc<Voice> {
    voice(AdviserLabel::Remote, Ok(says))
}

/// A model of this process that reads English alone.
struct Mini(Scores);

impl Judge for Mini {
    fn version(&self) -> &'static str {
        "mini"
    }

    fn reads(&self, language: &str) -> bool {
        language == "en"
    }

    fn judge(&self, _: &str, _: &str, _: &Scores) -> Result<Scores, String> {
        Ok(self.0)
    }
}

struct World {
    stage: OpinionStage,
    log: Arc<MemoryLog>,
    clock: Arc<ManualClock>,
    metrics: Metrics,
}

fn world(advisers: Vec<Arc<dyn Adviser>>, log: MemoryLog) -> World {
    let received: Timestamp = RECEIVED.parse().unwrap();
    let clock = Arc::new(ManualClock::new(received));
    let metrics = Metrics::new("test").unwrap();
    let log = Arc::new(log);
    let limits = DeskLimits {
        timeout: Duration::from_secs(5),
        budget_per_minute: 100,
        budget_per_day: 1_000,
        cache_for: SignedDuration::from_hours(1),
        cache_size: 100,
    };
    let clocked = || -> Arc<dyn Clock> { Arc::<ManualClock>::clone(&clock) };
    let desks = advisers
        .into_iter()
        .map(|adviser| Desk::new(adviser, &limits, clocked(), metrics.clone()));
    let stage = OpinionStage {
        desks: desks.collect(),
        classifier: Current::new(classifier()),
        log: Arc::<MemoryLog>::clone(&log),
        clock: clocked(),
        metrics: metrics.clone(),
        risk_score_min: 0.1,
        questions_at_once: 4,
    };
    World {
        stage,
        log,
        clock,
        metrics,
    }
}

impl World {
    fn appended(&self) -> Vec<NewRecord> {
        self.log.appends.lock().unwrap().concat()
    }

    fn counted(&self, adviser: AdviserLabel, outcome: OpinionOutcome) -> u64 {
        let counter = Counter::Opinions { adviser, outcome };
        self.metrics.counter_value(counter)
    }
}

fn classifier() -> Classifier {
    Classifier::new(RuleSet::shipped().unwrap(), Box::new(NoModel))
}

const RECEIVED: &str = "2026-03-01T12:00:00Z";

/// A post that needs a look.
fn doubtful(text: &str) -> ClassifiedMention {
    let mention = Mention::new(Slug::from_any("x"), "1", text);
    let mut classification = classifier().classify(&mention);
    classification.needs_review = true;
    ClassifiedMention {
        mention,
        received_at: RECEIVED.parse().unwrap(),
        classification,
        brand: Slug::from_any("acme"),
    }
}

fn batch(posts: &[ClassifiedMention]) -> Batch {
    let payloads = posts.iter().map(|post| encode_classified(post).unwrap());
    batch_of(payloads.collect())
}

fn batch_of(payloads: Vec<Bytes>) -> Batch {
    memory_log::batch_of(MENTION_CLASSIFIED, RECEIVED.parse().unwrap(), payloads)
}

const SENTENCE: &str = "someone should look at what came in the box";

#[tokio::test]
async fn an_opinion_is_the_next_revision_in_its_lane_and_a_risk_leaves_a_signal() {
    let world = world(vec![remote(RISK)], MemoryLog::default());
    let first = doubtful(SENTENCE);
    let outcomes = world
        .stage
        .process(&batch(std::slice::from_ref(&first)))
        .await
        .unwrap();
    assert_eq!(outcomes, [Outcome::Forwarded]);
    let appended = world.appended();
    let topics: Vec<&str> = appended
        .iter()
        .map(|record| record.topic.as_str())
        .collect();
    assert_eq!(topics, ["mention.classified.urgent", "mention.signal"]);
    let keys: Vec<&str> = appended.iter().map(|record| record.key.as_str()).collect();
    assert_eq!(keys, ["key-0", "acme"]);
    let revised = decode_classified(&appended[0].payload).unwrap();
    assert_eq!(revised.mention, first.mention);
    assert_eq!(revised.classification.label, Label::PrRisk);
    assert!(revised.pair() > first.pair());
    let signal = MentionSignal::decode(&appended[1].payload).unwrap();
    assert_eq!(signal.label, Label::PrRisk);
    assert_eq!(
        world.counted(AdviserLabel::Remote, OpinionOutcome::Changed),
        1
    );
}

#[tokio::test]
async fn what_the_stage_writes_is_not_asked_about_again() {
    let adviser = remote(RISK);
    let world = world(
        vec![Arc::<Voice>::clone(&adviser) as _],
        MemoryLog::default(),
    );
    world
        .stage
        .process(&batch(&[doubtful(SENTENCE)]))
        .await
        .unwrap();
    let own = world.appended()[0].payload.clone();
    let outcomes = world.stage.process(&batch_of(vec![own])).await.unwrap();
    assert_eq!(outcomes, [Outcome::Skipped]);
    assert_eq!(adviser.asked.lock().unwrap().len(), 1);
    assert_eq!(world.appended().len(), 2);
}

#[tokio::test]
async fn a_risk_that_was_one_before_leaves_no_second_signal() {
    let world = world(vec![remote(RISK)], MemoryLog::default());
    let mut first = doubtful("your toaster caught fire and my son was injured");
    assert_eq!(first.classification.label, Label::PrRisk);
    first.classification.revision = 7;
    world.stage.process(&batch(&[first])).await.unwrap();
    let appended = world.appended();
    assert_eq!(appended.len(), 1);
    let revised = decode_classified(&appended[0].payload).unwrap();
    assert_eq!(revised.classification.revision, 8);
    assert_eq!(
        world.counted(AdviserLabel::Remote, OpinionOutcome::Confirmed),
        1
    );
}

#[tokio::test]
async fn the_same_words_are_one_question_and_each_post_has_its_answer() {
    let adviser = remote(RISK);
    let world = world(
        vec![Arc::<Voice>::clone(&adviser) as _],
        MemoryLog::default(),
    );
    let mut posts = Vec::new();
    for (number, text) in [
        SENTENCE,
        "SOMEONE should look at what came in the box",
        "?! 12",
        "another matter entirely",
    ]
    .into_iter()
    .enumerate()
    {
        let mut post = doubtful(text);
        post.mention.id = number.to_string();
        posts.push(post);
    }
    let outcomes = world.stage.process(&batch(&posts)).await.unwrap();
    // Without a letter there is nothing to ask about.
    let want = [
        Outcome::Forwarded,
        Outcome::Forwarded,
        Outcome::Skipped,
        Outcome::Forwarded,
    ];
    assert_eq!(outcomes, want);
    assert_eq!(adviser.asked.lock().unwrap().len(), 2);
    assert_eq!(
        world.counted(AdviserLabel::Remote, OpinionOutcome::Changed),
        3
    );
}

#[tokio::test]
async fn the_next_adviser_is_asked_when_the_first_is_not_sure() {
    let encoder = LocalAdviser::new(Arc::new(Mini(TORN)));
    let world = world(vec![Arc::new(encoder), remote(RISK)], MemoryLog::default());
    world
        .stage
        .process(&batch(&[doubtful(SENTENCE)]))
        .await
        .unwrap();
    assert_eq!(
        world.counted(AdviserLabel::Encoder, OpinionOutcome::Unsure),
        1
    );
    assert_eq!(
        world.counted(AdviserLabel::Remote, OpinionOutcome::Changed),
        1
    );
    let revised = decode_classified(&world.appended()[0].payload).unwrap();
    assert_eq!(revised.classification.reasons[0].name, "opinion/remote");
}

#[tokio::test]
async fn a_model_of_the_house_that_is_sure_is_the_last_to_be_asked() {
    let encoder = LocalAdviser::new(Arc::new(Mini(RISK)));
    let second = remote(TORN);
    let world = world(
        vec![Arc::new(encoder), Arc::<Voice>::clone(&second) as _],
        MemoryLog::default(),
    );
    world
        .stage
        .process(&batch(&[doubtful(SENTENCE)]))
        .await
        .unwrap();
    assert_eq!(second.asked.lock().unwrap().len(), 0);
    let revised = decode_classified(&world.appended()[0].payload).unwrap();
    let version = revised.classification.model_version;
    assert!(version.ends_with("+encoder:mini"), "{version}");
}

#[tokio::test]
async fn a_model_is_not_asked_about_what_it_does_not_read() {
    let encoder = LocalAdviser::new(Arc::new(Mini(RISK)));
    let world = world(vec![Arc::new(encoder)], MemoryLog::default());
    let mut post = doubtful(SENTENCE);
    post.classification.language = "pl".to_owned();
    let outcomes = world.stage.process(&batch(&[post])).await.unwrap();
    assert_eq!(outcomes, [Outcome::Skipped]);
    let skipped = OpinionOutcome::SkippedLanguage;
    assert_eq!(world.counted(AdviserLabel::Encoder, skipped), 1);
}

#[tokio::test]
async fn a_failure_leaves_the_first_verdict_and_stops_nothing() {
    let away = AdviceError::Failed("connection refused".to_owned());
    let world = world(
        vec![voice(AdviserLabel::Remote, Err(away))],
        MemoryLog::default(),
    );
    let unreadable = Bytes::from_static(b"{}");
    let good = encode_classified(&doubtful(SENTENCE)).unwrap();
    let outcomes = world
        .stage
        .process(&batch_of(vec![unreadable, good]))
        .await
        .unwrap();
    assert_eq!(outcomes, [Outcome::Skipped; 2]);
    assert_eq!(
        world.counted(AdviserLabel::Remote, OpinionOutcome::Failed),
        1
    );
    assert!(world.appended().is_empty());
}

#[tokio::test]
async fn an_old_post_is_left_as_it_is() {
    let adviser = remote(RISK);
    let world = world(
        vec![Arc::<Voice>::clone(&adviser) as _],
        MemoryLog::default(),
    );
    world.clock.advance(SignedDuration::from_mins(11));
    let outcomes = world
        .stage
        .process(&batch(&[doubtful(SENTENCE)]))
        .await
        .unwrap();
    assert_eq!(outcomes, [Outcome::Skipped]);
    assert_eq!(adviser.asked.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_log_that_is_away_is_tried_again_and_nobody_is_asked_or_counted_twice() {
    let adviser = remote(RISK);
    let away = MemoryLog {
        failure: Some(LogError::Unavailable {
            reason: "busy".to_owned(),
        }),
        ..MemoryLog::default()
    };
    let mut world = world(vec![Arc::<Voice>::clone(&adviser) as _], away);
    let posts = batch(&[doubtful(SENTENCE)]);
    let error = world.stage.process(&posts).await.unwrap_err();
    assert!(matches!(error, StageError::Transient(_)), "{error}");
    assert_eq!(
        world.counted(AdviserLabel::Remote, OpinionOutcome::Changed),
        0
    );
    world.stage.log = Arc::new(MemoryLog::default());
    world.stage.process(&posts).await.unwrap();
    assert_eq!(
        world.counted(AdviserLabel::Remote, OpinionOutcome::Changed),
        1
    );
    assert_eq!(adviser.asked.lock().unwrap().len(), 1);
}
