//! The worker against a source, a log and a store that fail as they please.

use super::*;
use crate::connector::{Batch, BrokenItem, Connector, ConnectorError, ConnectorPlan, Cursor};
use crate::fake_log::{FakeLog, Next, unavailable};
use crate::mention::{ParseLimits, parse_mention};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;
use switchboard_domain::{ManualClock, Mention, Slug};
use switchboard_storage::{StorageError, StoredCursor};
use switchboard_stream::record::DeadLetter;
use switchboard_telemetry::{Counter, Gauge, PlatformLabel, Stage};

/// What the next poll does; afterwards polls succeed.
#[derive(Clone, Debug)]
enum NextPoll {
    Fail(ConnectorError),
    /// Puts an item beside the posts that is none.
    Broken,
    Hang,
}

/// Posts `0..count`, a few at a time; the cursor is the number of the next.
#[derive(Debug)]
struct Posts {
    count: usize,
    batch: usize,
    script: Mutex<VecDeque<NextPoll>>,
}

#[derive(Clone, Debug)]
struct PostsPlan(Arc<Posts>);

impl ConnectorPlan for PostsPlan {
    fn build(&self, _clock: Arc<dyn Clock>) -> Box<dyn Connector> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Connector for PostsPlan {
    async fn poll(&mut self, from: Option<&Cursor>) -> Result<Batch, ConnectorError> {
        let next = self.0.script.lock().unwrap().pop_front();
        if let Some(NextPoll::Fail(error)) = next {
            return Err(error);
        }
        if let Some(NextPoll::Hang) = next {
            std::future::pending::<()>().await;
        }
        let start = from.map_or(0, |cursor| cursor.0.parse().unwrap());
        let end = (start + self.0.batch).min(self.0.count);
        let platform = Slug::from_any("x");
        let post = |number: usize| Mention::new(platform.clone(), number.to_string(), "hello");
        let broken = matches!(next, Some(NextPoll::Broken)).then(|| BrokenItem {
            place: format!("item {start}"),
            number: start as u64,
            error: parse_mention(b"{", &ParseLimits::default()).unwrap_err(),
            bytes: b"{".to_vec(),
        });
        Ok(Batch {
            mentions: (start..end).map(post).collect(),
            broken: broken.into_iter().collect(),
            next: Cursor(end.to_string()),
            poll_after: Duration::from_secs(if end == self.0.count { 30 } else { 0 }),
        })
    }
}

#[derive(Clone, Copy, Debug)]
enum NextStore {
    Fail,
    /// Never answers: the moment between the acknowledgement and the cursor.
    Hang,
}

#[derive(Default)]
struct MemoryCursors {
    state: Mutex<Lease>,
    script: Mutex<VecDeque<NextStore>>,
}

#[derive(Clone, Default)]
struct Lease {
    cursor: Option<String>,
    epoch: u64,
    holder: String,
    until: Option<Timestamp>,
}

#[async_trait]
impl Cursors for MemoryCursors {
    async fn load(&self, _source: &str) -> Result<Option<StoredCursor>, StorageError> {
        let lease = self.state.lock().unwrap().clone();
        Ok(Some(StoredCursor {
            cursor: lease.cursor,
            epoch: lease.epoch,
        }))
    }

    async fn acquire_lease(
        &self,
        _source: &str,
        holder: &str,
        ttl: SignedDuration,
        now: Timestamp,
    ) -> Result<Option<u64>, StorageError> {
        let mut lease = self.state.lock().unwrap();
        let runs = lease.until.is_some_and(|until| now < until);
        if runs && lease.holder != holder {
            return Ok(None);
        }
        if !runs || lease.holder != holder {
            lease.epoch += 1;
        }
        (lease.holder, lease.until) = (holder.to_owned(), Some(now + ttl));
        Ok(Some(lease.epoch))
    }

    async fn release_lease(&self, _source: &str, epoch: u64) -> Result<(), StorageError> {
        let mut lease = self.state.lock().unwrap();
        if lease.epoch == epoch {
            lease.until = None;
        }
        Ok(())
    }

    async fn store(&self, _source: &str, cursor: &str, epoch: u64) -> Result<bool, StorageError> {
        let next = self.script.lock().unwrap().pop_front();
        match next {
            Some(NextStore::Hang) => std::future::pending().await,
            Some(NextStore::Fail) => Err(StorageError::Unavailable {
                reason: "told so".into(),
            }),
            None => {
                let mut lease = self.state.lock().unwrap();
                let ours = lease.epoch == epoch;
                if ours {
                    lease.cursor = Some(cursor.to_owned());
                }
                Ok(ours)
            }
        }
    }
}

struct Bench {
    log: Arc<FakeLog>,
    cursors: Arc<MemoryCursors>,
    clock: Arc<ManualClock>,
    metrics: Metrics,
    posts: Arc<Posts>,
}

impl Bench {
    fn new(count: usize, batch: usize) -> Self {
        Self {
            log: Arc::default(),
            cursors: Arc::default(),
            clock: Arc::new(ManualClock::new(
                Timestamp::from_second(1_800_000_000).unwrap(),
            )),
            metrics: Metrics::new("test").unwrap(),
            posts: Arc::new(Posts {
                count,
                batch,
                script: Mutex::default(),
            }),
        }
    }

    fn parts(&self, holder: &str) -> WorkerParts {
        WorkerParts {
            log: self.log.clone(),
            cursors: self.cursors.clone(),
            metrics: self.metrics.clone(),
            clock: self.clock.clone(),
            holder: holder.into(),
            lease_term: LEASE_TERM,
            backlog_group: "classify".into(),
            backlog_max: 100,
            seed: 7,
            build: "test".into(),
        }
    }

    fn source(&self) -> SourceConfig {
        SourceConfig {
            name: "brand".into(),
            connector: "posts",
            platform: PlatformLabel::X,
            plan: Arc::new(PostsPlan(self.posts.clone())),
        }
    }

    fn worker(&self, holder: &str) -> Worker {
        let source = self.source();
        let health = SourceHealth::new(self.metrics.clone(), [source.platform].into_iter());
        Worker::new(&source, 0, &self.parts(holder), Arc::new(health))
    }

    fn stored(&self) -> Option<String> {
        self.cursors.state.lock().unwrap().cursor.clone()
    }
}

/// A turn that may hang; `None` when it does, and the worker must be taken for dead.
async fn turn(worker: &mut Worker) -> Option<Duration> {
    let stop = CancellationToken::new();
    tokio::time::timeout(Duration::from_mins(10), worker.step(&stop))
        .await
        .ok()
}

#[tokio::test(start_paused = true)]
async fn the_cursor_moves_after_the_log_has_the_posts() {
    let bench = Bench::new(5, 3);
    let mut worker = bench.worker("a");
    assert_eq!(turn(&mut worker).await, Some(Duration::ZERO));
    assert_eq!(
        (bench.log.mention_ids().len(), bench.stored().as_deref()),
        (3, Some("3"))
    );
    assert_eq!(turn(&mut worker).await, Some(Duration::from_secs(30)));
    assert_eq!(bench.log.mention_ids(), ["0", "1", "2", "3", "4"]);
    assert!(
        bench
            .log
            .mentions()
            .iter()
            .all(|post| post.source.as_deref() == Some("brand"))
    );
    let platform = PlatformLabel::X;
    assert_eq!(
        bench
            .metrics
            .counter_value(Counter::MentionsReceived { platform }),
        5
    );
    assert!(bench.metrics.gauge_value(Gauge::SourceUp { platform }) > 0.5);
    let last = bench
        .metrics
        .gauge_value(Gauge::SourceLastSuccess { platform });
    assert!((last - 1_800_000_000.0).abs() < 0.5);
}

#[tokio::test(start_paused = true)]
async fn without_an_acknowledgement_the_cursor_stands() {
    let bench = Bench::new(5, 3);
    let mut worker = bench.worker("a");
    for next in [
        Next::Fail(unavailable()),
        Next::TakeAndFail(unavailable()),
        Next::Hang,
    ] {
        bench.log.then(next);
        assert!(turn(&mut worker).await.unwrap() >= BACKOFF_MIN);
        assert_eq!(bench.stored(), None);
    }
    let platform = PlatformLabel::X;
    assert_eq!(
        bench
            .metrics
            .counter_value(Counter::SourceErrors { platform }),
        3
    );
    assert!(bench.metrics.gauge_value(Gauge::SourceUp { platform }) < 0.5);
    turn(&mut worker).await;
    assert_eq!(
        bench.log.mention_ids(),
        ["0", "1", "2", "0", "1", "2"],
        "the second try had landed"
    );
    assert!(bench.metrics.gauge_value(Gauge::SourceUp { platform }) > 0.5);
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_says_when_is_obeyed() {
    let bench = Bench::new(5, 3);
    let retry_after = Duration::from_mins(15);
    let told = NextPoll::Fail(ConnectorError::RateLimited { retry_after });
    bench.posts.script.lock().unwrap().push_back(told);
    let wait = turn(&mut bench.worker("a")).await.unwrap();
    assert!(wait >= retry_after && wait <= retry_after + BACKOFF_MIN);
}

#[tokio::test(start_paused = true)]
async fn a_broken_item_is_set_aside_and_its_siblings_go_on() {
    let bench = Bench::new(2, 2);
    bench
        .posts
        .script
        .lock()
        .unwrap()
        .push_back(NextPoll::Broken);
    turn(&mut bench.worker("a")).await;
    assert_eq!(bench.log.mention_ids(), ["0", "1"]);
    let letters = bench.log.dead_letters();
    let letter = DeadLetter::decode(&letters[0]).unwrap();
    assert_eq!((letters.len(), letter.stage.as_str()), (1, "ingest"));
    assert!(
        letter.reason.starts_with("item 0: not JSON"),
        "{}",
        letter.reason
    );
    assert_eq!(letter.payload.bytes().unwrap(), "{");
    assert_eq!(
        bench.metrics.counter_value(Counter::DeadLetters {
            stage: Stage::Ingest
        }),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn of_two_workers_only_the_holder_reads() {
    let bench = Bench::new(4, 2);
    let (mut first, mut second) = (bench.worker("a"), bench.worker("b"));
    turn(&mut first).await;
    assert!(turn(&mut second).await.unwrap() > Duration::ZERO);
    assert_eq!(bench.log.mention_ids(), ["0", "1"]);
    bench.clock.advance(LEASE_TERM);
    turn(&mut second).await;
    assert_eq!(bench.stored().as_deref(), Some("4"));
    // The first holds an old epoch by now, and must not move the cursor back.
    bench.clock.advance(-LEASE_TERM);
    turn(&mut first).await;
    assert_eq!(bench.stored().as_deref(), Some("4"));
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_without_loading_the_cursor_again() {
    let bench = Bench::new(6, 2);
    let mut worker = bench.worker("a");
    for _ in 0..3 {
        turn(&mut worker).await;
        bench.clock.advance(LEASE_TERM / 2);
    }
    assert_eq!(bench.log.mention_ids().len(), 6);
    assert_eq!(bench.cursors.state.lock().unwrap().epoch, 1);
}

/// A source that is asked, and does not answer before the worker's own limit.
#[tokio::test(start_paused = true)]
async fn a_long_poll_and_the_rest_that_a_platform_asks_for_keep_the_lease() {
    let bench = Bench::new(4, 2);
    let (mut first, mut second) = (bench.worker("a"), bench.worker("b"));
    let stop = CancellationToken::new();
    let told = NextPoll::Fail(ConnectorError::RateLimited {
        retry_after: Duration::from_mins(15),
    });
    bench
        .posts
        .script
        .lock()
        .unwrap()
        .extend([NextPoll::Hang, told]);
    let clock = bench.clock.clone();
    let time_passes = async {
        for _ in 0..200 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            clock.advance(SignedDuration::from_secs(1));
            assert!(second.step(&stop).await > Duration::ZERO);
        }
    };
    let working = async {
        for _ in 0..2 {
            let pause = first.step(&stop).await;
            first.rest(pause, &stop).await;
        }
    };
    tokio::select! { () = time_passes => {} () = working => panic!("15 minutes have passed") }
    assert!(bench.log.mentions().is_empty(), "the second had no turn");
    assert_eq!(bench.cursors.state.lock().unwrap().epoch, 1);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_given_back_is_taken_at_once() {
    let bench = Bench::new(4, 2);
    let (mut first, mut second) = (bench.worker("a"), bench.worker("b"));
    turn(&mut first).await;
    first.end().await;
    turn(&mut second).await;
    assert_eq!(bench.log.mention_ids(), ["0", "1", "2", "3"]);
}

#[tokio::test(start_paused = true)]
async fn a_classifier_that_is_behind_stops_the_polls() {
    let bench = Bench::new(4, 2);
    bench.log.backlog.store(101, Ordering::SeqCst);
    let mut worker = bench.worker("a");
    turn(&mut worker).await;
    assert!(bench.log.mentions().is_empty());
    bench.log.backlog.store(100, Ordering::SeqCst);
    bench.clock.advance(SignedDuration::from_secs(1));
    turn(&mut worker).await;
    assert_eq!(bench.log.mentions().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_tasks_read_everything_and_end_when_told() {
    let bench = Bench::new(50, 7);
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    start_sources(&[bench.source()], &bench.parts("a"), &tracker, &stop);
    tracker.close();
    tokio::time::sleep(Duration::from_secs(5)).await;
    stop.cancel();
    tracker.wait().await;
    assert_eq!(bench.log.mention_ids().len(), 50);
}

/// One fault of a run.
#[derive(Clone, Debug)]
enum Fault {
    Poll(ConnectorError),
    Log(Next),
    Store(NextStore),
    /// The worker is dropped between two turns and another takes over.
    Crash,
}

fn faults() -> impl Strategy<Value = Vec<Option<Fault>>> {
    let rate_limited = ConnectorError::RateLimited {
        retry_after: Duration::from_secs(3),
    };
    let unreachable = ConnectorError::Unavailable {
        reason: "told so".into(),
    };
    let fault = prop_oneof![
        Just(Fault::Poll(rate_limited)),
        Just(Fault::Poll(unreachable)),
        Just(Fault::Log(Next::Fail(unavailable()))),
        Just(Fault::Log(Next::TakeAndFail(unavailable()))),
        Just(Fault::Log(Next::Hang)),
        Just(Fault::Store(NextStore::Fail)),
        Just(Fault::Store(NextStore::Hang)),
        Just(Fault::Crash),
    ];
    proptest::collection::vec(proptest::option::of(fault), 0..40)
}

/// Runs through all faults and then until the source has nothing more.
async fn simulate(bench: &Bench, faults: Vec<Option<Fault>>) {
    let (mut holder, mut worker) = (0, bench.worker("0"));
    let mut faults = VecDeque::from(faults);
    while !faults.is_empty() || bench.stored() != Some(bench.posts.count.to_string()) {
        let mut dead = false;
        match faults.pop_front().flatten() {
            Some(Fault::Poll(error)) => {
                bench
                    .posts
                    .script
                    .lock()
                    .unwrap()
                    .push_back(NextPoll::Fail(error));
            }
            Some(Fault::Log(next)) => bench.log.then(next),
            Some(Fault::Store(next)) => bench.cursors.script.lock().unwrap().push_back(next),
            Some(Fault::Crash) => dead = true,
            None => {}
        }
        dead |= turn(&mut worker).await.is_none();
        if dead {
            holder += 1;
            worker = bench.worker(&holder.to_string());
            bench.clock.advance(LEASE_TERM);
        }
        bench.clock.advance(SignedDuration::from_secs(4));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_is_lost_and_first_sights_keep_their_order(
        faults in faults(), count in 1_usize..60, batch in 1_usize..9,
    ) {
        let bench = Bench::new(count, batch);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(simulate(&bench, faults));
        let mut expected = 0;
        for id in bench.log.mention_ids() {
            let number: usize = id.parse().unwrap();
            prop_assert!(number <= expected, "{number} came before {expected}");
            expected = expected.max(number + 1);
        }
        prop_assert_eq!(expected, count, "lost");
    }
}
