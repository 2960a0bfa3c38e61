//! A store, a log and the stage between them, on the built-in configuration.

use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use switchboard_config::Document;
use switchboard_domain::access::DepartmentScope;
use switchboard_domain::ticket::{Ticket, TicketId};
use switchboard_domain::{
    Classification, ClassifiedMention, Clock, Current, Label, ManualClock, Mention, Scores, Slug,
};
use switchboard_route::config::Context;
use switchboard_route::outbox::OutboxRelay;
use switchboard_route::sla_timer::SlaTimer;
use switchboard_route::{Authors, RouteConfig, RouteStage};
use switchboard_storage::{Outbox, SqliteOptions, SqliteStore, Store};
use switchboard_stream::backend::embedded::{EmbeddedLog, EmbeddedOptions};
use switchboard_stream::log::{Batch, Log, LogRecord};
use switchboard_stream::record::encode_classified;
use switchboard_stream::runner::{Stage, StageError};
use switchboard_stream::topic::{self, MENTION_CLASSIFIED};
use switchboard_telemetry::{Metrics, Outcome};
use tempfile::TempDir;

const DEFAULT: &str = include_str!("../../../../config/default.toml");

const PUBLIC_HOLIDAYS: &str = "BEGIN:VCALENDAR
BEGIN:VEVENT
DTSTART;VALUE=DATE:20201225
RRULE:FREQ=YEARLY
END:VEVENT
END:VCALENDAR
";

pub(crate) fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + minute * 60).unwrap()
}

pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) metrics: Metrics,
    pub(crate) store: Store,
    pub(crate) log: Arc<EmbeddedLog>,
    pub(crate) stage: RouteStage,
    next: u64,
    dir: TempDir,
}

pub(crate) fn read(text: &str) -> (Option<RouteConfig>, Vec<String>) {
    let environment = BTreeMap::new();
    let document = Document::parse("route.toml", text, &environment, &[]);
    let context = Context {
        recipients: ["lead", "ops"].map(str::to_owned).to_vec(),
        brands: ["acme", "globex"]
            .map(|name| (name.to_owned(), BTreeSet::new()))
            .into(),
        platforms: vec![Slug::from_any("intranet")],
        read_file: |path| match path {
            "public.ics" => Ok(PUBLIC_HOLIDAYS.to_owned()),
            _ => Err(std::io::ErrorKind::NotFound.into()),
        },
        ..Context::default()
    };
    let config = document.read(|root| RouteConfig::read(root, &context));
    let problems = document.into_problems();
    (config, problems.iter().map(ToString::to_string).collect())
}

pub(crate) fn complaint(id: &str) -> ClassifiedMention {
    classified(id, Label::Complaint)
}

pub(crate) fn classified(id: &str, label: Label) -> ClassifiedMention {
    let mut mention = Mention::new(Slug::from_any("x"), id, "words");
    mention.author.id = format!("author-{id}");
    mention.created_at = Some(at(0));
    let classification = Classification {
        label,
        labels: [label].into(),
        confidence: 0.9,
        scores: Scores::default(),
        needs_review: false,
        severity: 3,
        topics: vec![],
        language: "en".into(),
        reasons: vec![],
        no_answer: None,
        rules_version: "test".into(),
        model_version: "none".into(),
        revision: 1,
    };
    let brand = Slug::from_any("acme");
    ClassifiedMention {
        mention,
        received_at: at(0),
        classification,
        brand,
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let metrics = Metrics::new("test").unwrap();
        metrics.register_departments(&["support", "sales", "pr", "community"]);
        let options = SqliteOptions {
            dir: dir.path().to_owned(),
            writer: "test".into(),
            metrics: metrics.clone(),
        };
        let store = SqliteStore::open(options).unwrap().store();
        let log = EmbeddedLog::open(&EmbeddedOptions::new(dir.path(), [7; 16])).unwrap();
        let mut topics = topic::standard_topics(1);
        let departments = ["support", "sales", "pr", "community"].map(Slug::from_any);
        topics.extend(topic::queue_topics(&departments, 1));
        log.ensure_topics(&topics).await.unwrap();
        let clock = Arc::new(ManualClock::new(at(0)));
        let stage = stage(&store, Arc::clone(&clock), &metrics);
        Self {
            clock,
            metrics,
            store,
            log: Arc::new(log),
            stage,
            next: 0,
            dir,
        }
    }

    /// The process ends and another one starts on the same store.
    pub(crate) fn restart(&mut self) {
        let options = SqliteOptions {
            dir: self.dir.path().to_owned(),
            writer: "again".into(),
            metrics: self.metrics.clone(),
        };
        self.store = SqliteStore::open(options).unwrap().store();
        self.stage = stage(&self.store, Arc::clone(&self.clock), &self.metrics);
    }

    pub(crate) fn advance(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
    }

    /// The batch that a consumer would hand over next.
    pub(crate) fn batch(&self, payloads: Vec<Vec<u8>>) -> Batch {
        let records = payloads
            .into_iter()
            .zip(self.next..)
            .map(|(payload, offset)| LogRecord {
                offset,
                key: "key".into(),
                payload: payload.into(),
                timestamp: self.clock.now(),
            });
        Batch {
            topic: MENTION_CLASSIFIED,
            partition: 0,
            records: records.collect(),
            incarnation: self.log.incarnation(),
            expected: (self.next > 0).then_some(self.next),
        }
    }

    pub(crate) async fn route(
        &mut self,
        mentions: &[ClassifiedMention],
    ) -> Result<Vec<Outcome>, StageError> {
        let payloads = mentions
            .iter()
            .map(|one| encode_classified(one).unwrap().to_vec());
        let batch = self.batch(payloads.collect());
        let outcomes = self.stage.process(&batch).await?;
        self.next = batch.next_offset();
        Ok(outcomes)
    }

    pub(crate) async fn ticket(&self, id: i64) -> Option<Ticket> {
        let row = self
            .store
            .tickets
            .get(TicketId(id), &DepartmentScope::All)
            .await
            .unwrap();
        row.map(|row| row.ticket)
    }

    pub(crate) fn timer(&self) -> SlaTimer {
        SlaTimer {
            timers: Arc::clone(&self.store.timers),
            ownership: Current::new(default_config()),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            metrics: self.metrics.clone(),
        }
    }

    pub(crate) fn relay(&self, outbox: Arc<dyn Outbox>) -> OutboxRelay {
        OutboxRelay {
            outbox,
            log: Arc::clone(&self.log) as Arc<dyn Log>,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            metrics: self.metrics.clone(),
        }
    }
}

fn stage(store: &Store, clock: Arc<ManualClock>, metrics: &Metrics) -> RouteStage {
    RouteStage {
        ownership: Current::new(default_config()),
        authors: Authors::default(),
        intake: Arc::clone(&store.intake),
        offsets: Arc::clone(&store.offsets),
        clock,
        metrics: metrics.clone(),
    }
}

pub(crate) fn default_config() -> RouteConfig {
    let (config, problems) = read(DEFAULT);
    // The other sections of the file belong to other crates.
    config.unwrap_or_else(|| panic!("{problems:?}"))
}
