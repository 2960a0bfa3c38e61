//! One stream: what to say to it now, or how long to wait.

use super::board::Board;
use super::frame;
use super::pace::{BOARD_INTERVAL, CHECK_INTERVAL, FRAME_INTERVAL, HEARTBEAT_INTERVAL, Pace};
use super::ring::Missed;
use super::seat::Seat;
use crate::http::gate::{self, SignOfLife};
use crate::http::problem::Problem;
use crate::incident::access::may_see_incidents;
use crate::incident::view::IncidentView;
use crate::queue::Queues;
use crate::state::Inbox;
use crate::ticket::view::TicketView;
use axum::http::{HeaderMap, Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::access::{Action, DepartmentScope, Principal};
use switchboard_domain::ticket::TicketId;
use switchboard_storage::{IncidentRow, StorageError};
use switchboard_telemetry::{Counter, Histogram};
use tokio::sync::watch;

/// How long to wait for a store that cannot answer, before asking again.
const STORE_WAIT: Duration = Duration::from_secs(1);

/// What a stream does next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Say this.
    Send(String),
    /// Say this, and no more.
    End(String),
    /// Nothing for so long, unless something happens.
    Wait(Duration),
}

/// One stream, from the moment its caller was let in.
pub(crate) struct Subscription {
    inbox: Inbox,
    /// What the caller came in with: it must still be good later.
    credentials: HeaderMap,
    caller: Principal,
    /// The number that the client knows.
    told: u64,
    /// The number up to which the ring was looked at; what lies between concerned others.
    seen: u64,
    /// Changes up to here were made before the stream began.
    began_at: u64,
    greeted: bool,
    must_resync: bool,
    frames: Pace,
    boards: Pace,
    heartbeats: Pace,
    checks: Pace,
    told_queues: Option<Queues>,
    told_incidents: Arc<Vec<IncidentRow>>,
    newest: watch::Receiver<Option<u64>>,
    board: watch::Receiver<Board>,
    has_ended: bool,
    _seat: Seat,
}

/// The tickets that changed, as the list shows them, and those that left.
#[derive(Debug, Serialize)]
struct Changes {
    from: u64,
    to: u64,
    tickets: Vec<TicketView>,
    gone: BTreeSet<TicketId>,
}

#[derive(Serialize)]
struct Resync {
    number: u64,
}

#[derive(Serialize)]
struct Incidents {
    incidents: Vec<IncidentView>,
}

impl Subscription {
    /// `after`: the last number the client knows; `None` begins now.
    pub(crate) fn new(
        inbox: Inbox,
        (caller, credentials): (Principal, HeaderMap),
        after: Option<u64>,
        seat: Seat,
    ) -> Self {
        let (newest, knows) = {
            let ring = inbox.live.ring();
            (ring.newest(), after.is_none_or(|after| ring.knows(after)))
        };
        let told = after.filter(|_| knows).unwrap_or(newest);
        let mut checks = Pace::every(CHECK_INTERVAL);
        checks.done(inbox.clock.now());
        Self {
            credentials,
            caller,
            told,
            seen: told,
            began_at: newest,
            greeted: false,
            must_resync: !knows,
            frames: Pace::every(FRAME_INTERVAL),
            boards: Pace::every(BOARD_INTERVAL),
            heartbeats: Pace::every(HEARTBEAT_INTERVAL),
            checks,
            told_queues: None,
            told_incidents: Arc::default(),
            newest: inbox.live.newest.subscribe(),
            board: inbox.live.board.subscribe(),
            has_ended: false,
            _seat: seat,
            inbox,
        }
    }

    /// As if they had come in with other rights than they have now.
    #[cfg(test)]
    pub(crate) fn set_caller(&mut self, caller: Principal) {
        self.caller = caller;
    }

    /// The next words, when there are some; `None` once it has ended.
    pub(crate) async fn next(&mut self) -> Option<String> {
        while !self.has_ended {
            match self.step(self.inbox.clock.now()).await {
                Step::Send(text) => {
                    self.inbox.metrics.add(Counter::LiveFrames, 1);
                    return Some(text);
                }
                Step::End(text) => {
                    self.has_ended = true;
                    return Some(text);
                }
                Step::Wait(wait) => self.wait(wait).await,
            }
        }
        None
    }

    async fn wait(&mut self, wait: Duration) {
        let stop = self.inbox.stop.clone();
        tokio::select! {
            () = stop.cancelled() => {}
            // The senders live as long as the process.
            _ = self.newest.changed() => {}
            _ = self.board.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }

    /// What is due at `now`, the most pressing first. Says nothing while the credentials are
    /// due to be checked and cannot be.
    pub(crate) async fn step(&mut self, now: Timestamp) -> Step {
        if self.inbox.stop.is_cancelled() {
            return Step::End(frame::goodbye());
        }
        if self.checks.is_due(now)
            && let Some(step) = self.check(now).await
        {
            return step;
        }
        if !self.greeted {
            self.greeted = true;
            self.heartbeats.done(now);
            return Step::Send(frame::hello(self.told));
        }
        if self.must_resync {
            let newest = self.inbox.live.ring().newest();
            return self.resync(newest, now);
        }
        match self.speak(now).await {
            Ok(Some(text)) => Step::Send(text),
            Ok(None) => Step::Wait(self.until_due(now)),
            Err(error) => {
                tracing::warn!(%error, "a live stream waits for the store");
                Step::Wait(STORE_WAIT)
            }
        }
    }

    async fn speak(&mut self, now: Timestamp) -> Result<Option<String>, StorageError> {
        if self.frames.is_due(now)
            && let Some(text) = self.changes(now).await?
        {
            return Ok(Some(text));
        }
        if self.boards.is_due(now)
            && let Some(text) = self.news(now)
        {
            return Ok(Some(text));
        }
        if self.heartbeats.is_due(now) {
            self.heartbeats.done(now);
            self.told = self.seen;
            return Ok(Some(frame::heartbeat(self.told)));
        }
        Ok(None)
    }

    /// Asks again whether the caller may listen, and to which departments.
    async fn check(&mut self, now: Timestamp) -> Option<Step> {
        let visit = (&Method::GET, &self.credentials);
        let found = gate::identify(&self.inbox, visit, SignOfLife::Missing).await;
        match found.map(|caller| caller.principal) {
            Ok(caller) if caller.may(Action::ReadTickets) => {
                self.checks.done(now);
                if caller.scope() != self.caller.scope() {
                    self.must_resync = true;
                }
                self.caller = caller;
                None
            }
            Err(problem) if is_away(&problem) => Some(Step::Wait(STORE_WAIT)),
            _ => Some(Step::End(frame::event("signed-out", None, &()))),
        }
    }

    fn resync(&mut self, newest: u64, now: Timestamp) -> Step {
        self.must_resync = false;
        (self.told, self.seen) = (newest, newest);
        self.began_at = self.began_at.max(newest);
        self.frames.done(now);
        (self.told_queues, self.told_incidents) = (None, Arc::default());
        let data = Resync { number: newest };
        Step::Send(frame::event("resync", Some(newest), &data))
    }

    async fn changes(&mut self, now: Timestamp) -> Result<Option<String>, StorageError> {
        let scope = self.caller.scope();
        let missed = self.inbox.live.ring().missed(self.seen, &scope);
        match missed {
            Missed::Nothing => Ok(None),
            Missed::TooMuch { newest } => match self.resync(newest, now) {
                Step::Send(text) => Ok(Some(text)),
                Step::End(_) | Step::Wait(_) => Ok(None),
            },
            Missed::Tickets {
                newest, tickets, ..
            } if tickets.is_empty() => {
                self.seen = newest;
                Ok(None)
            }
            Missed::Tickets {
                newest,
                tickets,
                since,
            } => {
                let changes = self.read(newest, tickets, &scope).await?;
                self.measure(since, now);
                (self.told, self.seen) = (newest, newest);
                self.frames.done(now);
                Ok(Some(frame::event("changes", Some(newest), &changes)))
            }
        }
    }

    async fn read(
        &self,
        to: u64,
        mut gone: BTreeSet<TicketId>,
        scope: &DepartmentScope,
    ) -> Result<Changes, StorageError> {
        let ids: Vec<TicketId> = gone.iter().copied().collect();
        let rows = self.inbox.tickets.find_many(&ids, scope).await?;
        for row in &rows {
            gone.remove(&row.ticket.id);
        }
        Ok(Changes {
            from: self.told + 1,
            to,
            tickets: rows.into_iter().map(TicketView::from).collect(),
            gone,
        })
    }

    /// What a client missed while it was away says nothing of our speed.
    fn measure(&self, since: Option<Timestamp>, now: Timestamp) {
        if let Some(since) = since.filter(|_| self.seen >= self.began_at) {
            let delay = now.duration_since(since).max(SignedDuration::ZERO);
            self.inbox
                .metrics
                .observe(Histogram::LiveDelay, delay.as_secs_f64());
        }
    }

    /// Queue counts or incidents, where they are not what the client knows.
    fn news(&mut self, now: Timestamp) -> Option<String> {
        let board = self.board.borrow().clone();
        let queues = board.queues?.within(&self.caller.scope());
        if self.told_queues.as_ref() != Some(&queues) {
            let text = frame::event("queues", None, &queues);
            self.told_queues = Some(queues);
            return Some(text);
        }
        self.boards.done(now);
        if !may_see_incidents(&self.caller) || self.told_incidents == board.incidents {
            return None;
        }
        let told = std::mem::replace(&mut self.told_incidents, Arc::clone(&board.incidents));
        let changed = board.incidents.iter().filter(|row| !told.contains(row));
        let incidents = changed.map(IncidentView::from).collect::<Vec<_>>();
        (!incidents.is_empty()).then(|| frame::event("incidents", None, &Incidents { incidents }))
    }

    fn until_due(&self, now: Timestamp) -> Duration {
        let mut wait = self.heartbeats.wait(now).min(self.checks.wait(now));
        if self.inbox.live.ring().newest() != self.seen {
            wait = wait.min(self.frames.wait(now));
        }
        if self.board.has_changed().unwrap_or(false) || !self.boards.is_due(now) {
            wait = wait.min(self.boards.wait(now));
        }
        wait
    }
}

fn is_away(problem: &Problem) -> bool {
    problem.status() != StatusCode::UNAUTHORIZED
}
