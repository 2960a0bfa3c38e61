//! Sessions and one-time links.
//!
//! Who logs somebody in holds the user's row until the end of the transaction: a person who is
//! disabled or gets another password meanwhile loses this session too.

use super::PostgresStore;
use super::access::audit;
use super::failure::Fault;
use super::value::{Place, json, micros, storable, to_column};
use super::work::{Isolation, Work};
use crate::effect::Purpose;
use crate::row::{is_stale, secret_hash};
use crate::sessions::{
    PeerKind, SESSION_IDLE_LIMIT, SESSION_LIFETIME, SESSIONS_PER_USER_MAX, USER_AGENT_BYTES_MAX,
    session_end,
};
use crate::{
    LoginKind, NewLink, NewSession, OpenSession, PasswordHash, SessionId, SessionInfo, Sessions,
    StorageError,
};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq;
use switchboard_domain::access::{Principal, Role};
use switchboard_domain::ticket::Actor;
use tokio_postgres::Row;

#[async_trait]
impl Sessions for PostgresStore {
    async fn start_session(
        &self,
        user: &str,
        checked: &PasswordHash,
        session: NewSession,
        now: Timestamp,
    ) -> Result<Option<OpenSession>, StorageError> {
        let mut work = self
            .write(Purpose::People, Isolation::ReadCommitted)
            .await?;
        let outcome = by_password(&mut work, user, checked, &session, now).await;
        Ok(work.settle(outcome).await?)
    }

    async fn use_link(
        &self,
        secret: &str,
        session: NewSession,
        now: Timestamp,
    ) -> Result<Option<OpenSession>, StorageError> {
        let mut work = self
            .write(Purpose::People, Isolation::ReadCommitted)
            .await?;
        let outcome = by_link(&mut work, secret, &session, now).await;
        Ok(work.settle(outcome).await?)
    }

    async fn create_link(
        &self,
        link: NewLink,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let mut work = self
            .write(Purpose::People, Isolation::ReadCommitted)
            .await?;
        let outcome = create_link(&mut work, &link, by, now).await;
        Ok(work.settle(outcome).await?)
    }

    async fn find_session(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<OpenSession>, StorageError> {
        let hash = secret_hash(secret);
        let Some(row) = self.read_opt(FIND, &[&hash.as_slice()]).await? else {
            return Ok(None);
        };
        let found = found(&row, &hash)?;
        let Some(found) = found.filter(|found| now < found.session.expires_at) else {
            return Ok(None);
        };
        if !is_stale(Some(found.last_seen_at), now) {
            return Ok(Some(found.session));
        }
        self.execute(
            "UPDATE session SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2",
            &[&found.session.id.0, &micros(now)],
        )
        .await?;
        let expires_at = session_end(found.created_at, now);
        Ok(Some(OpenSession {
            expires_at,
            ..found.session
        }))
    }

    async fn peek_session(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<OpenSession>, StorageError> {
        let hash = secret_hash(secret);
        let Some(row) = self.read_opt(FIND, &[&hash.as_slice()]).await? else {
            return Ok(None);
        };
        let session = found(&row, &hash)?.map(|found| found.session);
        Ok(session.filter(|session| now < session.expires_at))
    }

    async fn list_sessions(
        &self,
        user: &str,
        now: Timestamp,
    ) -> Result<Vec<SessionInfo>, StorageError> {
        let found = self
            .read(
                "SELECT id, started_by, user_agent, peer, created_at, last_seen_at
                 FROM session WHERE \"user\" = $1 ORDER BY last_seen_at DESC, id DESC",
                &[&user],
            )
            .await?;
        let sessions: Result<Vec<_>, Fault> = found.iter().map(session_info).collect();
        let mut sessions = sessions?;
        sessions.retain(|session| now < session.expires_at);
        Ok(sessions)
    }

    async fn end_session(
        &self,
        user: &str,
        id: SessionId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let mut work = self
            .write(Purpose::People, Isolation::ReadCommitted)
            .await?;
        let outcome = async {
            let ended = work
                .execute(
                    "DELETE FROM session WHERE \"user\" = $1 AND id = $2",
                    &[&user, &id.0],
                )
                .await?;
            if ended == 1 {
                note(&mut work, "session.ended", user, id, by, now)?;
            }
            Ok(ended == 1)
        }
        .await;
        Ok(work.settle(outcome).await?)
    }

    async fn purge_sessions(&self, now: Timestamp) -> Result<u64, StorageError> {
        let sessions = self
            .execute(
                "DELETE FROM session WHERE created_at <= $1 OR last_seen_at <= $2",
                &[
                    &micros(before(now, SESSION_LIFETIME)),
                    &micros(before(now, SESSION_IDLE_LIMIT)),
                ],
            )
            .await?;
        let links = self
            .execute(
                "DELETE FROM login_link WHERE expires_at <= $1",
                &[&micros(now)],
            )
            .await?;
        Ok(sessions + links)
    }
}

/// Logs every browser of the user out, except the one to keep.
pub(super) async fn end_sessions(
    work: &Work,
    user: &str,
    keep: Option<SessionId>,
) -> Result<(), Fault> {
    work.execute(
        "DELETE FROM session WHERE \"user\" = $1 AND id IS DISTINCT FROM $2",
        &[&user, &keep.map(|id| id.0)],
    )
    .await?;
    Ok(())
}

/// Links that nobody used no longer work.
pub(super) async fn take_back_links(work: &Work, user: &str) -> Result<(), Fault> {
    work.execute(
        "DELETE FROM login_link WHERE \"user\" = $1 AND used_at IS NULL",
        &[&user],
    )
    .await?;
    Ok(())
}

async fn by_password(
    work: &mut Work,
    user: &str,
    checked: &PasswordHash,
    session: &NewSession,
    now: Timestamp,
) -> Result<Option<OpenSession>, Fault> {
    let stands = work
        .query_opt(
            "SELECT name FROM \"user\"
             WHERE name = $1 AND password_hash = $2 AND disabled_at IS NULL FOR SHARE",
            &[&user, &checked.expose()],
        )
        .await?;
    if stands.is_none() {
        return Ok(None);
    }
    start(work, user, LoginKind::Password, session, now).await
}

async fn by_link(
    work: &mut Work,
    secret: &str,
    session: &NewSession,
    now: Timestamp,
) -> Result<Option<OpenSession>, Fault> {
    let hash = secret_hash(secret);
    // The user first, as everybody who changes a user does.
    let person = work
        .query_opt(
            "SELECT name FROM \"user\" WHERE disabled_at IS NULL
               AND name = (SELECT \"user\" FROM login_link WHERE secret_hash = $1) FOR SHARE",
            &[&hash.as_slice()],
        )
        .await?;
    let Some(person) = person else {
        return Ok(None);
    };
    let used = work
        .execute(
            "UPDATE login_link SET used_at = $2
             WHERE secret_hash = $1 AND used_at IS NULL AND expires_at > $2",
            &[&hash.as_slice(), &micros(now)],
        )
        .await?;
    if used == 0 {
        return Ok(None);
    }
    let name: String = person.try_get(0)?;
    start(work, &name, LoginKind::Link, session, now).await
}

async fn create_link(
    work: &mut Work,
    link: &NewLink,
    by: &Actor,
    now: Timestamp,
) -> Result<bool, Fault> {
    let created = work
        .execute(
            "INSERT INTO login_link (secret_hash, \"user\", created_at, expires_at)
             SELECT $1, name, $3, $4 FROM \"user\"
             WHERE name = $2 AND disabled_at IS NULL FOR SHARE",
            &[
                &secret_hash(&link.secret).as_slice(),
                &link.user,
                &micros(now),
                &micros(link.expires_at),
            ],
        )
        .await?;
    if created == 1 {
        let subject = format!("user:{}", link.user);
        audit(work, "link.created", subject, String::new(), by, now);
    }
    Ok(created == 1)
}

async fn start(
    work: &mut Work,
    user: &str,
    kind: LoginKind,
    session: &NewSession,
    now: Timestamp,
) -> Result<Option<OpenSession>, Fault> {
    make_room(work, user, session.replaces).await?;
    let hash = secret_hash(&session.secret);
    work.execute(
        "INSERT INTO session
             (secret_hash, \"user\", started_by, user_agent, peer, created_at, last_seen_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
        &[
            &hash.as_slice(),
            &user,
            &kind.as_str(),
            &storable(cut(&session.user_agent)),
            &session.peer.as_str(),
            &micros(now),
        ],
    )
    .await?;
    let Some(row) = work.query_opt(FIND, &[&hash.as_slice()]).await? else {
        return Ok(None);
    };
    let Some(started) = found(&row, &hash)? else {
        return Ok(None);
    };
    let action = match kind {
        LoginKind::Password => "session.started",
        LoginKind::Link => "link.used",
    };
    let actor = Actor::Person(user.to_owned());
    note(work, action, user, started.session.id, &actor, now)?;
    Ok(Some(started.session))
}

/// Ends the browser's earlier session, whosever it was, and the user's oldest beyond the limit.
async fn make_room(work: &Work, user: &str, replaced: Option<SessionId>) -> Result<(), Fault> {
    if let Some(replaced) = replaced {
        work.execute("DELETE FROM session WHERE id = $1", &[&replaced.0])
            .await?;
    }
    work.execute(
        "DELETE FROM session WHERE \"user\" = $1 AND id NOT IN
             (SELECT id FROM session WHERE \"user\" = $1
              ORDER BY last_seen_at DESC, id DESC LIMIT $2)",
        &[&user, &to_column(SESSIONS_PER_USER_MAX as u64 - 1)],
    )
    .await?;
    Ok(())
}

const FIND: &str = "SELECT session.id, session.secret_hash, session.started_by,
        session.created_at, session.last_seen_at, person.name, person.role, person.departments,
        person.password_hash IS NOT NULL
    FROM session JOIN \"user\" person ON person.name = session.\"user\"
    WHERE session.secret_hash = $1 AND person.disabled_at IS NULL";

/// A session with its beginning and its last use.
struct Found {
    session: OpenSession,
    created_at: Timestamp,
    last_seen_at: Timestamp,
}

/// As with tokens, the index alone lets nobody in.
fn found(row: &Row, hash: &[u8; 32]) -> Result<Option<Found>, Fault> {
    let stored: &[u8] = row.try_get(1)?;
    if !bool::from(stored.ct_eq(hash)) {
        return Ok(None);
    }
    let id: i64 = row.try_get(0)?;
    let of_session = |column| Place::new("session", column, &id);
    let started_by: &str = row.try_get(2)?;
    let created_at = of_session("created_at").instant(row.try_get(3)?)?;
    let last_seen_at = of_session("last_seen_at").instant(row.try_get(4)?)?;
    let session = OpenSession {
        id: SessionId(id),
        started_by: of_session("started_by").known(started_by, LoginKind::parse(started_by))?,
        expires_at: session_end(created_at, last_seen_at),
        has_password: row.try_get(8)?,
        principal: principal(row)?,
    };
    Ok(Some(Found {
        session,
        created_at,
        last_seen_at,
    }))
}

fn principal(row: &Row) -> Result<Principal, Fault> {
    let name: String = row.try_get(5)?;
    let (role, departments): (&str, &str) = (row.try_get(6)?, row.try_get(7)?);
    let place = |column| Place::new("user", column, &name);
    Ok(Principal {
        role: place("role").known(role, Role::parse(role))?,
        departments: place("departments").json(departments)?,
        name: name.clone(),
    })
}

fn session_info(row: &Row) -> Result<SessionInfo, Fault> {
    let id: i64 = row.try_get(0)?;
    let place = |column| Place::new("session", column, &id);
    let (started_by, peer): (&str, &str) = (row.try_get(1)?, row.try_get(3)?);
    let created_at = place("created_at").instant(row.try_get(4)?)?;
    let last_seen_at = place("last_seen_at").instant(row.try_get(5)?)?;
    Ok(SessionInfo {
        id: SessionId(id),
        started_by: place("started_by").known(started_by, LoginKind::parse(started_by))?,
        user_agent: row.try_get(2)?,
        peer: place("peer").known(peer, PeerKind::parse(peer))?,
        created_at,
        last_seen_at,
        expires_at: session_end(created_at, last_seen_at),
    })
}

fn note(
    work: &mut Work,
    action: &str,
    user: &str,
    id: SessionId,
    by: &Actor,
    now: Timestamp,
) -> Result<(), StorageError> {
    let detail = json(&serde_json::json!({ "session": id.0 }))?;
    audit(work, action, format!("user:{user}"), detail, by, now);
    Ok(())
}

fn cut(user_agent: &str) -> &str {
    let end = user_agent.floor_char_boundary(USER_AGENT_BYTES_MAX);
    &user_agent[..end]
}

fn before(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_sub(span).unwrap_or(Timestamp::MIN)
}
