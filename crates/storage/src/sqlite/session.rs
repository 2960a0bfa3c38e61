//! Sessions and one-time links.

use super::SqliteStore;
use super::access::{audit, hash, is_stale};
use super::transaction::{Purpose, Write};
use super::value::{Place, from_column, micros};
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
use rusqlite::{Connection, OptionalExtension, Row, params};
use subtle::ConstantTimeEq;
use switchboard_domain::access::{Principal, Role};
use switchboard_domain::ticket::Actor;

#[async_trait]
impl Sessions for SqliteStore {
    async fn start_session(
        &self,
        user: &str,
        checked: &PasswordHash,
        session: NewSession,
        now: Timestamp,
    ) -> Result<Option<OpenSession>, StorageError> {
        let (user, checked) = (user.to_owned(), checked.clone());
        self.write(Purpose::People, move |write| {
            let stands = write
                .prepare(
                    "SELECT 1 FROM user
                     WHERE name = ?1 AND password_hash = ?2 AND disabled_at IS NULL",
                )?
                .exists(params![user, checked.expose()])?;
            if !stands {
                return Ok(None);
            }
            start(write, &user, LoginKind::Password, &session, now)
        })
        .await
    }

    async fn use_link(
        &self,
        secret: &str,
        session: NewSession,
        now: Timestamp,
    ) -> Result<Option<OpenSession>, StorageError> {
        let hash = hash(secret);
        self.write(Purpose::People, move |write| {
            let user: Option<String> = write
                .prepare(
                    "UPDATE login_link SET used_at = ?2
                     WHERE secret_hash = ?1 AND used_at IS NULL AND expires_at > ?2
                       AND EXISTS (SELECT 1 FROM user
                                   WHERE name = login_link.user AND disabled_at IS NULL)
                     RETURNING user",
                )?
                .query_row(params![hash, micros(now)], |row| row.get(0))
                .optional()?;
            match user {
                None => Ok(None),
                Some(user) => start(write, &user, LoginKind::Link, &session, now),
            }
        })
        .await
    }

    async fn create_link(
        &self,
        link: NewLink,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let by = by.clone();
        self.write(Purpose::People, move |write| {
            let created = write
                .prepare(
                    "INSERT INTO login_link (secret_hash, user, created_at, expires_at)
                     SELECT ?1, name, ?3, ?4 FROM user WHERE name = ?2 AND disabled_at IS NULL",
                )?
                .execute(params![
                    hash(&link.secret),
                    link.user,
                    micros(now),
                    micros(link.expires_at)
                ])?;
            if created == 1 {
                let subject = format!("user:{}", link.user);
                audit(write, "link.created", subject, String::new(), by, now);
            }
            Ok(created == 1)
        })
        .await
    }

    async fn find_session(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<OpenSession>, StorageError> {
        let hash = hash(secret);
        let found = self.read(move |snapshot| find(snapshot, &hash)).await?;
        let working = found.filter(|(session, ..)| now < session.expires_at);
        let Some((session, created_at, last_seen_at)) = working else {
            return Ok(None);
        };
        if !is_stale(Some(last_seen_at), now) {
            return Ok(Some(session));
        }
        self.note_seen(session.id, now).await?;
        let expires_at = session_end(created_at, now);
        Ok(Some(OpenSession {
            expires_at,
            ..session
        }))
    }

    async fn peek_session(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<OpenSession>, StorageError> {
        let hash = hash(secret);
        let found = self.read(move |snapshot| find(snapshot, &hash)).await?;
        let session = found.map(|(session, ..)| session);
        Ok(session.filter(|session| now < session.expires_at))
    }

    async fn list_sessions(
        &self,
        user: &str,
        now: Timestamp,
    ) -> Result<Vec<SessionInfo>, StorageError> {
        let user = user.to_owned();
        self.read(move |snapshot| {
            let mut statement = snapshot.prepare_cached(
                "SELECT id, started_by, user_agent, peer, created_at, last_seen_at
                 FROM session WHERE user = ?1 ORDER BY last_seen_at DESC, id DESC",
            )?;
            let mut rows = statement.query([user])?;
            let mut sessions = vec![];
            while let Some(row) = rows.next()? {
                sessions.push(session_info(row)?);
            }
            sessions.retain(|session| now < session.expires_at);
            Ok(sessions)
        })
        .await
    }

    async fn end_session(
        &self,
        user: &str,
        id: SessionId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let (user, by) = (user.to_owned(), by.clone());
        self.write(Purpose::People, move |write| {
            let ended = write
                .prepare("DELETE FROM session WHERE user = ?1 AND id = ?2")?
                .execute(params![user, id.0])?;
            if ended == 1 {
                note(write, "session.ended", &user, id, by, now)?;
            }
            Ok(ended == 1)
        })
        .await
    }

    async fn purge_sessions(&self, now: Timestamp) -> Result<u64, StorageError> {
        self.write(Purpose::Stream, move |write| {
            let sessions = write
                .prepare("DELETE FROM session WHERE created_at <= ?1 OR last_seen_at <= ?2")?
                .execute(params![
                    micros(before(now, SESSION_LIFETIME)),
                    micros(before(now, SESSION_IDLE_LIMIT))
                ])?;
            let links = write
                .prepare("DELETE FROM login_link WHERE expires_at <= ?1")?
                .execute([micros(now)])?;
            Ok(from_column(
                i64::try_from(sessions + links).unwrap_or(i64::MAX),
            ))
        })
        .await
    }
}

impl SqliteStore {
    async fn note_seen(&self, id: SessionId, now: Timestamp) -> Result<(), StorageError> {
        self.write(Purpose::People, move |write| {
            write
                .prepare(
                    "UPDATE session SET last_seen_at = ?2 WHERE id = ?1 AND last_seen_at < ?2",
                )?
                .execute(params![id.0, micros(now)])?;
            Ok(())
        })
        .await
    }
}

/// Logs every browser of the user out, except the one to keep.
pub(super) fn end_sessions(
    write: &Write<'_>,
    user: &str,
    keep: Option<SessionId>,
) -> Result<(), StorageError> {
    write
        .prepare("DELETE FROM session WHERE user = ?1 AND id IS NOT ?2")?
        .execute(params![user, keep.map(|id| id.0)])?;
    Ok(())
}

/// Links that nobody used no longer work.
pub(super) fn take_back_links(write: &Write<'_>, user: &str) -> Result<(), StorageError> {
    write
        .prepare("DELETE FROM login_link WHERE user = ?1 AND used_at IS NULL")?
        .execute([user])?;
    Ok(())
}

fn start(
    write: &mut Write<'_>,
    user: &str,
    kind: LoginKind,
    session: &NewSession,
    now: Timestamp,
) -> Result<Option<OpenSession>, StorageError> {
    make_room(write, user, session.replaces)?;
    let hash = hash(&session.secret);
    write
        .prepare(
            "INSERT INTO session
                 (secret_hash, user, started_by, user_agent, peer, created_at, last_seen_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
        )?
        .execute(params![
            hash,
            user,
            kind.as_str(),
            cut(&session.user_agent),
            session.peer.as_str(),
            micros(now)
        ])?;
    let id = SessionId(write.last_id());
    let action = match kind {
        LoginKind::Password => "session.started",
        LoginKind::Link => "link.used",
    };
    note(write, action, user, id, Actor::Person(user.to_owned()), now)?;
    let started = find(write.transaction(), &hash)?;
    Ok(started.map(|(session, ..)| session))
}

/// Ends the browser's earlier session, whosever it was, and the user's oldest beyond the limit.
fn make_room(
    write: &Write<'_>,
    user: &str,
    replaced: Option<SessionId>,
) -> Result<(), StorageError> {
    write
        .prepare("DELETE FROM session WHERE id = ?1")?
        .execute([replaced.map(|id| id.0)])?;
    write
        .prepare(
            "DELETE FROM session WHERE user = ?1 AND id NOT IN
                 (SELECT id FROM session WHERE user = ?1
                  ORDER BY last_seen_at DESC, id DESC LIMIT ?2)",
        )?
        .execute(params![
            user,
            i64::try_from(SESSIONS_PER_USER_MAX - 1).unwrap_or(i64::MAX)
        ])?;
    Ok(())
}

/// The session with its beginning and its last use. As with tokens, the index alone lets
/// nobody in.
fn find(
    snapshot: &Connection,
    hash: &[u8; 32],
) -> Result<Option<(OpenSession, Timestamp, Timestamp)>, StorageError> {
    let mut statement = snapshot.prepare_cached(
        "SELECT session.id, session.secret_hash, session.started_by, session.created_at,
                session.last_seen_at, user.name, user.role, user.departments,
                user.password_hash IS NOT NULL
         FROM session JOIN user ON user.name = session.user
         WHERE session.secret_hash = ?1 AND user.disabled_at IS NULL",
    )?;
    let mut rows = statement.query([hash])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let stored: [u8; 32] = row.get(1)?;
    if !bool::from(stored.ct_eq(hash)) {
        return Ok(None);
    }
    open_session(row).map(Some)
}

fn open_session(row: &Row<'_>) -> Result<(OpenSession, Timestamp, Timestamp), StorageError> {
    let id: i64 = row.get(0)?;
    let of_session = |column| Place::new("session", column, &id);
    let started_by: String = row.get(2)?;
    let created_at = of_session("created_at").instant(row.get(3)?)?;
    let last_seen_at = of_session("last_seen_at").instant(row.get(4)?)?;
    let name: String = row.get(5)?;
    let (role, departments): (String, String) = (row.get(6)?, row.get(7)?);
    let of_user = |column| Place::new("user", column, &name);
    let session = OpenSession {
        id: SessionId(id),
        started_by: of_session("started_by").known(&started_by, LoginKind::parse(&started_by))?,
        expires_at: session_end(created_at, last_seen_at),
        has_password: row.get(8)?,
        principal: Principal {
            role: of_user("role").known(&role, Role::parse(&role))?,
            departments: of_user("departments").json(&departments)?,
            name: name.clone(),
        },
    };
    Ok((session, created_at, last_seen_at))
}

fn session_info(row: &Row<'_>) -> Result<SessionInfo, StorageError> {
    let id: i64 = row.get(0)?;
    let place = |column| Place::new("session", column, &id);
    let (started_by, peer): (String, String) = (row.get(1)?, row.get(3)?);
    let created_at = place("created_at").instant(row.get(4)?)?;
    let last_seen_at = place("last_seen_at").instant(row.get(5)?)?;
    Ok(SessionInfo {
        id: SessionId(id),
        started_by: place("started_by").known(&started_by, LoginKind::parse(&started_by))?,
        user_agent: row.get(2)?,
        peer: place("peer").known(&peer, PeerKind::parse(&peer))?,
        created_at,
        last_seen_at,
        expires_at: session_end(created_at, last_seen_at),
    })
}

fn note(
    write: &mut Write<'_>,
    action: &str,
    user: &str,
    id: SessionId,
    by: Actor,
    now: Timestamp,
) -> Result<(), StorageError> {
    let detail = super::value::json(&serde_json::json!({ "session": id.0 }))?;
    audit(write, action, format!("user:{user}"), detail, by, now);
    Ok(())
}

fn cut(user_agent: &str) -> &str {
    let end = user_agent.floor_char_boundary(USER_AGENT_BYTES_MAX);
    &user_agent[..end]
}

fn before(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_sub(span).unwrap_or(Timestamp::MIN)
}
