//! Everything a store offers, in one bundle for the wiring.

use crate::dead_letters::DeadLetters;
use crate::{
    Access, Audit, Calendars, Cursors, IdempotencyKeys, Incidents, Intake, Offsets, Outbox, People,
    Profiles, Sessions, Tickets, Timers,
};
use std::sync::Arc;

/// One handle per repository; each part takes only what it needs.
#[derive(Clone)]
#[expect(missing_docs, reason = "each is the repository of its type")]
pub struct Store {
    pub access: Arc<dyn Access>,
    pub audit: Arc<dyn Audit>,
    pub calendars: Arc<dyn Calendars>,
    pub cursors: Arc<dyn Cursors>,
    pub dead_letters: Arc<dyn DeadLetters>,
    pub idempotency_keys: Arc<dyn IdempotencyKeys>,
    pub incidents: Arc<dyn Incidents>,
    pub intake: Arc<dyn Intake>,
    pub offsets: Arc<dyn Offsets>,
    pub outbox: Arc<dyn Outbox>,
    pub people: Arc<dyn People>,
    pub profiles: Arc<dyn Profiles>,
    pub sessions: Arc<dyn Sessions>,
    pub tickets: Arc<dyn Tickets>,
    pub timers: Arc<dyn Timers>,
}
