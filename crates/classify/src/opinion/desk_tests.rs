//! What an adviser costs, with a clock that is moved by hand.

use super::*;
use crate::opinion::memory::key;
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::VecDeque;
use switchboard_domain::{Classification, ManualClock, Mention, Scores, Slug};

/// Answers as told, then with advice for ever; counts how often it was asked.
#[derive(Default)]
struct Scripted {
    answers: Mutex<VecDeque<AdviceError>>,
    asked: Mutex<usize>,
    is_silent: bool,
    is_private: bool,
}

#[async_trait]
impl Adviser for Scripted {
    fn label(&self) -> AdviserLabel {
        AdviserLabel::Remote
    }

    fn version(&self) -> &'static str {
        "scripted"
    }

    fn declines(&self, _: &Mention, _: &Classification) -> Option<OpinionOutcome> {
        self.is_private.then_some(OpinionOutcome::SkippedPrivate)
    }

    async fn advise(&self, _: &Mention, _: &Classification) -> Result<Advice, AdviceError> {
        *self.asked.lock().unwrap() += 1;
        if self.is_silent {
            std::future::pending::<()>().await;
        }
        let answer = self.answers.lock().unwrap().pop_front();
        answer.map_or_else(|| Ok(advice()), Err)
    }
}

fn advice() -> Advice {
    let scores = Scores {
        general: 1.0,
        ..Scores::default()
    };
    Advice::new(&scores).unwrap()
}

const LIMITS: DeskLimits = DeskLimits {
    timeout: Duration::from_secs(5),
    budget_per_minute: 100,
    budget_per_day: 1_000,
    cache_for: SignedDuration::from_hours(1),
    cache_size: 10,
};

struct World {
    desk: Desk,
    adviser: Arc<Scripted>,
    clock: Arc<ManualClock>,
    metrics: Metrics,
}

impl World {
    fn new(adviser: Scripted, limits: DeskLimits) -> Self {
        let adviser = Arc::new(adviser);
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let metrics = Metrics::new("test").unwrap();
        let desk = Desk::new(
            Arc::<Scripted>::clone(&adviser),
            &limits,
            Arc::<ManualClock>::clone(&clock),
            metrics.clone(),
        );
        Self {
            desk,
            adviser,
            clock,
            metrics,
        }
    }

    fn failing(errors: impl IntoIterator<Item = AdviceError>) -> Self {
        let adviser = Scripted {
            answers: Mutex::new(errors.into_iter().collect()),
            ..Scripted::default()
        };
        Self::new(adviser, LIMITS)
    }

    async fn ask(&self, words: &str) -> Result<Advice, OpinionOutcome> {
        let in_time = Instant::now() + Duration::from_mins(1);
        self.desk
            .ask(&post(words), &key(words, "en"), in_time)
            .await
    }

    fn asked(&self) -> usize {
        *self.adviser.asked.lock().unwrap()
    }

    fn pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }
}

fn post(words: &str) -> ClassifiedMention {
    let classifier = crate::Classifier::new(
        crate::RuleSet::parse("version = \"1\"\n").unwrap(),
        Box::new(crate::NoModel),
    );
    let mention = Mention::new(Slug::from_any("x"), "1", words);
    ClassifiedMention {
        classification: classifier.classify(&mention),
        mention,
        received_at: Timestamp::UNIX_EPOCH,
        brand: Slug::from_any("acme"),
    }
}

fn failed() -> AdviceError {
    AdviceError::Failed("HTTP 500".to_owned())
}

#[tokio::test]
async fn the_same_words_cost_one_question() {
    let world = World::new(Scripted::default(), LIMITS);
    assert_eq!(world.ask("a").await, Ok(advice()));
    world.pass(3_599);
    assert_eq!(world.ask("a").await, Ok(advice()));
    assert_eq!(world.asked(), 1);
    world.pass(1);
    assert_eq!(world.ask("a").await, Ok(advice()));
    assert_eq!(world.asked(), 2);
    let adviser = AdviserLabel::Remote;
    let durations = Histogram::OpinionDuration { adviser };
    assert_eq!(world.metrics.histogram_count(durations), 2);
}

#[tokio::test]
async fn over_the_budget_nobody_is_asked_and_what_is_remembered_counts() {
    let limits = DeskLimits {
        budget_per_minute: 1,
        ..LIMITS
    };
    let world = World::new(Scripted::default(), limits);
    assert_eq!(world.ask("a").await, Ok(advice()));
    assert_eq!(world.ask("b").await, Err(OpinionOutcome::SkippedBudget));
    assert_eq!(world.ask("a").await, Ok(advice()));
    assert_eq!(world.asked(), 1);
    world.pass(60);
    assert_eq!(world.ask("b").await, Ok(advice()));
}

#[tokio::test]
async fn a_dead_adviser_costs_five_questions_and_then_one_a_pause() {
    let world = World::failing(std::iter::repeat_n(failed(), 6));
    for number in 0..5 {
        let told = world.ask(&number.to_string()).await;
        assert_eq!(told, Err(OpinionOutcome::Failed));
    }
    assert_eq!(world.ask("next").await, Err(OpinionOutcome::SkippedPause));
    world.pass(10);
    assert_eq!(world.ask("next").await, Err(OpinionOutcome::Failed));
    assert_eq!(world.ask("next").await, Err(OpinionOutcome::SkippedPause));
    assert_eq!(world.asked(), 6);
    world.pass(20);
    assert_eq!(world.ask("next").await, Ok(advice()));
    assert_eq!(world.ask("more").await, Ok(advice()));
}

#[tokio::test]
async fn who_asks_to_be_left_alone_is_at_once() {
    let busy = AdviceError::Busy {
        reason: "HTTP 429".to_owned(),
        wait: Some(SignedDuration::from_secs(30)),
    };
    let world = World::failing([busy]);
    assert_eq!(world.ask("a").await, Err(OpinionOutcome::Failed));
    world.pass(29);
    assert_eq!(world.ask("a").await, Err(OpinionOutcome::SkippedPause));
    world.pass(1);
    assert_eq!(world.ask("a").await, Ok(advice()));
}

#[tokio::test]
async fn who_refuses_is_left_alone_for_ten_minutes() {
    let world = World::failing([AdviceError::Refused("HTTP 401".to_owned())]);
    assert_eq!(world.ask("a").await, Err(OpinionOutcome::Failed));
    world.pass(599);
    assert_eq!(world.ask("a").await, Err(OpinionOutcome::SkippedPause));
    world.pass(1);
    assert_eq!(world.ask("a").await, Ok(advice()));
}

#[tokio::test(start_paused = true)]
async fn silence_ends_with_the_time_out() {
    let adviser = Scripted {
        is_silent: true,
        ..Scripted::default()
    };
    let world = World::new(adviser, LIMITS);
    let began = Instant::now();
    assert_eq!(world.ask("a").await, Err(OpinionOutcome::TimedOut));
    assert!(began.elapsed() <= LIMITS.timeout + Duration::from_millis(10));
}

#[tokio::test]
async fn what_may_not_be_seen_or_comes_late_is_not_asked_about() {
    let adviser = Scripted {
        is_private: true,
        ..Scripted::default()
    };
    let world = World::new(adviser, LIMITS);
    assert_eq!(world.ask("a").await, Err(OpinionOutcome::SkippedPrivate));
    let world = World::new(Scripted::default(), LIMITS);
    let late = Instant::now();
    let told = world.desk.ask(&post("a"), &key("a", "en"), late).await;
    assert_eq!(told, Err(OpinionOutcome::SkippedLate));
    assert_eq!(world.asked(), 0);
}
