//! The stage of one notifier: every request is delivered, set aside with its reason, or was
//! no news any more.
//!
//! The runner keeps the offset in the log and waits between attempts, longer each time; the
//! stage adds what the channel asks for. A crash between the channel's yes and the offset's
//! step is told by the incident's own list of who was told, or else repeats the message under
//! the same id.

use super::client::{Answer, Delivery};
use super::message::{Alert, TopPost, public_post};
use super::pace::Pace;
use super::settings::Notifier;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use switchboard_domain::Clock;
use switchboard_domain::access::DepartmentScope;
use switchboard_storage::incidents::IncidentNotification;
use switchboard_storage::records::{NotificationRequested, RECORD_VERSION, Subject, TicketCall};
use switchboard_storage::{Incident, Incidents, TicketRow, Tickets};
use switchboard_stream::log::{Batch, Log, LogError, LogRecord, NewRecord};
use switchboard_stream::record::DeadLetter;
use switchboard_stream::runner::{DeadLetterLimits, RetryPolicy, RunnerOptions, Stage, StageError};
use switchboard_stream::topic::DEAD_LETTER;
use switchboard_telemetry::{
    self as telemetry, Counter, Histogram, Metrics, NotifyOutcome, Outcome,
};

/// A crisis a day old is history: people know, or the incident's page tells them. A notifier
/// that is new, or was away, does not wake anybody with it.
pub const NEWS_AGE_MAX: SignedDuration = SignedDuration::from_hours(24);

/// A wait up to this is waited out in place; a longer one is the runner's, who can be stopped.
const WAIT_MAX: SignedDuration = SignedDuration::from_secs(2);

/// Posts looked at for one that anybody may read.
const POSTS_MAX: usize = 10;

/// What the incident's page shows of a delivery.
const SENT: &str = "sent";

/// Waits, for real or in a test.
#[async_trait]
pub trait Pause: Send + Sync {
    /// Returns after so long.
    async fn pause(&self, wait: Duration);
}

/// The runtime's own time.
#[derive(Clone, Copy, Debug)]
pub struct RuntimePause;

#[async_trait]
impl Pause for RuntimePause {
    async fn pause(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }
}

/// Tells one channel.
pub struct NotifyStage {
    /// Which, and how it wants its messages.
    pub notifier: Arc<Notifier>,
    /// The way there.
    pub delivery: Arc<dyn Delivery>,
    /// Where it is kept who was told.
    pub incidents: Arc<dyn Incidents>,
    /// Where it is looked up whether a ticket still waits.
    pub tickets: Arc<dyn Tickets>,
    /// Where requests go that cannot be delivered.
    pub log: Arc<dyn Log>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How it waits.
    pub pause: Arc<dyn Pause>,
    /// Where it is counted.
    pub metrics: Metrics,
    /// The inbox's address, which links begin with.
    pub page_base: Option<String>,
    /// What this channel has had; begins empty.
    pub state: Mutex<State>,
}

/// What a notifier knows of its channel.
#[derive(Debug, Default)]
pub struct State {
    pace: Pace,
    /// The request in hand, and what its last attempt failed with.
    in_hand: Option<(u64, String)>,
}

/// How a notifier is run: one request at a time, and as long as it is news.
pub fn runner_options(build: &str) -> RunnerOptions {
    RunnerOptions {
        batch_records_max: 1,
        retry: RetryPolicy {
            first: Duration::from_secs(1),
            // Half of what a stage may be silent before it counts as stalled.
            longest: Duration::from_secs(30),
            batch_attempts_max: u32::MAX,
            // The stage itself ends it: refused, or no news any more.
            record_attempts_max: u32::MAX,
        },
        // A channel that was removed refuses everything, and must not end the process.
        dead_letters: DeadLetterLimits {
            window_records: 1,
            window_letters_max: usize::MAX,
            run_max: usize::MAX,
        },
        ..RunnerOptions::new(build)
    }
}

#[async_trait]
impl Stage for NotifyStage {
    fn name(&self) -> telemetry::Stage {
        telemetry::Stage::Notify
    }

    async fn process(&self, batch: &Batch) -> Result<Vec<Outcome>, StageError> {
        let mut outcomes = Vec::with_capacity(batch.records.len());
        for record in &batch.records {
            outcomes.push(self.tell(record).await?);
        }
        Ok(outcomes)
    }

    async fn set_aside(&self, batch: &Batch, letter: DeadLetter) -> Result<(), StageError> {
        let reason = letter.reason.clone();
        let fatal = |error: String| StageError::Fatal(error);
        let record = NewRecord {
            topic: DEAD_LETTER,
            key: letter.origin.key.clone(),
            timestamp: letter.last_failed_at,
            payload: letter.encode().map_err(|error| fatal(error.to_string()))?,
        };
        let appended = self.log.append(vec![record]).await;
        appended.map_err(|error| stage_error(&error))?;
        self.lock().in_hand = None;
        if let Some(Ok(request)) = batch.records.first().map(decode) {
            self.keep(&request, self.clock.now(), &reason).await;
        }
        Ok(())
    }
}

impl NotifyStage {
    async fn tell(&self, record: &LogRecord) -> Result<Outcome, StageError> {
        let request = decode(record)?;
        if !self.notifier.takes(&request.recipient) {
            return Ok(Outcome::Skipped);
        }
        if let Some(outcome) = self.is_over(record)? {
            self.keep(&request, self.clock.now(), "not sent: more than a day old")
                .await;
            return Ok(outcome);
        }
        let subject = self.look_up(&request.subject).await;
        if subject.is_settled {
            self.count(NotifyOutcome::Skipped);
            return Ok(Outcome::Duplicate);
        }
        self.wait_for_turn(record.offset).await?;
        let alert = Alert::of(&request, subject.post, self.page_base.as_deref());
        let now = self.clock.now();
        self.lock().pace.trying(now);
        let post = self.notifier.compose(&alert, now);
        match self.delivery.post(&post).await {
            Answer::Taken => self.delivered(record, &request).await,
            Answer::Refused(reason) => {
                self.count(NotifyOutcome::Refused);
                return Err(StageError::Invalid(self.named(&reason)));
            }
            Answer::Later(reason, wait) => return Err(self.later(record.offset, reason, wait)),
        }
        Ok(Outcome::Forwarded)
    }

    /// Skips what was no news any more when it was first read, and gives up on what was tried
    /// until then.
    fn is_over(&self, record: &LogRecord) -> Result<Option<Outcome>, StageError> {
        let age = self.clock.now().duration_since(record.timestamp);
        let mut state = self.lock();
        let tried = state
            .in_hand
            .take_if(|(offset, _)| *offset != record.offset || age > NEWS_AGE_MAX);
        let tried = tried.filter(|(offset, _)| *offset == record.offset);
        drop(state);
        if age <= NEWS_AGE_MAX {
            return Ok(None);
        }
        let Some((_, last)) = tried else {
            self.count(NotifyOutcome::Skipped);
            return Ok(Some(Outcome::Skipped));
        };
        self.count(NotifyOutcome::Expired);
        let hours = NEWS_AGE_MAX.as_hours();
        let reason = format!("given up after {hours} h; the last attempt: {last}");
        Err(StageError::Invalid(self.named(&reason)))
    }

    /// A store that does not answer costs the excerpt, not the alarm.
    async fn look_up(&self, subject: &Subject) -> LookedUp {
        match subject {
            Subject::Incident(incident) => LookedUp {
                is_settled: self.was_told(incident).await,
                post: self.gravest_post(incident).await,
            },
            Subject::Ticket(call) => {
                let found = self.tickets.get(call.ticket, &DepartmentScope::All).await;
                let row = found.ok().flatten();
                LookedUp {
                    is_settled: row.as_ref().is_some_and(|row| !waits(row, call)),
                    post: row.and_then(|row| public_post(row.mention.as_ref()?)),
                }
            }
        }
    }

    /// Whether the incident's list says that this channel had it since the request was made:
    /// then a crash came before the offset's step, or a person had another notifier's dead
    /// letter driven again.
    async fn was_told(&self, incident: &Incident) -> bool {
        let told = self.incidents.notifications(incident.id).await;
        told.unwrap_or_default().iter().any(|told| {
            told.channel == self.notifier.name.as_str()
                && told.outcome == SENT
                && told.at >= incident.last_signal_at
        })
    }

    async fn gravest_post(&self, incident: &Incident) -> Option<TopPost> {
        let (id, scope) = (incident.id, DepartmentScope::All);
        let posts = self.incidents.incident_posts(id, &scope, POSTS_MAX).await;
        let posts = posts.unwrap_or_default();
        posts
            .iter()
            .find_map(|post| public_post(post.post.as_ref()?))
    }

    async fn wait_for_turn(&self, offset: u64) -> Result<(), StageError> {
        let wait = self.lock().pace.wait(self.clock.now());
        if wait > WAIT_MAX {
            let reason = format!("the channel is left alone for another {} s", wait.as_secs());
            self.lock()
                .in_hand
                .get_or_insert_with(|| (offset, reason.clone()));
            return Err(StageError::Transient(self.named(&reason)));
        }
        self.pause.pause(wait.unsigned_abs()).await;
        Ok(())
    }

    async fn delivered(&self, record: &LogRecord, request: &NotificationRequested) {
        let now = self.clock.now();
        {
            let mut state = self.lock();
            state.pace.delivered(now);
            state.in_hand = None;
        }
        self.count(NotifyOutcome::Delivered);
        let channel = self.notifier.label();
        let latency = now.duration_since(record.timestamp).as_secs_f64().max(0.0);
        self.metrics
            .observe(Histogram::NotifyLatency { channel }, latency);
        self.keep(request, now, SENT).await;
    }

    fn later(&self, offset: u64, reason: String, wait: Option<SignedDuration>) -> StageError {
        self.count(NotifyOutcome::Failed);
        let named = self.named(&reason);
        let now = self.clock.now();
        let mut state = self.lock();
        if let Some(wait) = wait {
            state.pace.keep_quiet(now, wait);
        }
        state.in_hand = Some((offset, reason));
        StageError::Transient(named)
    }

    /// Who was told matters less than that somebody is: a store that is away is only named.
    /// Of a ticket its own timeline tells who was called.
    async fn keep(&self, request: &NotificationRequested, at: Timestamp, outcome: &str) {
        let Subject::Incident(incident) = &request.subject else {
            return;
        };
        let notification = IncidentNotification {
            incident: incident.id,
            channel: self.notifier.name.to_string(),
            at,
            outcome: outcome.to_owned(),
        };
        if let Err(error) = self.incidents.record_notification(notification).await {
            let notifier = &self.notifier.name;
            tracing::warn!(%notifier, %error, "the incident's page will not show who was told");
        }
    }

    fn count(&self, outcome: NotifyOutcome) {
        let channel = self.notifier.label();
        self.metrics
            .add(Counter::NotifyAttempts { channel, outcome }, 1);
    }

    fn named(&self, reason: &str) -> String {
        format!("notifier `{}`: {reason}", self.notifier.name)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the store says of a request at the moment of its delivery.
struct LookedUp {
    /// Told already, or answered meanwhile: then nobody is called.
    is_settled: bool,
    post: Option<TopPost>,
}

/// Whether the clock that called still waits for somebody.
fn waits(row: &TicketRow, call: &TicketCall) -> bool {
    let mut clocks = row.ticket.clocks.iter();
    let called_by = clocks.find(|clock| (clock.kind, clock.cycle) == (call.clock, call.cycle));
    called_by.is_none_or(switchboard_domain::sla::SlaClock::is_ticking)
}

fn decode(record: &LogRecord) -> Result<NotificationRequested, StageError> {
    let invalid = |reason: String| StageError::Invalid(reason);
    let request: NotificationRequested = serde_json::from_slice(&record.payload)
        .map_err(|error| invalid(format!("the record is no notification request: {error}")))?;
    if request.v != RECORD_VERSION {
        let (found, known) = (request.v, RECORD_VERSION);
        let reason = format!("the record has version {found} and this build reads {known}");
        return Err(invalid(reason));
    }
    Ok(request)
}

fn stage_error(error: &LogError) -> StageError {
    match error {
        LogError::Unavailable { .. } | LogError::Full { .. } | LogError::Closed => {
            StageError::Transient(error.to_string())
        }
        LogError::Fenced { .. } => StageError::Fenced,
        error => StageError::Fatal(error.to_string()),
    }
}

#[cfg(test)]
#[path = "stage_tests.rs"]
pub(super) mod tests;
