//! The whole API over a small world, for the tests of every operation.

mod answer;
mod broken;
mod browser;

pub(crate) use answer::Answer;
pub(crate) use broken::BrokenTickets;
pub(crate) use browser::{FORM, LINK, OWN_PAGE, PASSWORD};

use crate::live::feed;
use crate::state::Inbox;
use crate::{InboxConfig, Ownership, Parts, service};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use switchboard_domain::access::Role;
use switchboard_domain::author::AuthorFacts;
use switchboard_domain::intake::Incoming;
use switchboard_domain::mention::Author;
use switchboard_domain::routing::{Facts, Priority, RoutingTable, Row, route};
use switchboard_domain::sla::{ClockKind, HoldKind, HoldState, SlaBook, SlaPolicy};
use switchboard_domain::ticket::{Actor, Command, TicketId};
use switchboard_domain::{
    Classification, ClassifiedMention, Current, Label, ManualClock, Mention, OffsetMove, Op,
    Scores, Slug, StoredOffset,
};
use switchboard_storage::access::NewToken;
use switchboard_storage::sqlite::{SqliteOptions, SqliteStore};
use switchboard_storage::{Access, Applied, Authenticator, Change, IntakeBatch, Store, Tickets};
use switchboard_stream::backend::embedded::{EmbeddedLog, EmbeddedOptions};
use switchboard_stream::log::{Log, NewRecord, Position};
use switchboard_stream::topic::{self, TopicName};
use switchboard_telemetry::Metrics;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The departments of the world.
pub(crate) const DEPARTMENTS: [&str; 4] = ["community", "pr", "sales", "support"];

/// Who has a token, which is their name: role, and departments.
pub(crate) const PEOPLE: [(&str, Role, &[&str]); 6] = [
    ("root", Role::Admin, &[]),
    ("sue", Role::Supervisor, &[]),
    ("ann", Role::Agent, &["support"]),
    ("bob", Role::Agent, &["sales"]),
    ("vic", Role::Viewer, &["support"]),
    ("feed", Role::Ingest, &[]),
];

/// A process without its edges: store, log, clock, router.
pub(crate) struct World {
    pub(crate) log: Arc<EmbeddedLog>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) metrics: Metrics,
    pub(crate) store: Store,
    pub(crate) inbox: Inbox,
    /// Cancelled when the process stops.
    pub(crate) stop: CancellationToken,
    router: Router,
    /// What runs beside the router; ends with the world.
    _beside: JoinSet<()>,
    _dir: TempDir,
}

impl World {
    /// Empty, but for [`PEOPLE`], at noon of 1 March 2026.
    pub(crate) async fn new() -> Self {
        Self::with_tickets(|store| store.tickets.clone()).await
    }

    /// One whose tickets cannot be had.
    pub(crate) async fn broken(how: BrokenTickets) -> Self {
        Self::with_tickets(move |_| Arc::new(how)).await
    }

    async fn with_tickets(tickets: impl Fn(&Store) -> Arc<dyn Tickets>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let metrics = Metrics::new("test").unwrap();
        let log = open_log(&dir).await;
        let clock = Arc::new(ManualClock::new("2026-03-01T12:00:00Z".parse().unwrap()));
        let store = SqliteStore::open(SqliteOptions {
            dir: dir.path().to_owned(),
            writer: "test".into(),
            metrics: metrics.clone(),
        });
        let store = store.unwrap().store();
        people(store.access.as_ref()).await;
        let stop = CancellationToken::new();
        let parts = Parts {
            tickets: tickets(&store),
            access: store.access.clone(),
            people: store.people.clone(),
            profiles: store.profiles.clone(),
            sessions: store.sessions.clone(),
            incidents: store.incidents.clone(),
            dead_letters: store.dead_letters.clone(),
            log: log.clone(),
            clock: clock.clone(),
            metrics: metrics.clone(),
            authenticator: Authenticator::new(store.access.clone(), Some("this-run".into())),
            ownership: Current::new(Ownership {
                book: book(),
                departments: DEPARTMENTS.map(Slug::from_any).to_vec(),
            }),
            documents: vec![],
            stop: stop.clone(),
            run_id: "run".into(),
            config: InboxConfig::default(),
            entropy,
        };
        let (router, updates) = service(parts, Router::new());
        let inbox = updates.inbox();
        let mut beside = JoinSet::new();
        // Not the board: it looks by the wall clock, and tests make it look when they want.
        let fed = inbox.clone();
        beside.spawn(async move {
            feed::run(&fed.live, &fed.log, fed.clock.as_ref(), &fed.stop).await;
        });
        Self {
            log,
            clock,
            metrics,
            store,
            inbox,
            stop,
            router,
            _beside: beside,
            _dir: dir,
        }
    }

    /// Takes a post in; complaints go to `support`, leads to `sales`.
    pub(crate) async fn post(&self, id: &str, label: Label) -> TicketId {
        self.take_in(mention(id), label).await
    }

    /// Its author deletes a post.
    pub(crate) async fn delete_post(&self, id: &str) -> TicketId {
        self.take_in(
            Mention {
                op: Op::Delete,
                ..mention(id)
            },
            Label::General,
        )
        .await
    }

    async fn take_in(&self, mention: Mention, label: Label) -> TicketId {
        let now = switchboard_domain::Clock::now(self.clock.as_ref());
        let classified = ClassifiedMention {
            mention,
            received_at: now,
            classification: verdict(label),
            brand: Slug::from_any("acme"),
        };
        let decision = route(&table(), &Facts::of(&classified));
        let batch = IntakeBatch {
            items: vec![Incoming {
                classified,
                decision,
                author: AuthorFacts::default(),
            }],
            book: book(),
            offset: self.next_step().await,
            join_window: SignedDuration::from_hours(24),
            now,
            actor: Actor::System("route".into()),
        };
        self.store.intake.take_in(batch).await.unwrap()[0]
            .ticket
            .unwrap()
    }

    async fn next_step(&self) -> OffsetMove {
        let topic = topic::MENTION_CLASSIFIED.to_string();
        let stored = self
            .store
            .offsets
            .load_offset("route", &topic, 0)
            .await
            .unwrap();
        let expected = stored.map(|offset| offset.next);
        let next = expected.unwrap_or(0) + 1;
        let to = StoredOffset {
            next,
            incarnation: "log".into(),
            last_hash: None,
        };
        OffsetMove {
            consumer: "route".into(),
            topic,
            partition: 0,
            expected,
            to,
        }
    }

    /// Somebody changes a ticket without the API.
    pub(crate) async fn change(&self, ticket: TicketId, who: &str, command: Command) {
        let change = Change {
            ticket,
            command,
            expected_version: None,
            actor: Actor::Person(who.into()),
            book: book(),
            now: switchboard_domain::Clock::now(self.clock.as_ref()),
        };
        let scope = switchboard_domain::access::DepartmentScope::All;
        let applied = self.store.tickets.apply(change, &scope).await.unwrap();
        assert!(matches!(applied, Applied::Done { .. }), "{applied:?}");
    }

    /// Appends a record now.
    pub(crate) async fn append(&self, topic: TopicName, key: &str, payload: &str) -> Position {
        let record = NewRecord {
            topic,
            key: key.into(),
            payload: payload.to_owned().into(),
            timestamp: switchboard_domain::Clock::now(self.clock.as_ref()),
        };
        self.log.append(vec![record]).await.unwrap()[0]
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Answer {
        self.call(who, "GET", path, &[], "").await
    }

    pub(crate) async fn act(&self, who: &str, path: &str, body: &str) -> Answer {
        self.call(who, "POST", path, &[], body).await
    }

    /// Nobody asks when `who` is empty.
    pub(crate) async fn call(
        &self,
        who: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !who.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {who}"));
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        Answer::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// What the relay does: ticket events come into the log under their numbers.
    pub(crate) async fn publish(&self) {
        let rows = self.store.outbox.unpublished(10_000).await.unwrap();
        for row in &rows {
            let payload = String::from_utf8(row.payload.clone()).unwrap();
            let payload = match row.number {
                Some(number) => format!(r#"{{"v":1,"number":{number},"event":{payload}}}"#),
                None => payload,
            };
            let topic = TopicName::new(&row.topic).unwrap();
            self.append(topic, &row.key, &payload).await;
        }
        let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
        self.store.outbox.mark_published(&seqs).await.unwrap();
    }
}

/// Other bytes at each call; nobody here guesses.
fn entropy() -> [u8; 32] {
    static CALLS: AtomicU64 = AtomicU64::new(1);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&CALLS.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    bytes
}

async fn open_log(dir: &TempDir) -> Arc<EmbeddedLog> {
    let log = EmbeddedLog::open(&EmbeddedOptions::new(dir.path(), [7; 16])).unwrap();
    log.ensure_topics(&topic::standard_topics(2)).await.unwrap();
    let departments = DEPARTMENTS.map(Slug::from_any);
    log.ensure_topics(&topic::queue_topics(&departments, 2))
        .await
        .unwrap();
    Arc::new(log)
}

async fn people(access: &dyn Access) {
    for (name, role, departments) in PEOPLE {
        let departments: BTreeSet<Slug> = departments
            .iter()
            .map(|name| Slug::from_any(name))
            .collect();
        let (name, secret) = (name.to_owned(), name.to_owned());
        let token = NewToken {
            name,
            role,
            departments,
            secret,
            expires_at: None,
        };
        let by = Actor::System("test".into());
        assert!(
            access
                .create_token(token, &by, Timestamp::UNIX_EPOCH)
                .await
                .unwrap()
        );
    }
}

fn mention(id: &str) -> Mention {
    let mut mention = Mention::new(Slug::from_any("x"), id, "my bag is lost");
    mention.author = Author {
        id: format!("author-{id}"),
        ..Author::default()
    };
    mention.url = Some(format!("https://x.example/{id}"));
    mention
}

fn verdict(label: Label) -> Classification {
    Classification {
        label,
        labels: [label].into(),
        confidence: 0.75,
        scores: Scores::default(),
        needs_review: false,
        severity: 2,
        topics: vec!["baggage/lost".into()],
        language: "en".into(),
        reasons: vec![],
        no_answer: None,
        rules_version: "r1".into(),
        model_version: "none".into(),
        revision: 1,
    }
}

fn table() -> RoutingTable {
    let row = |name: &str, label, department| Row {
        label: Some([label].into()),
        ..Row::new(name, Slug::from_any(department))
    };
    let rows = vec![
        row("complaints", Label::Complaint, "support"),
        row("leads", Label::Lead, "sales"),
        row("risks", Label::PrRisk, "pr"),
    ];
    RoutingTable::new(rows, Slug::from_any("community")).unwrap()
}

fn book() -> Arc<SlaBook> {
    let targets = [
        (Priority::Normal, 3600),
        (Priority::High, 1800),
        (Priority::Urgent, 600),
    ];
    let policy = SlaPolicy {
        name: "standard".into(),
        targets: [(ClockKind::FirstResponse, targets.into())].into(),
        warn_at_percent: vec![75],
        ..SlaPolicy::default()
    };
    let lab = HoldState {
        name: "Waits for the lab".into(),
        kind: HoldKind::WaitingExternal,
    };
    let states = [(Slug::from_any("waiting-lab"), lab)].into();
    Arc::new(SlaBook::new(vec![policy], [], [].into()).with_states(states))
}
