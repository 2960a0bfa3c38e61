//! Both lanes of classified posts in; of some of them a further revision out, into the lane it
//! belongs to.
//!
//! The stage keeps its offset in the log, as `classify` does: a crash makes it ask and append
//! again, and the identity of the post absorbs the second revision. It stops nothing: what it
//! cannot read is the business of `route`, and who does not answer has no opinion.

use super::adviser::Advice;
use super::candidate::{is_candidate, is_news, rule_speaks_for};
use super::desk::Desk;
use super::memory::{Key, key};
use super::weigh::{Case, Opinion, is_sure, weigh};
use crate::normalise::normalise;
use crate::{Classifier, lanes};
use async_trait::async_trait;
use futures::{StreamExt, stream};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::{ClassifiedMention, Clock, Current, Label};
use switchboard_stream::record::{DeadLetter, RecordError, decode_classified};
use switchboard_stream::runner::DeadLetterLimits;
use switchboard_stream::{Batch, Log, LogRecord, NewRecord, RunnerOptions, Stage, StageError};
use switchboard_telemetry::{
    self as telemetry, AdviserLabel, Counter, Metrics, OpinionOutcome, Outcome,
};
use tokio::time::Instant;

/// The name of this stage's group and offsets.
pub const CONSUMER: &str = "opinion";

/// Records of a batch: the answers of one are appended together, so a first answer waits for
/// the last of some twenty questions at most.
const BATCH_RECORDS: usize = 200;

/// Within this the questions of a batch are begun; with one more time-out it stays within what
/// a stop of the process waits for.
const ASKING_TIME_MAX: Duration = Duration::from_secs(5);

/// Asks for second opinions.
pub struct OpinionStage {
    /// Who is asked, in this order, until one is sure.
    pub desks: Vec<Desk>,
    /// The rules and thresholds that hold at the moment.
    pub classifier: Arc<Current<Classifier>>,
    /// Where revisions go.
    pub log: Arc<dyn Log>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where it is counted.
    pub metrics: Metrics,
    /// From this score of `pr_risk` on a post may be a risk.
    pub risk_score_min: f32,
    /// Questions under way at a time, at least one.
    pub questions_at_once: usize,
}

/// How the stage is run.
pub fn runner_options(build: &str) -> RunnerOptions {
    RunnerOptions {
        batch_records_max: BATCH_RECORDS,
        // An option must not end the process.
        dead_letters: DeadLetterLimits {
            window_records: 1,
            window_letters_max: usize::MAX,
            run_max: usize::MAX,
        },
        ..RunnerOptions::new(build)
    }
}

/// Posts of one batch with the same words: one question.
struct Question {
    key: Key,
    posts: Vec<Doubtful>,
}

/// A post that is asked about, and its place in the batch.
struct Doubtful {
    index: usize,
    post: ClassifiedMention,
}

/// What became of a question.
#[derive(Default)]
struct Answered {
    counts: Vec<(AdviserLabel, OpinionOutcome)>,
    revised: Vec<Revised>,
}

/// A post with its next verdict.
struct Revised {
    index: usize,
    first: Label,
    post: ClassifiedMention,
}

#[async_trait]
impl Stage for OpinionStage {
    fn name(&self) -> telemetry::Stage {
        telemetry::Stage::Opinion
    }

    async fn process(&self, batch: &Batch) -> Result<Vec<Outcome>, StageError> {
        let classifier = self.classifier.get();
        let late = Instant::now() + ASKING_TIME_MAX;
        let questions = self.questions(batch, &classifier);
        let answered: Vec<Answered> = stream::iter(questions)
            .map(|question| self.answer(question, &classifier, late))
            .buffer_unordered(self.questions_at_once.max(1))
            .collect()
            .await;
        let mut outcomes = vec![Outcome::Skipped; batch.records.len()];
        let mut records = Vec::new();
        for revised in answered.iter().flat_map(|answered| &answered.revised) {
            let Some((record, outcome)) = batch
                .records
                .get(revised.index)
                .zip(outcomes.get_mut(revised.index))
            else {
                continue;
            };
            let written = revised.records(&record.key);
            records.extend(written.map_err(|error| lanes::invalid(&error))?);
            *outcome = Outcome::Forwarded;
        }
        if !records.is_empty() {
            lanes::append(&*self.log, records).await?;
        }
        // Not before: whatever is tried again is counted once.
        self.count(&answered);
        Ok(outcomes)
    }

    async fn set_aside(&self, _batch: &Batch, letter: DeadLetter) -> Result<(), StageError> {
        lanes::set_aside(&*self.log, letter).await
    }
}

impl OpinionStage {
    fn questions(&self, batch: &Batch, classifier: &Classifier) -> Vec<Question> {
        let now = self.clock.now();
        let mut questions: Vec<Question> = Vec::new();
        for (index, record) in batch.records.iter().enumerate() {
            let Some(post) = self.doubtful(record, classifier, now) else {
                continue;
            };
            let Some(key) = words_of(&post) else { continue };
            let doubtful = Doubtful { index, post };
            match questions.iter_mut().find(|question| question.key == key) {
                Some(question) => question.posts.push(doubtful),
                None => questions.push(Question {
                    key,
                    posts: vec![doubtful],
                }),
            }
        }
        questions
    }

    /// A record that cannot be read is set aside by `route`, which needs it more.
    fn doubtful(
        &self,
        record: &LogRecord,
        classifier: &Classifier,
        now: Timestamp,
    ) -> Option<ClassifiedMention> {
        if !is_news(record.timestamp, now) {
            return None;
        }
        let post = decode_classified(&record.payload).ok()?;
        is_candidate(&post, classifier.rules(), self.risk_score_min).then_some(post)
    }

    async fn answer(&self, question: Question, classifier: &Classifier, late: Instant) -> Answered {
        let mut answered = Answered::default();
        let Some(first) = question.posts.first() else {
            return answered;
        };
        for desk in &self.desks {
            match desk.ask(&first.post, &question.key, late).await {
                Err(outcome) => answered.count(desk, outcome, question.posts.len()),
                Ok(advice) if is_sure(&advice, classifier.thresholds()) => {
                    for doubtful in question.posts {
                        answered.weigh(desk, doubtful, &advice, classifier);
                    }
                    return answered;
                }
                Ok(_unsure) => {
                    answered.count(desk, OpinionOutcome::Unsure, question.posts.len());
                }
            }
        }
        answered
    }

    fn count(&self, answered: &[Answered]) {
        for (adviser, outcome) in answered.iter().flat_map(|answered| &answered.counts) {
            let (adviser, outcome) = (*adviser, *outcome);
            self.metrics.add(Counter::Opinions { adviser, outcome }, 1);
        }
    }
}

impl Answered {
    fn count(&mut self, desk: &Desk, outcome: OpinionOutcome, posts: usize) {
        let counts = std::iter::repeat_n((desk.label(), outcome), posts);
        self.counts.extend(counts);
    }

    fn weigh(&mut self, desk: &Desk, doubtful: Doubtful, advice: &Advice, classifier: &Classifier) {
        let Doubtful { index, mut post } = doubtful;
        let verdict = &post.classification;
        let first = verdict.label;
        let case = Case {
            has_rule: rule_speaks_for(first, verdict, classifier.rules()),
            thresholds: classifier.thresholds(),
            by: desk.signature(),
        };
        let Opinion { outcome, revised } = weigh(verdict, advice, &case);
        self.count(desk, outcome, 1);
        if let Some(revised) = revised {
            post.classification = revised;
            self.revised.push(Revised { index, first, post });
        }
    }
}

impl Revised {
    /// The post, and a signal where it is a risk only now: its first signal said something
    /// else, which crisis detection did not keep, so that it counts once.
    fn records(&self, key: &str) -> Result<Vec<NewRecord>, RecordError> {
        let mut records = vec![lanes::post(&self.post, key)?];
        if self.post.classification.label == Label::PrRisk && self.first != Label::PrRisk {
            records.push(lanes::signal(&self.post)?);
        }
        Ok(records)
    }
}

/// What makes two posts the same question; `None` where there are no words to judge.
fn words_of(post: &ClassifiedMention) -> Option<Key> {
    let plain = normalise(&post.mention.text);
    let language = &post.classification.language;
    (!plain.is_wordless()).then(|| key(plain.as_str(), language))
}
