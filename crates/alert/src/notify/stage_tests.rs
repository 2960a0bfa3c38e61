use super::*;
use crate::notify::client::Post;
use bytes::Bytes;
use proptest::prelude::*;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use switchboard_config::Document;
use switchboard_domain::incident::Trigger;
use switchboard_domain::routing::Priority;
use switchboard_domain::sla::ClockKind;
use switchboard_domain::ticket::TicketId;
use switchboard_domain::{Label, ManualClock, MentionKey, Slug};
use switchboard_storage::Store;
use switchboard_storage::sqlite::{SqliteOptions, SqliteStore};
use switchboard_stream::backend::embedded::{EmbeddedLog, EmbeddedOptions};
use switchboard_stream::log::{OffsetHome, Subscription};
use switchboard_stream::runner::{Progress, Runner, Stop};
use switchboard_stream::topic::{NOTIFICATION_REQUESTED, TopicSpec};

const NOW: &str = "2026-03-01T08:00:00Z";

pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn incident(id: i64) -> Incident {
    Incident {
        id,
        brand: Slug::new("acme").unwrap(),
        trigger: Trigger::Authors,
        opened_at: now(),
        last_signal_at: now(),
        mention: MentionKey {
            platform: Slug::new("mastodon").unwrap(),
            id_scope: "social.example".to_owned(),
            id: "116".to_owned(),
        },
        signal_count: 5,
    }
}

fn request(id: i64, recipient: &str) -> NotificationRequested {
    NotificationRequested {
        v: RECORD_VERSION,
        idempotency_key: format!("incident-{id}-{recipient}"),
        recipient: recipient.to_owned(),
        subject: Subject::Incident(Box::new(incident(id))),
    }
}

/// A ticket that nobody has, fifteen minutes late.
pub(crate) fn ticket_call() -> TicketCall {
    let minutes_ago = |minutes| now() - SignedDuration::from_mins(minutes);
    TicketCall {
        ticket: TicketId(42),
        brand: Slug::from_any("acme"),
        department: Slug::from_any("pr"),
        label: Label::PrRisk,
        priority: Priority::Urgent,
        assignee: None,
        mention: incident(7).mention,
        clock: ClockKind::FirstResponse,
        cycle: 1,
        step: 2,
        policy: "crisis".to_owned(),
        started_at: minutes_ago(30),
        due_at: Some(minutes_ago(15)),
        on_call: None,
        at: now(),
    }
}

fn ticket_request(recipient: &str) -> NotificationRequested {
    NotificationRequested {
        v: RECORD_VERSION,
        idempotency_key: format!("ticket-42-first_response-1-2-{recipient}"),
        recipient: recipient.to_owned(),
        subject: Subject::Ticket(Box::new(TicketCall {
            on_call: Some("maria".to_owned()),
            ..ticket_call()
        })),
    }
}

/// A crisis with that post.
pub(crate) fn alert(text: &str) -> Alert {
    told(&request(7, "crisis"), text)
}

/// A late ticket with that post.
pub(crate) fn ticket_alert(text: &str) -> Alert {
    told(&ticket_request("room"), text)
}

fn told(request: &NotificationRequested, text: &str) -> Alert {
    let post = TopPost {
        excerpt: text.to_owned(),
        url: Some("https://social.example/@jo/116".to_owned()),
    };
    Alert::of(request, Some(post), Some("https://inbox.example/"))
}

fn notifier() -> Notifier {
    let text = "[alert.notifiers.room]\nkind = \"slack\"\nurl = \"env:URL\"";
    let environment = BTreeMap::from([("URL".to_owned(), "https://a.example/".to_owned())]);
    let document = Document::parse("a.toml", text, &environment, &[]);
    let config = document.read(|root| root.section("alert", crate::AlertConfig::read));
    let none = |_path: &std::path::Path| Err(std::io::Error::other("no file"));
    config.notifiers[0].open(&environment, none).unwrap()
}

/// Time passes only here: by waiting, and by trying.
struct Hand(Arc<ManualClock>);

#[async_trait]
impl Pause for Hand {
    async fn pause(&self, wait: Duration) {
        self.0.advance(SignedDuration::try_from(wait).unwrap());
    }
}

/// Ten seconds pass whenever somebody looks: waits that are the runner's take a millisecond.
struct Ticking(Arc<ManualClock>);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        self.0.advance(SignedDuration::from_secs(10));
        self.0.now()
    }
}

/// Answers as told, then takes everything; each attempt costs a minute.
struct Scripted {
    answers: Mutex<VecDeque<Answer>>,
    clock: Arc<ManualClock>,
    posts: Mutex<Vec<Vec<u8>>>,
    taken: AtomicU64,
}

#[async_trait]
impl Delivery for Scripted {
    async fn post(&self, post: &Post) -> Answer {
        self.clock.advance(SignedDuration::from_mins(1));
        self.posts.lock().unwrap().push(post.body.clone());
        let answer = self.answers.lock().unwrap().pop_front();
        let answer = answer.unwrap_or(Answer::Taken);
        self.taken
            .fetch_add(u64::from(answer == Answer::Taken), Ordering::Relaxed);
        answer
    }
}

struct World {
    _dir: tempfile::TempDir,
    clock: Arc<ManualClock>,
    log: Arc<EmbeddedLog>,
    store: Store,
    metrics: Metrics,
    delivery: Arc<Scripted>,
}

impl World {
    async fn new(answers: Vec<Answer>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = EmbeddedLog::open(&EmbeddedOptions::new(dir.path(), [7; 16])).unwrap();
        let topics = [NOTIFICATION_REQUESTED, DEAD_LETTER].map(|name| TopicSpec::new(name, 1));
        log.ensure_topics(&topics).await.unwrap();
        let metrics = Metrics::new("test").unwrap();
        let store = SqliteStore::open(SqliteOptions {
            dir: dir.path().to_owned(),
            writer: "test".to_owned(),
            metrics: metrics.clone(),
        });
        let clock = Arc::new(ManualClock::new(now()));
        Self {
            _dir: dir,
            delivery: Arc::new(Scripted {
                answers: Mutex::new(answers.into()),
                clock: Arc::clone(&clock),
                posts: Mutex::default(),
                taken: AtomicU64::new(0),
            }),
            clock,
            log: Arc::new(log),
            store: store.unwrap().store(),
            metrics,
        }
    }

    fn stage(&self) -> NotifyStage {
        self.stage_at(Arc::clone(&self.clock) as Arc<dyn Clock>)
    }

    fn stage_at(&self, clock: Arc<dyn Clock>) -> NotifyStage {
        NotifyStage {
            notifier: Arc::new(notifier()),
            delivery: Arc::clone(&self.delivery) as Arc<dyn Delivery>,
            incidents: Arc::clone(&self.store.incidents),
            tickets: Arc::clone(&self.store.tickets),
            log: Arc::clone(&self.log) as Arc<dyn Log>,
            clock,
            pause: Arc::new(Hand(Arc::clone(&self.clock))),
            metrics: self.metrics.clone(),
            page_base: None,
            state: Mutex::default(),
        }
    }

    async fn ask(&self, payloads: Vec<Vec<u8>>) {
        let record = |payload| NewRecord {
            topic: NOTIFICATION_REQUESTED,
            key: "crisis".to_owned(),
            payload: Bytes::from(payload),
            timestamp: now(),
        };
        let records = payloads.into_iter().map(record).collect();
        self.log.append(records).await.unwrap();
    }

    /// Runs the real runner until everything is read.
    async fn run(&self) {
        let consumer = self.log.subscribe(Subscription {
            group: "notify-room".to_owned(),
            topics: vec![NOTIFICATION_REQUESTED],
            offsets: OffsetHome::Log,
        });
        let quick = RetryPolicy {
            first: Duration::from_millis(1),
            longest: Duration::from_millis(1),
            ..runner_options("test").retry
        };
        let clock: Arc<dyn Clock> = Arc::new(Ticking(Arc::clone(&self.clock)));
        let runner = Runner {
            stage: Arc::new(self.stage_at(Arc::clone(&clock))),
            consumer: consumer.await.unwrap(),
            clock,
            metrics: self.metrics.clone(),
            progress: Progress::default(),
            options: RunnerOptions {
                retry: quick,
                ..runner_options("test")
            },
            jitter_seed: 1,
        };
        let stop = Stop::default();
        let finished = async {
            while self.backlog().await > 0 {
                tokio::task::yield_now().await;
            }
            stop.soft.cancel();
        };
        let (ended, ()) = tokio::join!(runner.run(&stop), finished);
        ended.unwrap();
    }

    async fn backlog(&self) -> u64 {
        let topic = NOTIFICATION_REQUESTED;
        self.log.backlog("notify-room", &topic).await.unwrap()
    }

    async fn letters(&self) -> Vec<DeadLetter> {
        let topic = DEAD_LETTER;
        let read = self.log.read(&topic, 0, 0, 1_000, Duration::ZERO);
        let letters = read.await.unwrap();
        letters
            .iter()
            .map(|record| DeadLetter::decode(&record.payload).unwrap())
            .collect()
    }

    fn attempts(&self, outcome: NotifyOutcome) -> u64 {
        let channel = telemetry::ChannelLabel::Slack;
        let counter = Counter::NotifyAttempts { channel, outcome };
        self.metrics.counter_value(counter)
    }

    fn ended(&self, outcome: Outcome) -> u64 {
        let stage = telemetry::Stage::Notify;
        let counter = Counter::StageEvents { stage, outcome };
        self.metrics.counter_value(counter)
    }
}

fn payload(id: i64, recipient: &str) -> Vec<u8> {
    serde_json::to_vec(&request(id, recipient)).unwrap()
}

fn record(payload: Vec<u8>) -> LogRecord {
    LogRecord {
        offset: 0,
        key: "crisis".to_owned(),
        payload: payload.into(),
        timestamp: now(),
    }
}

#[tokio::test]
async fn failures_are_tried_again_with_the_same_message() {
    let later = |reason: &str| Answer::Later(reason.to_owned(), None);
    let world = World::new(vec![later("HTTP 500"), later("HTTP 500")]).await;
    world.ask(vec![payload(1, "crisis")]).await;
    world.run().await;
    let posts = world.delivery.posts.lock().unwrap().clone();
    assert_eq!(posts.len(), 3);
    assert!(posts.iter().all(|post| *post == posts[0]));
    assert!(world.letters().await.is_empty());
    assert_eq!(world.attempts(NotifyOutcome::Delivered), 1);
}

#[tokio::test]
async fn the_channel_is_left_alone_for_as_long_as_it_asks() {
    let wait = Some(SignedDuration::from_mins(5));
    let world = World::new(vec![Answer::Later("HTTP 429".to_owned(), wait)]).await;
    let stage = world.stage();
    let record = record(payload(1, "crisis"));
    let first = stage.tell(&record).await;
    assert_eq!(
        first,
        Err(StageError::Transient("notifier `room`: HTTP 429".into()))
    );
    world.clock.advance(SignedDuration::from_secs(297));
    let early = stage.tell(&record).await.unwrap_err().to_string();
    assert_eq!(
        early,
        "notifier `room`: the channel is left alone for another 3 s"
    );
    world.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(stage.tell(&record).await, Ok(Outcome::Forwarded));
    assert_eq!(world.delivery.posts.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn old_news_wakes_nobody() {
    let world = World::new(vec![]).await;
    world
        .clock
        .advance(NEWS_AGE_MAX + SignedDuration::from_secs(1));
    let told = world.stage().tell(&record(payload(1, "crisis"))).await;
    assert_eq!(told, Ok(Outcome::Skipped));
    assert!(world.delivery.posts.lock().unwrap().is_empty());
    assert_eq!(world.attempts(NotifyOutcome::Skipped), 1);
}

#[tokio::test]
async fn what_was_tried_until_it_was_no_news_is_set_aside() {
    let world = World::new(vec![Answer::Later("HTTP 503".to_owned(), None)]).await;
    let (stage, record) = (world.stage(), record(payload(1, "crisis")));
    stage.tell(&record).await.unwrap_err();
    world.clock.advance(NEWS_AGE_MAX);
    let given_up = stage.tell(&record).await.unwrap_err();
    assert_eq!(
        given_up,
        StageError::Invalid(
            "notifier `room`: given up after 24 h; the last attempt: HTTP 503".into()
        )
    );
    assert_eq!(world.attempts(NotifyOutcome::Expired), 1);
}

#[tokio::test]
async fn a_refusal_is_a_dead_letter_with_its_reason_and_holds_nothing_up() {
    let world = World::new(vec![Answer::Refused("HTTP 404".to_owned())]).await;
    world
        .ask(vec![payload(1, "crisis"), payload(2, "crisis")])
        .await;
    world.run().await;
    let letters = world.letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].reason, "notifier `room`: HTTP 404");
    assert_eq!(letters[0].stage, "notify");
    assert_eq!(world.delivery.taken.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_request_of_somebody_else_is_passed_over() {
    let world = World::new(vec![]).await;
    let told = world.stage().tell(&record(payload(1, "digest"))).await;
    assert_eq!(told, Ok(Outcome::Skipped));
}

#[tokio::test]
async fn a_notifier_is_told_of_tickets_under_its_own_name() {
    let world = World::new(vec![]).await;
    let stage = world.stage();
    let told = |recipient| record(serde_json::to_vec(&ticket_request(recipient)).unwrap());
    // A ticket the store does not know is told all the same.
    assert_eq!(stage.tell(&told("room")).await, Ok(Outcome::Forwarded));
    assert_eq!(stage.tell(&told("crisis")).await, Ok(Outcome::Forwarded));
    assert_eq!(stage.tell(&told("hall")).await, Ok(Outcome::Skipped));
    assert_eq!(world.delivery.posts.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_second_lies_between_two_attempts() {
    let world = World::new(vec![]).await;
    let stage = world.stage();
    stage.lock().pace.trying(now());
    let told = stage.tell(&record(payload(1, "crisis"))).await;
    assert_eq!(told, Ok(Outcome::Forwarded));
    let spent = world.clock.now().duration_since(now());
    assert_eq!(
        spent.as_secs(),
        61,
        "a second waited, a minute for the attempt"
    );
}

#[tokio::test]
async fn over_the_budget_of_an_hour_messages_wait() {
    let world = World::new(vec![]).await;
    let stage = world.stage();
    for _ in 0..crate::notify::pace::MESSAGES_PER_HOUR_MAX {
        stage.lock().pace.delivered(now());
    }
    let record = record(payload(1, "crisis"));
    let over = stage.tell(&record).await;
    assert!(matches!(over, Err(StageError::Transient(_))), "{over:?}");
    world.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(stage.tell(&record).await, Ok(Outcome::Forwarded));
}

#[derive(Clone, Debug)]
enum Fate {
    Fails,
    AsksForQuiet(i64),
    Refuses,
    Takes,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => Just(Fate::Fails),
        2 => (0_i64..600).prop_map(Fate::AsksForQuiet),
        1 => Just(Fate::Refuses),
        2 => Just(Fate::Takes),
    ]
}

fn answer(fate: &Fate) -> Answer {
    match fate {
        Fate::Fails => Answer::Later("HTTP 500".into(), None),
        Fate::AsksForQuiet(seconds) => {
            Answer::Later("HTTP 429".into(), Some(SignedDuration::from_secs(*seconds)))
        }
        Fate::Refuses => Answer::Refused("HTTP 410".into()),
        Fate::Takes => Answer::Taken,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn each_request_is_delivered_once_or_set_aside_once(
        fates in proptest::collection::vec(fate(), 0..12),
        requests in 1_i64..5,
        garbage: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new(fates.iter().map(answer).collect()).await;
            let mut payloads: Vec<_> = (1..=requests).map(|id| payload(id, "crisis")).collect();
            if garbage {
                payloads.insert(0, b"{}".to_vec());
            }
            world.ask(payloads).await;
            world.run().await;
            let taken = world.delivery.taken.load(Ordering::Relaxed);
            let letters = world.letters().await.len() as u64;
            let asked = u64::try_from(requests).unwrap() + u64::from(garbage);
            prop_assert_eq!(taken + letters, asked);
            prop_assert_eq!(world.ended(Outcome::Forwarded), taken);
            prop_assert_eq!(world.ended(Outcome::DeadLettered), letters);
            let posts = world.delivery.posts.lock().unwrap().len() as u64;
            let refused = world.attempts(NotifyOutcome::Refused);
            prop_assert_eq!(letters, refused + u64::from(garbage));
            prop_assert_eq!(posts, taken + refused + world.attempts(NotifyOutcome::Failed));
            Ok(())
        })?;
    }
}
