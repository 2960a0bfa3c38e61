//! What the operations work with.

use crate::config::InboxConfig;
use crate::http::cookie::SessionCookie;
use crate::http::request_id::RequestIds;
use crate::live::Live;
use crate::openapi;
use crate::session::door::Door;
use std::ops::Deref;
use std::sync::Arc;
use switchboard_domain::sla::SlaBook;
use switchboard_domain::{Clock, Current, Slug};
use switchboard_storage::dead_letters::DeadLetters;
use switchboard_storage::incidents::Incidents;
use switchboard_storage::{Access, Authenticator, People, Profiles, Sessions, Tickets};
use switchboard_stream::Log;
use switchboard_telemetry::Metrics;
use tokio_util::sync::CancellationToken;

/// Everything the API needs, handed in by the process.
pub struct Parts {
    /// Tickets and their changes.
    pub tickets: Arc<dyn Tickets>,
    /// Tokens: whom a ticket can be given to.
    pub access: Arc<dyn Access>,
    /// Users: who logs in, and whom a ticket can be given to.
    pub people: Arc<dyn People>,
    /// Who wrote what.
    pub profiles: Arc<dyn Profiles>,
    /// Who is logged in where.
    pub sessions: Arc<dyn Sessions>,
    /// Incidents, and what people do about them.
    pub incidents: Arc<dyn Incidents>,
    /// What became of dead letters.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// The log topics.
    pub log: Arc<dyn Log>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Request metrics go here.
    pub metrics: Metrics,
    /// Checks bearer secrets.
    pub authenticator: Authenticator,
    /// Departments and promises, as the configuration has them now.
    pub ownership: Arc<Current<Ownership>>,
    /// OpenAPI documents, as JSON, of what others serve on the same listener.
    pub documents: Vec<&'static str>,
    /// Set when the process stops: whoever waits for news is answered at once.
    pub stop: CancellationToken,
    /// Begins every request id; new for every run.
    pub run_id: String,
    /// Where people reach the server, and through whom.
    pub config: InboxConfig,
    /// Bytes nobody can guess, others at each call: secrets of sessions, salts of passwords.
    pub entropy: fn() -> [u8; 32],
}

/// What the API needs of who owns what.
#[derive(Debug)]
pub struct Ownership {
    /// The promises: policies and calendars.
    pub book: Arc<SlaBook>,
    /// Every department of the configuration.
    pub departments: Vec<Slug>,
}

/// The parts, shared by every request.
#[derive(Clone)]
pub(crate) struct Inbox(Arc<Shared>);

/// What stands behind an [`Inbox`].
pub(crate) struct Shared {
    parts: Parts,
    pub(crate) request_ids: RequestIds,
    /// What streams of live updates are told from.
    pub(crate) live: Live,
    /// How the cookie of a session looks.
    pub(crate) cookie: SessionCookie,
    /// Passwords and links are tried here.
    pub(crate) door: Door,
    /// The OpenAPI document of the whole listener, as JSON.
    pub(crate) document: String,
}

impl Inbox {
    pub(crate) fn new(parts: Parts) -> Self {
        let request_ids = RequestIds::new(parts.run_id.clone());
        let live = Live::new(parts.metrics.clone());
        let cookie = SessionCookie::new(&parts.config);
        let door = Door::new(&parts.clock);
        let document = openapi::of_the_listener(&parts.documents);
        Self(Arc::new(Shared {
            parts,
            request_ids,
            live,
            cookie,
            door,
            document,
        }))
    }
}

impl Deref for Inbox {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Deref for Shared {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.parts
    }
}
