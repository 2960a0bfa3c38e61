//! How sessions are shown.

use crate::openapi::schema;
use jiff::Timestamp;
use serde::Serialize;
use switchboard_domain::access::{Action, Principal};
use switchboard_storage::{OpenSession, SessionId, SessionInfo};
use utoipa::ToSchema;

/// What programs may rely on as names of actions.
const ACTIONS: [(Action, &str); 6] = [
    (Action::IngestMentions, "ingest_mentions"),
    (Action::ReadTickets, "read_tickets"),
    (Action::WorkTickets, "work_tickets"),
    (Action::ReadTopics, "read_topics"),
    (Action::ManageDeadLetters, "manage_dead_letters"),
    (Action::ManageAccess, "manage_access"),
];

/// Who is asking, and what they may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// The user's or token's name.
    name: String,
    /// What they are trusted with.
    #[schema(schema_with = schema::role)]
    role: &'static str,
    /// The departments they were given; admins and supervisors see all.
    departments: Vec<String>,
    /// What the role allows.
    #[schema(schema_with = actions)]
    actions: Vec<&'static str>,
    /// When the session ends if it is not used again; absent for tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::instant, required = false)]
    expires_at: Option<Timestamp>,
}

impl SessionView {
    pub(crate) fn new(principal: &Principal, session: Option<&OpenSession>) -> Self {
        let allowed = ACTIONS.iter().filter(|(action, _)| principal.may(*action));
        Self {
            name: principal.name.clone(),
            role: principal.role.as_str(),
            departments: principal
                .departments
                .iter()
                .map(ToString::to_string)
                .collect(),
            actions: allowed.map(|(_, name)| *name).collect(),
            expires_at: session.map(|session| session.expires_at),
        }
    }
}

fn actions() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    utoipa::openapi::schema::ArrayBuilder::new()
        .items(schema::one_of(ACTIONS.map(|(_, name)| name)))
        .into()
}

/// A session of who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnSession {
    id: i64,
    /// Whether it is the one that asks.
    current: bool,
    /// `password` or `link`.
    started_by: &'static str,
    /// What the browser calls itself. Its words are hostile.
    user_agent: String,
    /// `local`, `private` or `public`: from what kind of network it began.
    peer: &'static str,
    #[schema(schema_with = schema::instant)]
    created_at: Timestamp,
    /// To the minute.
    #[schema(schema_with = schema::instant)]
    last_seen_at: Timestamp,
    /// When it ends if it is not used again.
    #[schema(schema_with = schema::instant)]
    expires_at: Timestamp,
}

impl OwnSession {
    pub(crate) fn new(session: SessionInfo, current: Option<SessionId>) -> Self {
        Self {
            id: session.id.0,
            current: current == Some(session.id),
            started_by: session.started_by.as_str(),
            user_agent: session.user_agent,
            peer: session.peer.as_str(),
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
        }
    }
}

/// What was ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ended {
    /// Always true.
    ended: bool,
}

impl Ended {
    pub(crate) const DONE: Self = Self { ended: true };
}
