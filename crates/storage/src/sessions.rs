//! Who is logged in where, and the one-time links that log somebody in.
//!
//! Secrets come in as text and are kept as SHA-256 alone. They carry 160 random bits, so a
//! plain hash is enough.

use crate::{PasswordHash, StorageError};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use switchboard_domain::access::Principal;
use switchboard_domain::ticket::Actor;

/// A session nobody uses for so long ends: over a working day, not over a night.
pub const SESSION_IDLE_LIMIT: SignedDuration = SignedDuration::from_hours(12);

/// Every session ends after this: who uses the inbox daily logs in once a week.
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long a one-time link works: until the person it was made for reads their mail.
pub const LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// Sessions of one user at a time; with one more the one unused for longest ends. More than a
/// person has browsers, and a list one can still read.
pub const SESSIONS_PER_USER_MAX: usize = 20;

/// Bytes of a browser's description that are kept; what tells browsers apart stands first.
pub const USER_AGENT_BYTES_MAX: usize = 256;

/// Sessions and one-time links. Every beginning and every early end leaves an audit row.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Logs in who has given the password behind `checked`. `None` when it was changed or its
    /// user disabled in the meantime.
    async fn start_session(
        &self,
        user: &str,
        checked: &PasswordHash,
        session: NewSession,
        now: Timestamp,
    ) -> Result<Option<OpenSession>, StorageError>;

    /// Uses the link up and logs its user in, in one step: of two who come with the same link,
    /// one gets in. `None` when it is unknown, used or expired, or its user is disabled.
    async fn use_link(
        &self,
        secret: &str,
        session: NewSession,
        now: Timestamp,
    ) -> Result<Option<OpenSession>, StorageError>;

    /// Keeps the hash of the link's secret. `false` when there is no such user, or a disabled
    /// one.
    async fn create_link(
        &self,
        link: NewLink,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError>;

    /// Whose session it is, noted as used now to the minute; `None` when it is unknown, has
    /// ended or its user is disabled.
    async fn find_session(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<OpenSession>, StorageError>;

    /// As [`Sessions::find_session`], without counting as use: for what a browser does while
    /// nobody sits before it.
    async fn peek_session(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<OpenSession>, StorageError>;

    /// The user's sessions that still work, last used first.
    async fn list_sessions(
        &self,
        user: &str,
        now: Timestamp,
    ) -> Result<Vec<SessionInfo>, StorageError>;

    /// At once. `false` when the user has no such session.
    async fn end_session(
        &self,
        user: &str,
        id: SessionId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError>;

    /// Removes what no longer works of sessions and links, and says how many rows that were.
    async fn purge_sessions(&self, now: Timestamp) -> Result<u64, StorageError>;
}

/// What lists and requests call a session. It opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub i64);

/// A session to be.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSession {
    /// At least 128 random bits as text; lies in the browser's cookie and nowhere else.
    pub secret: String,
    /// What the browser calls itself; cut at [`USER_AGENT_BYTES_MAX`].
    pub user_agent: String,
    /// From where.
    pub peer: PeerKind,
    /// The session that the same browser had before; it ends.
    pub replaces: Option<SessionId>,
}

/// A one-time link to be.
#[derive(Clone, PartialEq, Eq)]
pub struct NewLink {
    /// At least 160 random bits as text.
    pub secret: String,
    /// Whom it logs in.
    pub user: String,
    /// From when on it no longer works.
    pub expires_at: Timestamp,
}

/// A session that works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// What it is called.
    pub id: SessionId,
    /// Whose, with role and departments as they are now.
    pub principal: Principal,
    /// How it began.
    pub started_by: LoginKind,
    /// When it ends at the latest if it is not used again.
    pub expires_at: Timestamp,
    /// Whether its user can log in without a link.
    pub has_password: bool,
}

/// A session as its user sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// What it is called.
    pub id: SessionId,
    /// How it began.
    pub started_by: LoginKind,
    /// What the browser called itself.
    pub user_agent: String,
    /// From where.
    pub peer: PeerKind,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest if it is not used again.
    pub expires_at: Timestamp,
}

/// How somebody logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginKind {
    /// With the password.
    Password,
    /// With a one-time link; such a session may set a password without the old one.
    Link,
}

impl LoginKind {
    /// Its name in the store and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Link => "link",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Password, Self::Link]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// From where somebody came: enough to notice a stranger, and no address to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerKind {
    /// The machine of the server.
    Local,
    /// A private network.
    Private,
    /// Anywhere else.
    Public,
}

impl PeerKind {
    /// Its name in the store and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Private => "private",
            Self::Public => "public",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Local, Self::Private, Self::Public]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// When a session that began and was last used then ends, if it is not used again.
pub fn session_end(created_at: Timestamp, last_seen_at: Timestamp) -> Timestamp {
    let after = |start: Timestamp, limit| start.saturating_add(limit).unwrap_or(Timestamp::MAX);
    after(created_at, SESSION_LIFETIME).min(after(last_seen_at, SESSION_IDLE_LIMIT))
}
